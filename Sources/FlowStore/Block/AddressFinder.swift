import FlowModel

/// Numbers the distinct addresses of a column in the order in which they appear; keeps its memory.
///
/// Two tables with linear probing, at most half full. That of IPv4 addresses has the address and its
/// number in one word, so that a row costs one access; it begins small, because what fits a nearer
/// cache is several times as fast, and grows. That of the others has the number only.
final class AddressFinder {
    /// The distinct addresses.
    let distinct = EncodedBytes(unfilled: FlowBatch.capacity * 16)
    /// A number a row.
    let indices = EncodedBytes(unfilled: FlowBatch.capacity * 2)
    private let v4Slots = EncodedBytes(unfilled: 2 * FlowBatch.capacity * 8)
    private let v6Slots = EncodedBytes(unfilled: 2 * FlowBatch.capacity * 4)

    /// Slots of IPv4 addresses at first: those that the last column needed, or half of them.
    private var slotsAtFirst = AddressFinder.slotsMin
    private static let slotsMin = 4096
    private static let slotsMax = 2 * FlowBatch.capacity

    /// Fills ``distinct`` and ``indices``; answers how many distinct addresses there are.
    func find(_ values: Span<IPAddress>) -> Int {
        precondition(values.count <= FlowBatch.capacity)
        let (found, numbers, v4Slots, v6Slots) = (distinct, indices, v4Slots, v6Slots)
        var distinct = found.mutableValues(as: IPAddress.self)
        var indices = numbers.mutableValues(as: UInt16.self)
        let others = values.count - countV4(values)
        var v6Size = 64
        while v6Size < 2 * others { v6Size *= 2 }
        var v6 = v6Slots.mutableValues(as: UInt32.self, first: v6Size)
        for slot in v6.indices { v6[slot] = 0 }

        var size = slotsAtFirst
        var progress = Progress()
        while true {
            var v4 = v4Slots.mutableValues(as: UInt64.self, first: size)
            for slot in v4.indices { v4[slot] = 0 }
            enter(distinct.span.extracting(0..<progress.found), into: &v4)
            progress = number(
                values, from: progress, v4: &v4, v6: &v6, distinct: &distinct, indices: &indices)
            if progress.row == values.count { break }
            size *= 2
        }
        slotsAtFirst =
            size > Self.slotsMin && progress.v4Found < size / 8 ? size / 2 : size
        return progress.found
    }

    /// How far the numbering is.
    private struct Progress {
        var row = 0
        var found = 0
        var v4Found = 0
    }

    /// Numbers rows until all are, or until the table of IPv4 addresses is half full and may grow.
    private func number(
        _ values: Span<IPAddress>, from begin: Progress, v4: inout MutableSpan<UInt64>,
        v6: inout MutableSpan<UInt32>, distinct: inout MutableSpan<IPAddress>,
        indices: inout MutableSpan<UInt16>
    ) -> Progress {
        let mask = v4.count - 1
        let shift = UInt32(32 - mask.nonzeroBitCount)
        precondition(v4.count & mask == 0 && v4.count > 1 && v4.count <= Self.slotsMax)
        precondition(values.count <= indices.count && values.count <= distinct.count)
        var at = begin
        let v4Max = v4.count == Self.slotsMax ? values.count : v4.count / 2
        while at.row < values.count {
            let value = unsafe values[unchecked: at.row]
            var index = at.found
            if value.isV4 {
                let key = UInt32(truncatingIfNeeded: value.low)
                var slot = Self.slot(of: key, shift)
                while true {
                    let word = unsafe v4[unchecked: slot]
                    let taken = UInt32(truncatingIfNeeded: word)
                    if taken == 0 {
                        if at.v4Found == v4Max { return at }
                        at.v4Found &+= 1
                        unsafe v4[unchecked: slot] = UInt64(key) << 32 | UInt64(index &+ 1)
                        break
                    }
                    if UInt32(truncatingIfNeeded: word &>> 32) == key {
                        index = Int(taken) &- 1
                        break
                    }
                    slot = (slot &+ 1) & mask
                }
            } else {
                index = self.index(of: value, next: index, in: &v6, distinct.span)
            }
            unsafe indices[unchecked: at.row] = UInt16(truncatingIfNeeded: index)
            if index == at.found {
                unsafe distinct[unchecked: at.found] = value
                at.found &+= 1
            }
            at.row &+= 1
        }
        return at
    }

    @inline(__always)
    private static func slot(of key: UInt32, _ shift: UInt32) -> Int {
        Int((key &* 0x9e37_79b1) &>> shift)
    }

    /// The number of an address that is not IPv4; `next`, which is entered, where it is new.
    private func index(
        of value: IPAddress, next: Int, in slots: inout MutableSpan<UInt32>,
        _ distinct: Span<IPAddress>
    ) -> Int {
        let mask = slots.count - 1
        var mixed = (value.low ^ value.high &* 0x9e37_79b9_7f4a_7c15) &* 0xbf58_476d_1ce4_e5b9
        mixed ^= mixed >> 32
        var slot = Int(truncatingIfNeeded: mixed) & mask
        while true {
            let taken = Int(slots[slot])
            if taken == 0 {
                slots[slot] = UInt32(truncatingIfNeeded: next &+ 1)
                return next
            }
            if distinct[taken &- 1] == value { return taken &- 1 }
            slot = (slot &+ 1) & mask
        }
    }

    /// Enters the IPv4 ones of numbered addresses into an empty table.
    private func enter(_ distinct: Span<IPAddress>, into slots: inout MutableSpan<UInt64>) {
        let mask = slots.count - 1
        let shift = UInt32(32 - mask.nonzeroBitCount)
        for index in distinct.indices where distinct[index].isV4 {
            let key = UInt32(truncatingIfNeeded: distinct[index].low)
            var slot = Self.slot(of: key, shift)
            while slots[slot] != 0 { slot = (slot &+ 1) & mask }
            slots[slot] = UInt64(key) << 32 | UInt64(index &+ 1)
        }
    }
}

private func countV4(_ values: Span<IPAddress>) -> Int {
    var count = 0
    for row in values.indices {
        let other = values[row].high | (values[row].low >> 32 ^ 0xffff)
        count &+= other == 0 ? 1 : 0
    }
    return count
}
