/// Listed IPv6 addresses.
///
/// A bitmap of blocks is not possible as for IPv4, so two bitmaps of hashes stand in front: of the /48s
/// that narrow segments touch, and of the /32s that wide ones do. What a look-up does not find in either
/// is not listed; the rest is searched for.
struct TableV6: Sendable {
    let segments: Segments<UInt128>
    private let narrow: HashedBits
    private let wide: HashedBits

    /// /48s that a segment may touch before its /32s are marked instead.
    private static let narrowMax: UInt128 = 16
    /// /32s that a segment may touch before all of IPv6 is searched.
    private static let wideMax: UInt128 = 1 << 16

    init(_ segments: Segments<UInt128>) {
        self.segments = segments
        var narrowKeys: [UInt64] = []
        var wideKeys: [UInt64] = []
        var hasEverything = false
        for (start, end) in zip(segments.starts, segments.ends) {
            if (end >> 80) - (start >> 80) < Self.narrowMax {
                for key in (start >> 80)...(end >> 80) {
                    let key = UInt64(truncatingIfNeeded: key)
                    if narrowKeys.last != key { narrowKeys.append(key) }
                }
            } else if (end >> 96) - (start >> 96) < Self.wideMax {
                for key in (start >> 96)...(end >> 96) {
                    let key = UInt64(truncatingIfNeeded: key)
                    if wideKeys.last != key { wideKeys.append(key) }
                }
            } else {
                hasEverything = true
            }
        }
        narrow = HashedBits(narrowKeys)
        wide = HashedBits(wideKeys, isFull: hasEverything)
    }

    var isEmpty: Bool { segments.starts.isEmpty }
    var count: Int { segments.starts.count }
    var view: ViewV6 {
        @_lifetime(borrow self) get {
            ViewV6(
                narrow: narrow.words.span, wide: wide.words.span, narrowShift: narrow.shift,
                wideShift: wide.shift, starts: segments.starts.span, ends: segments.ends.span,
                numbers: segments.numbers.span)
        }
    }
}

/// A set of numbers that may have more in it than was put there: a Bloom filter of one hash.
struct HashedBits: Sendable {
    private(set) var words: [UInt64]
    /// How far a hash is shifted down to be the number of a bit.
    let shift: UInt64

    /// Makes the set with sixteen bits a number, so that one look-up in sixteen errs; 8 MiB at most.
    init(_ keys: [UInt64], isFull: Bool = false) {
        var bits: UInt64 = 12
        while bits < 26, 1 << bits < 16 * keys.count { bits += 1 }
        shift = 64 - bits
        words = [UInt64](repeating: isFull ? ~0 : 0, count: 1 << Int(bits - 6))
        for key in keys {
            let bit = Self.hash(key) >> shift
            words[Int(bit >> 6)] |= 1 << (bit & 63)
        }
    }

    @inline(__always)
    static func hash(_ key: UInt64) -> UInt64 {
        // The upper bits of the product depend on all bits of the key (Knuth 6.4, Fibonacci hashing).
        key &* 0x9e37_79b9_7f4a_7c15
    }
}

/// A table's memory while a batch is looked up.
struct ViewV6: ~Escapable {
    let narrow: Span<UInt64>
    let wide: Span<UInt64>
    let narrowShift: UInt64
    let wideShift: UInt64
    let starts: Span<UInt128>
    let ends: Span<UInt128>
    let numbers: Span<UInt32>

    @_lifetime(copy narrow, copy wide, copy starts, copy ends, copy numbers)
    init(
        narrow: Span<UInt64>, wide: Span<UInt64>, narrowShift: UInt64, wideShift: UInt64,
        starts: Span<UInt128>, ends: Span<UInt128>, numbers: Span<UInt32>
    ) {
        // A hash shifted down has as many bits as the bitmap has.
        precondition(narrowShift < 64 && narrow.count << 6 == 1 << (64 - Int(narrowShift)))
        precondition(wideShift < 64 && wide.count << 6 == 1 << (64 - Int(wideShift)))
        precondition(starts.count == ends.count && starts.count == numbers.count)
        self.narrow = narrow
        self.wide = wide
        self.narrowShift = narrowShift
        self.wideShift = wideShift
        self.starts = starts
        self.ends = ends
        self.numbers = numbers
    }

    /// The set of the sources that list the address, 0 for none.
    @inline(__always)
    func find(high: UInt64, low: UInt64) -> UInt32 {
        let bit48 = HashedBits.hash(high >> 16) >> narrowShift
        let bit32 = HashedBits.hash(high >> 32) >> wideShift
        let words = unsafe (
            narrow[unchecked: Int(bit48 >> 6)] >> (bit48 & 63),
            wide[unchecked: Int(bit32 >> 6)] >> (bit32 & 63)
        )
        guard (words.0 | words.1) & 1 != 0 else { return 0 }
        return search(UInt128(high) << 64 | UInt128(low))
    }

    @inline(never)
    private func search(_ address: UInt128) -> UInt32 {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) >> 1
            if unsafe starts[unchecked: middle] <= address {
                low = middle + 1
            } else {
                high = middle
            }
        }
        guard low > 0, unsafe ends[unchecked: low - 1] >= address else { return 0 }
        return unsafe numbers[unchecked: low - 1]
    }
}
