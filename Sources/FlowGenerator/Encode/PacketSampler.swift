/// Picks every Nth packet of all that a router sees (systematic count-based sampling, RFC 5475 §5.1).
struct PacketSampler: Sendable {
    let interval: UInt64
    /// Packets seen so far.
    private(set) var pool: UInt64 = 0

    init(interval: UInt32) { self.interval = UInt64(max(interval, 1)) }

    /// How many of the next `packets` packets are picked.
    mutating func pick(from packets: UInt64) -> UInt64 {
        let before = pool / interval
        pool += packets
        return pool / interval - before
    }

    /// The flow as a router that meters only the picked packets counts it; nil where it saw none.
    mutating func sampled(_ flow: GeneratedFlow) -> GeneratedFlow? {
        guard interval > 1 else { return flow }
        let picked = pick(from: flow.packets)
        guard picked > 0 else { return nil }
        var flow = flow
        flow.bytes = share(of: flow.bytes, picked, in: flow.packets)
        flow.packets = picked
        return flow
    }
}
