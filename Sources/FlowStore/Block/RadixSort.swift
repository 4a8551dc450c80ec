import FlowModel

// Least significant digit first; digits that are the same everywhere are left out.

/// Counts of eleven bits' values, and then the places of the words that have them.
private typealias Digits = InlineArray<2048, UInt32>

/// Sorts by the upper half of each word, the lower being carried along.
///
/// `spare` is as long as `words` and holds nothing of worth before or after.
func sortByUpperHalf(_ words: inout MutableSpan<UInt64>, spare: inout MutableSpan<UInt64>) {
    precondition(words.count == spare.count && words.count <= Int(UInt32.max))
    guard words.count > 1 else { return }
    var low = Digits(repeating: 0)
    var middle = Digits(repeating: 0)
    var high = Digits(repeating: 0)
    for index in words.indices {
        let word = unsafe words[unchecked: index]
        low[digit(word, at: 32)] &+= 1
        middle[digit(word, at: 43)] &+= 1
        high[digit(word, at: 54)] &+= 1
    }
    var isInSpare = false
    pass(by: 32, &low, &words, &spare, &isInSpare)
    pass(by: 43, &middle, &words, &spare, &isInSpare)
    pass(by: 54, &high, &words, &spare, &isInSpare)
    if isInSpare {
        for index in words.indices { words[index] = spare[index] }
    }
}

/// One pass from where the words are to where they are not; `places` has how often digits occur.
private func pass(
    by shift: UInt64, _ places: inout Digits, _ words: inout MutableSpan<UInt64>,
    _ spare: inout MutableSpan<UInt64>, _ isInSpare: inout Bool
) {
    let any = isInSpare ? spare[0] : words[0]
    if Int(places[digit(any, at: shift)]) == words.count { return }
    if isInSpare {
        distribute(spare.span, by: shift, &places, into: &words)
    } else {
        distribute(words.span, by: shift, &places, into: &spare)
    }
    isInSpare.toggle()
}

@inline(__always)
private func digit(_ word: UInt64, at shift: UInt64) -> Int {
    Int(truncatingIfNeeded: word &>> shift) & 2047
}

private func distribute(
    _ words: Span<UInt64>, by shift: UInt64, _ places: inout Digits,
    into output: inout MutableSpan<UInt64>
) {
    precondition(words.count == output.count)
    var sum: UInt32 = 0
    for digit in places.indices {
        let count = places[digit]
        places[digit] = sum
        sum &+= count
    }
    for index in words.indices {
        let word = unsafe words[unchecked: index]
        let digit = digit(word, at: shift)
        output[Int(places[digit])] = word
        places[digit] &+= 1
    }
}

/// Sorts indices of addresses; keeps its scratch memory.
struct AddressSorter {
    private let capacity: Int
    private let halves: EncodedBytes
    private let spareHalves: EncodedBytes
    private let spareOrder: EncodedBytes

    /// - Parameter capacity: indices that it can sort at once.
    init(capacity: Int = FlowBatch.capacity) {
        self.capacity = capacity
        halves = EncodedBytes(unfilled: capacity * 8)
        spareHalves = EncodedBytes(unfilled: capacity * 8)
        spareOrder = EncodedBytes(unfilled: capacity * 4)
    }

    /// Sorts `order`, indices of `keys`, by address.
    func sort(_ order: inout MutableSpan<UInt32>, by keys: Span<IPAddress>) {
        precondition(order.count <= capacity)
        var spare = spareOrder.mutableValues(as: UInt32.self, first: order.count)
        sort(&order, &spare, by: keys, isLow: true)
        sort(&order, &spare, by: keys, isLow: false)
    }

    /// Sorts `order` by one half of each address; `spare` holds nothing of worth.
    private func sort(
        _ order: inout MutableSpan<UInt32>, _ spare: inout MutableSpan<UInt32>,
        by keys: Span<IPAddress>, isLow: Bool
    ) {
        guard order.count > 1 else { return }
        var words = halves.mutableValues(as: UInt64.self, first: order.count)
        var spareWords = spareHalves.mutableValues(as: UInt64.self, first: order.count)
        var difference: UInt64 = 0
        for place in order.indices {
            let key = keys[Int(order[place])]
            words[place] = isLow ? key.low : key.high
            difference |= words[place] ^ words[0]
        }
        var isInSpare = false
        for shift in stride(from: UInt64(0), to: 64, by: 8) where difference >> shift & 0xff != 0 {
            if isInSpare {
                distribute(spareWords.span, spare.span, by: shift, into: &words, &order)
            } else {
                distribute(words.span, order.span, by: shift, into: &spareWords, &spare)
            }
            isInSpare.toggle()
        }
        if isInSpare {
            for place in order.indices { order[place] = spare[place] }
        }
    }
}

/// One pass by an octet of the words; their indices go with them.
private func distribute(
    _ words: Span<UInt64>, _ indices: Span<UInt32>, by shift: UInt64,
    into output: inout MutableSpan<UInt64>, _ order: inout MutableSpan<UInt32>
) {
    precondition(words.count == indices.count)
    precondition(words.count == output.count && words.count == order.count)
    var places = InlineArray<256, Int>(repeating: 0)
    for index in words.indices { places[Int(words[index] &>> shift & 0xff)] &+= 1 }
    var sum = 0
    for digit in places.indices {
        let count = places[digit]
        places[digit] = sum
        sum &+= count
    }
    for index in words.indices {
        let digit = Int(words[index] &>> shift & 0xff)
        let place = places[digit]
        places[digit] &+= 1
        output[place] = words[index]
        order[place] = indices[index]
    }
}
