import FlowStore

/// Rows that a filter looks at in one go: their masks stay in the first cache.
let chunkRows = 4096

// A mask is a byte a row, 0 or 0xff. The masks of one chunk lie behind each other in a stack, so a
// kernel is told where in the stack to write.

/// Marks the rows whose code lies in `lower ... lower + extent`.
@inline(__always)
func markRange<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, lower: Code, extent: Code, adding: Bool,
    in masks: inout MutableSpan<UInt8>, at offset: Int
) {
    precondition(offset >= 0 && offset + codes.count <= masks.count)
    if adding {
        for row in 0..<codes.count {
            let hit: UInt8 = unsafe (codes[unchecked: row] &- lower) <= extent ? 0xff : 0
            unsafe masks[unchecked: offset &+ row] |= hit
        }
    } else {
        for row in 0..<codes.count {
            let hit: UInt8 = unsafe (codes[unchecked: row] &- lower) <= extent ? 0xff : 0
            unsafe masks[unchecked: offset &+ row] = hit
        }
    }
}

/// Marks the rows whose code's bits under `mask` are `value`.
@inline(__always)
func markBits<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, mask: Code, value: Code,
    in masks: inout MutableSpan<UInt8>, at offset: Int
) {
    precondition(offset >= 0 && offset + codes.count <= masks.count)
    for row in 0..<codes.count {
        let hit: UInt8 = unsafe codes[unchecked: row] & mask == value ? 0xff : 0
        unsafe masks[unchecked: offset &+ row] = hit
    }
}

/// Marks the rows as a table of all codes says.
@inline(__always)
func markTable<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, table: Span<UInt8>,
    in masks: inout MutableSpan<UInt8>, at offset: Int
) {
    precondition(offset >= 0 && offset + codes.count <= masks.count)
    precondition(table.count > Int(truncatingIfNeeded: Code.max))
    for row in 0..<codes.count {
        unsafe masks[unchecked: offset &+ row] =
            table[unchecked: Int(truncatingIfNeeded: codes[unchecked: row])]
    }
}

extension Codes {
    /// The largest code that fits.
    var widest: UInt64 { width == 8 ? .max : (1 << UInt64(width * 8)) - 1 }

    /// Marks `rows` whose code lies in `range`, which must not reach beyond ``widest``.
    func markRange(
        _ rows: Range<Int>, _ range: ClosedRange<UInt64>, adding: Bool,
        in masks: inout MutableSpan<UInt8>, at offset: Int
    ) {
        let lower = range.lowerBound
        let extent = range.upperBound - lower
        switch width {
        case 1:
            FlowQuery.markRange(
                storage.values(as: UInt8.self).extracting(rows),
                lower: UInt8(truncatingIfNeeded: lower), extent: UInt8(truncatingIfNeeded: extent),
                adding: adding, in: &masks, at: offset)
        case 2:
            FlowQuery.markRange(
                storage.values(as: UInt16.self).extracting(rows),
                lower: UInt16(truncatingIfNeeded: lower),
                extent: UInt16(truncatingIfNeeded: extent),
                adding: adding, in: &masks, at: offset)
        case 4:
            FlowQuery.markRange(
                storage.values(as: UInt32.self).extracting(rows),
                lower: UInt32(truncatingIfNeeded: lower),
                extent: UInt32(truncatingIfNeeded: extent),
                adding: adding, in: &masks, at: offset)
        case 8:
            FlowQuery.markRange(
                storage.values(as: UInt64.self).extracting(rows), lower: lower, extent: extent,
                adding: adding, in: &masks, at: offset)
        default:
            if lower == 0 {
                fillMask(&masks, at: offset, count: rows.count, with: 0xff)
            } else if !adding {
                fillMask(&masks, at: offset, count: rows.count, with: 0)
            }
        }
    }

    /// Marks `rows` whose code's bits under `mask` are `value`; both must fit the width.
    func markBits(
        _ rows: Range<Int>, mask: UInt64, value: UInt64,
        in masks: inout MutableSpan<UInt8>, at offset: Int
    ) {
        switch width {
        case 1:
            FlowQuery.markBits(
                storage.values(as: UInt8.self).extracting(rows),
                mask: UInt8(truncatingIfNeeded: mask), value: UInt8(truncatingIfNeeded: value),
                in: &masks, at: offset)
        case 2:
            FlowQuery.markBits(
                storage.values(as: UInt16.self).extracting(rows),
                mask: UInt16(truncatingIfNeeded: mask), value: UInt16(truncatingIfNeeded: value),
                in: &masks, at: offset)
        case 4:
            FlowQuery.markBits(
                storage.values(as: UInt32.self).extracting(rows),
                mask: UInt32(truncatingIfNeeded: mask), value: UInt32(truncatingIfNeeded: value),
                in: &masks, at: offset)
        case 8:
            FlowQuery.markBits(
                storage.values(as: UInt64.self).extracting(rows), mask: mask, value: value,
                in: &masks, at: offset)
        default:
            fillMask(&masks, at: offset, count: rows.count, with: value == 0 ? 0xff : 0)
        }
    }

    /// Marks `rows` as `table` says, which has an entry for every code that fits; for widths up to 2.
    func markTable(
        _ rows: Range<Int>, _ table: Span<UInt8>,
        in masks: inout MutableSpan<UInt8>, at offset: Int
    ) {
        switch width {
        case 0: fillMask(&masks, at: offset, count: rows.count, with: table[0])
        case 1:
            FlowQuery.markTable(
                storage.values(as: UInt8.self).extracting(rows), table: table, in: &masks,
                at: offset)
        default:
            FlowQuery.markTable(
                storage.values(as: UInt16.self).extracting(rows), table: table, in: &masks,
                at: offset)
        }
    }
}

/// Marks the rows whose value lies in one of many ranges, ascending and disjoint.
func markSearched(
    _ values: Span<UInt64>, _ ranges: [ClosedRange<UInt64>],
    in masks: inout MutableSpan<UInt8>, at offset: Int
) {
    precondition(offset >= 0 && offset + values.count <= masks.count)
    for row in 0..<values.count {
        masks[offset + row] = ranges.covers(values[row]) ? 0xff : 0
    }
}

/// Marks the rows where two values are equal.
func markEqual(
    _ a: Span<UInt64>, _ b: Span<UInt64>, in masks: inout MutableSpan<UInt8>, at offset: Int
) {
    precondition(a.count == b.count && offset >= 0 && offset + a.count <= masks.count)
    for row in 0..<a.count {
        let hit: UInt8 = unsafe a[unchecked: row] == b[unchecked: row] ? 0xff : 0
        unsafe masks[unchecked: offset &+ row] = hit
    }
}

/// Sets a mask to one value.
func fillMask(_ masks: inout MutableSpan<UInt8>, at offset: Int, count: Int, with byte: UInt8) {
    precondition(offset >= 0 && count >= 0 && offset + count <= masks.count)
    for row in 0..<count { unsafe masks[unchecked: offset &+ row] = byte }
}

/// Keeps what both masks mark.
func intersectMask(
    _ masks: inout MutableSpan<UInt8>, at target: Int, with source: Int, count: Int
) {
    precondition(target >= 0 && source >= 0 && max(target, source) + count <= masks.count)
    for row in 0..<count {
        unsafe masks[unchecked: target &+ row] &= masks[unchecked: source &+ row]
    }
}

/// Adds what the other mask marks.
func uniteMask(_ masks: inout MutableSpan<UInt8>, at target: Int, with source: Int, count: Int) {
    precondition(target >= 0 && source >= 0 && max(target, source) + count <= masks.count)
    for row in 0..<count {
        unsafe masks[unchecked: target &+ row] |= masks[unchecked: source &+ row]
    }
}

/// Marks what was not marked.
func invertMask(_ masks: inout MutableSpan<UInt8>, at offset: Int, count: Int) {
    precondition(offset >= 0 && offset + count <= masks.count)
    for row in 0..<count { unsafe masks[unchecked: offset &+ row] ^= 0xff }
}

/// Whether a mask marks nothing, everything, or some.
func judgeMask(_ masks: Span<UInt8>, at offset: Int, count: Int) -> Triage {
    precondition(offset >= 0 && offset + count <= masks.count)
    var any: UInt8 = 0
    var every: UInt8 = 0xff
    for row in 0..<count {
        unsafe any |= masks[unchecked: offset &+ row]
        unsafe every &= masks[unchecked: offset &+ row]
    }
    return any == 0 ? .none : every == 0xff ? .all : .some
}

/// Unmarks the rows whose presence bit is clear; `first` is a multiple of 64.
func intersectPresence(
    _ words: Span<UInt64>, first: Int, count: Int,
    in masks: inout MutableSpan<UInt8>, at offset: Int
) {
    precondition(first & 63 == 0 && first + count <= words.count * 64)
    precondition(offset >= 0 && offset + count <= masks.count)
    var row = 0
    while row < count {
        let word = words[(first + row) >> 6]
        let lanes = min(64, count - row)
        if word == 0 {
            for lane in 0..<lanes { unsafe masks[unchecked: offset &+ row &+ lane] = 0 }
        } else if word != ~0 {
            for lane in 0..<lanes {
                let bit = UInt8(truncatingIfNeeded: word >> UInt64(lane)) & 1
                unsafe masks[unchecked: offset &+ row &+ lane] &= 0 &- bit
            }
        }
        row += 64
    }
}

/// Elements beyond the last row that a selection needs: whole groups are written, and only as many stay
/// as rows are marked.
let selectionSpare = 8

/// Writes the numbers of the marked rows behind each other, and answers how many there are.
///
/// Where few of 64 rows are marked they are taken one by one; where many are, eight rows are written at
/// once and nothing branches on a single one.
func selectMarked(
    _ masks: Span<UInt8>, at offset: Int, count: Int, firstRow: Int,
    into selection: inout MutableSpan<UInt16>, from place: Int
) -> Int {
    precondition(offset >= 0 && count >= 0 && offset + count <= masks.count)
    precondition(place >= 0 && place + count + selectionSpare <= selection.count)
    let lanes = markedLanes.span
    precondition(lanes.count == 256)
    let bytes = unsafe masks.bytes
    var next = place
    var row = 0
    while row &+ 64 <= count {
        var marked: UInt64 = 0
        for eight in 0..<8 {
            let word = unsafe bytes.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset &+ row &+ 8 &* eight, as: UInt64.self)
            // Each octet leaves one bit of its own, and the product gathers them in the uppermost.
            let gathered = (word & 0x8040_2010_0804_0201) &* 0x0101_0101_0101_0101
            marked |= (gathered &>> 56) &<< UInt64(8 &* eight)
        }
        let count64 = marked.nonzeroBitCount
        if count64 <= sparseMax {
            // Eight are written whatever there is, so that the usual case has no branch to guess.
            let base = UInt16(truncatingIfNeeded: firstRow &+ row)
            var rest = marked
            for lane in 0..<8 {
                unsafe selection[unchecked: next &+ lane] =
                    base &+ UInt16(truncatingIfNeeded: rest.trailingZeroBitCount)
                rest &= rest &- 1
            }
            var lane = 8
            while rest != 0 {
                unsafe selection[unchecked: next &+ lane] =
                    base &+ UInt16(truncatingIfNeeded: rest.trailingZeroBitCount)
                lane &+= 1
                rest &= rest &- 1
            }
            next &+= count64
        } else {
            for eight in 0..<8 {
                let of8 = Int(truncatingIfNeeded: (marked &>> UInt64(8 &* eight)) & 0xff)
                let rows =
                    unsafe lanes[unchecked: of8]
                    &+ SIMD8(repeating: UInt16(truncatingIfNeeded: firstRow &+ row &+ 8 &* eight))
                for lane in 0..<8 { unsafe selection[unchecked: next &+ lane] = rows[lane] }
                next &+= of8.nonzeroBitCount
            }
        }
        row &+= 64
    }
    while row < count {
        unsafe selection[unchecked: next] = UInt16(truncatingIfNeeded: firstRow &+ row)
        next &+= unsafe Int(masks[unchecked: offset &+ row] & 1)
        row &+= 1
    }
    return next - place
}

/// Marked rows of 64 up to which they are taken one by one.
private let sparseMax = 14

/// Which of eight rows are marked, first ones first, for each way to mark them.
private let markedLanes: [SIMD8<UInt16>] = (0..<256).map { marked in
    var lanes = SIMD8<UInt16>()
    var next = 0
    for lane in 0..<8 where marked >> lane & 1 != 0 {
        lanes[next] = UInt16(lane)
        next += 1
    }
    return lanes
}
