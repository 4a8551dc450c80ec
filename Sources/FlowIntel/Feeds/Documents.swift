/// Reads a feed that is one JSON document.
func readDocument(
    _ octets: Span<UInt8>, as format: FeedFormat?, limits: FeedLimits
) throws(FeedError) -> FeedContents {
    let document = try JSON.parse(octets)
    guard let format = format ?? documentFormat(document) else { throw .unknownDocument }
    var builder = FeedBuilder(format, limits: limits)
    switch format {
    case .misp: try MISP.readEvents(document, into: &builder)
    case .mispManifest:
        guard case .object(let members) = document else { throw .unknownDocument }
        builder.contents.manifest = members.keys.filter(MISP.isUUID).sorted()
    case .warningList:
        guard let list = WarningList(document) else { throw .unknownDocument }
        builder.contents.warningList = list
    case .stix: try STIX.readObjects(document, into: &builder)
    case .otx: try OTX.readPage(document, into: &builder)
    case .threatfox: try ThreatFox.readAnswer(document, into: &builder)
    default: throw .unknownDocument
    }
    return try builder.finish()
}

/// What a document is, by its members.
private func documentFormat(_ document: JSON) -> FeedFormat? {
    guard case .object(let members) = document else {
        let first = document.array?.first
        if first == nil, document.array != nil { return .otx }
        if first?["indicators"] != nil || first?["indicator"] != nil { return .otx }
        if first?["Event"] != nil || first?["Attribute"] != nil { return .misp }
        if first?["pattern"] != nil || first?["spec_version"] != nil { return .stix }
        return nil
    }
    if document["list"] != nil, document["matching_attributes"] != nil || document["type"] != nil {
        return .warningList
    }
    if document["Event"] != nil || document["Attribute"] != nil || document["response"] != nil {
        return .misp
    }
    if document["query_status"] != nil { return .threatfox }
    if document["results"] != nil || document["indicators"] != nil { return .otx }
    if document["type"]?.string == "bundle" || document["objects"] != nil
        || document["spec_version"] != nil
    {
        return .stix
    }
    if !members.isEmpty, members.keys.allSatisfy(MISP.isUUID) { return .mispManifest }
    return STIX.hasIndicators(document) ? .stix : nil
}

/// What ThreatFox's API answers to `get_iocs`.
enum ThreatFox {
    static func readAnswer(_ answer: JSON, into builder: inout FeedBuilder) throws(FeedError) {
        guard answer["query_status"]?.string == "ok" else {
            // "no_result" is an empty feed, anything else no feed.
            if answer["query_status"]?.string == "no_result" { return }
            throw .notAFeed(
                "its API says \(answer["query_status"]?.string?.asOneLine ?? "nothing")")
        }
        for row in answer["data"]?.array ?? [] {
            builder.contents.counts.lines += 1
            let line = builder.contents.counts.lines
            guard let value = row["ioc"]?.string, let type = row["ioc_type"]?.string else {
                try builder.addBad(.row, line: line)
                continue
            }
            var detail = IndicatorDetail()
            detail.description =
                (row["malware_printable"]?.string ?? row["threat_type"]?.string ?? "").asOneLine
            detail.confidence = row["confidence_level"]?.integer.flatMap { UInt8(exactly: $0) }
            detail.firstSeen = row["first_seen"]?.string.flatMap(InstantText.parse)
            detail.lastSeen = row["last_seen"]?.string.flatMap(InstantText.parse)
            detail.tags = (row["tags"]?.strings ?? []).map(\.asOneLine)
            if let id = row["id"]?.integer {
                detail.reportURL = "https://threatfox.abuse.ch/ioc/\(id)/"
            }
            try builder.addThreatFox(value, type: type, detail: detail, line: line)
        }
    }
}
