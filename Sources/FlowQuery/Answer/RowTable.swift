import FlowModel

/// A writer that takes the rows of a block as they were decoded, without a ``Cell`` for each value.
protocol FlowRowWriter: AnswerWriter {
    /// Some rows of a block, in order.
    func write(_ rows: FlowRows, _ range: Range<Int>) throws
}

extension AnswerWriter {
    /// Hands on some rows of a block, as cells where the writer wants cells.
    func write(_ rows: FlowRows, _ range: Range<Int>) throws {
        if let writer = self as? any FlowRowWriter {
            try writer.write(rows, range)
        } else {
            for place in range { try row(rows.cells(at: place)) }
        }
    }
}

/// Rows of a list behind each other, for writers that print a row at a time.
///
///     FlowRows   srcip [a b c …]  srcport [1 2 3 …]      a column behind the other
///     RowTable   a 1 | b 2 | c 3 …                       a row behind the other
///
/// A value is sixteen octets: an address, or a number in the lower half. Elements that have no column lie
/// beside them.
final class RowTable {
    /// Rows that it takes at a time.
    static let rowsMax = 256

    /// Values a row.
    let width: Int
    let values: Scratch<IPAddress>
    /// 1 where there is a value.
    let present: Scratch<UInt8>
    /// The elements of each row; empty where none are put out.
    private(set) var elements: [[OtherElements.Named]] = []

    init(width: Int) {
        self.width = width
        values = Scratch(max(width, 1) * Self.rowsMax, repeating: .v6Zero)
        present = Scratch(max(width, 1) * Self.rowsMax, repeating: 0)
    }

    /// Takes rows of a block, at most ``rowsMax``.
    func fill(_ rows: FlowRows, _ range: Range<Int>) {
        precondition(rows.columns.count == width && range.count <= Self.rowsMax)
        elements = []
        let (valueMemory, markMemory) = (self.values, self.present)
        var values = valueMemory.mutable
        var present = markMemory.mutable
        for (column, content) in rows.columns.enumerated() {
            switch content {
            case .numbers(let numbers, let marks):
                spread(numbers.span, marks.span, range, width, column, &values, &present)
            case .addresses(let addresses, let marks):
                spread(addresses.span, marks.span, range, width, column, &values, &present)
            case .elements(let elements):
                self.elements = Array(elements[range])
                for row in range {
                    present[(row - range.lowerBound) * width + column] =
                        elements[row].isEmpty ? 0 : 1
                }
            }
        }
    }

    /// Takes one row of cells.
    func fill(_ cells: [Cell]) {
        precondition(cells.count == width)
        elements = []
        for (column, cell) in cells.enumerated() {
            var value: IPAddress?
            switch cell {
            case .number(let number): value = IPAddress(high: 0, low: number)
            case .address(let address): value = address
            case .elements(let elements): self.elements = [elements]
            case .null, .real, .prefix: break
            }
            values[column] = value ?? .v6Zero
            present[column] = value == nil ? 0 : 1
        }
    }
}

/// Spreads numbers over rows; where no row of the block has one, all of them are absent.
private func spread(
    _ numbers: Span<UInt64>, _ marks: Span<UInt8>, _ rows: Range<Int>, _ width: Int, _ column: Int,
    _ values: inout MutableSpan<IPAddress>, _ present: inout MutableSpan<UInt8>
) {
    let known = marks.count > 0
    precondition(!known || (rows.upperBound <= marks.count && rows.upperBound <= numbers.count))
    var place = column
    for row in rows {
        let mark = known ? marks[row] : 0
        present[place] = mark
        values[place] = IPAddress(high: 0, low: mark == 0 ? 0 : numbers[row])
        place &+= width
    }
}

/// Spreads addresses over rows.
private func spread(
    _ addresses: Span<IPAddress>, _ marks: Span<UInt8>, _ rows: Range<Int>, _ width: Int,
    _ column: Int, _ values: inout MutableSpan<IPAddress>, _ present: inout MutableSpan<UInt8>
) {
    precondition(rows.upperBound <= marks.count && rows.upperBound <= addresses.count)
    var place = column
    for row in rows {
        present[place] = marks[row]
        values[place] = marks[row] == 0 ? .v6Zero : addresses[row]
        place &+= width
    }
}
