public import FlowModel

/// Flows, packets and octets; what does not fit 64 bits is cut.
public struct SwarmSums: Hashable, Sendable {
    /// Flows; one that spans several steps counts in the first.
    public var flows: UInt64
    /// Packets.
    public var packets: UInt64
    /// Octets.
    public var bytes: UInt64

    /// Nothing, where nothing is said.
    public init(flows: UInt64 = 0, packets: UInt64 = 0, bytes: UInt64 = 0) {
        self.flows = flows
        self.packets = packets
        self.bytes = bytes
    }

    /// Adds others.
    public mutating func add(_ others: SwarmSums) {
        flows = Self.sum(flows, others.flows)
        packets = Self.sum(packets, others.packets)
        bytes = Self.sum(bytes, others.bytes)
    }

    /// a + b, or the largest number.
    package static func sum(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (sum, overflow) = a.addingReportingOverflow(b)
        return overflow ? .max : sum
    }
}

/// What one actor sent another within a step, of one service.
public struct SwarmEdge: Hashable, Sendable {
    /// Who sent; `::` where a flow has no address.
    public var source: IPAddress
    /// Who got it.
    public var target: IPAddress
    /// Protocol × 65,536 + port.
    public var service: UInt32
    /// How much.
    public var sums: SwarmSums

    /// Makes an edge.
    public init(source: IPAddress, target: IPAddress, service: UInt32, sums: SwarmSums) {
        self.source = source
        self.target = target
        self.service = service
        self.sums = sums
    }

    /// Source, target, service: the order of a step's edges.
    static func precedes(_ a: SwarmEdge, _ b: SwarmEdge) -> Bool {
        if a.source != b.source { return a.source < b.source }
        if a.target != b.target { return a.target < b.target }
        return a.service < b.service
    }
}

/// All that flowed within some time.
public struct SwarmStep: Sendable {
    /// Counted in steps since 1970.
    public let number: UInt64
    /// In order, each source, target and service once.
    public let edges: [SwarmEdge]

    /// Makes a step of edges in any order.
    public init(number: UInt64, edges: [SwarmEdge]) {
        self.number = number
        var ordered = edges
        ordered.sort(by: SwarmEdge.precedes)
        var unique: [SwarmEdge] = []
        unique.reserveCapacity(ordered.count)
        for edge in ordered {
            if let last = unique.last, last.source == edge.source, last.target == edge.target,
                last.service == edge.service
            {
                unique[unique.count - 1].sums.add(edge.sums)
            } else {
                unique.append(edge)
            }
        }
        self.edges = unique
    }
}
