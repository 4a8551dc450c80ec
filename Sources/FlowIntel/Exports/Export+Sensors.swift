import FlowModel

extension Export {
    /// Zeek's Intel framework: an item a line, by single TABs; a URL goes without its scheme, or it would
    /// never match.
    func zeek(_ options: ExportOptions) -> [UInt8] {
        var file = TextFile()
        file.line(
            "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.do_notice")
        var seen: Set<String> = []
        for judgement in inForce {
            let indicator = judgement.indicator
            let confidence = indicator.detail.confidence ?? options.confidence
            let meta = [
                indicator.source, indicator.detail.description, indicator.detail.reportURL,
            ].map { $0.isEmpty ? "-" : $0.asOneLine }
            let rest = meta + [confidence >= options.noticeConfidence ? "T" : "F"]
            for (value, type) in judgement.zeekItems {
                let item = [value, type] + rest
                guard seen.insert(item.prefix(3).joined(separator: "\t")).inserted else { continue }
                file.line(item.joined(separator: "\t"))
            }
        }
        return file.octets
    }

    /// Names that Suricata may have: letters and digits, each its own; 59 categories at most.
    private var categories: [(number: Int, name: String, source: String)] {
        var taken: Set<String> = []
        return sources.prefix(59).enumerated().map { index, source in
            var name = String(source.filter { $0.isASCII && ($0.isLetter || $0.isNumber) })
            if name.isEmpty || !taken.insert(name).inserted {
                name += "Source\(index + 1)"
                taken.insert(name)
            }
            return (index + 1, name, source)
        }
    }

    func suricataCategories() -> [UInt8] {
        var file = TextFile()
        for category in categories {
            let source = category.source.asOneLine.replacing(",", with: " ")
            file.line("\(category.number),\(category.name),indicators from \(source)")
        }
        return file.octets
    }

    func suricataReputation(_ options: ExportOptions) -> [UInt8] {
        let numbers = Dictionary(
            categories.map { ($0.source, $0.number) }, uniquingKeysWith: { first, _ in first })
        var file = TextFile()
        var seen: Set<String> = []
        for judgement in inForce {
            // Sources beyond the 59th have no category.
            guard let category = numbers[judgement.indicator.source] else { continue }
            let confidence = Int(judgement.indicator.detail.confidence ?? options.confidence)
            let score = min(127, (confidence * 127 + 50) / 100)
            for prefix in judgement.pieces.flatMap(\.prefixes) {
                guard seen.insert("\(prefix) \(category)").inserted else { continue }
                file.line("\(prefix.shortText),\(category),\(score)")
            }
        }
        return file.octets
    }

    func suricataRules(_ options: ExportOptions) -> [UInt8] {
        var file = TextFile()
        let chosen = categories.filter { options.ruleSources?.contains($0.source) ?? true }
        for (index, category) in chosen.enumerated() {
            file.line(
                "alert ip $HOME_NET any -> any any (msg:\"\(options.ruleLabel) internal host talks to a "
                    + "\(category.name) C2\"; flow:to_server; iprep:dst,\(category.name),>,"
                    + "\(options.ruleScore); sid:\(options.ruleID + index); rev:1;)")
        }
        return file.octets
    }
}

extension Judgement {
    fileprivate var zeekItems: [(value: String, type: String)] {
        guard case .text(let kind, let text) = indicator.value else {
            return pieces.flatMap(\.prefixes).map {
                ($0.shortText, $0.bits == 128 ? "Intel::ADDR" : "Intel::SUBNET")
            }
        }
        switch kind {
        case .domain, .hostname: return [(text, "Intel::DOMAIN")]
        case .url:
            let scheme = text.firstRange(of: "://")
            return [(scheme.map { String(text[$0.upperBound...]) } ?? text, "Intel::URL")]
        case .email: return [(text, "Intel::EMAIL")]
        case .md5, .sha1, .sha256, .sha512: return [(text, "Intel::FILE_HASH")]
        case .filePath: return [(text.asOneLine, "Intel::FILE_NAME")]
        // Exact-match formats cannot say "below this name only".
        default: return []
        }
    }
}
