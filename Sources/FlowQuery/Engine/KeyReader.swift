import FlowModel
import FlowStore

/// Groups of a block that are kept in an array at once.
let denseGroupsMax: UInt64 = 1 << 18

/// Turns one key's column into small numbers, block by block.
///
/// Within a block equal numbers mean equal values, not the other way round: two codes may be cut to
/// the same prefix. What the numbers stand for is read from a row of each group afterwards.
final class KeyReader {
    private enum Mode {
        /// One value for all rows.
        case constant
        /// The code itself, at most `last`.
        case codes(Codes, last: UInt64)
        /// What a table says of the code.
        case table(Codes, [UInt64])
        /// (code + offset) / step by a multiplication, at most `last` before it.
        case divided(Codes, offset: UInt64, last: UInt64, reciprocal: UInt64)
        /// Steps of a sketch.
        case sketched(Quantity)
        /// Values that are not small numbers.
        case scattered
    }

    let plan: KeyPlan
    /// Numbers are below this; nil where the block's values cannot be numbered without looking at each.
    private(set) var bound: UInt64? = 1

    private var mode = Mode.constant
    /// Bitmaps of the rows that have a value; rows without one are number 0.
    private(set) var present: [EncodedBytes] = []
    /// Whether no row of the block has a value.
    private(set) var isAbsent = false
    /// Of the rows last read: whether there is a value, and the number, or the address as
    /// ``AddressCodes`` writes it.
    let flags = Scratch<UInt8>(unwritten: pieceRows)
    let values = Scratch<UInt64>(unwritten: pieceRows)
    var codes = AddressCodes()

    init(_ plan: KeyPlan) { self.plan = plan }

    /// Prepares for the scan's current block; reads what ``fillNumbers`` and ``fillKey`` need.
    func begin(_ scan: BlockScan) throws {
        try scan.require(plan.quantities)
        mode = .constant
        present = []
        isAbsent = false
        codes.begin(plan)
        switch plan.kind {
        case .number(let field): try begin(field, step: 1, scan)
        case .bucket(let field, let step): try begin(field, step: step, scan)
        case .placed(let step):
            if let start = try scan.column(.start) {
                if start.presenceBits == nil {
                    try begin(.start, step: step, scan)
                } else {
                    mode = .scattered
                }
            } else {
                try begin(.received, step: step, scan)
            }
        case .sketched(let quantity):
            guard let found = try scan.presences(of: quantity) else {
                isAbsent = true
                break
            }
            present = found
            mode = .sketched(quantity)
        case .address(let field, let v4, let v6):
            guard let found = try scan.presences(of: .field(field)) else {
                isAbsent = true
                break
            }
            present = found
            if case .addresses(let dictionary, let codes)? = try scan.column(field)?.values {
                let entries = dictionary.storage.values(as: IPAddress.self)
                mode =
                    v4 == 128 && v6 == 128
                    ? .codes(codes, last: UInt64(entries.count - 1))
                    : .table(codes, prefixNumbers(entries, v4: v4, v6: v6, width: codes.width))
            }
        }
        // A row without a value is number 0.
        let absent: UInt64 = present.isEmpty ? 0 : 1
        switch mode {
        case .constant: bound = 1 + absent
        case .codes(_, let last): bound = last + 1 + absent
        case .table(_, let table): bound = (table.max() ?? 0) + 1 + absent
        case .divided(_, _, let last, let reciprocal):
            bound = last.multipliedFullWidth(by: reciprocal).high + 1 + absent
        case .sketched: bound = UInt64(ValueSketch.steps) + absent
        case .scattered: bound = nil
        }
    }

    private func begin(_ field: Field, step: UInt64, _ scan: BlockScan) throws {
        guard let found = try scan.presences(of: .field(field)) else {
            isAbsent = true
            return
        }
        present = found
        if field == .sampling || field.isCounter && !scan.plan.raw {
            switch try scan.blockSampling() {
            case .constant(let rate):
                if field == .sampling { return }
                if rate > 1 {
                    mode = .scattered
                    return
                }
            case .rows:
                mode = .scattered
                return
            }
        }
        switch try scan.column(field)?.values {
        case nil, .addresses: return
        case .afterStart: mode = .scattered
        case .dictionary(let dictionary, let codes):
            mode =
                step == 1
                ? .codes(codes, last: UInt64(dictionary.count - 1))
                : .table(codes, bucketNumbers(dictionary, step: step, width: codes.width))
        case .frame(let base, let codes):
            mode = frameMode(base: base, codes, step: step, summary: scan.block?.summary(of: field))
        }
    }

    private func frameMode(
        base: UInt64, _ codes: Codes, step: UInt64, summary: ColumnSummary?
    ) -> Mode {
        if codes.width == 0 { return .constant }
        // Codes beyond the summary's largest value are those of rows without a value.
        let last = min(
            codes.widest, summary?.range?.upperBound.clampedSubtracting(base) ?? .max)
        if step == 1 {
            return last < denseGroupsMax - 1 ? .codes(codes, last: last) : .scattered
        }
        // n / d = (n × ⌈2⁶⁴/d⌉) >> 64 is exact while n × d < 2⁶⁴ (Lemire, Kaser, Kurz 2019).
        let offset = base % step
        guard last <= 0xffff_ffff, step <= 0x7fff_ffff, (last + offset) / step < denseGroupsMax - 1
        else { return .scattered }
        return .divided(
            codes, offset: offset, last: last + offset, reciprocal: UInt64.max / step + 1)
    }

    /// The dictionary is sorted, so each prefix is a stretch of it.
    private func prefixNumbers(
        _ entries: Span<IPAddress>, v4: Int, v6: Int, width: Int
    ) -> [UInt64] {
        var table = [UInt64](repeating: 0, count: 1 << (8 * width))
        var number: UInt64 = 0
        var last = entries[0].cut(v4: v4, v6: v6)
        for code in 0..<min(entries.count, table.count) {
            let prefix = entries[code].cut(v4: v4, v6: v6)
            if prefix != last { number += 1 }
            last = prefix
            table[code] = number
        }
        return table
    }

    private func bucketNumbers(_ entries: [UInt64], step: UInt64, width: Int) -> [UInt64] {
        var table = [UInt64](repeating: 0, count: 1 << (8 * width))
        var number: UInt64 = 0
        for code in 0..<min(entries.count, table.count) {
            if code > 0, entries[code] / step != entries[code - 1] / step { number += 1 }
            table[code] = number
        }
        return table
    }

    /// Writes the number of each row, below ``bound``, which is not nil.
    func fillNumbers(_ scan: BlockScan, _ rows: RowSet, into ids: Scratch<UInt64>) throws {
        let flags = flags
        switch mode {
        case .constant:
            var ids = ids.mutable
            FlowQuery.fillNumbers(&ids, count: rows.count, with: 0)
        case .codes(let codes, let last):
            scan.read(codes, base: 0, rows, into: ids)
            var ids = ids.mutable
            clampNumbers(&ids, count: rows.count, to: last)
        case .table(let codes, let table):
            scan.read(codes, base: 0, rows, into: ids)
            var ids = ids.mutable
            translateCodes(&ids, count: rows.count, by: table.span)
        case .divided(let codes, let offset, let last, let reciprocal):
            scan.read(codes, base: offset, rows, into: ids)
            var ids = ids.mutable
            divideClamped(&ids, count: rows.count, last: last, reciprocal: reciprocal)
        case .sketched(let quantity):
            try scan.numbers(quantity, rows, into: ids)
            var ids = ids.mutable
            sketchNumbers(&ids, count: rows.count)
        case .scattered: preconditionFailure("asked for numbers where there is no bound")
        }
        if !present.isEmpty {
            scan.fillFlags(present, rows, into: flags)
            var ids = ids.mutable
            shiftPresent(&ids, flags.span, count: rows.count)
        }
    }
}

extension IPAddress {
    /// The address cut to the bits of its family, counted of 128.
    @inline(__always)
    func cut(v4: Int, v6: Int) -> IPAddress { masked(to: isV4 ? v4 : v6) }
}

private func clampNumbers(_ values: inout MutableSpan<UInt64>, count: Int, to last: UInt64) {
    precondition(count <= values.count)
    for row in 0..<count {
        unsafe values[unchecked: row] = min(values[unchecked: row], last)
    }
}

private func divideClamped(
    _ values: inout MutableSpan<UInt64>, count: Int, last: UInt64, reciprocal: UInt64
) {
    precondition(count <= values.count)
    for row in 0..<count {
        let value = unsafe min(values[unchecked: row], last)
        unsafe values[unchecked: row] = value.multipliedFullWidth(by: reciprocal).high
    }
}

/// Makes the values of rows without one 0.
func clearAbsent(
    _ values: inout MutableSpan<UInt64>, _ flags: Span<UInt8>, count: Int
) {
    precondition(count <= values.count && count <= flags.count)
    for row in 0..<count { unsafe values[unchecked: row] &*= UInt64(flags[unchecked: row]) }
}

private func shiftPresent(
    _ values: inout MutableSpan<UInt64>, _ flags: Span<UInt8>, count: Int
) {
    precondition(count <= values.count && count <= flags.count)
    for row in 0..<count {
        let flag = unsafe UInt64(flags[unchecked: row])
        unsafe values[unchecked: row] = (values[unchecked: row] &+ 1) &* flag
    }
}
