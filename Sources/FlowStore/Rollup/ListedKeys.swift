import FlowModel

/// Which keys of a tally are listed: those with most octets, in the order of the keys.
struct ListedKeys {
    private(set) var entries: [UInt32] = []
    private(set) var others: [UInt32] = []

    init(_ tally: RollupTally, max keysMax: Int, isPair: Bool) {
        let memory = tally.words
        let words = memory.values(as: UInt64.self)
        let count = tally.count
        if count <= keysMax {
            entries = Array(0..<UInt32(count))
        } else {
            select(words, count: count, keysMax)
        }
        guard entries.count > 1 else { return }
        if isPair || entries.count < 32 {
            entries.sort { Self.precedes(words, Int($0), Int($1)) }
        } else {
            sortByAddress(words)
        }
    }

    /// By a histogram of magnitudes; only the keys of one magnitude are sorted.
    private mutating func select(_ words: Span<UInt64>, count: Int, _ keysMax: Int) {
        var numbers = [Int](repeating: 0, count: 65 * 32)
        for entry in 0..<count {
            numbers[Self.magnitude(words[entry * RollupTally.stride + 5])] += 1
        }
        var (border, above) = (numbers.count - 1, 0)
        while above + numbers[border] < keysMax, border > 0 {
            above += numbers[border]
            border -= 1
        }
        var atBorder: [UInt32] = []
        entries.reserveCapacity(keysMax)
        others.reserveCapacity(count - keysMax)
        for entry in 0..<count {
            let magnitude = Self.magnitude(words[entry * RollupTally.stride + 5])
            if magnitude > border {
                entries.append(UInt32(entry))
            } else if magnitude == border {
                atBorder.append(UInt32(entry))
            } else {
                others.append(UInt32(entry))
            }
        }
        // Of equal ones the lower keys, so that the same flows make the same file.
        atBorder.sort { first, second in
            let (a, b) = (Int(first), Int(second))
            let (x, y) = (
                words[a * RollupTally.stride + 5], words[b * RollupTally.stride + 5]
            )
            return x != y ? x > y : Self.precedes(words, a, b)
        }
        let room = keysMax - entries.count
        entries += atBorder.prefix(room)
        others += atBorder.dropFirst(room)
    }

    private mutating func sortByAddress(_ words: Span<UInt64>) {
        // Where only the lower 32 bits differ, as those of IPv4 and of numbers do, a word has both these
        // and the entry.
        let first = Int(entries[0]) * RollupTally.stride
        let (high, middle) = (words[first], words[first + 1] >> 32)
        var isShort = true
        for entry in entries {
            let base = Int(entry) * RollupTally.stride
            isShort = isShort && words[base] == high && words[base + 1] >> 32 == middle
        }
        if isShort {
            var packed = entries.map {
                words[Int($0) * RollupTally.stride + 1] << 32 | UInt64($0)
            }
            var spare = packed
            var packedSpan = packed.mutableSpan
            var spareSpan = spare.mutableSpan
            sortByUpperHalf(&packedSpan, spare: &spareSpan)
            for index in entries.indices {
                entries[index] = UInt32(truncatingIfNeeded: packedSpan[index])
            }
            return
        }
        let keys = EncodedBytes(unfilled: entries.count * 16)
        var addresses = keys.mutableValues(as: IPAddress.self)
        for (place, entry) in entries.enumerated() {
            let base = Int(entry) * RollupTally.stride
            addresses[place] = IPAddress(high: words[base], low: words[base + 1])
        }
        var order = Array(0..<UInt32(entries.count))
        var orderSpan = order.mutableSpan
        AddressSorter(capacity: entries.count)
            .sort(&orderSpan, by: keys.values(as: IPAddress.self))
        entries = order.map { entries[Int($0)] }
    }

    /// The position of the highest bit and the five bits below it.
    private static func magnitude(_ value: UInt64) -> Int {
        guard value > 0 else { return 0 }
        let bits = 63 - value.leadingZeroBitCount
        return (bits + 1) * 32 + Int((value << UInt64(63 - bits)) >> 58 & 31)
    }

    private static func precedes(_ words: Span<UInt64>, _ a: Int, _ b: Int) -> Bool {
        let (a, b) = (a * RollupTally.stride, b * RollupTally.stride)
        return (words[a], words[a + 1], words[a + 2]) < (words[b], words[b + 1], words[b + 2])
    }
}
