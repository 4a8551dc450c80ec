/// Which keys of a bucket are listed: those with most octets, in the order of the keys.
struct ListedKeys {
    /// Places in the run, ascending.
    private(set) var entries: [Int] = []
    private(set) var others: [Int] = []

    /// - Parameters:
    ///   - run: the bucket, ascending.
    ///   - bytes: where in an entry its octets are.
    init(_ run: RollupRun, bytes: Int, stride: Int, max keysMax: Int) {
        guard run.count > keysMax else {
            entries = Array(0..<run.count)
            return
        }
        select(run.words.span, bytes, stride, keysMax)
    }

    /// By a histogram of magnitudes; only the keys of one magnitude are sorted.
    private mutating func select(
        _ words: Span<UInt64>, _ bytes: Int, _ stride: Int, _ keysMax: Int
    ) {
        let count = words.count / stride
        var numbers = [Int](repeating: 0, count: 65 * 32)
        for entry in 0..<count { numbers[Self.magnitude(words[entry * stride + bytes])] += 1 }
        var (border, above) = (numbers.count - 1, 0)
        while above + numbers[border] < keysMax, border > 0 {
            above += numbers[border]
            border -= 1
        }
        // Of equal ones the lower keys, so that the same flows make the same file.
        var atBorder: [Int] = []
        for entry in 0..<count where Self.magnitude(words[entry * stride + bytes]) == border {
            atBorder.append(entry)
        }
        atBorder.sort { a, b in
            let (x, y) = (words[a * stride + bytes], words[b * stride + bytes])
            return x != y ? x > y : a < b
        }
        var chosen = atBorder.prefix(keysMax - above).sorted()[...]
        entries.reserveCapacity(keysMax)
        others.reserveCapacity(count - keysMax)
        for entry in 0..<count {
            let magnitude = Self.magnitude(words[entry * stride + bytes])
            if magnitude > border {
                entries.append(entry)
            } else if chosen.first == entry {
                entries.append(entry)
                chosen.removeFirst()
            } else {
                others.append(entry)
            }
        }
    }

    /// The position of the highest bit and the five bits below it.
    @inline(__always)
    private static func magnitude(_ value: UInt64) -> Int {
        guard value > 0 else { return 0 }
        let bits = 63 &- value.leadingZeroBitCount
        return (bits &+ 1) &* 32 &+ Int((value &<< UInt64(63 &- bits)) &>> 58 & 31)
    }
}
