/// A script as the packets that its flows are made of, in the order of time.
///
/// A flow becomes at most ``packetsPerFlow`` packets; see ``PcapBuffer`` for where they go. A larger
/// flow's packets are merged: its first and last stay as they are, those between carry more, up to what an
/// IP packet can hold. So the octets of flows up to about 1.5 MB are kept and the count of packets is
/// not; what a still larger flow has beyond that is left out.
public struct TrafficExport: Sendable {
    /// How many packets a flow becomes at most.
    public static let packetsPerFlow: UInt64 = 24

    /// Flows of the script so far.
    public private(set) var flows = 0
    /// Packets made so far.
    public private(set) var packets = 0

    private var stream: FlowStream
    private var slice: [GeneratedFlow] = []
    private var schedule = PacketSchedule()
    private var builder = FrameBuilder()

    /// Begins at the beginning.
    public init(_ script: FlowScript) { stream = FlowStream(script, order: .start) }

    /// Appends the packets of the next second to `capture`; false after the last.
    public mutating func next(into capture: inout PcapBuffer) -> Bool {
        let end = stream.nextSlice(into: &slice)
        flows += slice.count
        for flow in slice {
            let count = min(flow.packets, Self.packetsPerFlow)
            schedule.add(flow, count: count, wanted: count)
        }
        while let packet = schedule.next(before: end.map { $0 * 1_000 } ?? .max) {
            let length = builder.build(packet)
            capture.append(builder, length: length, time: packet.time)
            packets += 1
        }
        return end != nil
    }
}
