import FlowModel

/// Divides a count in proportion to time.
///
/// What belongs to the time before a moment is the count × the part of the flow's time before it,
/// rounded; what belongs to a bucket is the difference between its two ends. So parts are integers, they
/// sum exactly, and it does not matter how the time is cut.
@inline(__always)
func portion(of count: UInt64, before time: UInt64, of duration: UInt64) -> UInt64 {
    if time >= duration { return count }
    let product = count.multipliedFullWidth(by: time)
    let (low, carry) = product.low.addingReportingOverflow(duration / 2)
    // count × time < count × duration, so the quotient is at most count.
    return duration.dividingFullWidth((product.high &+ (carry ? 1 : 0), low)).quotient
}

/// Where a flow lies in time, and which part of it counts.
struct SpreadSpan {
    /// When it begins and ends.
    let begin: UInt64
    let end: UInt64
    /// The part of that which counts.
    let lower: UInt64
    let upper: UInt64

    /// - Parameter window: what may count; nil: all of the flow.
    init(begin: UInt64, end: UInt64, window: Range<UInt64>?) {
        self.begin = begin
        self.end = max(begin, end)
        lower = max(begin, window?.lowerBound ?? 0)
        upper = max(lower, min(self.end, window?.upperBound ?? .max))
    }

    /// The bucket in which the flow is counted, and the last that it spans.
    func buckets(_ step: UInt64) -> ClosedRange<UInt64> {
        lower / step...(upper > lower ? (upper - 1) / step : lower / step)
    }

    /// What of a count belongs to the time between two moments, which lie in the part that counts.
    @inline(__always)
    func part(of count: UInt64, from: UInt64, to: UInt64) -> UInt64 {
        // A flow of no time is in one bucket, whole.
        if end == begin { return count }
        return portion(of: count, before: to - begin, of: end - begin)
            - portion(of: count, before: from - begin, of: end - begin)
    }
}

/// Buckets, or 16, 256 … of them that begin at a multiple of as many, as one.
struct SpreadNode {
    /// 0 for a bucket, each level more for 16 of the level below.
    var level: Int
    /// Counted in nodes of the level since 1970.
    var number: UInt64

    /// Buckets that a node of the next level has.
    static let fanOut: UInt64 = 16
    /// Levels above the buckets; 16⁶ are more buckets than an answer may have.
    static let levels = 6
    /// A flow over more buckets than these is added to nodes of higher levels.
    ///
    /// Their counters are divided over their buckets at the end, when those of all flows are together:
    /// a flow over a million buckets costs a few dozen additions, not a million.
    static let singleMax: UInt64 = 256

    /// The nodes that make up the buckets of `range`, each as large as possible.
    static func cover(_ range: Range<UInt64>, _ body: (SpreadNode) -> Void) {
        var (low, high) = (range.lowerBound, range.upperBound)
        for level in 0...levels where low < high {
            let isLast = level == levels
            while low < high, isLast || low % fanOut != 0 {
                body(SpreadNode(level: level, number: low))
                low += 1
            }
            while low < high, high % fanOut != 0 {
                high -= 1
                body(SpreadNode(level: level, number: high))
            }
            low /= fanOut
            high /= fanOut
        }
    }

    /// The node's time, which must not reach beyond 64 bits.
    func time(_ step: UInt64) -> Range<UInt64> {
        let length = step << UInt64(4 * level)
        return number * length..<(number + 1) * length
    }
}

/// Sums of a group within a node: its number and the group's key, then the sums.
struct SpreadSums: RecordRule {
    let keyWords: Int
    var stride: Int { keyWords + Self.count }

    /// Flows, packets, bytes, rpackets, rbytes.
    static let count = 5

    func combine(
        _ others: Span<UInt64>, at other: Int, into records: inout MutableSpan<UInt64>,
        at place: Int
    ) {
        for word in keyWords..<stride {
            records[place + word] = records[place + word].clampedAdding(others[other + word])
        }
    }
}
