import FlowModel

extension FeedBuilder {
    /// Adds `text` as what the feed says that it is; what does not read as that is bad.
    mutating func add(
        _ text: String, as kind: IndicatorKind, detail: IndicatorDetail, line: Int
    ) throws(FeedError) {
        let text = text.trimmedText
        switch kind {
        case .address, .network:
            try addAddress(text, detail: detail, line: line)
        case .domain, .hostname, .subtree:
            guard let (name, kind) = NameText.parse(text, scope: kind) else {
                return try addBad(.name, line: line)
            }
            try add(kind, name, listed: text, detail: index(of: detail))
        case .md5, .sha1, .sha256, .sha512, .imphash, .pehash:
            guard text.utf8.count == kind.hashDigits, text.utf8.allSatisfy(\.isHexadecimal) else {
                return try addBad(.value, line: line)
            }
            try add(kind, text.lowercased(), listed: text, detail: index(of: detail))
        case .email:
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty, !text.hasBlank else {
                return try addBad(.value, line: line)
            }
            try add(kind, text.lowercased(), listed: text, detail: index(of: detail))
        case .url:
            guard !text.isEmpty, !text.hasBlank else { return try addBad(.value, line: line) }
            try add(kind, text, detail: index(of: detail))
        case .uri, .filePath, .mutex, .cve, .yara, .asn, .other:
            try add(kind, text, detail: index(of: detail))
        }
    }

    private mutating func addAddress(
        _ text: String, detail: IndicatorDetail, line: Int
    ) throws(FeedError) {
        var text = text
        let parsed = text.withUTF8 { unsafe AddressText.parse($0.span) }
        switch parsed {
        case .range(let range, let port):
            var detail = detail
            detail.port = detail.port ?? port
            try add(range, detail: index(of: detail))
        case .other: try addBad(.address, line: line)
        case .bad(let reason): try addBad(reason, line: line)
        }
    }

    /// Adds a token of a list that does not say what its values are.
    mutating func addUntyped(
        _ token: Span<UInt8>, detail: IndicatorDetail?, line: Int
    ) throws(FeedError) {
        switch AddressText.parse(token) {
        case .range(let range, nil):
            // The line that a large list has a million of.
            try add(range, detail: detail.map { index(of: $0) } ?? 0)
            return
        case .range(let range, let port):
            var detail = detail ?? IndicatorDetail()
            detail.port = port
            try add(range, detail: index(of: detail))
            return
        case .bad(let reason):
            // "/gate.php" has no letter beyond f only by chance; an address never starts with a slash.
            if token[0] != UInt8(ascii: "/") { return try addBad(reason, line: line) }
        case .other: break
        }
        let text = token.text
        let detail = detail ?? IndicatorDetail()
        guard let kind = guessKind(text) else { return try addBad(.name, line: line) }
        try add(text, as: kind, detail: detail, line: line)
    }

    private func guessKind(_ text: String) -> IndicatorKind? {
        if text.contains("\u{fffd}") { return nil }
        if text.hasPrefix("/") { return .uri }
        if text.contains("://") { return .url }
        if text.contains("/") { return .url }
        if text.contains("@") { return .email }
        if text.utf8.allSatisfy(\.isHexadecimal),
            let kind = IndicatorKind.hash(digits: text.utf8.count)
        {
            return kind
        }
        return .domain
    }
}

extension String {
    var trimmedText: String {
        guard let first = utf8.first, let last = utf8.last, first.isBlank || last.isBlank else {
            return self
        }
        let octets = utf8.drop { $0.isBlank }
        return String(octets.prefix(octets.count - octets.reversed().prefix { $0.isBlank }.count))
            ?? self
    }

    var hasBlank: Bool { utf8.contains { $0 <= 32 || $0 == 127 } }

    /// One line of at most 512 octets: what is a blank or a control becomes a space.
    package var asOneLine: String {
        let isPlain = utf8.count <= 512 && !utf8.contains { $0 < 32 || $0 == 127 }
        if isPlain { return self }
        var text = ""
        for character in self {
            guard text.utf8.count + character.utf8.count <= 512 else { break }
            let isControl = character.unicodeScalars.allSatisfy { $0.value < 32 || $0.value == 127 }
            text.append(isControl ? " " : character)
        }
        return text
    }
}

extension UInt8 {
    var isHexadecimal: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"),
            UInt8(ascii: "A")...UInt8(ascii: "F"):
            true
        default: false
        }
    }
}
