extension YAMLContent {
    /// The value within a line: `none`, `[]`, `a, b`.
    var inline: String {
        switch self {
        case .scalar(let text): text
        case .absent: "none"
        case .list([]): "[]"
        case .list(let items): items.map(\.inline).joined(separator: ", ")
        case .entries(let entries):
            entries.map { "\($0.key): \($0.value.inline)" }.joined(separator: ", ")
        }
    }

    /// The lines of YAML for a key and this value.
    ///
    /// - Parameter remark: what is said behind the key; empty for nothing.
    func lines(key: String, indent: Int, remark: String = "") -> [String] {
        let blanks = String(repeating: " ", count: indent)
        let end = remark.isEmpty ? "" : "  # \(remark)"
        switch self {
        case .list(let items) where !items.isEmpty:
            return ["\(blanks)\(key):\(end)"]
                + items.flatMap { item -> [String] in
                    guard case .entries(let entries) = item else {
                        return ["\(blanks)  - \(item.scalarText)"]
                    }
                    var lines = entries.flatMap { $0.value.lines(key: $0.key, indent: indent + 4) }
                    if !lines.isEmpty {
                        lines[0] = "\(blanks)  - \(lines[0].dropFirst(indent + 4))"
                    }
                    return lines
                }
        default: return ["\(blanks)\(key): \(scalarText)\(end)"]
        }
    }

    private var scalarText: String {
        switch self {
        case .scalar(let text): Self.isPlain(text) ? text : Self.quoted(text)
        case .absent: "none"
        case .list, .entries: "[]"
        }
    }

    /// Whether a text means itself when it stands in YAML without quotes.
    private static func isPlain(_ text: String) -> Bool {
        guard let first = text.unicodeScalars.first, let last = text.unicodeScalars.last else {
            return false
        }
        if ["none", "null", "~"].contains(text) { return false }
        // An address may begin with colons; what is special behind a letter is so only with blanks.
        let isStart =
            first.properties.isAlphabetic || ("0"..."9").contains(first)
            || "/.".unicodeScalars.contains(first)
            || first == ":" && text.hasPrefix("::")
        return isStart && last != " " && last != ":" && !text.contains(": ") && !text.contains(" #")
            && !text.unicodeScalars.contains { $0.value < 32 || $0.value == 127 }
    }

    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 32 || scalar.value == 127:
                let digits = String(scalar.value, radix: 16)
                quoted += "\\x" + (digits.utf8.count < 2 ? "0" : "") + digits
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}

/// A document of all settings in the order of the table, section by section.
func settingsDocument(
    _ settings: SkeinSettings,
    around: (Setting<SkeinSettings>) -> (before: [String], remark: String)
) -> String {
    var lines: [String] = []
    var sections: [Substring] = []
    for setting in SkeinSettings.table.settings {
        let parts = setting.parts
        let own = Array(parts.dropLast())
        let common = zip(sections, own).prefix { $0 == $1 }.count
        if common == 0, !lines.isEmpty { lines.append("") }
        for depth in common..<max(own.count, common) {
            lines.append(String(repeating: "  ", count: depth) + own[depth] + ":")
        }
        sections = own
        let indent = own.count * 2
        let (before, remark) = around(setting)
        lines += before.map { String(repeating: " ", count: indent) + $0 }
        lines += setting.write(settings).lines(
            key: String(parts.last ?? ""), indent: indent, remark: remark)
    }
    return lines.joined(separator: "\n") + "\n"
}

extension Configuration {
    /// The settings that hold, as a document that makes the same; what was set says where.
    public var effective: String {
        settingsDocument(settings) { setting in
            let remark =
                switch origins[setting.info.path] {
                case nil: ""
                case .file(let place): "\(fileName):\(place.line)"
                case .environment(let name): "$\(name)"
                case .option(let option): option
                }
            return ([], remark)
        }
    }
}
