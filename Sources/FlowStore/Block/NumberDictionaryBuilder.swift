import FlowModel

/// Finds the distinct values of a column of numbers, as long as they are few.
struct NumberDictionaryBuilder {
    /// Distinct values beyond which a dictionary is not worth its octets.
    static let distinctMax = 8192

    private let slots = EncodedBytes(count: 4 * distinctMax * 2)
    private let distinct = EncodedBytes(count: distinctMax * 8)
    private let indices = EncodedBytes(count: FlowBatch.capacity * 2)
    private let words = EncodedBytes(count: distinctMax * 8)
    private let spareWords = EncodedBytes(count: distinctMax * 8)
    private let ranks = EncodedBytes(count: 65_536 * 2)

    /// A dictionary and codes that take less room than codes of `frameWidth` octets; nil where there
    /// is none.
    func encode<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ values: Span<T>, frameWidth: Int
    ) -> (dictionary: [UInt64], codes: Codes)? {
        let rows = values.count
        let affordable = min(frameWidth == 2 ? 256 : Self.distinctMax, rows / 8)
        guard frameWidth >= 2, affordable >= 2 else { return nil }
        var slotsInUse = slots.mutableValues(as: UInt16.self)
        for slot in slotsInUse.indices { slotsInUse[slot] = 0 }
        var distinctInUse = distinct.mutableValues(as: UInt64.self)
        var indicesInUse = indices.mutableValues(as: UInt16.self, first: rows)
        guard
            let count = assignIndices(
                of: values, atMost: affordable, slots: &slotsInUse, distinct: &distinctInUse,
                indices: &indicesInUse)
        else { return nil }
        let width = codeWidth(upTo: UInt64(count - 1))
        guard width < frameWidth else { return nil }
        let dictionary = sort(count)
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

    /// The distinct values in order; fills `ranks`.
    private func sort(_ count: Int) -> [UInt64] {
        let found = distinct.values(as: UInt64.self).extracting(0..<count)
        var rankOf = ranks.mutableValues(as: UInt16.self)
        var sorted = [UInt64]()
        sorted.reserveCapacity(count)
        if extremes(found).high <= 0xffff_ffff {
            var packed = words.mutableValues(as: UInt64.self, first: count)
            var spare = spareWords.mutableValues(as: UInt64.self, first: count)
            for index in found.indices { packed[index] = found[index] << 32 | UInt64(index) }
            sortByUpperHalf(&packed, spare: &spare)
            for rank in packed.indices {
                rankOf[Int(packed[rank] & 0xffff_ffff)] = UInt16(truncatingIfNeeded: rank)
                sorted.append(packed[rank] >> 32)
            }
            return sorted
        }
        var places: [(value: UInt64, index: Int)] = []
        for index in found.indices { places.append((found[index], index)) }
        places.sort { $0.value < $1.value }
        for (rank, place) in places.enumerated() {
            rankOf[place.index] = UInt16(truncatingIfNeeded: rank)
            sorted.append(place.value)
        }
        return sorted
    }
}

/// Replaces each index by its rank; there is room for the rank of any index.
func rank<Code: FixedWidthInteger & BitwiseCopyable>(
    _ indices: Span<UInt16>, by ranks: Span<UInt16>, into codes: inout MutableSpan<Code>
) {
    precondition(codes.count >= indices.count && ranks.count == 65_536)
    for row in indices.indices {
        let rank = unsafe ranks[unchecked: Int(indices[unchecked: row])]
        unsafe codes[unchecked: row] = Code(truncatingIfNeeded: rank)
    }
}

/// Numbers the distinct values in the order in which they appear; nil once they are more than
/// `atMost`.
///
/// A slot holds the index plus one; linear probing, at most a quarter full.
private func assignIndices<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    of values: Span<T>, atMost: Int, slots: inout MutableSpan<UInt16>,
    distinct: inout MutableSpan<UInt64>, indices: inout MutableSpan<UInt16>
) -> Int? {
    let mask = slots.count - 1
    precondition(slots.count & mask == 0 && slots.count > atMost && atMost <= distinct.count)
    precondition(values.count <= indices.count)
    var count = 0
    for row in values.indices {
        let value = unsafe UInt64(values[unchecked: row])
        var slot = Int(truncatingIfNeeded: value &* 0x9e37_79b9_7f4a_7c15 >> 40) & mask
        while true {
            let taken = unsafe slots[unchecked: slot]
            if taken == 0 {
                guard count < atMost else { return nil }
                distinct[count] = value
                unsafe indices[unchecked: row] = UInt16(truncatingIfNeeded: count)
                count &+= 1
                slots[slot] = UInt16(truncatingIfNeeded: count)
                break
            }
            // Every number in a slot is of a value that is there.
            if unsafe distinct[unchecked: Int(taken) &- 1] == value {
                unsafe indices[unchecked: row] = taken &- 1
                break
            }
            slot = (slot &+ 1) & mask
        }
    }
    return count
}
