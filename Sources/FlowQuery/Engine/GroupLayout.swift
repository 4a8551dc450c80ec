import FlowModel

/// How records of groups lie in memory: the key's words, then the sums.
///
///     packed   [ small key … ][ flows: 8 | packets: 24 | bytes: 32 ][ rpackets: 32 | rbytes: 32 ][ times ]
///     small    [ small key … ][ flows ][ packets ][ bytes ][ rpackets ][ rbytes ][ first ][ last ]
///     full     [ full key …  ][ the same ]
///
/// The sums of the reverse direction are there where flows have them, times where they are asked for.
/// So a flow by source address and port is 16 octets on its way to its group.
///
/// Where something is counted apart within groups, as distinct values are, records have words for it
/// behind the group's key, and only the group's words say where a record belongs:
///
///     [ group's key … ][ r | distinct values, in full … ]     r: a register of an estimate
struct GroupLayout: Sendable {
    /// How a record is written.
    enum Form: Int, CaseIterable, Sendable {
        /// Small key, sums packed.
        case packed
        /// Small key, sums in a word each.
        case small
        /// Full key, sums in a word each.
        case full
    }

    let small: KeyLayout
    let full: KeyLayout
    let hasSums: Bool
    let hasReverse: Bool
    let hasTimes: Bool
    private let smallGroupWords: Int
    private let fullGroupWords: Int

    /// - Parameters:
    ///   - plans: the keys of groups.
    ///   - details: what is counted apart within groups.
    init(
        _ plans: [KeyPlan], details: [KeyPlan] = [], hasSums: Bool = true,
        hasReverse: Bool = false, hasTimes: Bool = false
    ) {
        let (small, full) = (KeyLayout(small: plans), KeyLayout(full: plans))
        let detail = KeyLayout(full: details, leading: details.isEmpty ? 0 : 1)
        self.small = KeyLayout(small, then: detail)
        self.full = KeyLayout(full, then: detail)
        smallGroupWords = small.words
        fullGroupWords = full.words
        self.hasSums = hasSums
        self.hasReverse = hasReverse
        self.hasTimes = hasTimes
    }

    /// The layout of only the groups' keys of another one.
    init(groupsOf layout: GroupLayout) {
        func cut(_ key: KeyLayout, to words: Int) -> KeyLayout {
            KeyLayout(parts: key.parts.filter { $0.start < words * 64 }, words: words)
        }
        smallGroupWords = layout.smallGroupWords
        fullGroupWords = layout.fullGroupWords
        small = cut(layout.small, to: smallGroupWords)
        full = cut(layout.full, to: fullGroupWords)
        hasSums = false
        hasReverse = false
        hasTimes = false
    }

    /// Whether a small key is one address, the uppermost bits of one word.
    var keysAreAddresses: Bool {
        small.words == 1 && small.parts.count == 1 && small.parts[0].isAddress
            && small.parts[0].start == 0 && small.parts[0].bits == 32
    }

    /// Words of the sums where each has its own.
    var sumWords: Int { timesPlace + (hasTimes ? 2 : 0) }
    /// Words of packed sums.
    var packedWords: Int { (hasSums ? 1 : 0) + (hasReverse ? 1 : 0) + (hasTimes ? 2 : 0) }
    /// Where among the sums the first start lies, if there is one.
    var timesPlace: Int { hasSums ? hasReverse ? 5 : 3 : 0 }

    /// Words of a form's key.
    func keyWords(_ form: Form) -> Int { form == .full ? full.words : small.words }
    /// Words of the group's key in it.
    func groupWords(_ form: Form) -> Int { form == .full ? fullGroupWords : smallGroupWords }

    /// Words of a record.
    func stride(_ form: Form) -> Int {
        keyWords(form) + (form == .packed ? packedWords : sumWords)
    }
}

/// Sums of one group.
struct GroupSums: BitwiseCopyable {
    var flows: UInt64 = 0
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
    var reversePackets: UInt64 = 0
    var reverseBytes: UInt64 = 0
    /// Smallest start; the largest number where no flow has one.
    var first: UInt64 = .max
    /// Largest end; 0 where no flow has one.
    var last: UInt64 = 0
}

extension GroupSums {
    /// Reads the sums that begin at a word.
    init(_ words: Span<UInt64>, at place: Int, _ layout: GroupLayout) {
        flows = words[place]
        packets = words[place + 1]
        bytes = words[place + 2]
        if layout.hasReverse {
            reversePackets = words[place + 3]
            reverseBytes = words[place + 4]
        }
        if layout.hasTimes {
            first = words[place + layout.timesPlace]
            last = words[place + layout.timesPlace + 1]
        }
    }
}

extension GroupLayout {
    /// Writes a small key, which lies at `key`, as the full key at `fullKey`, whose words are 0.
    func expand(
        _ words: Span<UInt64>, _ key: Int, into output: inout MutableSpan<UInt64>, at fullKey: Int
    ) {
        for (from, to) in zip(small.parts, full.parts) {
            if let present = from.present, keyBits(words, key, present, 1) == 0 { continue }
            if let present = to.present { setKeyBits(&output, fullKey, present, 1, to: 1) }
            let value = keyBits(words, key, from.start, from.bits)
            if to.isAddress {
                setKeyBits(
                    &output, fullKey, to.start + 64, 64, to: IPAddress.v4Prefix | value)
            } else {
                setKeyBits(&output, fullKey, to.start, to.bits, to: value)
            }
        }
    }

    /// One of the values of a full key, a number in the lower half; nil where there is none.
    func value(_ index: Int, _ words: Span<UInt64>, key: Int) -> IPAddress? {
        let part = full.parts[index]
        if let present = part.present, keyBits(words, key, present, 1) == 0 { return nil }
        if part.bits == 128 {
            return IPAddress(
                high: keyBits(words, key, part.start, 64),
                low: keyBits(words, key, part.start + 64, 64))
        }
        return IPAddress(high: 0, low: keyBits(words, key, part.start, part.bits))
    }
}
