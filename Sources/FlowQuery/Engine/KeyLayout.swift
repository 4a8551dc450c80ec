/// Where the parts of a group's key lie in its words: bits counted from the highest of the first word.
///
///     all keys in full      [p][ srcip: 128 ][p][ srcmask: 8 ][ dstport: 16 ] …   p: there is a value
///     small, all IPv4       [ srcip: 32 ][ dstport: 16 ][ srcmask: 8 ][p][p] …
///
/// In full, the keys follow each other as they were asked for, and absent is 0 bits: words compared
/// as numbers order groups as their keys do. The small layout is for most rows of most networks; no
/// part of it crosses a word.
struct KeyLayout: Sendable {
    /// Where one key lies.
    struct Part: Sendable {
        /// The bit that says that there is a value; nil where there always is.
        var present: Int?
        /// First bit of the value.
        var start = 0
        /// Bits of the value; 128 is an address.
        var bits: Int
        /// Whether the value is an address, in the small layout an IPv4 one.
        let isAddress: Bool
    }

    let parts: [Part]
    let words: Int

    init(parts: [Part], words: Int) {
        self.parts = parts
        self.words = words
    }

    /// The layout that holds any key.
    ///
    /// - Parameter leading: bits before it that are left free.
    init(full plans: [KeyPlan], leading: Int = 0) {
        var next = leading
        parts = plans.map { plan in
            var part = Part(bits: plan.isAddress ? 128 : plan.bits, isAddress: plan.isAddress)
            if !plan.isDense {
                part.present = next
                next += 1
            }
            part.start = next
            next += part.bits
            return part
        }
        words = (next + 63) / 64
    }

    /// The layout of keys whose addresses are all IPv4.
    ///
    /// An address has a bit that says that there is one only where the words have room for it; else
    /// a key without the address is none for this layout.
    init(small plans: [KeyPlan]) {
        var free: [Int] = []
        func take(_ bits: Int, alsoNew: Bool) -> Int? {
            var word = free.firstIndex { $0 >= bits }
            if word == nil, alsoNew {
                word = free.count
                free.append(64)
            }
            guard let word else { return nil }
            defer { free[word] -= bits }
            return word * 64 + 64 - free[word]
        }
        var parts = plans.map { Part(bits: $0.bits, isAddress: $0.isAddress) }
        // The widest first: then the narrow ones fill what is left.
        for bits in [64, 32, 16, 8] {
            for index in parts.indices where parts[index].bits == bits {
                parts[index].start = take(bits, alsoNew: true) ?? 0
            }
        }
        for isAddress in [false, true] {
            for (index, plan) in plans.enumerated()
            where !plan.isDense && plan.isAddress == isAddress {
                parts[index].present = take(1, alsoNew: !isAddress)
            }
        }
        self.parts = parts
        words = free.count
    }

    /// The layout of one key with another one behind it.
    init(_ first: KeyLayout, then second: KeyLayout) {
        parts =
            first.parts
            + second.parts.map { part in
                var part = part
                part.start += first.words * 64
                part.present = part.present.map { $0 + first.words * 64 }
                return part
            }
        words = first.words + second.words
    }
}

/// Sets bits of a key that are still 0; at most 64, which may cross a word.
@inline(__always)
func setKeyBits(
    _ words: inout MutableSpan<UInt64>, _ key: Int, _ start: Int, _ bits: Int, to value: UInt64
) {
    let word = key &+ start >> 6
    let end = start & 63 &+ bits
    if end <= 64 {
        words[word] |= value << UInt64(64 &- end)
    } else {
        words[word] |= value >> UInt64(end &- 64)
        words[word &+ 1] |= value << UInt64(128 &- end)
    }
}

/// Reads at most 64 bits of a key.
@inline(__always)
func keyBits(_ words: Span<UInt64>, _ key: Int, _ start: Int, _ bits: Int) -> UInt64 {
    let word = key &+ start >> 6
    let end = start & 63 &+ bits
    let mask: UInt64 = ~0 >> UInt64(64 &- bits)
    if end <= 64 { return words[word] >> UInt64(64 &- end) & mask }
    let upper = words[word] << UInt64(end &- 64)
    return (upper | words[word &+ 1] >> UInt64(128 &- end)) & mask
}

/// The hash of a key; its seed is drawn anew for every answer, because keys come off the wire and
/// their sender must not choose collisions.
@inline(__always)
func keyHash(_ words: Span<UInt64>, _ key: Int, _ count: Int, seed: UInt64) -> UInt64 {
    var hash = seed
    for word in 0..<count { hash = unsafe mixed(hash, words[unchecked: key &+ word]) }
    return hash
}

/// A step of the hash.
@inline(__always)
func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let (high, low) = (hash ^ word).multipliedFullWidth(by: 0x9e37_79b9_7f4a_7c15)
    return high ^ low ^ hash << 1
}
