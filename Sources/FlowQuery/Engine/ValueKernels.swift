import FlowModel
import FlowStore

/// Rows that are decoded in one go after the filter: several arrays of them fit into the first cache.
let pieceRows = 1024

@inline(__always)
func widenCodes<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, base: UInt64, into values: inout MutableSpan<UInt64>
) {
    precondition(codes.count <= values.count)
    for row in 0..<codes.count {
        unsafe values[unchecked: row] =
            base &+ UInt64(truncatingIfNeeded: codes[unchecked: row])
    }
}

/// `rows` come from a selection over this block, so each is below `codes.count`.
@inline(__always)
func gatherCodes<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, base: UInt64, at rows: Span<UInt16>,
    into values: inout MutableSpan<UInt64>
) {
    precondition(rows.count <= values.count)
    for index in 0..<rows.count {
        let row = unsafe Int(rows[unchecked: index])
        unsafe values[unchecked: index] =
            base &+ UInt64(truncatingIfNeeded: codes[unchecked: row])
    }
}

@inline(__always)
func sumCodes<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>
) -> UInt64 {
    var sum: UInt64 = 0
    for row in 0..<codes.count {
        sum &+= unsafe UInt64(truncatingIfNeeded: codes[unchecked: row])
    }
    return sum
}

extension Codes {
    /// Writes base + code of `rows`.
    func widen(_ rows: Range<Int>, base: UInt64, into values: inout MutableSpan<UInt64>) {
        switch width {
        case 1:
            widenCodes(
                storage.values(as: UInt8.self).extracting(rows), base: base, into: &values)
        case 2:
            widenCodes(
                storage.values(as: UInt16.self).extracting(rows), base: base, into: &values)
        case 4:
            widenCodes(
                storage.values(as: UInt32.self).extracting(rows), base: base, into: &values)
        case 8:
            widenCodes(
                storage.values(as: UInt64.self).extracting(rows), base: base, into: &values)
        default: fillNumbers(&values, count: rows.count, with: base)
        }
    }

    /// Writes base + code of the rows listed.
    func gather(_ rows: Span<UInt16>, base: UInt64, into values: inout MutableSpan<UInt64>) {
        switch width {
        case 1:
            gatherCodes(storage.values(as: UInt8.self), base: base, at: rows, into: &values)
        case 2:
            gatherCodes(storage.values(as: UInt16.self), base: base, at: rows, into: &values)
        case 4:
            gatherCodes(storage.values(as: UInt32.self), base: base, at: rows, into: &values)
        case 8:
            gatherCodes(storage.values(as: UInt64.self), base: base, at: rows, into: &values)
        default: fillNumbers(&values, count: rows.count, with: base)
        }
    }

    /// The sum of the first `rows` codes, which for widths up to 4 cannot overflow in one block; nil
    /// for width 8.
    func sum(_ rows: Int) -> UInt64? {
        switch width {
        case 0: 0
        case 1: sumCodes(storage.values(as: UInt8.self).extracting(0..<rows))
        case 2: sumCodes(storage.values(as: UInt16.self).extracting(0..<rows))
        case 4: sumCodes(storage.values(as: UInt32.self).extracting(0..<rows))
        default: nil
        }
    }
}

func fillNumbers(_ values: inout MutableSpan<UInt64>, count: Int, with value: UInt64) {
    precondition(count <= values.count)
    for row in 0..<count { unsafe values[unchecked: row] = value }
}

/// Replaces codes by what the dictionary says.
///
/// A code beyond it, which only a damaged store has, reads as the last entry.
func translateCodes(
    _ values: inout MutableSpan<UInt64>, count: Int, by dictionary: Span<UInt64>
) {
    precondition(count <= values.count && !dictionary.isEmpty)
    let last = dictionary.count - 1
    for row in 0..<count {
        let code = unsafe min(Int(truncatingIfNeeded: values[unchecked: row]), last)
        unsafe values[unchecked: row] = dictionary[unchecked: code]
    }
}

/// Adds the offsets to the values, wrapping as a damaged store might make it.
func addOffsets(_ offsets: Span<UInt64>, to values: inout MutableSpan<UInt64>, count: Int) {
    precondition(count <= values.count && count <= offsets.count)
    for row in 0..<count {
        unsafe values[unchecked: row] &+= offsets[unchecked: row]
    }
}

/// Turns ends into durations; 0 where a flow ends before it starts.
func subtractStarts(_ starts: Span<UInt64>, from ends: inout MutableSpan<UInt64>, count: Int) {
    precondition(count <= ends.count && count <= starts.count)
    for row in 0..<count {
        let start = unsafe starts[unchecked: row]
        let end = unsafe ends[unchecked: row]
        unsafe ends[unchecked: row] = end >= start ? end &- start : 0
    }
}

/// Multiplies all values by one rate; what does not fit becomes the largest number.
func scaleNumbers(_ values: inout MutableSpan<UInt64>, count: Int, by factor: UInt64) {
    precondition(count <= values.count)
    for row in 0..<count {
        unsafe values[unchecked: row] = values[unchecked: row].scaled(by: factor)
    }
}

/// Multiplies each value by its row's rate; an unknown rate (0) leaves it as it is.
func scaleNumbers(_ values: inout MutableSpan<UInt64>, count: Int, by rates: Span<UInt64>) {
    precondition(count <= values.count && count <= rates.count)
    for row in 0..<count {
        let rate = unsafe rates[unchecked: row]
        unsafe values[unchecked: row] = values[unchecked: row].scaled(by: rate == 0 ? 1 : rate)
    }
}

/// Turns counts into counts × `factor` / divisor, 0 where the divisor is 0.
func divideNumbers(
    _ values: inout MutableSpan<UInt64>, count: Int, times factor: UInt64,
    by divisors: Span<UInt64>
) {
    precondition(count <= values.count && count <= divisors.count)
    for row in 0..<count {
        unsafe values[unchecked: row] = values[unchecked: row].times(
            factor, over: divisors[unchecked: row])
    }
}

/// The sum, or the largest number where it does not fit.
func sumNumbers(_ values: Span<UInt64>) -> UInt64 {
    var sum: UInt64 = 0
    var union: UInt64 = 0
    for row in 0..<values.count {
        let value = unsafe values[unchecked: row]
        sum &+= value
        union |= value
    }
    // At most 65,536 values below 2⁴⁸ cannot have wrapped.
    precondition(values.count <= 65_536)
    if union >> 48 == 0 { return sum }
    sum = 0
    for row in 0..<values.count { sum = sum.clampedAdding(values[row]) }
    return sum
}

/// The smallest value, or the largest number where there is none.
func leastNumber(_ values: Span<UInt64>) -> UInt64 {
    var least = UInt64.max
    for row in 0..<values.count { least = unsafe min(least, values[unchecked: row]) }
    return least
}

/// The largest value, or 0 where there is none.
func greatestNumber(_ values: Span<UInt64>) -> UInt64 {
    var greatest: UInt64 = 0
    for row in 0..<values.count { greatest = unsafe max(greatest, values[unchecked: row]) }
    return greatest
}

/// Moves the values of rows that are flagged to the front, and answers how many they are.
func keepFlagged(_ values: inout MutableSpan<UInt64>, _ flags: Span<UInt8>, count: Int) -> Int {
    precondition(count <= values.count && count <= flags.count)
    var kept = 0
    for row in 0..<count {
        unsafe values[unchecked: kept] = values[unchecked: row]
        kept &+= unsafe Int(flags[unchecked: row])
    }
    return kept
}

/// Writes whether each row of `rows` has a value: 1 or 0, and-ed to what is there.
func intersectFlags(
    _ words: Span<UInt64>, contiguous rows: Range<Int>, into flags: inout MutableSpan<UInt8>
) {
    precondition(rows.count <= flags.count && rows.upperBound <= words.count * 64)
    var index = 0
    for row in rows {
        let bit = unsafe UInt8(truncatingIfNeeded: words[unchecked: row >> 6] >> UInt64(row & 63))
        unsafe flags[unchecked: index] &= bit & 1
        index &+= 1
    }
}

/// The same for rows that are listed.
func intersectFlags(
    _ words: Span<UInt64>, at rows: Span<UInt16>, into flags: inout MutableSpan<UInt8>
) {
    precondition(rows.count <= flags.count)
    for index in 0..<rows.count {
        let row = unsafe Int(rows[unchecked: index])
        let bit = unsafe UInt8(truncatingIfNeeded: words[unchecked: row >> 6] >> UInt64(row & 63))
        unsafe flags[unchecked: index] &= bit & 1
    }
}

extension UInt64 {
    /// The product, or the largest number where it does not fit.
    @inline(__always)
    func scaled(by factor: UInt64) -> UInt64 {
        let product = multipliedFullWidth(by: factor)
        return product.high == 0 ? product.low : .max
    }

    /// The sum, or the largest number where it does not fit.
    @inline(__always)
    func clampedAdding(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// self × factor / divisor, exact in between, at most the largest number; 0 where divisor is 0.
    @inline(__always)
    func times(_ factor: UInt64, over divisor: UInt64) -> UInt64 {
        guard divisor != 0 else { return 0 }
        let product = multipliedFullWidth(by: factor)
        if product.high == 0 { return product.low / divisor }
        if product.high >= divisor { return .max }
        return divisor.dividingFullWidth(product).quotient
    }
}
