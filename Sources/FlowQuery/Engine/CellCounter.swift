import FlowModel
import FlowStore

/// A counter of a block as small numbers: value = (base + number) × factor.
///
/// Base and factor are for sums; a row's number is a code, or what a dictionary says of it, which costs
/// half the memory traffic of the value.
struct CellCounter {
    private enum Numbers {
        case codes(Codes)
        /// Looked up in the table, of which so many entries are in use.
        case table(Codes, count: Int)
    }

    private let numbers: Numbers
    private let base: UInt64
    private let factor: UInt64

    /// A counter that is 0 in all rows.
    static let zero = CellCounter(
        numbers: .codes(Codes(width: 0, storage: EncodedBytes(count: 0))), base: 0, factor: 1)

    private init(numbers: Numbers, base: UInt64, factor: UInt64) {
        self.numbers = numbers
        self.base = base
        self.factor = factor
    }

    /// A dense counter of the scan's block; nil where its values need wider numbers, or a rate a row.
    ///
    /// - Parameter table: takes the block's dictionary where it has one.
    init?(_ field: Field, _ scan: BlockScan, table: inout Scratch<UInt32>) throws {
        var rate: UInt64 = 1
        if !scan.plan.raw {
            guard case .constant(let known) = try scan.blockSampling() else { return nil }
            rate = known
        }
        guard let column = try scan.column(field) else {
            // Dense, so it is 0 where it is left out.
            self = .zero
            return
        }
        factor = max(rate, 1)
        switch column.values {
        case .frame(let base, let codes):
            guard codes.width <= 4 else { return nil }
            self.base = base
            numbers = .codes(codes)
        case .dictionary(let dictionary, let codes):
            guard let last = dictionary.last, last <= UInt32.max else { return nil }
            if table.count < dictionary.count { table = Scratch(unwritten: dictionary.count) }
            var entries = table.mutable
            narrow(dictionary.span, into: &entries)
            base = 0
            numbers = .table(codes, count: dictionary.count)
        case .addresses, .afterStart: return nil
        }
    }

    /// Runs `body` with the numbers of `rows`.
    func withNumbers(
        _ scan: BlockScan, _ rows: RowSet, by table: Scratch<UInt32>,
        _ scratch: Scratch<UInt32>, _ body: (Span<UInt32>) -> Void
    ) {
        switch numbers {
        case .codes(let codes): scan.withCodes(codes, rows, scratch, body)
        case .table(let codes, let count):
            scan.read(codes, rows, narrow: scratch)
            var values = scratch.mutable
            lookUp(&values, count: rows.count, in: table.span.extracting(0..<count))
            body(scratch.span)
        }
    }

    /// The sum of the values of so many flows whose numbers have a sum.
    @inline(__always)
    func sum(_ numbers: UInt64, flows: UInt64) -> UInt64 {
        (flows &* base &+ numbers) &* factor
    }
}

extension BlockScan {
    /// Runs `body` with the codes of `rows`, where they lie if they have the width.
    func withCodes(
        _ codes: Codes, _ rows: RowSet, _ scratch: Scratch<UInt32>, _ body: (Span<UInt32>) -> Void
    ) {
        if codes.width == 4, case .contiguous(let range) = rows {
            body(codes.storage.values(as: UInt32.self).extracting(range))
        } else {
            read(codes, rows, narrow: scratch)
            body(scratch.span)
        }
    }

    /// The codes of `rows`, cut to what fits.
    func read<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ codes: Codes, _ rows: RowSet, narrow values: Scratch<Value>
    ) {
        let (selection, listed) = (selection, listed)
        var mutable = values.mutable
        switch rows {
        case .contiguous(let range): codes.narrow(range, into: &mutable)
        case .selected(let range):
            codes.narrow(at: selection.span.extracting(range), into: &mutable)
        case .listed(let range):
            codes.narrow(at: listed.span.extracting(range), into: &mutable)
        }
    }
}

extension Codes {
    fileprivate func narrow<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ rows: Range<Int>, into values: inout MutableSpan<Value>
    ) {
        switch width {
        case 1:
            FlowQuery.narrow(storage.values(as: UInt8.self).extracting(rows), into: &values)
        case 2:
            FlowQuery.narrow(storage.values(as: UInt16.self).extracting(rows), into: &values)
        case 4:
            FlowQuery.narrow(storage.values(as: UInt32.self).extracting(rows), into: &values)
        case 8:
            FlowQuery.narrow(storage.values(as: UInt64.self).extracting(rows), into: &values)
        default: clear(&values, count: rows.count)
        }
    }

    fileprivate func narrow<Value: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        at rows: Span<UInt16>, into values: inout MutableSpan<Value>
    ) {
        switch width {
        case 1: FlowQuery.narrow(storage.values(as: UInt8.self), at: rows, into: &values)
        case 2: FlowQuery.narrow(storage.values(as: UInt16.self), at: rows, into: &values)
        case 4: FlowQuery.narrow(storage.values(as: UInt32.self), at: rows, into: &values)
        case 8: FlowQuery.narrow(storage.values(as: UInt64.self), at: rows, into: &values)
        default: clear(&values, count: rows.count)
        }
    }
}

@inline(__always)
private func narrow<
    Code: FixedWidthInteger & BitwiseCopyable, Value: FixedWidthInteger & BitwiseCopyable
>(_ codes: Span<Code>, into values: inout MutableSpan<Value>) {
    precondition(codes.count <= values.count)
    for row in 0..<codes.count {
        unsafe values[unchecked: row] = Value(truncatingIfNeeded: codes[unchecked: row])
    }
}

/// `rows` come from a selection over this block, so each is below `codes.count`.
@inline(__always)
private func narrow<
    Code: FixedWidthInteger & BitwiseCopyable, Value: FixedWidthInteger & BitwiseCopyable
>(_ codes: Span<Code>, at rows: Span<UInt16>, into values: inout MutableSpan<Value>) {
    precondition(rows.count <= values.count)
    for index in 0..<rows.count {
        let row = unsafe Int(rows[unchecked: index])
        unsafe values[unchecked: index] = Value(truncatingIfNeeded: codes[unchecked: row])
    }
}

@inline(__always)
private func clear<Value: FixedWidthInteger & BitwiseCopyable>(
    _ values: inout MutableSpan<Value>, count: Int
) {
    precondition(count <= values.count)
    for row in 0..<count { unsafe values[unchecked: row] = 0 }
}

/// Replaces codes by what the dictionary says; one beyond it, which only a damaged store has, reads as
/// the last entry.
private func lookUp(
    _ values: inout MutableSpan<UInt32>, count: Int, in dictionary: Span<UInt32>
) {
    precondition(count <= values.count && !dictionary.isEmpty && dictionary.count <= 1 << 31)
    let last = UInt32(dictionary.count - 1)
    for row in 0..<count {
        let code = unsafe Int(min(values[unchecked: row], last))
        unsafe values[unchecked: row] = dictionary[unchecked: code]
    }
}
