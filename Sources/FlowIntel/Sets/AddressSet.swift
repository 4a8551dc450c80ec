public import FlowModel

/// Addresses of both families as disjoint ascending ranges, with the arithmetic of sets.
///
/// A million ranges take 8 MB of IPv4 and 32 MB of IPv6. Union, intersection and difference are one
/// pass over both sets, in their order.
public struct AddressSet: Equatable, Sendable {
    var v4 = IntervalSet<UInt32>()
    var v6 = IntervalSet<UInt128>()

    /// Makes an empty set.
    public init() {}

    /// Makes the set of all addresses in `ranges`, in any order, which may overlap.
    public init(_ ranges: some Sequence<AddressRange>) {
        var v4: [Interval<UInt32>] = []
        var v6: [Interval<UInt128>] = []
        for range in ranges {
            if let first = range.first.v4, let last = range.last.v4 {
                v4.append(Interval(first, last))
            } else {
                v6.append(Interval(range.first.number, range.last.number))
            }
        }
        self.v4 = IntervalSet(merging: v4)
        self.v6 = IntervalSet(merging: v6)
    }

    /// Makes the set of all addresses in `prefixes`.
    public init(_ prefixes: some Sequence<IPPrefix>) {
        self.init(prefixes.lazy.compactMap { AddressRange($0) })
    }

    /// Whether it has no address.
    public var isEmpty: Bool { v4.intervals.isEmpty && v6.intervals.isEmpty }

    /// Whether `address` is in the set.
    public func contains(_ address: IPAddress) -> Bool {
        address.v4.map { v4.contains($0) } ?? v6.contains(address.number)
    }

    /// Whether some address of `range` is in the set.
    public func overlaps(_ range: AddressRange) -> Bool {
        if let first = range.first.v4, let last = range.last.v4 {
            return v4.overlaps(Interval(first, last))
        }
        return v6.overlaps(Interval(range.first.number, range.last.number))
    }

    /// The addresses in either set.
    public func union(_ other: AddressSet) -> AddressSet {
        var result = AddressSet()
        result.v4 = v4.union(other.v4)
        result.v6 = v6.union(other.v6)
        return result
    }

    /// The addresses in both sets.
    public func intersection(_ other: AddressSet) -> AddressSet {
        var result = AddressSet()
        result.v4 = v4.intersection(other.v4)
        result.v6 = v6.intersection(other.v6)
        return result
    }

    /// The addresses that are not in `other`.
    public func subtracting(_ other: AddressSet) -> AddressSet {
        var result = AddressSet()
        result.v4 = v4.subtracting(other.v4)
        result.v6 = v6.subtracting(other.v6)
        return result
    }

    /// What is left of `range` outside the set, in ascending order.
    public func pieces(outside range: AddressRange) -> [AddressRange] {
        var pieces: [AddressRange] = []
        if let first = range.first.v4, let last = range.last.v4 {
            forEachPiece(of: Interval(first, last), without: v4) {
                pieces.append(AddressRange(v4: $0))
            }
        } else {
            forEachPiece(of: Interval(range.first.number, range.last.number), without: v6) {
                pieces.append(AddressRange(v6: $0))
            }
        }
        return pieces
    }

    /// The ranges, IPv4 first, in ascending order.
    public var ranges: [AddressRange] {
        v4.intervals.map { AddressRange(v4: $0) } + v6.intervals.map { AddressRange(v6: $0) }
    }

    /// The fewest networks that make up the IPv4 part, in ascending order.
    public var prefixesV4: [IPPrefix] {
        v4.intervals.flatMap { AddressRange(v4: $0).prefixes }
    }

    /// The fewest networks that make up the IPv6 part, in ascending order.
    public var prefixesV6: [IPPrefix] {
        v6.intervals.flatMap { AddressRange(v6: $0).prefixes }
    }

    /// How many IPv4 addresses it has.
    public var countV4: UInt64 {
        v4.intervals.reduce(0) { $0 + UInt64($1.last - $1.first) + 1 }
    }

    /// How many IPv6 addresses it has; nil for all of them, which is one more than fits.
    public var countV6: UInt128? {
        var sum: UInt128 = 0
        for interval in v6.intervals {
            let (size, isAll) = (interval.last - interval.first).addingReportingOverflow(1)
            let (next, isTooMany) = sum.addingReportingOverflow(size)
            guard !isAll, !isTooMany else { return nil }
            sum = next
        }
        return sum
    }
}
