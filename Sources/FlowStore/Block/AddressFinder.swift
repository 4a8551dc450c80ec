import FlowModel

/// Numbers the distinct addresses of a list in the order in which they appear; keeps its memory.
struct AddressFinder {
    /// The distinct addresses.
    let distinct = EncodedBytes(unfilled: FlowBatch.capacity * 16)
    /// A number for each of the list.
    let indices = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let slots = EncodedBytes(unfilled: 2 * FlowBatch.capacity * 4)

    /// Fills ``distinct`` and ``indices``; answers how many distinct addresses there are, nil where
    /// they are more than `atMost`.
    func find(_ values: Span<IPAddress>, atMost: Int = FlowBatch.capacity) -> Int? {
        precondition(values.count <= FlowBatch.capacity)
        let most = min(atMost, values.count)
        var size = 64
        while size < 2 * most { size *= 2 }
        var slots = slots.mutableValues(as: UInt32.self, first: size)
        for slot in slots.indices { slots[slot] = 0 }
        var distinct = distinct.mutableValues(as: IPAddress.self)
        var indices = indices.mutableValues(as: UInt16.self)
        return assignIndices(
            of: values, atMost: most, slots: &slots, distinct: &distinct, indices: &indices)
    }
}

/// A slot holds the index plus one; linear probing, at most half full.
private func assignIndices(
    of values: Span<IPAddress>, atMost: Int, slots: inout MutableSpan<UInt32>,
    distinct: inout MutableSpan<IPAddress>, indices: inout MutableSpan<UInt16>
) -> Int? {
    let mask = slots.count - 1
    precondition(slots.count & mask == 0 && slots.count >= 2 * atMost)
    precondition(values.count <= indices.count && atMost <= distinct.count)
    var count = 0
    for row in values.indices {
        let value = unsafe values[unchecked: row]
        var mixed = (value.low ^ value.high &* 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
        mixed ^= mixed >> 32
        var slot = Int(truncatingIfNeeded: mixed) & mask
        while true {
            let taken = unsafe Int(slots[unchecked: slot])
            if taken == 0 {
                guard count < atMost else { return nil }
                distinct[count] = value
                unsafe indices[unchecked: row] = UInt16(truncatingIfNeeded: count)
                count &+= 1
                slots[slot] = UInt32(truncatingIfNeeded: count)
                break
            }
            // Every number in a slot is of an address that is there.
            if unsafe distinct[unchecked: taken &- 1] == value {
                unsafe indices[unchecked: row] = UInt16(truncatingIfNeeded: taken &- 1)
                break
            }
            slot = (slot &+ 1) & mask
        }
    }
    return count
}
