import FlowModel
import FlowStore

/// Groups of a block that are kept in an array at once.
let denseGroupsMax: UInt64 = 1 << 16

/// Turns one key's column into small numbers, block by block, and these into the key's values.
///
/// Within a block equal numbers mean equal values, and different ones different values, but that two
/// codes may be cut to the same prefix or step.
final class KeyReader {
    private enum Mode {
        /// One value for all rows.
        case constant(UInt64)
        /// The code itself, at most `last`.
        case codes(Codes, last: UInt64)
        /// What a table says of the code; `firsts` has a code of each number.
        case table(Codes, [UInt16], firsts: [UInt16])
        /// (code + offset) / step, where code + offset is at most `last`; the first step begins at `base`.
        case divided(Codes, offset: UInt64, last: UInt64, base: UInt64, step: UInt64)
        /// Steps of a sketch.
        case sketched(Quantity)
        /// Values that are not small numbers.
        case scattered
        /// Services, which are joined of protocol and ports row by row.
        case joined
    }

    /// What a code stands for.
    private enum Meaning {
        case distance(from: UInt64)
        case entry([UInt64])
        case address
    }

    let plan: KeyPlan
    /// Numbers are below this; nil where the block's values cannot be numbered without looking at each.
    private(set) var bound: UInt64? = 1

    private var mode = Mode.constant(0)
    private var meaning = Meaning.distance(from: 0)
    /// Bitmaps of the rows that have a value; rows without one are number 0.
    private(set) var present: [EncodedBytes] = []
    /// Whether no row of the block has a value.
    private(set) var isAbsent = false
    /// Of the rows last read: whether there is a value, and the number, or the address as
    /// ``AddressCodes`` writes it.
    let flags = Scratch<UInt8>(unwritten: pieceRows)
    let values = Scratch<UInt64>(unwritten: pieceRows)
    private let narrow = Scratch<UInt32>(unwritten: pieceRows)
    var codes = AddressCodes()

    init(_ plan: KeyPlan) { self.plan = plan }

    /// Prepares for the scan's current block; reads what ``fillNumbers`` and ``fillKey`` need.
    func begin(_ scan: BlockScan) throws {
        mode = .constant(0)
        meaning = .distance(from: 0)
        present = []
        isAbsent = false
        codes.begin(plan)
        if case .number(.service) = plan.kind, scan.joinsServices {
            try scan.requireServices()
            mode = .joined
            bound = nil
            return
        }
        try scan.require(plan.quantities)
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
            meaning = .address
            // A dense column that is not there has `::` in all rows.
            mode = .constant(AddressCodes.absent)
            if case .addresses(let dictionary, let codes)? = try self.codes.fetch(field, scan) {
                mode =
                    v4 == 128 && v6 == 128
                    ? .codes(codes, last: UInt64(dictionary.count - 1))
                    : prefixMode(
                        dictionary.storage.values(as: IPAddress.self), codes, v4: v4, v6: v6)
            }
        }
        // A row without a value is number 0.
        let absent: UInt64 = present.isEmpty ? 0 : 1
        switch mode {
        case .constant: bound = 1 + absent
        case .codes(_, let last): bound = last + 1 + absent
        case .table(_, _, let firsts): bound = UInt64(firsts.count) + absent
        case .divided(_, _, let last, _, let step): bound = last / step + 1 + absent
        case .sketched: bound = UInt64(ValueSketch.steps) + absent
        case .scattered, .joined: bound = nil
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
                if field == .sampling {
                    mode = .constant(rate / step * step)
                    return
                }
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
            meaning = .entry(dictionary)
            mode =
                step == 1
                ? .codes(codes, last: UInt64(dictionary.count - 1))
                : bucketMode(dictionary, codes, step: step)
        case .frame(let base, let codes):
            meaning = .distance(from: base)
            mode = frameMode(base: base, codes, step: step, summary: scan.block?.summary(of: field))
        }
    }

    private func frameMode(
        base: UInt64, _ codes: Codes, step: UInt64, summary: ColumnSummary?
    ) -> Mode {
        if codes.width == 0 { return .constant(base / step * step) }
        // Codes beyond the summary's largest value are those of rows without a value.
        let last = min(
            codes.widest, summary?.range?.upperBound.clampedSubtracting(base) ?? .max)
        if step == 1 {
            return last < denseGroupsMax - 1 ? .codes(codes, last: last) : .scattered
        }
        let offset = base % step
        guard last <= StepDivision.valueMax, step <= StepDivision.stepMax,
            last + offset <= StepDivision.valueMax, (last + offset) / step < denseGroupsMax - 1
        else { return .scattered }
        return .divided(
            codes, offset: offset, last: last + offset, base: base - offset, step: step)
    }

    /// The dictionary is sorted, so each prefix is a stretch of it.
    private func prefixMode(
        _ entries: Span<IPAddress>, _ codes: Codes, v4: Int, v6: Int
    ) -> Mode {
        let count = min(entries.count, Int(denseGroupsMax))
        var table: [UInt16] = []
        var firsts: [UInt16] = []
        table.reserveCapacity(count)
        var last: IPAddress?
        for code in 0..<count {
            let prefix = entries[code].cut(v4: v4, v6: v6)
            if prefix != last { firsts.append(UInt16(code)) }
            last = prefix
            table.append(UInt16(firsts.count - 1))
        }
        return .table(codes, table, firsts: firsts)
    }

    private func bucketMode(_ entries: [UInt64], _ codes: Codes, step: UInt64) -> Mode {
        let count = min(entries.count, Int(denseGroupsMax))
        var table: [UInt16] = []
        var firsts: [UInt16] = []
        table.reserveCapacity(count)
        for code in 0..<count {
            if code == 0 || entries[code] / step != entries[code - 1] / step {
                firsts.append(UInt16(code))
            }
            table.append(UInt16(firsts.count - 1))
        }
        return .table(codes, table, firsts: firsts)
    }

    /// Writes the number of each row, below ``bound``, which is not nil.
    func fillNumbers(_ scan: BlockScan, _ rows: RowSet, into ids: Scratch<UInt16>) throws {
        let (flags, narrow) = (flags, narrow)
        switch mode {
        case .constant:
            var ids = ids.mutable
            fillZeros(&ids, count: rows.count)
        case .codes(let codes, let last) where codes.width <= 2:
            scan.read(codes, rows, narrow: ids)
            var ids = ids.mutable
            clampNumbers(&ids, count: rows.count, to: UInt16(clamping: last))
        case .codes(let codes, let last):
            scan.read(codes, rows, narrow: narrow)
            var ids = ids.mutable
            clampNumbers(narrow.span, count: rows.count, to: UInt16(clamping: last), into: &ids)
        case .table(let codes, let table, _):
            scan.read(codes, rows, narrow: ids)
            var ids = ids.mutable
            lookUp(&ids, count: rows.count, in: table.span)
        case .divided(let codes, let offset, let last, _, let step):
            let division = StepDivision(by: step)
            scan.withCodes(codes, rows, narrow) { codes in
                var ids = ids.mutable
                division.divide(
                    codes, plus: offset, atMost: last, count: rows.count, into: &ids)
            }
        case .sketched(let quantity):
            try scan.numbers(quantity, rows, into: values)
            let values = values
            var numbers = values.mutable
            sketchNumbers(&numbers, count: rows.count)
            var ids = ids.mutable
            narrowNumbers(values.span, count: rows.count, into: &ids)
        case .scattered, .joined:
            preconditionFailure("asked for numbers where there is no bound")
        }
        if !present.isEmpty {
            scan.fillFlags(present, rows, into: flags)
            var ids = ids.mutable
            shiftPresent(&ids, flags.span, count: rows.count)
        }
    }

    /// Reads the values that numbers stand for, as ``read(_:_:)`` reads those of rows.
    func read(numbers: Span<UInt16>, count: Int) {
        precondition(count <= numbers.count && count <= pieceRows)
        let (flagTable, valueTable) = (flags, values)
        var flags = flagTable.mutable
        var values = valueTable.mutable
        let absent: UInt64 = present.isEmpty ? 0 : 1
        for row in 0..<count {
            let number = unsafe UInt64(numbers[unchecked: row])
            let isPresent = number >= absent && !isAbsent
            unsafe flags[unchecked: row] = isPresent ? 1 : 0
            unsafe values[unchecked: row] = isPresent ? number &- absent : 0
        }
        switch mode {
        case .constant(let value): FlowQuery.fillNumbers(&values, count: count, with: value)
        case .codes: interpret(&values, count: count)
        case .table(_, _, let firsts):
            for row in 0..<count { values[row] = UInt64(firsts[Int(values[row])]) }
            interpret(&values, count: count)
            if let step = plan.step { cutNumbers(&values, count: count, to: step) }
        case .divided(_, _, _, let base, let step):
            for row in 0..<count {
                unsafe values[unchecked: row] = base &+ values[unchecked: row] &* step
            }
        case .sketched: break
        case .scattered, .joined:
            preconditionFailure("asked for numbers where there is no bound")
        }
        if isAbsent || absent > 0 { clearAbsent(&values, flagTable.span, count: count) }
    }

    /// What numbers stand for, where they are whole addresses; nil where they are not.
    func addressKeys(_ layout: GroupLayout) -> AddressKeys? {
        guard case .codes = mode, case .address = meaning, let dictionary = codes.dictionary,
            let part = layout.small.parts.first, part.isAddress, part.bits == 32, part.start < 64
        else { return nil }
        return AddressKeys(
            dictionary: dictionary, firstNumber: present.isEmpty ? 0 : 1,
            shift: UInt64(32 - part.start),
            mark: part.present.map { 1 << UInt64(63 - $0 & 63) } ?? 0,
            fullWords: layout.full.words)
    }

    /// Whether the block's values are services that are joined row by row.
    var isJoined: Bool { if case .joined = mode { true } else { false } }

    /// Replaces codes by the values that they stand for.
    private func interpret(_ values: inout MutableSpan<UInt64>, count: Int) {
        switch meaning {
        case .distance(let base):
            for row in 0..<count { unsafe values[unchecked: row] &+= base }
        case .entry(let entries): translateCodes(&values, count: count, by: entries.span)
        case .address: codes.lookUp(&values, count: count)
        }
    }
}

extension IPAddress {
    /// The address cut to the bits of its family, counted of 128.
    @inline(__always)
    func cut(v4: Int, v6: Int) -> IPAddress { masked(to: isV4 ? v4 : v6) }
}

private func fillZeros(_ values: inout MutableSpan<UInt16>, count: Int) {
    precondition(count <= values.count)
    for row in 0..<count { unsafe values[unchecked: row] = 0 }
}

private func clampNumbers(_ values: inout MutableSpan<UInt16>, count: Int, to last: UInt16) {
    precondition(count <= values.count)
    for row in 0..<count {
        unsafe values[unchecked: row] = min(values[unchecked: row], last)
    }
}

private func clampNumbers(
    _ values: Span<UInt32>, count: Int, to last: UInt16, into ids: inout MutableSpan<UInt16>
) {
    precondition(count <= values.count && count <= ids.count)
    for row in 0..<count {
        unsafe ids[unchecked: row] = UInt16(
            truncatingIfNeeded: min(values[unchecked: row], UInt32(last)))
    }
}

private func narrowNumbers(
    _ values: Span<UInt64>, count: Int, into ids: inout MutableSpan<UInt16>
) {
    precondition(count <= values.count && count <= ids.count)
    for row in 0..<count {
        unsafe ids[unchecked: row] = UInt16(truncatingIfNeeded: values[unchecked: row])
    }
}

/// Replaces codes by what a table says; one beyond it, which only a damaged store has, reads as the
/// last.
private func lookUp(_ values: inout MutableSpan<UInt16>, count: Int, in table: Span<UInt16>) {
    precondition(count <= values.count && !table.isEmpty && table.count <= Int(denseGroupsMax))
    let last = UInt16(table.count - 1)
    for row in 0..<count {
        let code = unsafe Int(min(values[unchecked: row], last))
        unsafe values[unchecked: row] = table[unchecked: code]
    }
}

/// Division of small numbers by one step, by a multiplication that several rows share.
///
/// n / d = (n × ⌈2ˢ/d⌉) >> s with s = 31 + ⌊log₂ d⌋ is exact for n < 2³⁰: the rounding adds less than
/// d to the product of d and the multiplier, so less than n × d < 2ˢ to n × 2ˢ.
struct StepDivision {
    static let valueMax: UInt64 = 1 << 30 - 1
    static let stepMax: UInt64 = 1 << 31 - 1

    private let multiplier: UInt64
    private let shift: UInt64

    init(by step: UInt64) {
        precondition(step > 0 && step <= Self.stepMax)
        shift = UInt64(31 + 63 - step.leadingZeroBitCount)
        multiplier = (1 << shift - 1) / step + 1
    }

    /// Writes (value + offset) / step of each; what is above `last` counts as `last`, which is at most
    /// ``valueMax``.
    func divide(
        _ values: Span<UInt32>, plus offset: UInt64, atMost last: UInt64, count: Int,
        into ids: inout MutableSpan<UInt16>
    ) {
        precondition(
            count <= values.count && count <= ids.count && last <= Self.valueMax && offset <= last)
        let (most, offset) = (UInt32(last - offset), UInt32(offset))
        let (multiplier, shift) = (UInt32(multiplier), shift)
        for row in 0..<count {
            let value = unsafe min(values[unchecked: row], most) &+ offset
            unsafe ids[unchecked: row] = UInt16(
                truncatingIfNeeded: (UInt64(value) &* UInt64(multiplier)) &>> shift)
        }
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
    _ values: inout MutableSpan<UInt16>, _ flags: Span<UInt8>, count: Int
) {
    precondition(count <= values.count && count <= flags.count)
    for row in 0..<count {
        let flag = unsafe UInt16(flags[unchecked: row])
        unsafe values[unchecked: row] = (values[unchecked: row] &+ 1) &* flag
    }
}
