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
