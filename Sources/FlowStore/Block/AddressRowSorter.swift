import FlowModel

/// Makes the dictionary and codes of a column by sorting its rows; keeps its memory.
///
///     rows      B A B C A
///     words     A1 A4 B0 B2 C3       an IPv4 address and its row, sorted
///     codes     1 0 1 2 0            counted up where the address changes, put where the row says
///
/// IPv4 addresses sort together. The others, which are mostly fewer and too long for a word, are looked
/// up and sorted for themselves, and stand below and above them.
struct AddressRowSorter {
    private let finder = AddressFinder()
    private let sorter = AddressSorter()
    private let words = EncodedBytes(unfilled: FlowBatch.capacity * 8)
    private let spareWords = EncodedBytes(unfilled: FlowBatch.capacity * 8)
    private let others = EncodedBytes(unfilled: FlowBatch.capacity * 16)
    private let rowsOfOthers = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let order = EncodedBytes(unfilled: FlowBatch.capacity * 4)
    private let ranks = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let distinctV4 = EncodedBytes(unfilled: FlowBatch.capacity * 4)
    private let codes = EncodedBytes(unfilled: FlowBatch.capacity * 2)

    /// Encodes at least one and at most ``FlowBatch/capacity`` addresses.
    func encode(_ values: Span<IPAddress>) -> (dictionary: AddressDictionary, codes: Codes) {
        precondition(values.count > 0 && values.count <= FlowBatch.capacity)
        let v4 = separate(values)
        let found = sortOthers(values.count - v4)
        let distinctOfV4 = sortV4(v4, ranksFrom: found.below)
        rankOthers(
            values.count - v4, distinct: found.count, below: found.below,
            distinctV4: distinctOfV4)
        let dictionary = dictionary(found.count, below: found.below, distinctV4: distinctOfV4)
        return (dictionary, copyCodes(rows: values.count, upTo: dictionary.count - 1))
    }

    /// Puts IPv4 addresses with their rows into `words`, and the others and their rows elsewhere;
    /// answers how many are IPv4.
    private func separate(_ values: Span<IPAddress>) -> Int {
        var v4Words = words.mutableValues(as: UInt64.self)
        var otherValues = others.mutableValues(as: IPAddress.self)
        var otherRows = rowsOfOthers.mutableValues(as: UInt16.self)
        var v4 = 0
        for row in values.indices {
            let value = unsafe values[unchecked: row]
            if value.isV4 {
                unsafe v4Words[unchecked: v4] = value.low << 32 | UInt64(row)
                v4 &+= 1
            } else {
                otherValues[row &- v4] = value
                otherRows[row &- v4] = UInt16(truncatingIfNeeded: row)
            }
        }
        return v4
    }

    /// Finds and sorts the addresses that are not IPv4; answers how many there are, and how many of
    /// them stand below IPv4.
    private func sortOthers(_ rows: Int) -> (count: Int, below: Int) {
        let list = others
        guard rows > 0,
            let count = finder.find(list.values(as: IPAddress.self).extracting(0..<rows))
        else { return (0, 0) }
        let distinct = finder.distinct
        let found = distinct.values(as: IPAddress.self).extracting(0..<count)
        var indices = order.mutableValues(as: UInt32.self, first: count)
        for index in indices.indices { indices[index] = UInt32(index) }
        sorter.sort(&indices, by: found)
        var below = 0
        while below < count, found[Int(indices[below])] < .v4Zero { below += 1 }
        return (count, below)
    }

    /// Writes the codes of the rows that have IPv4 addresses; answers how many of these there are.
    private func sortV4(_ rows: Int, ranksFrom first: Int) -> Int {
        var v4Words = words.mutableValues(as: UInt64.self, first: rows)
        var spare = spareWords.mutableValues(as: UInt64.self, first: rows)
        sortByUpperHalf(&v4Words, spare: &spare)
        var codes = codes.mutableValues(as: UInt16.self)
        var distinct = distinctV4.mutableValues(as: UInt32.self)
        return rank(v4Words.span, from: first, into: &codes, distinct: &distinct)
    }

    /// Writes the codes of the other rows.
    private func rankOthers(_ rows: Int, distinct: Int, below: Int, distinctV4: Int) {
        let (list, found) = (rowsOfOthers, finder.indices)
        let indices = order.values(as: UInt32.self)
        var rankOf = ranks.mutableValues(as: UInt16.self)
        let numbers = found.values(as: UInt16.self)
        for place in 0..<distinct {
            rankOf[Int(indices[place])] = UInt16(
                truncatingIfNeeded: place < below ? place : place + distinctV4)
        }
        var codes = codes.mutableValues(as: UInt16.self)
        let otherRows = list.values(as: UInt16.self)
        for index in 0..<rows { codes[Int(otherRows[index])] = rankOf[Int(numbers[index])] }
    }

    private func dictionary(_ others: Int, below: Int, distinctV4: Int) -> AddressDictionary {
        let storage = EncodedBytes(unfilled: (others + distinctV4) * 16)
        var sorted = storage.mutableValues(as: IPAddress.self)
        let (found, v4) = (finder.distinct, self.distinctV4)
        let distinct = found.values(as: IPAddress.self)
        let indices = order.values(as: UInt32.self)
        for place in 0..<others {
            sorted[place < below ? place : place + distinctV4] = distinct[Int(indices[place])]
        }
        let addresses = v4.values(as: UInt32.self)
        for place in 0..<distinctV4 { sorted[below + place] = IPAddress(v4: addresses[place]) }
        return AddressDictionary(storage: storage)
    }

    private func copyCodes(rows: Int, upTo largest: Int) -> Codes {
        let width = codeWidth(upTo: UInt64(largest))
        let storage = EncodedBytes(unfilled: rows * width)
        let wide = codes.values(as: UInt16.self).extracting(0..<rows)
        switch width {
        case 1:
            var output = storage.mutableValues(as: UInt8.self)
            distances(of: wide, from: 0, into: &output)
        case 2:
            var output = storage.mutableValues(as: UInt16.self)
            distances(of: wide, from: 0, into: &output)
        default: break
        }
        return Codes(width: width, storage: storage)
    }
}

/// Numbers the addresses of sorted words from `first` on, and lists them; answers how many there are.
private func rank(
    _ words: Span<UInt64>, from first: Int, into codes: inout MutableSpan<UInt16>,
    distinct: inout MutableSpan<UInt32>
) -> Int {
    precondition(codes.count == 65_536 && words.count <= distinct.count)
    guard words.count > 0 else { return 0 }
    var last = 0
    var before = words[0] >> 32
    distinct[0] = UInt32(truncatingIfNeeded: before)
    for index in words.indices {
        let word = unsafe words[unchecked: index]
        let address = word >> 32
        last &+= address == before ? 0 : 1
        before = address
        // Written in any case: mostly it is there already.
        unsafe distinct[unchecked: last] = UInt32(truncatingIfNeeded: address)
        unsafe codes[unchecked: Int(word & 0xffff)] = UInt16(truncatingIfNeeded: first &+ last)
    }
    return last + 1
}
