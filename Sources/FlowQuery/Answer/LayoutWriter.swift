import FlowModel

/// Prints flows as nfdump does: a head, a line a flow, a summary.
///
/// A flow that was seen inside a tunnel has a line with the tunnel's addresses before its own.
public final class LayoutWriter: FlowRowWriter {
    private let output: AnswerOutput
    private let note: (String) -> Void
    private let usage: () -> LayoutUsage
    private let style: LayoutStyle
    private let table: RowTable
    private let tunnel: RowTable
    private let columns: [Field]
    private var line: LayoutLine
    private var summary: LayoutSummary

    /// - Parameters:
    ///   - layout: what to print; the request must ask for its ``FlowLayout/fields``.
    ///   - style: how.
    ///   - output: takes the text.
    ///   - times: the zone of the times.
    ///   - usage: says at the end what the answer took.
    ///   - note: takes the notes of the footing.
    public init(
        _ layout: FlowLayout, style: LayoutStyle, to output: AnswerOutput, times: TimeText,
        usage: @escaping () -> LayoutUsage, note: @escaping (String) -> Void
    ) {
        self.output = output
        self.note = note
        self.usage = usage
        self.style = style
        columns = layout.columns
        table = RowTable(width: columns.count)
        tunnel = RowTable(width: columns.count)
        line = LayoutLine(layout, style: style, times: times)
        summary = LayoutSummary(times: times, isPlain: style.isPlain)
    }

    /// Writes the head.
    public func begin(columns: [AnswerColumn]) throws {
        precondition(columns.count == self.columns.count, "the layout's own fields are asked for")
        guard !style.isQuiet else { return }
        try output.append { text in
            text.append(contentsOf: line.head)
            text.append(UInt8(ascii: "\n"))
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

    /// Writes the summary and says the footing.
    public func end(footing: Footing) throws {
        if !style.isQuiet {
            try output.append { summary.append(footing, usage(), to: &$0) }
        }
        try output.flush()
        footing.notes.forEach(note)
    }

    private func write(rows: Int) throws {
        for index in 0..<rows {
            let row = LayoutRow(table: table, base: index * table.width)
            summary.add(row)
            try output.append { text in
                if row.has(.tunnelSource) || row.has(.tunnelTarget) {
                    fillTunnel(of: row)
                    line.append(
                        LayoutRow(table: tunnel, base: 0), ordinal: summary.rows, to: &text)
                }
                line.append(row, ordinal: summary.rows, to: &text)
            }
        }
    }

    /// The outer flow: the inner one's times and counters under the outer addresses.
    private func fillTunnel(of row: LayoutRow) {
        for (place, field) in columns.enumerated() {
            let source: Int?
            switch field {
            case .start, .end, .received, .packets, .bytes, .flags, .tos, .fwdstatus: source = place
            case .srcip: source = Int(FlowLayout.Slot.tunnelSource.rawValue)
            case .dstip: source = Int(FlowLayout.Slot.tunnelTarget.rawValue)
            case .proto: source = Int(FlowLayout.Slot.tunnelProtocol.rawValue)
            default: source = nil
            }
            tunnel.values[place] = source.map { table.values[row.base + $0] } ?? .v6Zero
            tunnel.present[place] = source.map { table.present[row.base + $0] } ?? 0
        }
    }
}
