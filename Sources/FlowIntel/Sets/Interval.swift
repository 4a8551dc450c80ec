/// Numbers from one to another, both included.
struct Interval<Bound: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>:
    Hashable, Sendable, BitwiseCopyable
{
    var first: Bound
    var last: Bound

    init(_ first: Bound, _ last: Bound) {
        self.first = first
        self.last = last
    }

    /// Hands on the aligned power-of-two blocks that make it up, ascending: first number and fixed bits.
    func forEachBlock(_ body: (Bound, Int) -> Void) {
        var next = first
        while true {
            // The largest block that `next` is aligned for and that ends within the interval.
            var free = min(next.trailingZeroBitCount, Bound.bitWidth)
            var end = free == Bound.bitWidth ? Bound.max : next | ((1 << Bound(free)) &- 1)
            while end > last {
                free -= 1
                end = next | ((1 << Bound(free)) &- 1)
            }
            body(next, Bound.bitWidth - free)
            guard end < last else { return }
            next = end + 1
        }
    }

    var blockCount: Int {
        var count = 0
        forEachBlock { _, _ in count += 1 }
        return count
    }
}

/// Disjoint intervals in ascending order, none touching the next.
struct IntervalSet<Bound: FixedWidthInteger & UnsignedInteger & BitwiseCopyable & Sendable>:
    Equatable, Sendable
{
    private(set) var intervals: [Interval<Bound>] = []

    init() {}

    /// Makes the set of all numbers in `unsorted`.
    init(merging unsorted: [Interval<Bound>]) {
        let sorted = unsorted.sorted { $0.first < $1.first }
        intervals.reserveCapacity(sorted.count)
        for interval in sorted { extend(with: interval) }
    }

    /// Adds an interval that starts no earlier than the last one added.
    private mutating func extend(with interval: Interval<Bound>) {
        if let end = intervals.last?.last, interval.first <= end || interval.first == end &+ 1 {
            intervals[intervals.count - 1].last = max(end, interval.last)
        } else {
            intervals.append(interval)
        }
    }

    /// The index of the first interval that does not end below `number`.
    func index(notBelow number: Bound) -> Int {
        var low = 0
        var high = intervals.count
        while low < high {
            let middle = (low + high) / 2
            if intervals[middle].last < number { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func contains(_ number: Bound) -> Bool {
        let index = index(notBelow: number)
        return index < intervals.count && intervals[index].first <= number
    }

    func overlaps(_ interval: Interval<Bound>) -> Bool {
        let index = index(notBelow: interval.first)
        return index < intervals.count && intervals[index].first <= interval.last
    }

    /// The intervals that have a number in common with `interval`.
    func overlapping(_ interval: Interval<Bound>) -> ArraySlice<Interval<Bound>> {
        let start = index(notBelow: interval.first)
        var end = start
        while end < intervals.count, intervals[end].first <= interval.last { end += 1 }
        return intervals[start..<end]
    }

    func union(_ other: IntervalSet) -> IntervalSet {
        IntervalSet(merging: intervals + other.intervals)
    }

    func intersection(_ other: IntervalSet) -> IntervalSet {
        var result = IntervalSet()
        var (a, b) = (0, 0)
        while a < intervals.count, b < other.intervals.count {
            let first = max(intervals[a].first, other.intervals[b].first)
            let last = min(intervals[a].last, other.intervals[b].last)
            if first <= last { result.intervals.append(Interval(first, last)) }
            if intervals[a].last < other.intervals[b].last { a += 1 } else { b += 1 }
        }
        return result
    }

    func subtracting(_ other: IntervalSet) -> IntervalSet {
        var result = IntervalSet()
        for interval in intervals {
            forEachPiece(of: interval, without: other) { result.intervals.append($0) }
        }
        return result
    }
}

/// Hands on what is left of `interval` outside `holes`, ascending.
func forEachPiece<Bound>(
    of interval: Interval<Bound>, without holes: IntervalSet<Bound>,
    _ body: (Interval<Bound>) -> Void
) {
    var next = interval.first
    for hole in holes.overlapping(interval) {
        if hole.first > next { body(Interval(next, hole.first - 1)) }
        guard hole.last < interval.last else { return }
        next = hole.last + 1
    }
    body(Interval(next, interval.last))
}
