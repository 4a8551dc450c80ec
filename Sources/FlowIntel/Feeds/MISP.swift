/// MISP's events, as its API and its feeds give them.
enum MISP {
    private static let kinds: [String: IndicatorKind] = [
        "ip-src": .address, "ip-dst": .address, "domain": .domain, "hostname": .hostname,
        "url": .url, "uri": .uri, "email": .email, "email-src": .email, "email-dst": .email,
        "md5": .md5, "sha1": .sha1, "sha256": .sha256, "sha512": .sha512, "imphash": .imphash,
        "pehash": .pehash, "mutex": .mutex, "yara": .yara, "vulnerability": .cve,
    ]

    /// Types of two values, `first|second`: which kind each is; nil for no indicator.
    private static let pairs: [String: (first: IndicatorKind?, second: IndicatorKind?)] = [
        "domain|ip": (.domain, .address), "hostname|port": (.hostname, nil),
        "ip-src|port": (.address, nil), "ip-dst|port": (.address, nil),
        "filename|md5": (nil, .md5), "filename|sha1": (nil, .sha1),
        "filename|sha256": (nil, .sha256), "filename|sha512": (nil, .sha512),
        "filename|imphash": (nil, .imphash), "filename|pehash": (nil, .pehash),
    ]

    /// Whether `text` is a UUID; what a manifest names becomes part of a path.
    static func isUUID(_ text: String) -> Bool {
        let octets = Array(text.utf8)
        guard octets.count == 36 else { return false }
        return octets.indices.allSatisfy { index in
            [8, 13, 18, 23].contains(index)
                ? octets[index] == UInt8(ascii: "-") : octets[index].isHexadecimal
        }
    }

    static func readEvents(_ document: JSON, into builder: inout FeedBuilder) throws(FeedError) {
        for event in document.array ?? document["response"]?.array ?? [document] {
            try readEvent(event["Event"] ?? event, into: &builder)
        }
    }

    private static func readEvent(_ event: JSON, into builder: inout FeedBuilder) throws(FeedError)
    {
        let title = event["info"]?.string?.asOneLine ?? ""
        let tags = tagNames(event)
        for attribute in event["Attribute"]?.array ?? [] {
            try readAttribute(attribute, title: title, tags: tags, isDeleted: false, &builder)
        }
        for object in event["Object"]?.array ?? [] {
            let isDeleted = object["deleted"]?.truth ?? false
            for attribute in object["Attribute"]?.array ?? [] {
                try readAttribute(
                    attribute, title: title, tags: tags, isDeleted: isDeleted, &builder)
            }
        }
    }

    private static func tagNames(_ object: JSON) -> [String] {
        (object["Tag"]?.array ?? []).compactMap { $0["name"]?.string?.asOneLine }
    }

    private static func readAttribute(
        _ attribute: JSON, title: String, tags: [String], isDeleted: Bool,
        _ builder: inout FeedBuilder
    ) throws(FeedError) {
        builder.contents.counts.lines += 1
        let line = builder.contents.counts.lines
        guard let type = attribute["type"]?.string, let value = attribute["value"]?.string else {
            return try builder.addBad(.row, line: line)
        }
        var detail = IndicatorDetail()
        let comment = attribute["comment"]?.string?.asOneLine ?? ""
        detail.description = comment.isEmpty ? title : comment
        detail.tags = tags + tagNames(attribute)
        detail.firstSeen = attribute["first_seen"]?.string.flatMap(InstantText.parse)
        detail.lastSeen = attribute["last_seen"]?.string.flatMap(InstantText.parse)
        if detail.firstSeen == nil, let seconds = attribute["timestamp"]?.integer,
            (1...253_402_300_799).contains(seconds)
        {
            detail.firstSeen = seconds * 1000
        }
        if isDeleted || attribute["deleted"]?.truth == true {
            detail.withheld = .deleted
        } else if attribute["to_ids"]?.truth == false {
            detail.withheld = .context
        }
        if let kind = kinds[type] {
            try builder.add(value, as: kind, detail: detail, line: line)
        } else if let pair = pairs[type] {
            try readPair(value, pair, detail: detail, line: line, &builder)
        } else {
            builder.contents.counts.ignored += 1
        }
    }

    private static func readPair(
        _ value: String, _ pair: (first: IndicatorKind?, second: IndicatorKind?),
        detail: IndicatorDetail, line: Int, _ builder: inout FeedBuilder
    ) throws(FeedError) {
        let parts = value.split(separator: "|", omittingEmptySubsequences: false).map { String($0) }
        guard parts.count == 2 else { return try builder.addBad(.row, line: line) }
        var detail = detail
        if pair.second == nil { detail.port = UInt16(parts[1]) }
        if let kind = pair.first { try builder.add(parts[0], as: kind, detail: detail, line: line) }
        if let kind = pair.second {
            try builder.add(parts[1], as: kind, detail: detail, line: line)
        }
    }
}
