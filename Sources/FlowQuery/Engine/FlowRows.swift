import FlowModel
import FlowStore

/// The output columns of some rows of one block, decoded.
struct FlowRows: Sendable {
    /// The values of one output; presence is empty where no row of the block has one.
    enum Column: Sendable {
        case numbers([UInt64], present: [UInt8])
        case addresses([IPAddress], present: [UInt8])
        case elements([[OtherElements.Named]])
    }

    /// Rows decoded.
    let count: Int
    private(set) var columns: [Column] = []

    /// Rows that were made elsewhere.
    init(count: Int, columns: [Column]) {
        self.count = count
        self.columns = columns
    }

    /// Decodes the selected rows of the scan's current block.
    init(_ scan: BlockScan, _ outputs: [FlowOutput]) throws {
        count = scan.selectedCount
        let values = Scratch<UInt64>(pieceRows, repeating: 0)
        let flags = Scratch<UInt8>(pieceRows, repeating: 0)
        let addresses = Scratch<IPAddress>(pieceRows, repeating: .v6Zero)
        for output in outputs {
            switch output {
            case .other, .quantity(.field(.other)):
                columns.append(.elements(try Self.elements(scan)))
            case .quantity(let quantity):
                guard let present = try scan.presences(of: quantity) else {
                    columns.append(.numbers([], present: []))
                    continue
                }
                try scan.require([quantity])
                var marks: [UInt8] = []
                var numbers: [UInt64] = []
                var found: [IPAddress] = []
                for piece in scan.pieces() {
                    scan.fillFlags(present, piece, into: flags)
                    for row in 0..<piece.count { marks.append(flags[row]) }
                    if case .field(let field) = quantity, field.storage == .address {
                        try scan.addresses(field, piece, codes: values, into: addresses)
                        for row in 0..<piece.count { found.append(addresses[row]) }
                    } else {
                        try scan.numbers(quantity, piece, into: values)
                        for row in 0..<piece.count { numbers.append(values[row]) }
                    }
                }
                columns.append(
                    found.isEmpty
                        ? .numbers(numbers, present: marks) : .addresses(found, present: marks))
            }
        }
    }

    /// One row's cells.
    func cells(at row: Int) -> [Cell] {
        columns.indices.map { cell(at: row, column: $0) }
    }

    /// One cell.
    func cell(at row: Int, column: Int) -> Cell {
        switch columns[column] {
        case .numbers(let values, let present):
            row < present.count && present[row] != 0 ? .number(values[row]) : .null
        case .addresses(let values, let present):
            present[row] != 0 ? .address(values[row]) : .null
        case .elements(let rows): rows[row].isEmpty ? .null : .elements(rows[row])
        }
    }

    /// Stores rows as records that lie behind each other, but for their ranks and elements.
    func store(
        _ rows: Range<Int>, _ layout: RowLayout, into buffer: RecordBuffer, at offset: Int
    ) {
        let presence = offset + layout.presence
        for octet in layout.presence..<(layout.presence + (columns.count + 7) / 8) {
            for row in 0..<rows.count {
                buffer.store(0, 1, at: offset + row * layout.stride + octet)
            }
        }
        for (index, column) in columns.enumerated() {
            let (octet, bit) = (presence + index >> 3, UInt64(index & 7))
            func mark(_ row: Int, _ isPresent: UInt64) {
                let place = octet + (row - rows.lowerBound) * layout.stride
                buffer.store(buffer.number(1, at: place) | isPresent << bit, 1, at: place)
            }
            switch (column, layout.parts[index]) {
            case (.numbers(let values, let present), .number(let width, let at)):
                if values.isEmpty { continue }
                for row in rows {
                    buffer.store(
                        values[row], width,
                        at: offset + at + (row - rows.lowerBound) * layout.stride)
                    mark(row, UInt64(present[row]))
                }
            case (.addresses(let values, let present), .address(let at)):
                for row in rows {
                    let place = offset + at + (row - rows.lowerBound) * layout.stride
                    buffer.store(values[row].high, 8, at: place)
                    buffer.store(values[row].low, 8, at: place + 8)
                    mark(row, UInt64(present[row]))
                }
            case (.elements(let elements), .elements):
                for row in rows where !elements[row].isEmpty { mark(row, 1) }
            default: continue  // a column of which the block has no value
            }
        }
    }

    /// The elements of a row, where they are put out.
    func elements(at row: Int) -> [OtherElements.Named] {
        for case .elements(let rows) in columns where row < rows.count { return rows[row] }
        return []
    }

    private static func elements(_ scan: BlockScan) throws -> [[OtherElements.Named]] {
        guard let other = try scan.block?.otherElements() else { return [] }
        var rows: [[OtherElements.Named]] = []
        rows.reserveCapacity(scan.selectedCount)
        for place in 0..<scan.selectedCount {
            let row = scan.selectsAll ? place : Int(scan.selection[place])
            rows.append(
                other.elements(at: row).map {
                    OtherElements.Named(element: $0.element, octets: Array($0.octets))
                })
        }
        return rows
    }
}

extension FlowOutput {
    /// The column's head.
    var column: AnswerColumn {
        switch self {
        case .other: AnswerColumn(name: Field.other.name, meaning: .elements)
        case .quantity(.field(let field)):
            field.info.map { AnswerColumn($0) }
                ?? AnswerColumn(name: field.name, meaning: .number)
        case .quantity(.duration): AnswerColumn(name: "duration", meaning: .number)
        case .quantity(.pps): AnswerColumn(name: "pps", meaning: .number)
        case .quantity(.bps): AnswerColumn(name: "bps", meaning: .number)
        case .quantity(.bpp): AnswerColumn(name: "bpp", meaning: .number)
        }
    }

    /// Whether the cells depend on `sampling`.
    var usesSampling: Bool {
        if case .quantity(let quantity) = self { quantity.usesSampling } else { false }
    }
}
