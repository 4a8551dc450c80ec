public import FlowModel

/// Addresses from one to another, both included; what every listed network is turned into.
public struct AddressRange: Hashable, Sendable, BitwiseCopyable {
    /// The lowest address.
    public let first: IPAddress
    /// The highest address, of the same family.
    public let last: IPAddress

    /// Makes a range; nil where it runs backwards or from one family into the other.
    public init?(from first: IPAddress, through last: IPAddress) {
        guard first <= last, first.isV4 == last.isV4 else { return nil }
        // An IPv6 range around ::ffff:0:0/96 would be all of IPv4 as well.
        if !first.isV4, first < .v4Zero, last > .v4Zero { return nil }
        self.first = first
        self.last = last
    }

    /// Makes the range of one address.
    public init(_ address: IPAddress) {
        first = address
        last = address
    }

    /// Makes the range of a network; nil where an IPv6 network contains all of IPv4.
    public init?(_ prefix: IPPrefix) {
        self.init(from: prefix.address, through: prefix.last)
    }

    init(v4 interval: Interval<UInt32>) {
        first = IPAddress(v4: interval.first)
        last = IPAddress(v4: interval.last)
    }

    init(v6 interval: Interval<UInt128>) {
        first = IPAddress(number: interval.first)
        last = IPAddress(number: interval.last)
    }

    /// Whether it is of IPv4.
    @inlinable
    public var isV4: Bool { first.isV4 }

    /// Whether it is one address.
    @inlinable
    public var isSingle: Bool { first == last }

    /// Whether all of `other` lies in it.
    public func contains(_ other: AddressRange) -> Bool {
        isV4 == other.isV4 && first <= other.first && other.last <= last
    }

    /// Whether it has an address in common with `other`.
    public func overlaps(_ other: AddressRange) -> Bool {
        isV4 == other.isV4 && first <= other.last && other.first <= last
    }

    /// The networks that make it up, in ascending order; one where it is a network itself.
    public var prefixes: [IPPrefix] {
        var prefixes: [IPPrefix] = []
        if let first = first.v4, let last = last.v4 {
            Interval(first, last).forEachBlock { address, bits in
                IPPrefix(IPAddress(v4: address), length: bits).map { prefixes.append($0) }
            }
        } else {
            Interval(first.number, last.number).forEachBlock { address, bits in
                IPPrefix(IPAddress(number: address), length: bits).map { prefixes.append($0) }
            }
        }
        return prefixes
    }
}

extension AddressRange: CustomStringConvertible {
    /// An address, a network, or `192.0.2.1-192.0.2.9` where it is neither.
    public var description: String {
        if isSingle { return "\(first)" }
        let prefixes = prefixes
        return prefixes.count == 1 ? "\(prefixes[0])" : "\(first)-\(last)"
    }
}

extension IPAddress {
    var number: UInt128 { UInt128(high) << 64 | UInt128(low) }

    init(number: UInt128) {
        self.init(
            high: UInt64(truncatingIfNeeded: number >> 64), low: UInt64(truncatingIfNeeded: number))
    }
}
