import FlowModel

/// A value with neighbours, so that ranges of it can be merged and complemented.
protocol Stepping: Comparable {
    static var first: Self { get }
    static var last: Self { get }
    /// The value after this one; not asked of ``last``.
    var successor: Self { get }
    /// The value before this one; not asked of ``first``.
    var predecessor: Self { get }
}

extension UInt64: Stepping {
    static var first: UInt64 { 0 }
    static var last: UInt64 { .max }
    var successor: UInt64 { self + 1 }
    var predecessor: UInt64 { self - 1 }
}

extension IPAddress: Stepping {
    static var first: IPAddress { IPAddress(high: 0, low: 0) }
    static var last: IPAddress { IPAddress(high: .max, low: .max) }
    var successor: IPAddress {
        let (low, carry) = low.addingReportingOverflow(1)
        return IPAddress(high: carry ? high + 1 : high, low: low)
    }
    var predecessor: IPAddress {
        let (low, borrow) = low.subtractingReportingOverflow(1)
        return IPAddress(high: borrow ? high - 1 : high, low: low)
    }
}

/// A set of values as ranges that are ascending, disjoint and not adjacent: the form that
/// ``Condition`` asks for.
struct IntervalSet<Value: Stepping & Hashable & Sendable>: Hashable, Sendable {
    let ranges: [ClosedRange<Value>]

    static var empty: IntervalSet { IntervalSet([]) }
    static var full: IntervalSet { IntervalSet([Value.first...Value.last]) }

    var isEmpty: Bool { ranges.isEmpty }

    /// Whether every value up to `last` is in the set.
    func covers(upTo last: Value) -> Bool {
        ranges.count == 1 && ranges[0].lowerBound == .first && ranges[0].upperBound >= last
    }

    /// Makes a set of ranges in any order, which may overlap.
    ///
    /// Ranges that are in the right form already stay where they lie in memory.
    init(_ ranges: [ClosedRange<Value>]) {
        if Self.isNormal(ranges) {
            self.ranges = ranges
            return
        }
        let isAscending = zip(ranges, ranges.dropFirst()).allSatisfy {
            $0.lowerBound <= $1.lowerBound
        }
        let sorted = isAscending ? ranges : ranges.sorted { $0.lowerBound < $1.lowerBound }
        var merged: [ClosedRange<Value>] = []
        merged.reserveCapacity(ranges.count)
        for range in sorted {
            guard let open = merged.last else {
                merged.append(range)
                continue
            }
            let touches =
                open.upperBound == .last || range.lowerBound <= open.upperBound.successor
            if touches {
                let end = max(open.upperBound, range.upperBound)
                merged[merged.count - 1] = open.lowerBound...end
            } else {
                merged.append(range)
            }
        }
        self.ranges = merged
    }

    private static func isNormal(_ ranges: [ClosedRange<Value>]) -> Bool {
        for index in ranges.indices.dropFirst() {
            let end = ranges[index - 1].upperBound
            guard end < ranges[index].lowerBound, end.successor < ranges[index].lowerBound else {
                return false
            }
        }
        return true
    }

    func union(_ other: IntervalSet) -> IntervalSet {
        if other.isEmpty { return self }
        return isEmpty ? other : IntervalSet(ranges + other.ranges)
    }

    func subtracting(_ other: IntervalSet) -> IntervalSet {
        other.isEmpty ? self : intersection(other.complement())
    }

    func intersection(_ other: IntervalSet) -> IntervalSet {
        var common: [ClosedRange<Value>] = []
        var left = 0
        var right = 0
        while left < ranges.count && right < other.ranges.count {
            let a = ranges[left]
            let b = other.ranges[right]
            if a.overlaps(b) { common.append(a.clamped(to: b)) }
            if a.upperBound < b.upperBound { left += 1 } else { right += 1 }
        }
        return IntervalSet(common)
    }

    /// Every value up to `end` that is not in the set.
    func complement(upTo end: Value = .last) -> IntervalSet {
        var gaps: [ClosedRange<Value>] = []
        var next = Value.first
        for range in ranges {
            guard range.lowerBound <= end else { break }
            if next < range.lowerBound { gaps.append(next...range.lowerBound.predecessor) }
            guard range.upperBound < end else { return IntervalSet(gaps) }
            next = range.upperBound.successor
        }
        gaps.append(next...end)
        return IntervalSet(gaps)
    }
}

extension IntervalSet<IPAddress> {
    /// The IPv4 addresses.
    static let v4 = IntervalSet([IPAddress(v4: 0)...IPAddress(v4: .max)])

    /// The addresses of a block.
    ///
    /// An IPv6 block that spans `::ffff:0:0/96`, such as `::/0`, does not hold the IPv4 addresses
    /// that lie there.
    init(_ prefix: IPPrefix) {
        let block = prefix.address...prefix.last
        self = prefix.bits < 96 ? IntervalSet(v6: block) : IntervalSet([block])
    }

    /// IPv6 addresses, without the IPv4 addresses that lie among them.
    init(v6 range: ClosedRange<IPAddress>) {
        let whole = IntervalSet([range])
        self =
            range.overlaps(Self.v4.ranges[0])
            ? whole.intersection(Self.v4.complement()) : whole
    }
}
