/// A pulse of OTX without its indicators: what an alert links to.
public struct OTXPulse: Hashable, Sendable {
    /// 24 hexadecimal digits; empty where it has none that could be part of a link.
    public var id = ""
    /// Its title, on one line.
    public var name = ""
    /// What its author says of it.
    public var description = ""
    /// Who wrote it.
    public var author = ""
    /// When it was written, ms since 1970.
    public var created: Int64?
    /// When it was last changed, ms since 1970.
    public var modified: Int64?
    /// How often it was changed, from 1; 0 where unknown.
    public var revision: Int64 = 0
    /// Who may see it (Traffic Light Protocol), in lower case.
    public var tlp = ""
    /// Whether everybody may see it.
    public var isPublic = false
    /// Whom it is about.
    public var adversary = ""
    /// Words that its author gave it.
    public var tags: [String] = []
    /// Reports that it was made from: mostly URLs.
    public var references: [String] = []
    /// Countries aimed at, by name.
    public var targetedCountries: [String] = []
    /// Industries aimed at.
    public var industries: [String] = []
    /// Malware that it is about.
    public var malwareFamilies: [String] = []
    /// Techniques of MITRE ATT&CK.
    public var attackIDs: [String] = []
    /// Whether more of its indicators must be asked for.
    public var hasMore = false

    /// Makes a pulse that says nothing.
    public init() {}

    /// The page that people read.
    public var url: String { id.isEmpty ? "" : "https://otx.alienvault.com/pulse/\(id)" }
}

/// A change in the subscription, from `/pulses/events`.
public struct OTXEvent: Hashable, Sendable {
    /// `subscribe`, `unsubscribe`, `delete`, `update`.
    public var action: String
    /// `pulse` or `user`.
    public var objectType: String
    /// Which pulse or user.
    public var objectID: String
    /// When it happened, ms since 1970.
    public var created: Int64?
}

/// OTX's JSON: a page of pulses, of a pulse's indicators or of events; a pulse; or an array of pulses.
enum OTX {
    private static let kinds: [String: IndicatorKind] = [
        "IPv4": .address, "IPv6": .address, "CIDR": .network, "domain": .domain,
        "hostname": .hostname, "URL": .url, "URI": .uri, "email": .email, "FileHash-MD5": .md5,
        "FileHash-SHA1": .sha1, "FileHash-SHA256": .sha256, "FileHash-PEHASH": .pehash,
        "FileHash-IMPHASH": .imphash, "FilePath": .filePath, "Mutex": .mutex, "CVE": .cve,
        "YARA": .yara,
    ]

    static func readPage(_ page: JSON, into builder: inout FeedBuilder) throws(FeedError) {
        builder.contents.nextPage = page["next"]?.string
        for row in page.array ?? page["results"]?.array ?? [page] {
            if let indicators = row["indicators"]?.array {
                let pulse = readPulse(row)
                builder.contents.pulses.append(pulse)
                for indicator in indicators { try read(indicator, of: pulse, into: &builder) }
            } else if row["indicator"] != nil {
                try read(row, of: OTXPulse(), into: &builder)
            } else if let action = row["action"]?.string {
                builder.contents.events.append(
                    OTXEvent(
                        action: action.asOneLine,
                        objectType: row["object_type"]?.string?.asOneLine ?? "",
                        objectID: row["object_id"]?.string?.asOneLine ?? "",
                        created: row["created"]?.string.flatMap(InstantText.parse)))
            } else {
                builder.contents.counts.lines += 1
                try builder.addBad(.row, line: builder.contents.counts.lines)
            }
        }
    }

    static func readPulse(_ row: JSON) -> OTXPulse {
        var pulse = OTXPulse()
        let id = row["id"]?.string ?? row["_id"]?.string ?? ""
        // It becomes part of a link.
        pulse.id = id.utf8.allSatisfy(\.isHexadecimal) ? id : ""
        pulse.name = row["name"]?.string?.asOneLine ?? ""
        pulse.description = row["description"]?.string ?? ""
        pulse.author = row["author_name"]?.string?.asOneLine ?? ""
        pulse.created = row["created"]?.string.flatMap(InstantText.parse)
        pulse.modified = row["modified"]?.string.flatMap(InstantText.parse)
        pulse.revision = row["revision"]?.integer ?? 0
        pulse.tlp = (row["tlp"]?.string ?? row["TLP"]?.string ?? "").lowercased()
        pulse.isPublic = row["public"]?.truth ?? false
        pulse.adversary = row["adversary"]?.string?.asOneLine ?? ""
        pulse.tags = (row["tags"]?.strings ?? []).map(\.asOneLine)
        pulse.references = (row["references"]?.strings ?? []).map(\.asOneLine)
        pulse.targetedCountries = row["targeted_countries"]?.strings ?? []
        pulse.industries = row["industries"]?.strings ?? []
        pulse.malwareFamilies = row["malware_families"]?.strings ?? []
        pulse.attackIDs = row["attack_ids"]?.strings ?? []
        pulse.hasMore = row["more_indicators"]?.truth ?? false
        return pulse
    }

    static func read(
        _ row: JSON, of pulse: OTXPulse, into builder: inout FeedBuilder
    ) throws(FeedError) {
        builder.contents.counts.lines += 1
        let line = builder.contents.counts.lines
        guard let value = row["indicator"]?.string, let type = row["type"]?.string else {
            return try builder.addBad(.row, line: line)
        }
        var detail = IndicatorDetail()
        let own = [row["title"]?.string, row["description"]?.string].compactMap { $0?.asOneLine }
        detail.description = own.first { !$0.isEmpty } ?? pulse.name
        detail.reportURL = pulse.url
        detail.firstSeen = row["created"]?.string.flatMap(InstantText.parse)
        detail.expires = row["expiration"]?.string.flatMap(InstantText.parse)
        detail.tags = row["role"]?.string.map { [$0.asOneLine] } ?? []
        if row["is_active"]?.truth == false { detail.withheld = .inactive }
        // Kinds that OTX adds are kept rather than refused.
        try builder.add(value, as: kinds[type] ?? .other, detail: detail, line: line)
    }
}
