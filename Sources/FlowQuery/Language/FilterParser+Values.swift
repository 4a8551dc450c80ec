import FlowModel

/// Reading of values: what may stand after a subject.
extension FilterParser {
    /// Takes one value.
    ///
    /// - Parameter isInList: whether the next value may follow without a sign, so that nothing of
    ///   two words (`10.0.0.0 255.0.0.0`) is looked for.
    mutating func value(
        of subject: FilterSubject, _ phrase: String, isInList: Bool
    ) throws(FilterError) -> FilterLiteral {
        guard current.kind == .word || current.kind == .quoted else {
            throw error(
                .expectedValue(subject: phrase, of: subject.kind.noun, found: current.text),
                at: current.place)
        }
        let token = advance()
        if token.kind == .word && token.text.hasPrefix("@") {
            throw error(
                .notAValue(token.text, of: subject.kind.noun), at: token.place,
                suggestion: "in \(token.text)")
        }
        switch subject.kind {
        case .address(let isNet):
            return .addresses(try addresses(token, isNet: isNet, isInList: isInList))
        case .instant:
            guard let instants = context.times.instants(token.text) else {
                throw error(.notAValue(token.text, of: subject.kind.noun), at: token.place)
            }
            return .numbers(instants, isSpan: false)
        case .tcpFlags:
            if let letters = Self.flags(token.lower) { return .letters(letters) }
        case .country:
            if token.lower == NamedValues.unknownCountry { return .unknownCountry }
            let named = NamedValues.countries.first { $0.name == token.lower }?.code
            guard let code = named ?? CountryCode(token.lower) else {
                throw error(
                    .notAValue(token.text, of: subject.kind.noun), at: token.place,
                    suggestion: NearestWord.find(token.lower, among: subject.kind.names))
            }
            return .country(code)
        case .text, .octets, .formed: return try .text(text(token, of: subject.kind))
        default: break
        }
        return try number(token, of: subject.kind, phrase)
    }

    // MARK: Numbers

    private mutating func number(
        _ token: FilterToken, of kind: ValueKind, _ phrase: String
    ) throws(FilterError) -> FilterLiteral {
        if case .value(let range) = Self.scalar(token.lower, kind) {
            // `80 - 90`
            guard current.kind == .word, current.text == "-" else {
                return .numbers(range, isSpan: range.lowerBound < range.upperBound)
            }
            advance()
            guard current.kind == .word, case .value(let end) = Self.scalar(current.lower, kind)
            else {
                throw error(
                    .expectedValue(subject: phrase, of: kind.noun, found: current.text),
                    at: current.place)
            }
            let last = advance()
            return try span(
                range, end, at: token.place.lowerBound..<last.place.upperBound,
                text: "\(token.text)-\(last.text)")
        }
        // `80-90`; a name may have a dash of its own.
        let letters = Array(token.lower.utf8)
        for index in letters.indices where letters[index] == UInt8(ascii: "-") {
            let low = String(decoding: letters[..<index], as: UTF8.self)
            let high = String(decoding: letters[(index + 1)...], as: UTF8.self)
            if case .value(let first) = Self.scalar(low, kind),
                case .value(let last) = Self.scalar(high, kind)
            {
                return try span(first, last, at: token.place, text: token.text)
            }
        }
        let isTooLarge =
            switch Self.scalar(token.lower, kind) {
            case .tooLarge: true
            default:
                letters.split(separator: UInt8(ascii: "-")).count == 2
                    && letters.allSatisfy { (48...57).contains($0) || $0 == UInt8(ascii: "-") }
            }
        if isTooLarge {
            let subject = String(phrase.split(separator: " ").last ?? "")
            throw error(.outOfRange(subject: subject, 0...kind.largest), at: token.place)
        }
        throw error(
            .notAValue(token.text, of: kind.noun), at: token.place,
            suggestion: NearestWord.find(token.lower, among: kind.names))
    }

    private func span(
        _ first: ClosedRange<UInt64>, _ last: ClosedRange<UInt64>, at place: Range<Int>,
        text: String
    ) throws(FilterError) -> FilterLiteral {
        guard first.lowerBound <= last.upperBound else {
            throw error(.backwardRange(text), at: place)
        }
        return .numbers(first.lowerBound...last.upperBound, isSpan: true)
    }

    private enum Scalar {
        case value(ClosedRange<UInt64>)
        case tooLarge
        case invalid
    }

    /// One number, or a name that stands for some.
    private static func scalar(_ text: String, _ kind: ValueKind) -> Scalar {
        var digits = text
        switch kind {
        case .number(_, let names):
            if let entry = names.first(where: { $0.name == text }) { return .value(entry.range) }
        case .port:
            if let entry = NamedValues.services.first(where: { $0.name == text }) {
                return .value(entry.range)
            }
        case .transportProtocol:
            if let number = ProtocolNames.number(of: text).map(UInt64.init) {
                return .value(number...number)
            }
        case .service: return Self.service(digits).map { .value($0) } ?? .invalid
        case .mac:
            guard let address = MACAddress(text) else { return .invalid }
            return .value(address.rawValue...address.rawValue)
        case .duration:
            if let length = DurationText.milliseconds(text, bare: 1, minutes: false) {
                return .value(length...length)
            }
        case .autonomousSystem:
            if digits.hasPrefix("as") { digits.removeFirst(2) }
            if let number = asDotted(digits) { return .value(number...number) }
        default: break
        }
        guard let number = number(digits) else {
            let isDigits = !digits.isEmpty && digits.utf8.allSatisfy { (48...57).contains($0) }
            return isDigits ? .tooLarge : .invalid
        }
        return number <= kind.largest ? .value(number...number) : .tooLarge
    }

    /// `tcp/443`, `udp/domain`, `6/443`; `tcp` and `tcp/*` are all its ports.
    private static func service(_ text: String) -> ClosedRange<UInt64>? {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard case .value(let proto) = scalar(String(parts[0]), .transportProtocol) else {
            return nil
        }
        let first = proto.lowerBound << 16
        guard parts.count == 2, parts[1] != "*" else { return first...(first | 0xffff) }
        guard case .value(let port) = scalar(String(parts[1]), .port) else { return nil }
        return (first | port.lowerBound)...(first | port.upperBound)
    }

    /// `80`, `0x50`, `10k`, `1.5M`: powers of 1000 as in nfdump.
    private static func number(_ text: String) -> UInt64? {
        if text.hasPrefix("0x") {
            let digits = text.dropFirst(2)
            guard digits.first != "+", digits.first != "-" else { return nil }
            return UInt64(digits, radix: 16)
        }
        let unit: UInt64
        switch text.utf8.last {
        case UInt8(ascii: "k"): unit = 1000
        case UInt8(ascii: "m"): unit = 1_000_000
        case UInt8(ascii: "g"): unit = 1_000_000_000
        case UInt8(ascii: "t"): unit = 1_000_000_000_000
        default: return DecimalText.multiple(of: 1, text)
        }
        return DecimalText.multiple(of: unit, String(text.dropLast()))
    }

    /// RFC 5396 "asdot": `1.10` is 65546.
    private static func asDotted(_ text: String) -> UInt64? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let high = octets(parts[0], upTo: 65_535),
            let low = octets(parts[1], upTo: 65_535)
        else { return nil }
        return high << 16 | low
    }

    private static func octets(_ text: Substring, upTo largest: UInt64) -> UInt64? {
        guard !text.isEmpty, text.utf8.count <= 5,
            text.utf8.allSatisfy({ (48...57).contains($0) }),
            let number = UInt64(text), number <= largest
        else { return nil }
        return number
    }

    /// `sa`: each letter once, in any order; X stands for the six of RFC 793.
    private static func flags(_ text: String) -> UInt64? {
        var bits: UInt64 = 0
        guard !text.isEmpty, text.utf8.count <= 9 else { return nil }
        for letter in text.utf8 {
            switch letter {
            case UInt8(ascii: "f"): bits |= 1
            case UInt8(ascii: "s"): bits |= 2
            case UInt8(ascii: "r"): bits |= 4
            case UInt8(ascii: "p"): bits |= 8
            case UInt8(ascii: "a"): bits |= 16
            case UInt8(ascii: "u"): bits |= 32
            case UInt8(ascii: "e"): bits |= 64
            case UInt8(ascii: "c"): bits |= 128
            case UInt8(ascii: "x"): bits |= 63
            default: return nil
            }
        }
        return bits
    }

    // MARK: Addresses

    private mutating func addresses(
        _ token: FilterToken, isNet: Bool, isInList: Bool
    ) throws(FilterError) -> IntervalSet<IPAddress> {
        var text = token.text
        var place = token.place
        // `10.0.0.0 / 8`, which nfdump's lexer takes too
        if current.kind == .word, current.text.hasPrefix("/") || text.hasSuffix("/") {
            let more = advance()
            text += more.text
            place = place.lowerBound..<more.place.upperBound
            if text.hasSuffix("/"), current.kind == .word {
                let last = advance()
                text += last.text
                place = place.lowerBound..<last.place.upperBound
            }
        }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if parts.count == 2 {
            guard let (base, _) = Self.network(String(parts[0])) else {
                throw error(.notAValue(text, of: "an address"), at: place)
            }
            return try block(base, String(parts[1]), at: place)
        }
        if let address = IPAddress(text) {
            if isNet, !isInList, address.isV4, current.kind == .word,
                IPAddress(current.text)?.isV4 == true
            {
                let mask = advance()
                return try block(address, mask.text, at: mask.place)
            }
            return IntervalSet([address...address])
        }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        if ends.count == 2, let low = IPAddress(String(ends[0])),
            let high = IPAddress(String(ends[1])), low.isV4 == high.isV4
        {
            guard low <= high else { throw error(.backwardRange(text), at: place) }
            return low.isV4 ? IntervalSet([low...high]) : IntervalSet(v6: low...high)
        }
        if isNet, let (base, length) = Self.network(text) {
            return try block(base, String(length), at: place)
        }
        if token.lower == "tor" {
            throw error(
                .unsupported(
                    token.text, why: "keep the exits of Tor in a list and write ‘in @tor’"),
                at: place)
        }
        guard !isNet, Self.isHostName(text) else {
            throw error(.notAValue(text, of: ValueKind.address(isNet: isNet).noun), at: place)
        }
        return try addresses(ofHost: text, at: place)
    }

    /// The block of an address and a length or a dotted mask; host bits are cleared.
    private func block(
        _ base: IPAddress, _ length: String, at place: Range<Int>
    ) throws(FilterError) -> IntervalSet<IPAddress> {
        let longest = base.isV4 ? 32 : 128
        var bits: Int
        if let mask = IPAddress(length)?.v4, base.isV4 {
            bits = (~mask).leadingZeroBitCount
            guard bits == 32 || mask << UInt32(bits) == 0 else {
                throw error(.notAMask(length), at: place)
            }
        } else {
            guard length.utf8.count <= 3, !length.isEmpty,
                length.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(length)
            else { throw error(.notAValue(length, of: "a prefix length"), at: place) }
            bits = number
        }
        guard let prefix = IPPrefix(base, length: bits) else {
            throw error(
                .outOfRange(subject: "the prefix length", 0...UInt64(longest)), at: place)
        }
        return IntervalSet(prefix)
    }

    /// An address, or the first one to three octets of an IPv4 address, with the bits given.
    private static func network(_ text: String) -> (IPAddress, Int)? {
        if let address = IPAddress(text) { return (address, address.isV4 ? 32 : 128) }
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last == "" && parts.count > 1 { parts.removeLast() }
        guard parts.count <= 3 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let octet = octets(part, upTo: 255) else { return nil }
            value = value << 8 | UInt32(octet)
        }
        return (IPAddress(v4: value << UInt32(32 - 8 * parts.count)), 8 * parts.count)
    }
}
