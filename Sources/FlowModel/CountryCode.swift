/// A country in two letters of ISO 3166-1, as databases of addresses give it.
///
/// The first letter is the upper octet, so that numbers sort as the texts do. Databases also use codes
/// that ISO leaves free or has given up: `EU` and `AP` where they know no more, `A1` for what hides a
/// place; they are kept as they come. Zero is no country: where none is known the column is absent.
public struct CountryCode: RawRepresentable, Hashable, Sendable {
    /// `CH` is 0x4348.
    public let rawValue: UInt16

    /// Makes a code of a number; see ``isValid``.
    @inlinable
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// Stands for addresses that are nobody's on the public Internet: private, shared and local
    /// ones, multicast, documentation.
    ///
    /// ISO leaves `ZZ` to its users.
    public static let privateSpace = CountryCode(rawValue: 0x5a5a)

    /// Makes a code of a letter and a letter or digit of ASCII, in upper or lower case; nil for others.
    public init?(_ first: UInt8, _ last: UInt8) {
        let code = CountryCode(
            rawValue: UInt16(Self.upperCase(first)) << 8 | UInt16(Self.upperCase(last)))
        guard code.isValid else { return nil }
        self = code
    }

    /// Reads `CH` or `ch`.
    public init?(_ text: some StringProtocol) {
        let letters = Array(text.utf8.prefix(3))
        guard letters.count == 2 else { return nil }
        self.init(letters[0], letters[1])
    }

    /// Whether it is a letter and a letter or digit, both in upper case.
    public var isValid: Bool {
        let first = UInt8(truncatingIfNeeded: rawValue >> 8)
        let last = UInt8(truncatingIfNeeded: rawValue)
        return (65...90).contains(first) && ((65...90).contains(last) || (48...57).contains(last))
    }

    private static func upperCase(_ letter: UInt8) -> UInt8 {
        (97...122).contains(letter) ? letter - 32 : letter
    }
}

extension CountryCode: CustomStringConvertible {
    /// `CH`; `0x12ab` for a number that is none.
    public var description: String {
        guard isValid else { return "0x" + String(rawValue, radix: 16) }
        return String(
            decoding: [
                UInt8(truncatingIfNeeded: rawValue >> 8), UInt8(truncatingIfNeeded: rawValue),
            ],
            as: UTF8.self)
    }
}
