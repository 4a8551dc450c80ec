/// A block of addresses: the first `length` bits of an address, host bits cleared.
public struct IPPrefix: Hashable, Sendable, CustomStringConvertible {
    /// The first address of the block.
    public let address: IPAddress
    /// How many of the 128 bits are fixed; an IPv4 `/8` is 104 here, see ``familyLength``.
    public let bits: Int

    /// Makes a block from an address of the block and a length in its own family, 0–32 or 0–128.
    ///
    /// Host bits are cleared. Nil where the length does not fit the family.
    public init?(_ address: IPAddress, length: Int) {
        let whole = address.isV4 ? 32 : 128
        guard (0...whole).contains(length) else { return nil }
        bits = 128 - whole + length
        self.address = address.masked(to: bits)
    }

    /// A block of one address.
    public init(_ address: IPAddress) {
        self.address = address
        bits = 128
    }

    /// Reads `192.0.2.0/24` or `2001:db8::/32`; a bare address is a block of one.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let address = IPAddress(String(parts[0])) else { return nil }
        guard parts.count == 2 else {
            self.init(address)
            return
        }
        guard let length = Int(parts[1]), parts[1].first != "+" else { return nil }
        self.init(address, length: length)
    }

    /// The length as people write it: 0–32 for IPv4, 0–128 for IPv6.
    public var familyLength: Int { address.isV4 && bits >= 96 ? bits - 96 : bits }

    /// The last address of the block.
    public var last: IPAddress {
        let mask = IPAddress.mask(bits)
        return IPAddress(high: address.high | ~mask.high, low: address.low | ~mask.low)
    }

    /// Whether `candidate` lies in the block.
    ///
    /// IPv4 addresses do not lie in IPv6 blocks.
    public func contains(_ candidate: IPAddress) -> Bool {
        candidate.isV4 == address.isV4 && candidate.masked(to: bits) == address
    }

    /// `192.0.2.0/24`.
    public var description: String { "\(address)/\(familyLength)" }
}
