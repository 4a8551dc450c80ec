/// A small JSON document; members in the order in which they are written.
public indirect enum AlertJSON: Sendable {
    case number(UInt64)
    case integer(Int64)
    case text(String)
    case flag(Bool)
    case null
    case list([AlertJSON])
    case object([(String, AlertJSON)])

    /// A text, or null where there is none.
    static func optional(_ text: String?) -> AlertJSON { text.map { .text($0) } ?? .null }

    /// On one line (RFC 8259), with nothing in it that breaks a line of a log.
    public var line: String {
        var text = ""
        append(to: &text)
        return text
    }

    private func append(to text: inout String) {
        switch self {
        case .number(let number): text += "\(number)"
        case .integer(let number): text += "\(number)"
        case .text(let value): Self.quote(value, to: &text)
        case .flag(let flag): text += flag ? "true" : "false"
        case .null: text += "null"
        case .list(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                value.append(to: &text)
            }
            text += "]"
        case .object(let members):
            text += "{"
            for (index, member) in members.enumerated() {
                if index > 0 { text += "," }
                Self.quote(member.0, to: &text)
                text += ":"
                member.1.append(to: &text)
            }
            text += "}"
        }
    }

    private static func quote(_ value: String, to text: inout String) {
        text += "\""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\t": text += "\\t"
            // U+2028 and U+2029 end lines for some readers.
            case _
            where scalar.value < 0x20 || scalar.value == 0x7f || scalar.value == 0x2028
                || scalar.value == 0x2029:
                let digits = String(scalar.value, radix: 16)
                text += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }
}

extension String {
    /// Without what would break a line or drive a terminal: texts out of feeds are anybody's.
    var asOneLine: String {
        var clean = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            let isControl =
                scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                || scalar.value == 0x2028 || scalar.value == 0x2029
            clean.append(isControl ? " " : scalar)
        }
        return String(clean)
    }
}
