/// STIX 2.x: the indicators of a bundle, of a TAXII envelope, or of whatever else has objects in it.
enum STIX {
    /// Whether there is an indicator anywhere in `value`.
    static func hasIndicators(_ value: JSON) -> Bool {
        switch value {
        case .object(let members):
            value.isIndicator || members.values.contains(where: hasIndicators)
        case .array(let values): values.contains(where: hasIndicators)
        default: false
        }
    }

    static func readObjects(_ value: JSON, into builder: inout FeedBuilder) throws(FeedError) {
        switch value {
        case .object(let members):
            if value.isIndicator { return try readIndicator(value, into: &builder) }
            // In the order of their names, so that the same document reads the same.
            for name in members.keys.sorted() {
                if let member = members[name] { try readObjects(member, into: &builder) }
            }
        case .array(let values):
            for value in values { try readObjects(value, into: &builder) }
        default: return
        }
    }

    private static func readIndicator(
        _ indicator: JSON, into builder: inout FeedBuilder
    ) throws(FeedError) {
        builder.contents.counts.lines += 1
        let line = builder.contents.counts.lines
        guard let pattern = indicator["pattern"]?.string else {
            return try builder.addBad(.row, line: line)
        }
        // YARA, Snort and the like are no lists of values.
        guard indicator["pattern_type"]?.string ?? "stix" == "stix" else {
            builder.contents.counts.ignored += 1
            return
        }
        guard let values = STIXPattern.values(pattern) else {
            return try builder.addBad(.pattern, line: line)
        }
        var detail = IndicatorDetail()
        detail.description = (indicator["name"]?.string ?? "").asOneLine
        detail.confidence = indicator["confidence"]?.integer.flatMap { UInt8(exactly: $0) }
        detail.firstSeen = indicator["valid_from"]?.string.flatMap(InstantText.parse)
        detail.expires = indicator["valid_until"]?.string.flatMap(InstantText.parse)
        detail.tags = (indicator["labels"]?.strings ?? []).map(\.asOneLine)
        detail.reportURL =
            (indicator["external_references"]?.array ?? []).lazy.compactMap { $0["url"]?.string }
            .first?.asOneLine ?? ""
        if indicator["revoked"]?.truth == true { detail.withheld = .revoked }
        for value in values {
            guard let kind = value.kind else {
                builder.contents.counts.ignored += 1
                continue
            }
            try builder.add(value.text, as: kind, detail: detail, line: line)
        }
    }
}

extension JSON {
    var isIndicator: Bool {
        self["type"]?.string == "indicator" && self["id"]?.string?.hasPrefix("indicator--") == true
            && self["pattern"] != nil
    }
}

/// STIX patterns (STIX 2.1 §9) that say "one of these values": comparisons of `=` and `IN`, joined by OR.
///
/// Whatever narrows the values (AND, FOLLOWEDBY, WITHIN) makes a pattern that its values alone do not
/// stand for: to list them would accuse too many.
enum STIXPattern {
    struct Value: Equatable {
        /// Nil for what no indicator is made of here.
        var kind: IndicatorKind?
        var text: String
    }

    /// The values of `pattern`; nil where it says more than a list of them.
    static func values(_ pattern: String) -> [Value]? {
        guard let tokens = tokens(pattern), !tokens.isEmpty else { return nil }
        var values: [Value] = []
        var index = 0
        func take(_ word: String) -> Bool {
            guard index < tokens.count, tokens[index] == .word(word) else { return false }
            index += 1
            return true
        }
        repeat {
            guard take("[") else { return nil }
            repeat {
                let opened = take("(")
                repeat {
                    guard index < tokens.count, case .word(let path) = tokens[index] else {
                        return nil
                    }
                    index += 1
                    let isList = take("IN")
                    guard isList || take("=") || take("ISSUBSET") else { return nil }
                    if isList, !take("(") { return nil }
                    repeat {
                        guard index < tokens.count, case .text(let text) = tokens[index] else {
                            return nil
                        }
                        index += 1
                        values.append(Value(kind: kind(of: path, text), text: text))
                    } while isList && take(",")
                    if isList, !take(")") { return nil }
                } while opened && take("OR")
                if opened, !take(")") { return nil }
            } while take("OR")
            guard take("]") else { return nil }
        } while take("OR")
        return index == tokens.count ? values : nil
    }

    private enum Token: Equatable {
        case word(String)
        case text(String)
    }

    private static func tokens(_ pattern: String) -> [Token]? {
        let octets = Array(pattern.utf8)
        guard octets.count <= 1 << 20 else { return nil }
        var tokens: [Token] = []
        var index = 0
        while index < octets.count {
            let octet = octets[index]
            if octet.isBlank {
                index += 1
            } else if "[](),=".utf8.contains(octet) {
                tokens.append(.word(String(UnicodeScalar(octet))))
                index += 1
            } else if octet == UInt8(ascii: "'") {
                guard let text = quoted(octets, &index) else { return nil }
                tokens.append(.text(String(decoding: text, as: UTF8.self)))
            } else {
                // A path may have quoted parts: file:hashes.'SHA-256'.
                var word: [UInt8] = []
                while index < octets.count, !octets[index].isBlank,
                    !"[](),=".utf8.contains(octets[index])
                {
                    if octets[index] == UInt8(ascii: "'") {
                        guard let part = quoted(octets, &index) else { return nil }
                        word += part
                    } else {
                        word.append(octets[index])
                        index += 1
                    }
                }
                tokens.append(.word(String(decoding: word, as: UTF8.self)))
            }
        }
        return tokens
    }

    private static func quoted(_ octets: [UInt8], _ index: inout Int) -> [UInt8]? {
        index += 1
        var text: [UInt8] = []
        while index < octets.count {
            let octet = octets[index]
            index += 1
            if octet == UInt8(ascii: "'") { return text }
            if octet == UInt8(ascii: "\\") {
                guard index < octets.count else { return nil }
                text.append(octets[index])
                index += 1
            } else {
                text.append(octet)
            }
        }
        return nil
    }

    private static func kind(of path: String, _ text: String) -> IndicatorKind? {
        switch path {
        case "ipv4-addr:value", "ipv6-addr:value", "network-traffic:src_ref.value",
            "network-traffic:dst_ref.value":
            return text.contains("/") ? .network : .address
        // Equal, in a pattern: not what lies below.
        case "domain-name:value": return .hostname
        case "url:value": return .url
        case "email-addr:value", "email-message:sender_ref.value",
            "email-message:from_ref.value":
            return .email
        case "mutex:name": return .mutex
        case "autonomous-system:number": return .asn
        default: break
        }
        guard path.hasPrefix("file:hashes.") else { return nil }
        switch path.dropFirst(12).filter({ $0 != "-" }).lowercased() {
        case "md5": return .md5
        case "sha1": return .sha1
        case "sha256": return .sha256
        case "sha512": return .sha512
        default: return nil
        }
    }
}
