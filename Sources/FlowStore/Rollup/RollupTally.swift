/// The sums of one bucket by key.
///
///     runs   [ key | flows packets bytes (rpackets rbytes) ] …     ascending keys, each once in a run
///
/// What a block adds is a run, for its codes are in the order of their keys; runs are merged when they
/// are many, and when the bucket is written. So nothing is looked up, and memory is read in its order.
/// A number that a flow does not have is the largest number of a key.
final class RollupTally {
    /// Sums of an entry where flows have counters of the reverse direction, too.
    static let sumWords = 5
    /// What stands for no value in a key.
    static let none = UInt64.max

    /// Words of a key.
    let keyWords: Int
    /// Whether a block that was added had counters of the reverse direction.
    private(set) var hasReverse = false
    /// The block, counted from the segment's first, that was added last.
    var lastBlock = 0
    /// The first start and the last end, where the dimension has them; of all keys.
    var times = RollupTimes()
    private var runs: [RollupRun] = []

    /// Runs that are not merged yet, at most.
    private static let runsMax = 8

    init(keyWords: Int) { self.keyWords = keyWords }

    /// Keys, those of several runs as often.
    var count: Int { runs.reduce(0) { $0 + $1.count } }
    /// Words of an entry.
    var stride: Int { keyWords + (hasReverse ? 5 : 3) }

    /// Adds what is picked of some cells.
    func add(_ cells: RollupCells, _ codes: RollupCodes) {
        precondition(codes.keyWords == keyWords)
        var run = cells.run(keys: codes.keys, keyWords: keyWords)
        let hasReverse = cells.hasReverse
        if hasReverse != self.hasReverse {
            if hasReverse {
                runs = runs.map { $0.widened(from: keyWords + 3) }
                self.hasReverse = true
            } else {
                run = run.widened(from: keyWords + 3)
            }
        }
        runs.append(run)
        if runs.count > Self.runsMax { merge() }
    }

    /// Makes all runs one, and answers it.
    @discardableResult
    func merge() -> RollupRun {
        while runs.count > 1 {
            var merged: [RollupRun] = []
            merged.reserveCapacity(runs.count / 2 + 1)
            for index in Swift.stride(from: 0, to: runs.count, by: 2) {
                merged.append(
                    index + 1 < runs.count
                        ? runs[index].merged(with: runs[index + 1], keyWords, stride)
                        : runs[index])
            }
            runs = merged
        }
        return runs.first ?? RollupRun(words: [], stride: stride)
    }
}

/// Entries in ascending order of their keys, each once.
struct RollupRun {
    /// The entries, one behind the other.
    let words: [UInt64]
    let count: Int

    init(words: [UInt64], stride: Int) {
        self.words = words
        count = words.count / stride
    }

    /// With room for the counters of the reverse direction.
    fileprivate func widened(from stride: Int) -> RollupRun {
        var wide: [UInt64] = []
        wide.reserveCapacity(count * (stride + 2))
        for entry in 0..<count {
            wide += words[entry * stride..<(entry + 1) * stride]
            wide += [0, 0]
        }
        return RollupRun(words: wide, stride: stride + 2)
    }

    /// Both in one; the sums of a key that both have are added.
    fileprivate func merged(with other: RollupRun, _ keyWords: Int, _ stride: Int) -> RollupRun {
        let room = words.count + other.words.count
        let merged = unsafe [UInt64](unsafeUninitializedCapacity: room) { buffer, used in
            var output = unsafe buffer.mutableSpan
            used =
                switch (keyWords, stride) {
                case (1, 4): merge(words.span, other.words.span, 1, 4, into: &output)
                case (3, 6): merge(words.span, other.words.span, 3, 6, into: &output)
                default: merge(words.span, other.words.span, keyWords, stride, into: &output)
                }
        }
        // What keys in common have left over is not kept for as long as the bucket is open.
        return RollupRun(
            words: merged.count < room / 4 * 3 ? merged.map { $0 } : merged, stride: stride)
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

/// Answers how many words it wrote; with literals for the widths it is made for them.
@inline(__always)
private func merge(
    _ a: Span<UInt64>, _ b: Span<UInt64>, _ keyWords: Int, _ stride: Int,
    into output: inout MutableSpan<UInt64>
) -> Int {
    precondition(stride > keyWords && output.count >= a.count + b.count)
    precondition(a.count % stride == 0 && b.count % stride == 0)
    var (i, j, used) = (0, 0, 0)
    while i < a.count && j < b.count {
        var (isBefore, isSame) = (false, true)
        for word in 0..<keyWords where isSame {
            let (x, y) = unsafe (a[unchecked: i &+ word], b[unchecked: j &+ word])
            isSame = x == y
            isBefore = x < y
        }
        if isSame {
            for word in 0..<keyWords {
                unsafe output[unchecked: used &+ word] = a[unchecked: i &+ word]
            }
            for word in keyWords..<stride {
                unsafe output[unchecked: used &+ word] = clampedSum(
                    a[unchecked: i &+ word], b[unchecked: j &+ word])
            }
            i &+= stride
            j &+= stride
        } else if isBefore {
            for word in 0..<stride {
                unsafe output[unchecked: used &+ word] = a[unchecked: i &+ word]
            }
            i &+= stride
        } else {
            for word in 0..<stride {
                unsafe output[unchecked: used &+ word] = b[unchecked: j &+ word]
            }
            j &+= stride
        }
        used &+= stride
    }
    for word in i..<a.count { unsafe output[unchecked: used &+ word &- i] = a[unchecked: word] }
    used += a.count - i
    for word in j..<b.count { unsafe output[unchecked: used &+ word &- j] = b[unchecked: word] }
    return used + b.count - j
}
