import FlowModel

/// Writes RFC 4180 with a header; lines end in LF, as every Unix tool expects them.
///
/// Values are those of JSON: exact numbers, instants in ms since 1970, what is absent is empty, or 0
/// where the column says so.
public final class CSVWriter: AnswerWriter {
    private let output: AnswerOutput
    private let note: (String) -> Void
    private var columns: [AnswerColumn] = []

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
            if case .mac = column.meaning {
                append(mac: value)
            } else {
                append(decimal: value)
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
