/// A tag `<event …>` of code_swarm's XML.
///
/// Only what such files have is read: attributes, with the five entities that XML itself names and those of
/// numbers. There is no text to expand, so no file can make more of itself than it is.
struct EventTag {
    private var values: [String: String] = [:]

    /// An attribute; nil where it is not there.
    subscript(name: String) -> String? { values[name] }

    /// Reads octets up to and with a tag's `>`; nil where the tag is no event.
    init?(_ octets: RawSpan) {
        let all = octets.text(at: 0, count: octets.byteCount)
        guard let start = all.firstIndex(of: "<") else { return nil }
        var text = all[all.index(after: start)...]
        guard text.hasPrefix("event"), let after = text.dropFirst(5).first, after.isWhitespace,
            text.last == ">"
        else { return nil }
        text = text.dropFirst(5).dropLast()
        while true {
            text = text.drop { $0.isWhitespace }
            guard let equal = text.firstIndex(of: "=") else { return }
            let name = text[..<equal].filter { !$0.isWhitespace }
            text = text[text.index(after: equal)...].drop { $0.isWhitespace }
            guard let quote = text.first, quote == "\"" || quote == "'" else { return }
            text = text.dropFirst()
            guard let end = text.firstIndex(of: quote) else { return }
            values[name] = Self.unescaped(text[..<end])
            text = text[text.index(after: end)...]
        }
    }

    private static func unescaped(_ text: Substring) -> String {
        guard text.contains("&") else { return String(text) }
        var result = ""
        var rest = text
        while let mark = rest.firstIndex(of: "&") {
            result += rest[..<mark]
            rest = rest[mark...]
            guard let end = rest.prefix(10).firstIndex(of: ";"),
                let scalar = scalar(of: rest[rest.index(after: mark)..<end])
            else {
                result += "&"
                rest = rest.dropFirst()
                continue
            }
            result.unicodeScalars.append(scalar)
            rest = rest[rest.index(after: end)...]
        }
        return result + rest
    }

    private static func scalar(of name: Substring) -> Unicode.Scalar? {
        switch name {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default:
            guard name.hasPrefix("#"), name.count <= 9 else { return nil }
            let number =
                name.hasPrefix("#x")
                ? UInt32(name.dropFirst(2), radix: 16) : UInt32(name.dropFirst())
            return number.flatMap(Unicode.Scalar.init)
        }
    }
}
