import FlowModel

/// Finds the distinct addresses of a column, sorts them, and writes each row's place among them.
///
///     rows      B A B C A        hash: first seen     distinct  B A C
///     indices   0 1 0 2 1        sort                 A B C
///     codes     1 0 1 2 0        rank                 1 0 2
struct AddressDictionaryBuilder {
    private let slots = EncodedBytes(count: 2 * FlowBatch.capacity * 4)
    private let distinct = EncodedBytes(count: FlowBatch.capacity * 16)
    private let indices = EncodedBytes(count: FlowBatch.capacity * 2)
    private let ranks = EncodedBytes(count: FlowBatch.capacity * 2)
    private let words = EncodedBytes(count: FlowBatch.capacity * 8)
    private let spareWords = EncodedBytes(count: FlowBatch.capacity * 8)
    private let order = EncodedBytes(count: FlowBatch.capacity * 4)
    private let spareOrder = EncodedBytes(count: FlowBatch.capacity * 4)

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
        var size = 64
        while size < 2 * rows { size *= 2 }
        var slotsInUse = slots.mutableValues(as: UInt32.self, first: size)
        for slot in slotsInUse.indices { slotsInUse[slot] = 0 }
        var distinctInUse = distinct.mutableValues(as: IPAddress.self)
        var indicesInUse = indices.mutableValues(as: UInt16.self, first: rows)
        let count = assignIndices(
            of: values, slots: &slotsInUse, distinct: &distinctInUse, indices: &indicesInUse)
        let dictionary = sort(count)
        let width = codeWidth(upTo: UInt64(count - 1))
        let storage = EncodedBytes(unfilled: rows * width)
        if width == 1 {
            var codes = storage.mutableValues(as: UInt8.self)
            rank(indicesInUse.span, by: ranks.values(as: UInt16.self), into: &codes)
        } else {
            var codes = storage.mutableValues(as: UInt16.self)
            rank(indicesInUse.span, by: ranks.values(as: UInt16.self), into: &codes)
        }
        return (dictionary, Codes(width: width, storage: storage))
    }

    /// Sorts the distinct addresses and fills `ranks`.
    ///
    /// IPv4 addresses sort together, so they are sorted by their 32 bits and put between the IPv6
    /// addresses below and above them.
    private func sort(_ count: Int) -> AddressDictionary {
        let found = distinct.values(as: IPAddress.self)
        let v4 = separate(count)
        var v4Words = words.mutableValues(as: UInt64.self, first: v4)
        var v4Spare = spareWords.mutableValues(as: UInt64.self, first: v4)
        sortByUpperHalf(&v4Words, spare: &v4Spare)
        var v6Order = order.mutableValues(as: UInt32.self, first: count - v4)
        var v6Spare = spareOrder.mutableValues(as: UInt32.self, first: count - v4)
        sortIndices(&v6Order, by: found, spare: &v6Spare)

        let storage = EncodedBytes(unfilled: count * 16)
        var sorted = storage.mutableValues(as: IPAddress.self)
        var rankOf = ranks.mutableValues(as: UInt16.self)
        var nextV4 = 0
        var nextV6 = 0
        for place in 0..<count {
            let isV6 =
                nextV6 < v6Order.count
                && (nextV4 == v4 || found[Int(v6Order[nextV6])] < .v4Zero)
            let index = isV6 ? Int(v6Order[nextV6]) : Int(v4Words[nextV4] & 0xffff_ffff)
            if isV6 { nextV6 += 1 } else { nextV4 += 1 }
            sorted[place] = found[index]
            rankOf[index] = UInt16(truncatingIfNeeded: place)
        }
        return AddressDictionary(storage: storage)
    }

    /// Puts the IPv4 addresses into `words` and the others into `order`; answers how many IPv4 are.
    private func separate(_ count: Int) -> Int {
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

/// Numbers the distinct addresses in the order in which they appear.
///
/// A slot holds the index plus one; linear probing, at most half full.
private func assignIndices(
    of values: Span<IPAddress>, slots: inout MutableSpan<UInt32>,
    distinct: inout MutableSpan<IPAddress>, indices: inout MutableSpan<UInt16>
) -> Int {
    let mask = slots.count - 1
    precondition(slots.count & mask == 0 && slots.count >= 2 * values.count)
    precondition(values.count <= indices.count && values.count <= distinct.count)
    var count = 0
    for row in values.indices {
        let value = values[row]
        var mixed = (value.low ^ value.high &* 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
        mixed ^= mixed >> 32
        var slot = Int(truncatingIfNeeded: mixed) & mask
        while true {
            let taken = Int(slots[slot])
            if taken == 0 {
                distinct[count] = value
                indices[row] = UInt16(truncatingIfNeeded: count)
                count &+= 1
                slots[slot] = UInt32(truncatingIfNeeded: count)
                break
            }
            if distinct[taken &- 1] == value {
                indices[row] = UInt16(truncatingIfNeeded: taken &- 1)
                break
            }
            slot = (slot &+ 1) & mask
        }
    }
    return count
}
