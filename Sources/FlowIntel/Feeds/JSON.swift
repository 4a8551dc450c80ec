/// A JSON value (RFC 8259), read with bounds on depth and size.
///
/// Feeds are hostile input whose shape drifts: members are looked for, not demanded.
package enum JSON {
    case null
    case bool(Bool)
    case number(Double)
    case string(String)
    case array([JSON])
    case object([String: JSON])

    package static func parse(
        _ octets: Span<UInt8>, valuesMax: Int = 4_000_000
    ) throws(FeedError) -> JSON {
        var parser = JSONParser(valuesMax: valuesMax)
        let value = try parser.value(octets, depth: 0)
        parser.skipBlanks(octets)
        guard parser.index == octets.count else {
            throw .json(offset: parser.index, what: "more after the end")
        }
        return value
    }

    package subscript(_ name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    package var array: [JSON]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    package var string: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    /// A whole number, also where it was written as text.
    package var integer: Int64? {
        switch self {
        case .number(let value): Int64(exactly: value.rounded(.towardZero))
        case .string(let text): Int64(text)
        default: nil
        }
    }

    /// Truth in the ways that feeds write it: `true`, `1`, `"1"`.
    package var truth: Bool? {
        switch self {
        case .bool(let value): value
        case .number(let value): value != 0
        case .string("1"), .string("true"): true
        case .string("0"), .string("false"), .string(""): false
        default: nil
        }
    }

    /// The texts of an array; other elements are passed over.
    package var strings: [String] { (array ?? []).compactMap(\.string) }
}

private struct JSONParser {
    var index = 0
    var valuesLeft: Int

    private static let depthMax = 64

    init(valuesMax: Int) { valuesLeft = valuesMax }

    mutating func skipBlanks(_ octets: Span<UInt8>) {
        while index < octets.count, octets[index].isBlank { index += 1 }
    }

    mutating func value(_ octets: Span<UInt8>, depth: Int) throws(FeedError) -> JSON {
        skipBlanks(octets)
        guard index < octets.count else { throw .json(offset: index, what: "it ends too early") }
        guard depth < Self.depthMax else { throw .json(offset: index, what: "too deep") }
        guard valuesLeft > 0 else { throw .json(offset: index, what: "too many values") }
        valuesLeft -= 1
        switch octets[index] {
        case UInt8(ascii: "{"): return try object(octets, depth: depth)
        case UInt8(ascii: "["): return try array(octets, depth: depth)
        case UInt8(ascii: "\""): return .string(try string(octets))
        case UInt8(ascii: "t"): return try word(octets, "true", .bool(true))
        case UInt8(ascii: "f"): return try word(octets, "false", .bool(false))
        case UInt8(ascii: "n"): return try word(octets, "null", .null)
        default: return try number(octets)
        }
    }

    private mutating func object(_ octets: Span<UInt8>, depth: Int) throws(FeedError) -> JSON {
        index += 1
        var members: [String: JSON] = [:]
        if take(octets, UInt8(ascii: "}")) { return .object(members) }
        while true {
            skipBlanks(octets)
            guard index < octets.count, octets[index] == UInt8(ascii: "\"") else {
                throw .json(offset: index, what: "expected a name")
            }
            let name = try string(octets)
            guard take(octets, UInt8(ascii: ":")) else {
                throw .json(offset: index, what: "expected \":\"")
            }
            members[name] = try value(octets, depth: depth + 1)
            if take(octets, UInt8(ascii: "}")) { return .object(members) }
            guard take(octets, UInt8(ascii: ",")) else {
                throw .json(offset: index, what: "expected \",\" or \"}\"")
            }
        }
    }

    private mutating func array(_ octets: Span<UInt8>, depth: Int) throws(FeedError) -> JSON {
        index += 1
        var values: [JSON] = []
        if take(octets, UInt8(ascii: "]")) { return .array(values) }
        while true {
            values.append(try value(octets, depth: depth + 1))
            if take(octets, UInt8(ascii: "]")) { return .array(values) }
            guard take(octets, UInt8(ascii: ",")) else {
                throw .json(offset: index, what: "expected \",\" or \"]\"")
            }
        }
    }

    private mutating func take(_ octets: Span<UInt8>, _ octet: UInt8) -> Bool {
        skipBlanks(octets)
        guard index < octets.count, octets[index] == octet else { return false }
        index += 1
        return true
    }

    private mutating func word(
        _ octets: Span<UInt8>, _ word: String, _ value: JSON
    ) throws(FeedError) -> JSON {
        guard octets.extracting(index..<octets.count).starts(with: word) else {
            throw .json(offset: index, what: "unknown word")
        }
        index += word.utf8.count
        return value
    }

    private mutating func number(_ octets: Span<UInt8>) throws(FeedError) -> JSON {
        let first = index
        while index < octets.count, "+-.0123456789eE".utf8.contains(octets[index]) { index += 1 }
        guard index > first, index - first <= 64,
            let value = Double(octets.extracting(first..<index).text)
        else { throw .json(offset: first, what: "unexpected character") }
        return .number(value)
    }

    private mutating func string(_ octets: Span<UInt8>) throws(FeedError) -> String {
        index += 1
        var text: [UInt8] = []
        while index < octets.count {
            let octet = octets[index]
            index += 1
            switch octet {
            case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try escape(octets, into: &text)
            default: text.append(octet)
            }
        }
        throw .json(offset: index, what: "a text without an end")
    }

    private mutating func escape(
        _ octets: Span<UInt8>, into text: inout [UInt8]
    ) throws(FeedError) {
        guard index < octets.count else { throw .json(offset: index, what: "it ends too early") }
        let octet = octets[index]
        index += 1
        switch octet {
        case UInt8(ascii: "n"): text.append(10)
        case UInt8(ascii: "t"): text.append(9)
        case UInt8(ascii: "r"): text.append(13)
        case UInt8(ascii: "b"): text.append(8)
        case UInt8(ascii: "f"): text.append(12)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(octet)
        case UInt8(ascii: "u"):
            var code = try unit(octets)
            if (0xd800..<0xdc00).contains(code),
                octets.extracting(index..<octets.count).starts(with: "\\u")
            {
                index += 2
                let low = try unit(octets)
                code =
                    (0xdc00..<0xe000).contains(low)
                    ? 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00) : 0xfffd
            }
            // Half a pair alone is nothing.
            text.append(contentsOf: String(Unicode.Scalar(code) ?? "\u{fffd}").utf8)
        default: throw .json(offset: index - 1, what: "unknown escape")
        }
    }

    private mutating func unit(_ octets: Span<UInt8>) throws(FeedError) -> UInt32 {
        guard index + 4 <= octets.count,
            let code = UInt32(octets.extracting(index..<(index + 4)).text, radix: 16)
        else { throw .json(offset: index, what: "unknown escape") }
        index += 4
        return code
    }
}
