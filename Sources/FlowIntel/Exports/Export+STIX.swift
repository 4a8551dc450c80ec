import FlowModel

extension Export {
    /// A STIX 2.1 bundle: an identity and an indicator for each value and source.
    ///
    /// Ids are UUIDs of names (RFC 9562 §5.5) in the namespace that STIX 2.1 §2.9 gives, so that the same
    /// indicator has the same id in every export.
    func stix(_ options: ExportOptions) -> [UInt8] {
        let made = options.made ?? now
        let time = InstantText.text(made)
        let precise = InstantText.text(made, milliseconds: true)
        let identity = "identity--" + UUIDv5.text(of: "local")
        var objects: [JSONText] = [
            .object([
                ("type", .text("identity")), ("spec_version", .text("2.1")),
                ("id", .text(identity)),
                ("created", .text(precise)), ("modified", .text(precise)),
                ("name", .text(options.identity)), ("identity_class", .text("system")),
            ])
        ]
        var seen: Set<String> = []
        for judgement in inForce {
            let indicator = judgement.indicator
            guard let pattern = indicator.stixPattern else { continue }
            let id = "indicator--" + UUIDv5.text(of: pattern + indicator.source)
            guard seen.insert(id).inserted else { continue }
            let description = indicator.detail.description.asOneLine
            var members: [(String, JSONText)] = [
                ("type", .text("indicator")), ("spec_version", .text("2.1")), ("id", .text(id)),
                ("created_by_ref", .text(identity)), ("created", .text(precise)),
                ("modified", .text(precise)),
                ("name", .text(description.isEmpty ? indicator.text : description)),
                ("indicator_types", .array([.text("malicious-activity")])),
                ("pattern", .text(pattern)), ("pattern_type", .text("stix")),
                ("pattern_version", .text("2.1")), ("valid_from", .text(time)),
            ]
            if let expires = indicator.detail.expires {
                members.append(("valid_until", .text(InstantText.text(expires))))
            }
            if let confidence = indicator.detail.confidence {
                members.append(("confidence", .number(Int(min(confidence, 100)))))
            }
            members.append(("labels", .array([.text(indicator.source)])))
            if !indicator.detail.reportURL.isEmpty {
                let reference = JSONText.object([
                    ("source_name", .text(indicator.source)),
                    ("url", .text(indicator.detail.reportURL)),
                ])
                members.append(("external_references", .array([reference])))
            }
            objects.append(.object(members))
        }
        let bundle = JSONText.object([
            ("type", .text("bundle")), ("id", .text("bundle--" + UUIDv5.text(of: "bundle"))),
            ("objects", .array(objects)),
        ])
        var octets: [UInt8] = []
        bundle.append(to: &octets, depth: 0)
        return octets
    }
}

extension Indicator {
    /// The pattern that says the same; nil for what STIX has no word for.
    fileprivate var stixPattern: String? {
        switch value {
        case .addresses(let range):
            let type = range.isV4 ? "ipv4-addr" : "ipv6-addr"
            let terms = range.prefixes.map { "\(type):value = '\($0.shortText)'" }
            return "[" + terms.joined(separator: " OR ") + "]"
        case .text(let kind, let text):
            let quoted = text.replacing("\\", with: "\\\\").replacing("'", with: "\\'")
            switch kind {
            case .domain, .hostname, .subtree: return "[domain-name:value = '\(quoted)']"
            case .url: return "[url:value = '\(quoted)']"
            case .email: return "[email-addr:value = '\(quoted)']"
            case .md5: return "[file:hashes.MD5 = '\(quoted)']"
            case .sha1: return "[file:hashes.'SHA-1' = '\(quoted)']"
            case .sha256: return "[file:hashes.'SHA-256' = '\(quoted)']"
            case .sha512: return "[file:hashes.'SHA-512' = '\(quoted)']"
            case .mutex: return "[mutex:name = '\(quoted)']"
            default: return nil
            }
        }
    }
}

/// JSON to be written: members in their order, a blank of indentation a level, ASCII only.
private indirect enum JSONText {
    case text(String)
    case number(Int)
    case array([JSONText])
    case object([(String, JSONText)])

    func append(to octets: inout [UInt8], depth: Int) {
        switch self {
        case .text(let text): Self.append(text, to: &octets)
        case .number(let value): octets += String(value).utf8
        case .array(let values):
            Self.appendList(values.count, "[", "]", depth, to: &octets) { index, octets in
                values[index].append(to: &octets, depth: depth + 1)
            }
        case .object(let members):
            Self.appendList(members.count, "{", "}", depth, to: &octets) { index, octets in
                append(members[index].0, to: &octets)
                octets += ": ".utf8
                members[index].1.append(to: &octets, depth: depth + 1)
            }
        }
    }

    private func append(_ text: String, to octets: inout [UInt8]) {
        Self.append(text, to: &octets)
    }

    private static func appendList(
        _ count: Int, _ start: String, _ end: String, _ depth: Int, to octets: inout [UInt8],
        _ body: (Int, inout [UInt8]) -> Void
    ) {
        octets += start.utf8
        for index in 0..<count {
            octets += (index > 0 ? ",\n" : "\n").utf8
            octets.append(contentsOf: repeatElement(32, count: depth + 1))
            body(index, &octets)
        }
        if count > 0 {
            octets.append(10)
            octets.append(contentsOf: repeatElement(32, count: depth))
        }
        octets += end.utf8
    }

    private static func append(_ text: String, to octets: inout [UInt8]) {
        octets.append(UInt8(ascii: "\""))
        for unit in text.utf16 {
            switch unit {
            case 0x22: octets += "\\\"".utf8
            case 0x5c: octets += "\\\\".utf8
            case 0x20..<0x7f: octets.append(UInt8(unit))
            default:
                let digits = String(unit, radix: 16)
                octets += "\\u".utf8
                octets += String(repeating: "0", count: 4 - digits.count).utf8
                octets += digits.utf8
            }
        }
        octets.append(UInt8(ascii: "\""))
    }
}
