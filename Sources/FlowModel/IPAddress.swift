/// An IPv4 or IPv6 address in 128 bits, in host byte order.
///
/// IPv4 lies in `::ffff:0:0/96` (RFC 4291 §2.5.5.2), so one column and one comparison serve both
/// families and every IPv4 address sorts together. An IPv4-mapped IPv6 address off the wire is
/// therefore the IPv4 address that it stands for.
///
/// "No address" is not a value of this type: presence is kept beside the column.
public struct IPAddress: Hashable, Sendable, BitwiseCopyable {
    /// The upper 64 bits.
    public var high: UInt64
    /// The lower 64 bits.
    public var low: UInt64

    /// Makes an address from its two halves.
    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Makes an IPv4 address; `192.0.2.1` is `0xC000_0201`.
    @inlinable
    public init(v4: UInt32) {
        self.init(high: 0, low: Self.v4Prefix | UInt64(v4))
    }

    /// The lower half of `::ffff:0.0.0.0`.
    public static let v4Prefix: UInt64 = 0xffff_0000_0000
    /// `0.0.0.0`.
    public static let v4Zero = IPAddress(v4: 0)
    /// `::`.
    public static let v6Zero = IPAddress(high: 0, low: 0)

    /// Whether this is an IPv4 address.
    @inlinable
    public var isV4: Bool { high == 0 && low >> 32 == 0xffff }

    /// The IPv4 address as a number, nil for IPv6.
    @inlinable
    public var v4: UInt32? { isV4 ? UInt32(truncatingIfNeeded: low) : nil }

    /// Whether this is `0.0.0.0` or `::`, which exporters send for "none".
    @inlinable
    public var isUnspecified: Bool { high == 0 && (low == 0 || low == Self.v4Prefix) }

    /// The address with all bits after the first `bits` of the 128 cleared.
    @inlinable
    public func masked(to bits: Int) -> IPAddress {
        let mask = Self.mask(bits)
        return IPAddress(high: high & mask.high, low: low & mask.low)
    }

    /// A mask of `bits` leading ones, 0 to 128.
    @inlinable
    public static func mask(_ bits: Int) -> IPAddress {
        let bits = min(max(bits, 0), 128)
        return IPAddress(
            high: bits >= 64 ? ~0 : ~(~0 >> UInt64(bits)),
            low: bits <= 64 ? 0 : (bits == 128 ? ~0 : ~(~0 >> UInt64(bits - 64))))
    }
}

extension IPAddress: Comparable {
    /// Numeric order of the 128 bits.
    @inlinable
    public static func < (a: IPAddress, b: IPAddress) -> Bool {
        a.high != b.high ? a.high < b.high : a.low < b.low
    }
}
