import FlowModel
import FlowQuery
import FlowSwarm

/// Where in a row what is.
struct SwarmColumns {
    private var flows = 0
    private var packets = 0
    private var bytes = 0
    /// The counters of the reverse direction, where there are any.
    private var reverse: (packets: Int, bytes: Int)?

    init() {}

    init(_ columns: [AnswerColumn]) {
        func place(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }
        flows = place("flows") ?? 0
        packets = place("packets") ?? 0
        bytes = place("bytes") ?? 0
        if let packets = place("rpackets"), let bytes = place("rbytes") {
            reverse = (packets, bytes)
        }
    }

    /// Appends what flowed one way, and back where the flow says so: bucket, source, target, service, sums.
    func append(_ cells: [Cell], to edges: inout [SwarmEdge]) {
        func number(_ place: Int) -> UInt64 { cells[place].asNumber ?? 0 }
        let (source, target) = (Self.address(cells[1]), Self.address(cells[2]))
        let service = UInt32(clamping: number(3))
        edges.append(
            SwarmEdge(
                source: source, target: target, service: service,
                sums: SwarmSums(
                    flows: number(flows), packets: number(packets), bytes: number(bytes))))
        guard let reverse, number(reverse.packets) > 0 || number(reverse.bytes) > 0 else { return }
        edges.append(
            SwarmEdge(
                source: target, target: source, service: service,
                sums: SwarmSums(
                    flows: 0, packets: number(reverse.packets), bytes: number(reverse.bytes))))
    }

    private static func address(_ cell: Cell) -> IPAddress {
        if case .address(let address) = cell { address } else { .v6Zero }
    }
}
