import FlowModel

/// Finds the distinct addresses of a column, sorts them, and writes each row's place among them.
///
///     rows      B A B C A        hash: first seen     distinct  B A C
///     indices   0 1 0 2 1        sort                 A B C
///     codes     1 0 1 2 0        rank                 1 0 2
struct AddressDictionaryBuilder {
    private let finder = AddressFinder()
    private let sorter = AddressSorter()
    private let ranks = EncodedBytes(count: FlowBatch.capacity * 2)
    private let words = EncodedBytes(unfilled: FlowBatch.capacity * 8)
    private let spareWords = EncodedBytes(unfilled: FlowBatch.capacity * 8)
    private let order = EncodedBytes(unfilled: FlowBatch.capacity * 4)

    /// Encodes at least one and at most ``FlowBatch/capacity`` addresses.
    func encode(_ values: Span<IPAddress>) -> (dictionary: AddressDictionary, codes: Codes) {
        precondition(values.count > 0 && values.count <= FlowBatch.capacity)
        let rows = values.count
        if areAllEqual(values) {
            let storage = EncodedBytes(unfilled: 16)
            var output = storage.mutableValues(as: IPAddress.self)
            output[0] = values[0]
            return (
                AddressDictionary(storage: storage),
                Codes(width: 0, storage: EncodedBytes(count: 0))
            )
        }
        let count = finder.find(values)
        let dictionary = sort(count)
        let width = codeWidth(upTo: UInt64(count - 1))
        let storage = EncodedBytes(unfilled: rows * width)
        let all = finder.indices
        let indices = all.values(as: UInt16.self).extracting(0..<rows)
        if width == 1 {
            var codes = storage.mutableValues(as: UInt8.self)
            rank(indices, by: ranks.values(as: UInt16.self), into: &codes)
        } else {
            var codes = storage.mutableValues(as: UInt16.self)
            rank(indices, by: ranks.values(as: UInt16.self), into: &codes)
        }
        return (dictionary, Codes(width: width, storage: storage))
    }

    /// Sorts the distinct addresses and fills `ranks`.
    ///
    /// IPv4 addresses sort together, so they are sorted by their 32 bits and put between the IPv6
    /// addresses below and above them.
    private func sort(_ count: Int) -> AddressDictionary {
        let distinct = finder.distinct
        let found = distinct.values(as: IPAddress.self)
        let v4 = separate(count)
        var v4Words = words.mutableValues(as: UInt64.self, first: v4)
        var v4Spare = spareWords.mutableValues(as: UInt64.self, first: v4)
        sortByUpperHalf(&v4Words, spare: &v4Spare)
        var v6Order = order.mutableValues(as: UInt32.self, first: count - v4)
        sorter.sort(&v6Order, by: found)

        var below = 0
        while below < v6Order.count, found[Int(v6Order[below])] < .v4Zero { below += 1 }
        let storage = EncodedBytes(unfilled: count * 16)
        var sorted = storage.mutableValues(as: IPAddress.self)
        var rankOf = ranks.mutableValues(as: UInt16.self)
        for place in v6Order.indices {
            let index = Int(v6Order[place])
            let rank = place < below ? place : place + v4
            sorted[rank] = found[index]
            rankOf[index] = UInt16(truncatingIfNeeded: rank)
        }
        for place in v4Words.indices {
            let word = v4Words[place]
            sorted[below &+ place] = IPAddress(v4: UInt32(truncatingIfNeeded: word &>> 32))
            rankOf[Int(word & 0xffff)] = UInt16(truncatingIfNeeded: below &+ place)
        }
        return AddressDictionary(storage: storage)
    }

    /// Puts the IPv4 addresses into `words` and the others into `order`; answers how many IPv4 are.
    private func separate(_ count: Int) -> Int {
        let distinct = finder.distinct
        let found = distinct.values(as: IPAddress.self)
        var v4Words = words.mutableValues(as: UInt64.self)
        var v6Order = order.mutableValues(as: UInt32.self)
        var v4 = 0
        for index in 0..<count {
            if let address = found[index].v4 {
                v4Words[v4] = UInt64(address) << 32 | UInt64(index)
                v4 += 1
            } else {
                v6Order[index - v4] = UInt32(index)
            }
        }
        return v4
    }
}

private func areAllEqual(_ values: Span<IPAddress>) -> Bool {
    let first = values[0]
    var difference: UInt64 = 0
    // In pieces, so that a column that varies is left early.
    var start = 0
    while start < values.count {
        let end = min(start + 512, values.count)
        for row in start..<end {
            difference |= values[row].high ^ first.high | values[row].low ^ first.low
        }
        if difference != 0 { return false }
        start = end
    }
    return true
}
