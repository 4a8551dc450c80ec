/// The export protocols that can be generated.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// NetFlow version 5.
    case v5
    /// NetFlow version 9.
    case v9
    /// IPFIX.
    case ipfix
    /// sFlow version 5.
    case sflow

    /// The port that collectors listen on by custom.
    public var collectorPort: UInt16 {
        switch self {
        case .v5, .v9: 2_055
        case .ipfix: 4_739
        case .sflow: 6_343
        }
    }
}

/// A script as the datagrams of its three routers, in the order in which they leave.
///
/// What a router has collected leaves when a datagram is full, and every 5 s of the script at the
/// latest.
public struct FlowExport: Sendable {
    /// Flows of the script so far.
    public private(set) var flows = 0
    /// Flows that the protocol has no room for: IPv6 in NetFlow v5.
    public var omitted: Int { fleet.omitted }

    private var stream: FlowStream
    private var slice: [GeneratedFlow] = []
    private var fleet: any ExportFleet

    /// - Parameters:
    ///   - sampling: the routers meter 1 in so many packets, and say so. Flows none of whose packets are
    ///     picked are not exported.
    ///   - biflows: IPFIX only: a flow and its reply are one record.
    public init(
        _ script: FlowScript, as format: ExportFormat, sampling: UInt32 = 1, biflows: Bool = false
    ) {
        let profiles = ExporterProfile.fleet(of: script, sampling: sampling)
        stream = FlowStream(script, order: format == .sflow ? .start : .export)
        fleet =
            switch format {
            case .v5: RecordFleet(profiles, NetFlow5Encoder.init(profile:))
            case .v9: RecordFleet(profiles, NetFlow9Encoder.init(profile:))
            case .ipfix: RecordFleet(profiles) { IPFIXEncoder(profile: $0, biflows: biflows) }
            case .sflow: SFlowFleet(profiles, from: script.start)
            }
    }

    /// Appends the datagrams of the next second to `queue`; false after the last.
    public mutating func next(into queue: inout DatagramQueue) -> Bool {
        guard let end = stream.nextSlice(into: &slice) else {
            return fleet.finish(into: &queue)
        }
        flows += slice.count
        fleet.encode(slice, until: end, into: &queue)
        return true
    }
}

/// All routers of a script; one existential call serves a second of flows.
protocol ExportFleet: Sendable {
    var omitted: Int { get }
    /// Encodes the flows of a second that ends at `end`.
    mutating func encode(
        _ flows: [GeneratedFlow], until end: UInt64, into queue: inout DatagramQueue)
    /// Sends what is left, a piece at a time; false when nothing was.
    mutating func finish(into queue: inout DatagramQueue) -> Bool
}

/// The routers of a protocol of flow records.
struct RecordFleet<Encoder: FlowEncoder>: ExportFleet {
    private var encoders: [Encoder]
    private var samplers: [PacketSampler]
    private var present: UInt64 = 0

    private static var flushInterval: UInt64 { 5_000 }

    init(_ profiles: [ExporterProfile], _ make: (ExporterProfile) -> Encoder) {
        encoders = profiles.map(make)
        samplers = profiles.map { PacketSampler(interval: $0.sampling) }
    }

    var omitted: Int { encoders.reduce(0) { $0 + $1.omitted } }

    mutating func encode(
        _ flows: [GeneratedFlow], until end: UInt64, into queue: inout DatagramQueue
    ) {
        for flow in flows {
            let router = Int(flow.exporter)
            guard let seen = samplers[router].sampled(flow) else { continue }
            encoders[router].encode(seen, into: &queue)
        }
        present = end
        if end % Self.flushInterval < 1_000 { flush(into: &queue) }
    }

    private mutating func flush(into queue: inout DatagramQueue) {
        for index in encoders.indices { encoders[index].flush(at: present, into: &queue) }
    }

    mutating func finish(into queue: inout DatagramQueue) -> Bool {
        let before = queue.datagrams.count
        flush(into: &queue)
        return queue.datagrams.count > before
    }
}
