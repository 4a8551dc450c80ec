import FlowModel

/// Writes RFC 4180 with a header; lines end in LF, as every Unix tool expects them.
///
/// Values are those of JSON: exact numbers, instants in ms since 1970, what is absent is empty, or 0
/// where the column says so.
public final class CSVWriter: FlowRowWriter {
    private let output: AnswerOutput
    private let note: (String) -> Void
    private var columns: [AnswerColumn] = []
    private var table = RowTable(width: 0)

    /// - Parameters:
    ///   - output: takes the text.
    ///   - note: takes the notes of the footing.
    public init(output: AnswerOutput, note: @escaping (String) -> Void) {
        self.output = output
        self.note = note
    }

    /// Writes the header.
    public func begin(columns: [AnswerColumn]) throws {
        self.columns = columns
        table = RowTable(width: columns.count)
        try output.append { text in
            for (index, column) in columns.enumerated() {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text.append(csv: Array(column.name.utf8))
            }
            text.append(UInt8(ascii: "\n"))
        }
    }

    /// Writes one line.
    public func row(_ cells: [Cell]) throws {
        precondition(cells.count == columns.count)
        try output.append { text in
            for index in cells.indices {
                if index > 0 { text.append(UInt8(ascii: ",")) }
                text.append(csv: cells[index], column: columns[index])
            }
            text.append(UInt8(ascii: "\n"))
        }
    }

    func write(_ rows: FlowRows, _ range: Range<Int>) throws {
        for first in stride(from: range.lowerBound, to: range.upperBound, by: RowTable.rowsMax) {
            let piece = first..<min(first + RowTable.rowsMax, range.upperBound)
            table.fill(rows, piece)
            for index in 0..<piece.count {
                try output.append { text in
                    for column in columns.indices {
                        if column > 0 { text.append(UInt8(ascii: ",")) }
                        append(column, of: index, rows, row: piece.lowerBound + index, to: &text)
                    }
                    text.append(UInt8(ascii: "\n"))
                }
            }
        }
    }

    @inline(__always)
    private func append(
        _ column: Int, of index: Int, _ rows: FlowRows, row: Int, to text: inout [UInt8]
    ) {
        let place = index * table.width + column
        guard table.present[place] != 0 else {
            if columns[column].absentIsZero { text.append(UInt8(ascii: "0")) }
            return
        }
        let value = table.values[place]
        switch columns[column].meaning {
        case .address: value.append(to: &text)
        case .mac: text.append(mac: value.low)
        case .country: text.append(country: value.low)
        case .service: text.append(service: value.low)
        case .elements:
            text.append(csv: rows.cell(at: row, column: column), column: columns[column])
        default: text.append(decimal: value.low)
        }
    }

    /// Says the footing.
    public func end(footing: Footing) throws {
        try output.flush()
        footing.notes.forEach(note)
    }
}

extension [UInt8] {
    fileprivate mutating func append(csv cell: Cell, column: AnswerColumn) {
        switch cell {
        case .null:
            if column.absentIsZero { append(UInt8(ascii: "0")) }
        case .number(let value):
            switch column.meaning {
            case .mac: append(mac: value)
            case .country: append(country: value)
            case .service: append(service: value)
            default: append(decimal: value)
            }
        case .real(let value):
            if value.isFinite { append(real: value) }
        case .address(let address): address.append(to: &self)
        case .prefix(let prefix): append(prefix)
        case .elements(let elements):
            var text: [UInt8] = []
            text.append(json: elements)
            append(csv: text)
        }
    }

    /// Appends a field, in quotes where it needs them (RFC 4180 §2).
    fileprivate mutating func append(csv text: [UInt8]) {
        let quote = UInt8(ascii: "\"")
        let needsQuotes = text.contains {
            $0 == quote || $0 == UInt8(ascii: ",") || $0 < 0x20
        }
        guard needsQuotes else {
            append(contentsOf: text)
            return
        }
        append(quote)
        for byte in text {
            if byte == quote { append(quote) }
            append(byte)
        }
        append(quote)
    }
}
