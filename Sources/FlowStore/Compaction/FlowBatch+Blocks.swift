import FlowModel

// Flows of blocks back into batches, to be encoded anew.

extension FlowBatch {
    /// Whether the elements of other flows fit beside those that are here.
    func fits(_ elements: OtherElements) -> Bool {
        elements.isEmpty || other.isEmpty
            || !other.isFull && other.layouts.count + elements.layouts.count < 65_000
    }

    /// Appends the elements of `rows` flows, which belong behind those that are here.
    func append(_ elements: OtherElements, rows: Int) {
        for row in 0..<min(rows, elements.layoutOfRow.count) where elements.layoutOfRow[row] > 0 {
            let start = row == 0 ? 0 : Int(elements.endOfRow[row - 1])
            guard let layout = other.layout(elements.layouts[Int(elements.layoutOfRow[row]) - 1])
            else { continue }
            unsafe other.set(
                row: count + row, layout: layout,
                octets: elements.octets.span.bytes.extracting(start..<Int(elements.endOfRow[row])))
        }
    }
}

/// Appends blocks to batches; keeps its scratch memory.
final class BlockDecoder {
    private let scratch = EncodedBytes(count: FlowBatch.capacity * 8)

    /// All columns of a block that was read.
    struct Content {
        let rows: Int
        var columns: [EncodedColumn] = []
        var other = OtherElements()

        /// Reads a block; an error where any part of it is damaged.
        init(_ block: any BlockSource) throws {
            let block = block.scanning()
            rows = block.rows
            for info in Field.table where info.storage != .elements {
                if let column = try block.column(info.field) { columns.append(column) }
            }
            other = try block.otherElements()
        }

        /// Whether the flows fit into a batch that has others already.
        func fit(_ batch: FlowBatch) -> Bool { batch.room >= rows && batch.fits(other) }
    }

    /// Appends flows to a batch into which they fit.
    func append(_ content: Content, to batch: FlowBatch) {
        precondition(content.fit(batch))
        let start = content.columns.first { $0.field == .start }
        let scratch = scratch
        for column in content.columns {
            let target = batch.columnForWriting(column.field)
            if case .addresses(let dictionary, let codes) = column.values {
                appendAddresses(column, dictionary, codes, to: target, at: batch.count)
            } else {
                var numbers = scratch.mutableValues(as: UInt64.self)
                column.decodeNumbers(into: &numbers, start: start)
                appendNumbers(column, to: target, at: batch.count)
            }
        }
        batch.append(content.other, rows: content.rows)
        batch.advance(by: content.rows)
    }

    private func appendNumbers(_ column: EncodedColumn, to target: FlowColumn, at row: Int) {
        mark(column, in: target, at: row)
        let scratch = scratch
        let numbers = scratch.values(as: UInt64.self)
        switch target.width {
        case 1: place(numbers, of: column, in: target, as: UInt8.self, at: row)
        case 2: place(numbers, of: column, in: target, as: UInt16.self, at: row)
        case 4: place(numbers, of: column, in: target, as: UInt32.self, at: row)
        default: place(numbers, of: column, in: target, as: UInt64.self, at: row)
        }
    }

    private func place<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ numbers: Span<UInt64>, of column: EncodedColumn, in target: FlowColumn, as type: T.Type,
        at row: Int
    ) {
        var values = target.mutableValues(as: T.self)
        switch column.presence {
        case .all:
            narrow(numbers, rows: column.rows, into: &values, at: row)
        case .some(let bits):
            let words = bits.values(as: UInt64.self)
            for index in 0..<column.rows
            where words[index >> 6] >> UInt64(index & 63) & 1 != 0 {
                values[row + index] = T(truncatingIfNeeded: numbers[index])
            }
        }
    }

    private func appendAddresses(
        _ column: EncodedColumn, _ dictionary: AddressDictionary, _ codes: Codes,
        to target: FlowColumn, at row: Int
    ) {
        mark(column, in: target, at: row)
        let addresses = dictionary.storage.values(as: IPAddress.self)
        var values = target.mutableValues(as: IPAddress.self)
        for index in 0..<column.rows where column.isPresent(index) {
            values[row + index] = addresses[Int(codes.code(at: index))]
        }
    }

    private func mark(_ column: EncodedColumn, in target: FlowColumn, at row: Int) {
        guard case .some(let bits) = column.presence else {
            target.markPresent(row..<row + column.rows)
            return
        }
        let words = bits.values(as: UInt64.self)
        for word in words.indices {
            var rest = words[word]
            while rest != 0 {
                target.markPresent(row + word * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
    }
}

/// Copies numbers into a narrower column.
private func narrow<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ numbers: Span<UInt64>, rows: Int, into values: inout MutableSpan<T>, at row: Int
) {
    precondition(rows >= 0 && rows <= numbers.count && row >= 0 && rows <= values.count - row)
    for index in 0..<rows { values[row &+ index] = T(truncatingIfNeeded: numbers[index]) }
}
