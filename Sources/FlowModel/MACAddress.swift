/// A 48-bit IEEE 802 address in the lower bits of a number, the first octet uppermost.
public struct MACAddress: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The 48 bits.
    public let rawValue: UInt64

    /// Keeps the lower 48 bits.
    public init(rawValue: UInt64) { self.rawValue = rawValue & 0xffff_ffff_ffff }

    /// Reads `aa:bb:cc:dd:ee:ff`, also with `-` between or single digits.
    public init?(_ text: String) {
        let parts = text.split(omittingEmptySubsequences: false) { $0 == ":" || $0 == "-" }
        guard parts.count == 6 else { return nil }
        var value: UInt64 = 0
        for part in parts {
            guard (1...2).contains(part.utf8.count), part.first != "+",
                let octet = UInt8(part, radix: 16)
            else { return nil }
            value = value << 8 | UInt64(octet)
        }
        rawValue = value
    }

    /// `aa:bb:cc:dd:ee:ff`.
    public var description: String {
        stride(from: UInt64(40), through: 0, by: -8).map { shift in
            let octet = rawValue >> shift & 0xff
            return (octet < 16 ? "0" : "") + String(octet, radix: 16)
        }.joined(separator: ":")
    }
}
