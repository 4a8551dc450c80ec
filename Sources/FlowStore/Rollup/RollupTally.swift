/// The sums of one bucket by key.
///
///     slots    [ 0 | 2 | 0 | 1 ]                  entry + 1, open addressing, at most half full
///     entries  [ key: 3 words | flows | packets | bytes | rpackets | rbytes ]
///
/// A key is three words: an address, or a number in the second, and a third that tells no value (0) from
/// one. Hashes begin with a seed of this process, because keys come off the wire.
final class RollupTally {
    static let keyWords = 3
    static let sumWords = 5
    static let stride = keyWords + sumWords

    /// Keys.
    private(set) var count = 0
    /// Whether a block that was added had counters of the reverse direction.
    var hasReverse = false
    /// The block, counted from the segment's first, that was added last.
    var lastBlock = 0
    /// The first start and the last end, where the dimension has them; of all keys.
    var times = RollupTimes()
    private var slots = EncodedBytes(count: 16 * 4)
    private var entries = EncodedBytes(count: 4 * stride * 8)

    private static let seed = UInt64.random(in: 0...UInt64.max)

    /// The entries, ``stride`` words each.
    var words: EncodedBytes { entries }

    /// Adds cells, which lie at `code` × `cellWords`, of some codes, whose keys lie at `code` ×
    /// ``keyWords``.
    ///
    /// - Parameter cellWords: 3, or 5 with the reverse direction.
    func add(
        _ codes: Span<UInt16>, keys: Span<UInt64>, cells: Span<UInt64>, cellWords: Int
    ) {
        reserve(count + codes.count)
        let (slotMemory, entryMemory) = (slots, entries)
        var slots = slotMemory.mutableValues(as: UInt32.self)
        var entries = entryMemory.mutableValues(as: UInt64.self)
        count = addSums(
            codes, keys: keys, cells: cells, cellWords: cellWords, seed: Self.seed, slots: &slots,
            entries: &entries,
            count: count)
    }

    private func reserve(_ room: Int) {
        let old = entries
        if room * 2 > slots.count / 4 {
            var size = slots.count / 4
            while size < room * 2 { size *= 2 }
            let larger = EncodedBytes(count: size * 4)
            var table = larger.mutableValues(as: UInt32.self)
            enterAll(old.values(as: UInt64.self), count: count, seed: Self.seed, slots: &table)
            slots = larger
        }
        let need = room * Self.stride * 8
        if old.count < need {
            let larger = EncodedBytes(unfilled: max(need, old.count * 2))
            var output = larger.mutableValues(as: UInt64.self)
            let words = old.values(as: UInt64.self)
            for word in 0..<count * Self.stride { output[word] = words[word] }
            entries = larger
        }
    }
}

/// The first start and the last end of some flows.
struct RollupTimes: Hashable, Sendable {
    /// The largest number where no flow has a start.
    var first = UInt64.max
    /// 0 where no flow has an end.
    var last: UInt64 = 0

    mutating func add(_ other: RollupTimes) {
        first = min(first, other.first)
        last = max(last, other.last)
    }
}

/// a + b, or the largest number: the sums of a query are cut in the same way.
@inline(__always)
func clampedSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    return sum | (0 &- (overflow ? 1 : 0))
}

@inline(__always)
private func slot(_ k0: UInt64, _ k1: UInt64, _ k2: UInt64, seed: UInt64, mask: Int) -> Int {
    let (high, low) = (k0 ^ seed).multipliedFullWidth(
        by: k1 ^ k2 &* 0x9e37_79b9_7f4a_7c15 ^ 0xa076_1d64_78bd_642f)
    return Int(truncatingIfNeeded: high ^ low) & mask
}

private func addSums(
    _ codes: Span<UInt16>, keys: Span<UInt64>, cells: Span<UInt64>, cellWords: Int, seed: UInt64,
    slots: inout MutableSpan<UInt32>, entries: inout MutableSpan<UInt64>, count: Int
) -> Int {
    let mask = slots.count - 1
    var count = count
    precondition(slots.count & mask == 0 && slots.count >= 2 * (count + codes.count))
    precondition(entries.count >= (count + codes.count) * RollupTally.stride)
    for index in codes.indices {
        let code = Int(unsafe codes[unchecked: index])
        let key = code &* RollupTally.keyWords
        let (k0, k1, k2) = (keys[key], keys[key &+ 1], keys[key &+ 2])
        var place = slot(k0, k1, k2, seed: seed, mask: mask)
        var entry: Int
        while true {
            entry = (unsafe Int(slots[unchecked: place])) &- 1
            if entry < 0 {
                entry = count
                count &+= 1
                unsafe slots[unchecked: place] = UInt32(truncatingIfNeeded: count)
                let base = entry &* RollupTally.stride
                unsafe entries[unchecked: base] = k0
                unsafe entries[unchecked: base &+ 1] = k1
                unsafe entries[unchecked: base &+ 2] = k2
                for word in RollupTally.keyWords..<RollupTally.stride {
                    unsafe entries[unchecked: base &+ word] = 0
                }
                break
            }
            let base = entry &* RollupTally.stride
            if unsafe entries[unchecked: base &+ 1] == k1, unsafe entries[unchecked: base] == k0,
                unsafe entries[unchecked: base &+ 2] == k2
            {
                break
            }
            place = (place &+ 1) & mask
        }
        let base = entry &* RollupTally.stride &+ RollupTally.keyWords
        let cell = code &* cellWords
        for word in 0..<cellWords {
            unsafe entries[unchecked: base &+ word] = clampedSum(
                entries[unchecked: base &+ word], cells[cell &+ word])
        }
    }
    return count
}

/// Puts entries into empty slots.
private func enterAll(
    _ entries: Span<UInt64>, count: Int, seed: UInt64, slots: inout MutableSpan<UInt32>
) {
    let mask = slots.count - 1
    precondition(slots.count & mask == 0 && slots.count > count)
    precondition(entries.count >= count * RollupTally.stride)
    for entry in 0..<count {
        let base = entry &* RollupTally.stride
        var place = slot(
            entries[base], entries[base &+ 1], entries[base &+ 2], seed: seed, mask: mask)
        while slots[place] != 0 { place = (place &+ 1) & mask }
        slots[place] = UInt32(truncatingIfNeeded: entry &+ 1)
    }
}
