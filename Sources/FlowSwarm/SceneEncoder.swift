import FlowModel

/// What stands in front of the scenes of a stream.
public struct SceneStreamHeader: Sendable {
    /// A service with a colour of its own; the last one stands for all others.
    public struct Service: Sendable {
        /// As people call it.
        public let name: String
        /// Red, green and blue, 8 bits each.
        public let color: UInt32

        /// Makes a service.
        public init(name: String, color: UInt32) {
            self.name = name
            self.color = color
        }
    }

    /// Of the engine; with it follows the hash of each stream.
    public var seed: UInt64
    /// Milliseconds of a step.
    public var step: UInt64
    /// The steps that are asked for, counted since 1970.
    public var steps: Range<UInt64>
    /// The time that is asked for, ms since 1970.
    public var window: Range<UInt64>
    /// In the order of the legend.
    public var services: [Service]
    /// Octets of each step by service; empty where they are not known beforehand.
    public var timeline: [[UInt64]]

    /// Makes a header.
    public init(
        seed: UInt64, step: UInt64, steps: Range<UInt64>, window: Range<UInt64>,
        services: [Service], timeline: [[UInt64]]
    ) {
        self.seed = seed
        self.step = step
        self.steps = steps
        self.window = window
        self.services = services
        self.timeline = timeline
    }
}

/// What is told with each scene of a swarm that goes on.
public struct SceneStreamStatus: Sendable {
    /// When it was sent, ms since 1970 by the clock that the steps are counted by.
    public var clock: UInt64
    /// Flows that are in no step, as they came faster than they could be taken.
    public var droppedFlows: UInt64
    /// Scenes that this reader has not got, as it was too slow.
    public var skippedScenes: UInt64
    /// How many watch.
    public var viewers: Int

    /// Makes a status.
    public init(clock: UInt64, droppedFlows: UInt64, skippedScenes: UInt64, viewers: Int) {
        self.clock = clock
        self.droppedFlows = droppedFlows
        self.skippedScenes = skippedScenes
        self.viewers = viewers
    }
}

/// Writes scenes as octets, for painters elsewhere; docs/swarm.md has every field.
///
///     "SKSW" version │ kind length payload │ kind length payload │ …
///
/// Names go over once, when a node gets its slot, and all again every ``checkpointInterval`` scenes: from
/// there on a reader needs nothing of what was before.
public struct SceneEncoder: Sendable {
    /// By slot, as a reader knows them.
    private var names = [SwarmName?](repeating: nil, count: SwarmEngine.slotsMax)
    private var count = 0

    /// Scenes from one that names all its nodes to the next one.
    public static let checkpointInterval = 64
    /// Of the format.
    public static let version: UInt8 = 1

    private enum Kind: UInt8 {
        case header = 1
        case scene = 2
        case end = 3
        case status = 4
    }

    /// Begins with nothing known.
    public init() {}

    /// What a stream begins with.
    public static func opening(_ header: SceneStreamHeader) -> [UInt8] {
        var payload: [UInt8] = []
        payload.append(little: header.seed)
        payload.append(varint: header.step)
        payload.append(varint: header.steps.lowerBound)
        payload.append(varint: UInt64(header.steps.count))
        payload.append(varint: header.window.lowerBound)
        payload.append(varint: header.window.upperBound)
        payload.append(varint: UInt64(SwarmEngine.slotsMax))
        payload.append(varint: UInt64(SwarmEngine.servicesMax + 1))
        payload.append(varint: UInt64(checkpointInterval))
        payload.append(varint: UInt64(header.services.count))
        for service in header.services {
            for shift in [16, 8, 0] as [UInt32] {
                payload.append(UInt8(truncatingIfNeeded: service.color >> shift))
            }
            payload.append(varint: UInt64(service.name.utf8.count))
            payload += service.name.utf8
        }
        payload.append(varint: UInt64(header.timeline.count))
        for step in header.timeline { for octets in step { payload.append(varint: octets) } }
        return Array("SKSW".utf8) + [version] + record(.header, payload)
    }

    /// Whether the next scene names all its nodes.
    public var isAtCheckpoint: Bool { count % Self.checkpointInterval == 0 }

    /// The next scene.
    public mutating func record(of scene: SwarmScene) -> [UInt8] {
        let namesAll = isAtCheckpoint
        // Nor does a reader know the others from here on.
        if namesAll { names = Array(repeating: nil, count: SwarmEngine.slotsMax) }
        count += 1
        var payload: [UInt8] = []
        payload.reserveCapacity(scene.nodes.count * 20 + scene.streams.count * 14)
        payload.append(namesAll ? 1 : 0)
        payload.append(varint: scene.number)
        payload.append(little: scene.fingerprint)
        append(scene.nodes, namesAll, to: &payload)
        payload.append(varint: UInt64(scene.services.count))
        for sums in scene.services { payload.append(sums) }
        payload.append(scene.total)
        payload.append(varint: UInt64(scene.edges))
        payload.append(scene.folded)
        payload.append(varint: UInt64(scene.streams.count))
        var last: UInt64 = 0
        for stream in scene.streams {
            let key = SwarmEngine.key(stream)
            payload.append(varint: key - last)
            last = key
            payload.append(stream.marks.rawValue)
            payload.append(varint: UInt64(stream.edges))
            payload.append(stream.sums)
        }
        payload.append(varint: UInt64(scene.signals.count))
        for signal in scene.signals { payload.append(signal) }
        return Self.record(.scene, payload)
    }

    /// What a stream ends with that is whole.
    ///
    /// - Parameter flowsOfUnknownRate: flows that count as they are, as no sampling rate is known.
    public static func end(flowsOfUnknownRate: UInt64) -> [UInt8] {
        var payload: [UInt8] = []
        payload.append(varint: flowsOfUnknownRate)
        return record(.end, payload)
    }

    /// What is told before a scene that has just been made.
    public static func status(_ status: SceneStreamStatus) -> [UInt8] {
        var payload: [UInt8] = []
        payload.append(varint: status.clock)
        payload.append(varint: status.droppedFlows)
        payload.append(varint: status.skippedScenes)
        payload.append(varint: UInt64(status.viewers))
        return record(.status, payload)
    }

    private mutating func append(
        _ nodes: [SwarmNode], _ namesAll: Bool, to payload: inout [UInt8]
    ) {
        payload.append(varint: UInt64(nodes.count))
        var next: UInt64 = 0
        for node in nodes {
            let slot = Int(node.slot)
            let isNamed = namesAll || names[slot] != node.name
            payload.append(varint: (UInt64(node.slot) - next) << 1 | (isNamed ? 1 : 0))
            next = UInt64(node.slot) + 1
            if isNamed {
                names[slot] = node.name
                payload.append(node.name)
            }
            payload.append(little: node.x)
            payload.append(little: node.y)
            payload.append(varint: UInt64(node.size))
            payload.append(node.marks.rawValue)
            payload.append(node.sums)
        }
    }

    private static func record(_ kind: Kind, _ payload: [UInt8]) -> [UInt8] {
        var octets = [kind.rawValue]
        octets.reserveCapacity(payload.count + 5)
        octets.append(little: UInt32(clamping: payload.count))
        return octets + payload
    }
}

extension SwarmEngine {
    /// Orders the streams of a scene, and makes their hashes.
    static func key(_ stream: SwarmStream) -> UInt64 {
        (UInt64(stream.source) * UInt64(slotsMax) + UInt64(stream.target))
            * UInt64(servicesMax + 1) + UInt64(stream.service)
    }
}

extension [UInt8] {
    fileprivate mutating func append(little number: some FixedWidthInteger & UnsignedInteger) {
        for shift in stride(from: 0, to: number.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: number >> shift))
        }
    }

    /// Seven bits an octet, the lowest first, the eighth says that more follow (LEB128).
    fileprivate mutating func append(varint number: UInt64) {
        var rest = number
        while rest >= 0x80 {
            append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        append(UInt8(truncatingIfNeeded: rest))
    }

    fileprivate mutating func append(_ sums: SwarmSums) {
        append(varint: sums.flows)
        append(varint: sums.packets)
        append(varint: sums.bytes)
    }

    /// How many octets, and these in the order of the network.
    fileprivate mutating func append(_ address: IPAddress) {
        if let number = address.v4 {
            append(4)
            for shift in [24, 16, 8, 0] as [UInt32] {
                append(UInt8(truncatingIfNeeded: number >> shift))
            }
        } else {
            append(16)
            for half in [address.high, address.low] {
                for shift in stride(from: 56, through: 0, by: -8) {
                    append(UInt8(truncatingIfNeeded: half >> UInt64(shift)))
                }
            }
        }
    }

    fileprivate mutating func append(_ name: SwarmName) {
        switch name {
        case .host(let address):
            append(0)
            append(address)
        case .network(let network):
            append(1)
            append(network.address)
            append(UInt8(clamping: network.familyLength))
        case .country(let code):
            append(2)
            append(little: code.rawValue)
        case .rest(let isInside): append(isInside ? 3 : 4)
        }
    }

    fileprivate mutating func append(_ signal: SwarmSignal) {
        append(signal.kind.rawValue)
        append((signal.object == nil ? 0 : 1) | (signal.service == nil ? 0 : 2))
        append(signal.subject)
        if let object = signal.object { append(object) }
        if let service = signal.service { append(varint: UInt64(service)) }
        append(varint: UInt64(signal.count))
        append(signal.sums)
    }
}
