import FlowModel

/// Writes flows as nfdump's csv does: its ten columns under its names.
///
/// `firstSeen` is in the zone, `duration` in seconds, `proto` a number, and `dstPort` of ICMP
/// `type.code`.
public final class FlowCSVWriter: FlowRowWriter {
    private let output: AnswerOutput
    private let note: (String) -> Void
    private let table = RowTable(width: Column.allCases.count)
    private var instants: InstantText

    /// The places of the columns.
    private enum Column: UInt8, CaseIterable {
        case start, end, srcip, srcport, dstip, dstport, proto, icmptype, icmpcode, packets, bytes
        case flows, tunsrcip, tundstip, tunproto
    }

    private static let columns: [Field] = [
        .start, .end, .srcip, .srcport, .dstip, .dstport, .proto, .icmptype, .icmpcode, .packets,
        .bytes, .flows, .tunsrcip, .tundstip, .tunproto,
    ]

    /// The columns to ask the engine for.
    public static let fields: [FlowOutput] = columns.map { .quantity(.field($0)) }

    /// - Parameters:
    ///   - output: takes the text.
    ///   - times: the zone of the times.
    ///   - note: takes the notes of the footing.
    public init(output: AnswerOutput, times: TimeText, note: @escaping (String) -> Void) {
        self.output = output
        self.note = note
        instants = InstantText(times)
    }

    /// Writes the header.
    public func begin(columns: [AnswerColumn]) throws {
        precondition(columns.count == table.width, "the request asks for the writer's own fields")
        try output.append {
            $0.append(
                contentsOf:
                    "firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows\n"
                    .utf8)
        }
    }

    /// Writes one line.
    public func row(_ cells: [Cell]) throws {
        table.fill(cells)
        try write(rows: 1)
    }

    func write(_ rows: FlowRows, _ range: Range<Int>) throws {
        for first in stride(from: range.lowerBound, to: range.upperBound, by: RowTable.rowsMax) {
            let piece = first..<min(first + RowTable.rowsMax, range.upperBound)
            table.fill(rows, piece)
            try write(rows: piece.count)
        }
    }

    /// Says the footing.
    public func end(footing: Footing) throws {
        try output.flush()
        footing.notes.forEach(note)
    }

    private func write(rows: Int) throws {
        for index in 0..<rows {
            let row = LayoutRow(table: table, base: index * table.width)
            let isTunnel =
                row.has(Column.tunsrcip.rawValue) || row.has(Column.tundstip.rawValue)
            try output.append { text in
                if isTunnel { append(row, .tunsrcip, .tundstip, .tunproto, to: &text) }
                append(row, .srcip, .dstip, .proto, to: &text)
            }
        }
    }

    private func append(
        _ row: LayoutRow, _ source: Column, _ target: Column, _ proto: Column,
        to text: inout [UInt8]
    ) {
        let comma = UInt8(ascii: ",")
        let start = row.number(Column.start.rawValue)
        if start == 0 {
            text.append(contentsOf: "0000-00-00 00:00:00.000".utf8)
        } else {
            instants.append(start, to: &text)
        }
        text.append(comma)
        text.append(
            seconds: LayoutLine.duration(row, Column.start.rawValue, Column.end.rawValue))
        text.append(comma)
        text.append(decimal: row.number(proto.rawValue))
        text.append(comma)
        text.append(library: row.address(source.rawValue) ?? .v4Zero)
        text.append(comma)
        text.append(decimal: row.number(Column.srcport.rawValue))
        text.append(comma)
        text.append(library: row.address(target.rawValue) ?? .v4Zero)
        text.append(comma)
        let service = LayoutLine.Service(
            port: Column.dstport.rawValue, proto: proto.rawValue, type: Column.icmptype.rawValue,
            code: Column.icmpcode.rawValue)
        service.append(row, to: &text)
        text.append(comma)
        text.append(decimal: row.number(Column.packets.rawValue))
        text.append(comma)
        text.append(decimal: row.number(Column.bytes.rawValue))
        text.append(comma)
        let flows = Column.flows.rawValue
        text.append(decimal: max(row.has(flows) ? row.number(flows) : 1, 1))
        text.append(UInt8(ascii: "\n"))
    }
}
