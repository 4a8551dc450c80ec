// Loops over the values of one column. `T` is a column's integer type; all are specialised here.

/// Smallest and largest of at least one value.
func extremes<T: FixedWidthInteger & BitwiseCopyable>(_ values: Span<T>) -> (low: T, high: T) {
    var low = T.max
    var high = T.min
    for row in values.indices {
        low = min(low, values[row])
        high = max(high, values[row])
    }
    return (low, high)
}

/// The sum of values; nil where it does not fit.
///
/// - Parameter largest: the largest of the values that are present.
func sum<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ values: Span<T>, presence: Span<UInt64>, largest: T
) -> UInt64? {
    precondition(presence.count * 64 >= values.count)
    let mayOverflow = UInt64(largest).multipliedReportingOverflow(by: UInt64(values.count)).overflow
    var sum: UInt64 = 0
    if !mayOverflow {
        for row in values.indices {
            let bit = unsafe presence[unchecked: row >> 6] &>> UInt64(row & 63) & 1
            sum &+= unsafe UInt64(values[unchecked: row]) & (0 &- bit)
        }
        return sum
    }
    for row in values.indices {
        let isPresent = presence[row >> 6] >> UInt64(row & 63) & 1 != 0
        let (next, overflow) = sum.addingReportingOverflow(isPresent ? UInt64(values[row]) : 0)
        if overflow { return nil }
        sum = next
    }
    return sum
}

/// Smallest and largest value of the rows whose bit is set, of which there is at least one.
func extremes<T: FixedWidthInteger & BitwiseCopyable>(
    _ values: Span<T>, presence: Span<UInt64>
) -> (low: T, high: T) {
    precondition(presence.count * 64 >= values.count)
    var low = T.max
    var high = T.min
    for row in values.indices {
        let isPresent = unsafe presence[unchecked: row >> 6] &>> UInt64(row & 63) & 1 != 0
        let value = unsafe values[unchecked: row]
        low = min(low, isPresent ? value : .max)
        high = max(high, isPresent ? value : .min)
    }
    return (low, high)
}

/// Copies values, with `filler` in the rows whose bit is not set.
func fillGaps<T: BitwiseCopyable>(
    of values: Span<T>, presence: Span<UInt64>, with filler: T, into output: inout MutableSpan<T>
) {
    precondition(presence.count * 64 >= values.count && output.count >= values.count)
    for row in values.indices {
        let isPresent = unsafe presence[unchecked: row >> 6] &>> UInt64(row & 63) & 1 != 0
        unsafe output[unchecked: row] = isPresent ? values[unchecked: row] : filler
    }
}

/// The distances of values from `base`, cut to the width of `Code`.
func distances<T, Code>(
    of values: Span<T>, from base: T, into codes: inout MutableSpan<Code>
)
where
    T: FixedWidthInteger & BitwiseCopyable, Code: FixedWidthInteger & BitwiseCopyable
{
    precondition(codes.count >= values.count)
    for row in values.indices { codes[row] = Code(truncatingIfNeeded: values[row] &- base) }
}

/// The values that lie behind `codes`, widened.
func widen<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, base: UInt64, into output: inout MutableSpan<UInt64>
) {
    precondition(output.count >= codes.count)
    for row in codes.indices { output[row] = base &+ UInt64(codes[row]) }
}

/// Adds each row's code to its number.
func add<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, to output: inout MutableSpan<UInt64>
) {
    precondition(output.count >= codes.count)
    for row in codes.indices { output[row] &+= UInt64(codes[row]) }
}

/// The dictionary's values that codes stand for; every code must be an index of it.
func lookUp<
    Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
    Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
>(
    _ codes: Span<Code>, in dictionary: Span<Number>, into output: inout MutableSpan<Number>
) {
    precondition(output.count >= codes.count)
    for row in codes.indices { output[row] = dictionary[Int(codes[row])] }
}

/// The lowest 16 bits of base + code.
func narrow<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, plus base: UInt16, into output: inout MutableSpan<UInt16>
) {
    precondition(output.count <= codes.count)
    for row in output.indices {
        unsafe output[unchecked: row] = UInt16(truncatingIfNeeded: codes[unchecked: row]) &+ base
    }
}

/// How long flows lasted: `end` − `start`, 0 where there is no end.
///
/// Answers the longest; nil where a row has an end before its start or without one.
func lengths(
    from starts: Span<UInt64>, presence startPresence: Span<UInt64>,
    to ends: Span<UInt64>, presence endPresence: Span<UInt64>,
    into output: inout MutableSpan<UInt64>
) -> UInt64? {
    let rows = starts.count
    precondition(ends.count == rows && output.count >= rows)
    precondition(startPresence.count * 64 >= rows && endPresence.count * 64 >= rows)
    var longest: UInt64 = 0
    var isOdd = false
    for row in ends.indices {
        let bit = UInt64(row & 63)
        let hasEnd = endPresence[row >> 6] >> bit & 1 != 0
        let hasStart = startPresence[row >> 6] >> bit & 1 != 0
        isOdd = isOdd || hasEnd && (!hasStart || ends[row] < starts[row])
        let length = hasEnd ? ends[row] &- starts[row] : 0
        output[row] = length
        longest = max(longest, length)
    }
    return isOdd ? nil : longest
}

/// Octets that numbers from 0 to `largest` need: 0, 1, 2, 4 or 8.
func codeWidth(upTo largest: UInt64) -> Int {
    switch largest {
    case 0: 0
    case ...0xff: 1
    case ...0xffff: 2
    case ...0xffff_ffff: 4
    default: 8
    }
}

/// How many of the first `rows` bits are set.
func countBits(_ presence: Span<UInt64>, rows: Int) -> Int {
    var count = 0
    for word in 0..<rows >> 6 { count += presence[word].nonzeroBitCount }
    if rows & 63 != 0 {
        count += (presence[rows >> 6] & ~(~0 << UInt64(rows & 63))).nonzeroBitCount
    }
    return count
}

extension Codes {
    /// Whether no code is larger than `limit`.
    func areAtMost(_ limit: UInt64) -> Bool {
        // Where every code of the width is possible they need not be looked at.
        if width < 8, limit >> UInt64(8 * width) != 0 || limit == (1 << UInt64(8 * width)) - 1 {
            return true
        }
        return switch width {
        case 1: hasNone(storage.values(as: UInt8.self), above: UInt8(limit))
        case 2: hasNone(storage.values(as: UInt16.self), above: UInt16(limit))
        case 4: hasNone(storage.values(as: UInt32.self), above: UInt32(limit))
        default: hasNone(storage.values(as: UInt64.self), above: limit)
        }
    }
}

private func hasNone<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ codes: Span<Code>, above limit: Code
) -> Bool {
    var isBeyond: Code = 0
    for row in 0..<codes.count { isBeyond |= unsafe codes[unchecked: row] > limit ? 1 : 0 }
    return isBeyond == 0
}
