import FlowModel

/// What a token that should be an address turned out to be.
enum AddressText: Equatable {
    case range(AddressRange, port: UInt16?)
    /// No address, and nothing that anybody would take for one.
    case other
    case bad(BadEntry)

    /// Reads an address, a network, a range `a-b`, or an address with a port.
    ///
    /// Host bits of a network are cleared; IPv4-mapped IPv6 becomes IPv4. Text of nothing but digits,
    /// dots and their like that is none of these is bad rather than a name: others read `010.0.0.1` in
    /// octal, and `1.2.3` as 1.2.0.3.
    static func parse(_ text: Span<UInt8>) -> AddressText {
        var hasColon = false
        var slash: Int?
        var dash: Int?
        var hasLetter = false
        for index in text.indices {
            switch text[index] {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."): continue
            case UInt8(ascii: ":"): hasColon = true
            case UInt8(ascii: "/"): slash = slash ?? index
            case UInt8(ascii: "-"): dash = dash ?? index
            case UInt8(ascii: "a")...UInt8(ascii: "f"), UInt8(ascii: "A")...UInt8(ascii: "F"):
                hasLetter = true
            case UInt8(ascii: "["):
                return index == 0 ? bracketed(text) : .other
            default: return .other
            }
        }
        // Hexadecimal letters without a colon are a name or a digest.
        guard hasColon || !hasLetter, text.count > 0 else { return .other }
        if let slash { return network(text, slash: slash) }
        if let dash { return range(text, dash: dash) }
        if let address = IPAddress.parse(text) { return .range(AddressRange(address), port: nil) }
        return hasColon ? withPort(text) : .bad(.address)
    }

    /// Reads `a` and `b` of a range.
    static func range(from first: Span<UInt8>, through last: Span<UInt8>) -> AddressText {
        guard let first = IPAddress.parse(first), let last = IPAddress.parse(last) else {
            return .bad(.address)
        }
        guard let range = AddressRange(from: first, through: last) else { return .bad(.range) }
        return .range(range, port: nil)
    }

    private static func range(_ text: Span<UInt8>, dash: Int) -> AddressText {
        range(
            from: text.extracting(0..<dash), through: text.extracting((dash + 1)..<text.count))
    }

    private static func network(_ text: Span<UInt8>, slash: Int) -> AddressText {
        let head = text.extracting(0..<slash)
        guard let address = IPAddress.parse(head) else { return .bad(.address) }
        guard let length = decimal(text.extracting((slash + 1)..<text.count)) else {
            return .bad(.length)
        }
        let isDotted = !head.hasColon
        guard length <= (isDotted ? 32 : 128) else { return .bad(.length) }
        let bits = isDotted ? length + 96 : length
        let mask = IPAddress.mask(bits)
        let first = address.masked(to: bits)
        let last = IPAddress(high: first.high | ~mask.high, low: first.low | ~mask.low)
        guard let range = AddressRange(from: first, through: last) else { return .bad(.range) }
        return .range(range, port: nil)
    }

    /// `192.0.2.1:80`; a colon that stands in an IPv6 address was tried before.
    private static func withPort(_ text: Span<UInt8>) -> AddressText {
        var colon = 0
        while text[colon] != UInt8(ascii: ":") { colon += 1 }
        guard let address = IPAddress.parse(text.extracting(0..<colon)) else {
            return .bad(.address)
        }
        guard let port = decimal(text.extracting((colon + 1)..<text.count)), port <= 65_535 else {
            return .bad(.length)
        }
        return .range(AddressRange(address), port: UInt16(port))
    }

    /// `[2001:db8::1]` and `[2001:db8::1]:80`.
    private static func bracketed(_ text: Span<UInt8>) -> AddressText {
        var end = 1
        while end < text.count, text[end] != UInt8(ascii: "]") { end += 1 }
        guard end < text.count, let address = IPAddress.parse(text.extracting(1..<end)) else {
            return .bad(.address)
        }
        if end + 1 == text.count { return .range(AddressRange(address), port: nil) }
        guard text[end + 1] == UInt8(ascii: ":"),
            let port = decimal(text.extracting((end + 2)..<text.count)), port <= 65_535
        else { return .bad(.length) }
        return .range(AddressRange(address), port: UInt16(port))
    }

    /// A number of at most five digits, without a sign.
    static func decimal(_ text: Span<UInt8>) -> Int? {
        guard (1...5).contains(text.count) else { return nil }
        var value = 0
        for index in text.indices {
            guard (48...57).contains(text[index]) else { return nil }
            value = value * 10 + Int(text[index] - 48)
        }
        return value
    }
}

extension AddressRange {
    /// Reads an address, a network or a range as feeds write them; see `AddressText`.
    public init?(listed text: String) {
        var text = text
        let parsed = text.withUTF8 { unsafe AddressText.parse($0.span) }
        guard case .range(let range, nil) = parsed else { return nil }
        self = range
    }
}

extension Span<UInt8> {
    var hasColon: Bool {
        for index in indices where self[index] == UInt8(ascii: ":") { return true }
        return false
    }

    /// Without blanks at either end.
    @_lifetime(copy self)
    func trimmed() -> Span<UInt8> {
        var first = 0
        var end = count
        while first < end, self[first].isBlank { first += 1 }
        while end > first, self[end - 1].isBlank { end -= 1 }
        return extracting(first..<end)
    }

    func starts(with prefix: String) -> Bool {
        guard count >= prefix.utf8.count else { return false }
        var index = 0
        for octet in prefix.utf8 {
            guard self[index] == octet else { return false }
            index += 1
        }
        return true
    }

    /// The octets as text; what is not UTF-8 becomes U+FFFD.
    var text: String {
        var octets: [UInt8] = []
        octets.reserveCapacity(count)
        for index in indices { octets.append(self[index]) }
        return String(decoding: octets, as: UTF8.self)
    }
}

extension UInt8 {
    /// A space, a TAB, a carriage return or their like.
    var isBlank: Bool { self == 32 || (9...13).contains(self) }
}
