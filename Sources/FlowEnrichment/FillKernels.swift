import FlowModel

// Loops over rows. Rows begin at a multiple of 64, a word of presence each 64 rows; `places` has the
// rows' answers from the first on. What a row is told lies at its answer's place in `answers`, 0 for
// nothing.

/// What a fill did, in rows.
struct FillTally {
    /// Rows with an address and without a value.
    var looked = 0
    /// Rows that got a value.
    var filled = 0
    /// Rows whose value is that of private space.
    var privateSpace = 0
}

/// Whether there is any answer.
func hasAny<Value: FixedWidthInteger>(
    _ answers: [Value], at places: [UInt32], count: Int
) -> Bool {
    let (answers, places) = (answers.span, places.span)
    var any: Value = 0
    for index in 0..<count { any |= answers[Int(places[index])] }
    return any != 0
}

/// How many of the rows have a value.
func count(_ presence: Span<UInt64>, _ rows: Range<Int>) -> UInt64 {
    var total = 0
    for word in wordRange(rows) { total += (presence[word] & mask(word, rows)).nonzeroBitCount }
    return UInt64(total)
}

/// Gives the rows with an address and without a country their answer.
func fill(
    _ values: inout MutableSpan<UInt16>, _ presence: inout MutableSpan<UInt64>, _ rows: Range<Int>,
    with answers: [UInt16], at places: [UInt32], where addresses: Span<UInt64>
) -> FillTally {
    precondition(rows.lowerBound & 63 == 0 && rows.count <= places.count)
    precondition(rows.upperBound <= values.count)
    let (answers, places) = (answers.span, places.span)
    var tally = FillTally()
    for word in wordRange(rows) {
        let wanted = addresses[word] & mask(word, rows) & ~presence[word]
        if wanted == 0 { continue }
        var found: UInt64 = 0
        let first = word &* 64
        for bit in 0..<min(64, rows.upperBound &- first) {
            // Safe: the rows lie in both, by the preconditions.
            let answer = unsafe answers[
                Int(places[unchecked: first &- rows.lowerBound &+ bit])]
            let isWanted = wanted >> UInt64(bit) & 1
            let isFound: UInt64 = answer != 0 ? isWanted : 0
            found |= isFound << UInt64(bit)
            let old = unsafe values[unchecked: first &+ bit]
            unsafe values[unchecked: first &+ bit] = isFound != 0 ? answer : old
            tally.privateSpace &+= answer == CountryCode.privateSpace.rawValue ? Int(isFound) : 0
        }
        presence[word] |= found
        tally.looked &+= wanted.nonzeroBitCount
        tally.filled &+= found.nonzeroBitCount
    }
    return tally
}

/// Gives the rows with an address and without a number, or with 0, their answer; answers how many.
///
/// Rows without a number read as 0.
func fillZeros(
    _ values: inout MutableSpan<UInt32>, _ presence: inout MutableSpan<UInt64>, _ rows: Range<Int>,
    with answers: [UInt32], at places: [UInt32], where addresses: Span<UInt64>
) -> Int {
    precondition(rows.lowerBound & 63 == 0 && rows.count <= places.count)
    precondition(rows.upperBound <= values.count)
    let (answers, places) = (answers.span, places.span)
    var filled = 0
    for word in wordRange(rows) {
        let wanted = addresses[word] & mask(word, rows)
        if wanted == 0 { continue }
        var found: UInt64 = 0
        let first = word &* 64
        for bit in 0..<min(64, rows.upperBound &- first) {
            // Safe: the rows lie in both, by the preconditions.
            let answer = unsafe answers[
                Int(places[unchecked: first &- rows.lowerBound &+ bit])]
            let old = unsafe values[unchecked: first &+ bit]
            let isFound: UInt64 = old == 0 && answer != 0 ? wanted >> UInt64(bit) & 1 : 0
            found |= isFound << UInt64(bit)
            unsafe values[unchecked: first &+ bit] = isFound != 0 ? answer : old
        }
        presence[word] |= found
        filled &+= found.nonzeroBitCount
    }
    return filled
}

/// The words of presence that rows lie in.
private func wordRange(_ rows: Range<Int>) -> Range<Int> {
    rows.lowerBound >> 6..<(rows.upperBound + 63) >> 6
}

/// The bits of a word whose rows lie in the range.
@inline(__always)
private func mask(_ word: Int, _ rows: Range<Int>) -> UInt64 {
    let rest = rows.upperBound &- word &* 64
    return rest >= 64 ? ~0 : (1 << UInt64(rest)) &- 1
}
