/// A small JSON document to print; answers with many rows are written by FlowQuery instead.
indirect enum JSONValue {
    case number(UInt64)
    /// A whole number of either sign.
    case integer(Int64)
    /// A finite number that need not be whole.
    case real(Double)
    case boolean(Bool)
    case null
    case text(String)
    case array([JSONValue])
    /// Keys in the order in which they are printed.
    case object([(key: String, value: JSONValue)])

    /// The document on one line (RFC 8259).
    var text: String {
        switch self {
        case .number(let number): "\(number)"
        case .integer(let number): "\(number)"
        case .real(let number): "\(number)"
        case .boolean(let flag): flag ? "true" : "false"
        case .null: "null"
        case .text(let text): Self.quoted(text)
        case .array(let values): "[" + values.map(\.text).joined(separator: ",") + "]"
        case .object(let members):
            "{" + members.map { Self.quoted($0.key) + ":" + $0.value.text }.joined(separator: ",")
                + "}"
        }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20:
                let hex = String(scalar.value, radix: 16)
                quoted += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
