import FlowModel

/// Sorts by the upper half of each word, the lower being carried along; least significant digit
/// first, digits that are the same in all words left out.
///
/// `spare` is as long as `words` and holds nothing of worth before or after.
func sortByUpperHalf(_ words: inout MutableSpan<UInt64>, spare: inout MutableSpan<UInt64>) {
    precondition(words.count == spare.count)
    var isInSpare = false
    for shift in stride(from: UInt64(32), to: 64, by: 8) {
        let moved =
            isInSpare
            ? distribute(spare.span, by: shift, into: &words)
            : distribute(words.span, by: shift, into: &spare)
        if moved { isInSpare.toggle() }
    }
    if isInSpare {
        for index in words.indices { words[index] = spare[index] }
    }
}

/// One pass; false, and nothing done, where all words have the same digit.
private func distribute(
    _ words: Span<UInt64>, by shift: UInt64, into output: inout MutableSpan<UInt64>
) -> Bool {
    precondition(words.count == output.count)
    var places = InlineArray<256, Int>(repeating: 0)
    for index in words.indices { places[Int(words[index] >> shift & 0xff)] &+= 1 }
    if words.count > 0, places[Int(words[0] >> shift & 0xff)] == words.count { return false }
    startPlaces(&places)
    for index in words.indices {
        let digit = Int(words[index] >> shift & 0xff)
        output[places[digit]] = words[index]
        places[digit] &+= 1
    }
    return true
}

/// Sorts indices of `keys` by address.
func sortIndices(
    _ order: inout MutableSpan<UInt32>, by keys: Span<IPAddress>,
    spare: inout MutableSpan<UInt32>
) {
    precondition(order.count == spare.count)
    var isInSpare = false
    for digit in 0..<16 {
        let moved =
            isInSpare
            ? distribute(spare.span, by: keys, digit: digit, into: &order)
            : distribute(order.span, by: keys, digit: digit, into: &spare)
        if moved { isInSpare.toggle() }
    }
    if isInSpare {
        for index in order.indices { order[index] = spare[index] }
    }
}

private func distribute(
    _ order: Span<UInt32>, by keys: Span<IPAddress>, digit: Int,
    into output: inout MutableSpan<UInt32>
) -> Bool {
    precondition(order.count == output.count)
    let shift = UInt64(digit & 7) * 8
    let isLow = digit < 8
    func octet(_ index: UInt32) -> Int {
        let key = keys[Int(index)]
        return Int((isLow ? key.low : key.high) >> shift & 0xff)
    }
    guard order.count > 0 else { return false }
    var places = InlineArray<256, Int>(repeating: 0)
    for index in order.indices { places[octet(order[index])] &+= 1 }
    if places[octet(order[0])] == order.count { return false }
    startPlaces(&places)
    for index in order.indices {
        let place = octet(order[index])
        output[places[place]] = order[index]
        places[place] &+= 1
    }
    return true
}

private func startPlaces(_ places: inout InlineArray<256, Int>) {
    var sum = 0
    for digit in 0..<256 {
        let count = places[digit]
        places[digit] = sum
        sum &+= count
    }
}
