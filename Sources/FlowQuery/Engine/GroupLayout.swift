import FlowModel

/// Where the parts of a group's record lie: the keys, packed into as few words as hold them, then sums.
///
///     word 0          [ bits of keys: 16 | flows: 48 ]
///     …               [ bits of keys: 64 ]
///     from keyWords   packets, bytes, rpackets and rbytes if there are any, first and last if wanted
///
/// A key takes a bit that says whether there is a value, and the bits of its column; an address takes
/// 32 and a bit that says that these are the number of an IPv6 address, see ``AddressNumbers``. So a
/// pair of addresses with its sums is 32 octets.
struct GroupLayout: Sendable {
    /// Bits of one word.
    struct Bits: Sendable {
        var word: Int
        var shift: UInt64
        var mask: UInt64
    }

    struct Key: Sendable {
        var present: Bits
        /// Set where the value is the number of an IPv6 address; nil where the key is no address.
        var isNumber: Bits?
        var value: Bits
    }

    let keys: [Key]
    /// Words in which keys lie, word 0 among them.
    let keyWords: Int
    let hasReverse: Bool
    let hasTimes: Bool

    /// Bits of the count of flows; no store has more.
    static let flowsMask: UInt64 = (1 << 48) - 1

    init(_ plans: [KeyPlan], hasReverse: Bool, hasTimes: Bool) {
        var free: [UInt64] = [16]
        func take(_ bits: UInt64) -> Bits {
            let word = free.firstIndex { $0 >= bits } ?? free.count
            if word == free.count { free.append(64) }
            let shift = 64 - free[word]
            free[word] -= bits
            return Bits(word: word, shift: shift, mask: ~0 >> (64 - bits))
        }
        var keys = plans.map { plan in
            let present = take(1)
            return Key(
                present: present, isNumber: plan.isAddress ? take(1) : nil, value: present)
        }
        // The widest first: then the narrow ones fill what is left.
        for bits: UInt64 in [64, 32, 16, 8] {
            for (index, plan) in plans.enumerated() where plan.bits == bits {
                keys[index].value = take(bits)
            }
        }
        self.keys = keys
        keyWords = free.count
        self.hasReverse = hasReverse
        self.hasTimes = hasTimes
    }

    /// Place of the reverse packets, if there are any.
    var reverse: Int { keyWords + 2 }
    /// Place of the first start, if wanted.
    var times: Int { keyWords + (hasReverse ? 4 : 2) }
    /// Words of a record.
    var stride: Int { times + (hasTimes ? 2 : 0) }
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
    /// Reads the sums of the record that begins at a word.
    init(_ records: Span<UInt64>, at start: Int, _ layout: GroupLayout) {
        let place = start + layout.keyWords
        flows = records[start] & GroupLayout.flowsMask
        packets = records[place]
        bytes = records[place + 1]
        if layout.hasReverse {
            reversePackets = records[start + layout.reverse]
            reverseBytes = records[start + layout.reverse + 1]
        }
        if layout.hasTimes {
            first = records[start + layout.times]
            last = records[start + layout.times + 1]
        }
    }
}
