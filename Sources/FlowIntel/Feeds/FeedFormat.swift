/// The formats that feeds come in.
public enum FeedFormat: Hashable, Sendable {
    /// A value a line, with comments and annotations: plain lists, FireHOL, Spamhaus text, MalTrail.
    case plain
    /// `0.0.0.0 name`.
    case hosts
    /// DShield's `block.txt`.
    case dshield
    /// Feodo Tracker's CSV.
    case feodo
    /// SSLBL's CSV, in both shapes.
    case sslbl
    /// ThreatFox, as CSV or as its API's JSON.
    case threatfox
    /// A column of a table.
    case csv(CSVColumns)
    /// Zeek's Intel framework: TAB-separated with `#fields`.
    case zeek
    /// Spamhaus NDJSON: DROP and ASN-DROP.
    case spamhaus
    /// A MISP event, or several.
    case misp
    /// `manifest.json` of a MISP feed.
    case mispManifest
    /// `hashes.csv` of a MISP feed: digests of values, which nothing can be matched with.
    case mispHashes
    /// A MISP warning list.
    case warningList
    /// STIX 2.x.
    case stix
    /// OTX pulses, indicators or events.
    case otx

    /// The formats that can be named in the configuration, by name.
    public static let named: [(name: String, format: FeedFormat)] = [
        ("plain", .plain), ("hosts", .hosts), ("dshield", .dshield), ("feodo", .feodo),
        ("sslbl", .sslbl), ("threatfox", .threatfox), ("csv", .csv(CSVColumns())),
        ("zeek", .zeek), ("spamhaus", .spamhaus), ("misp", .misp),
        ("warninglist", .warningList), ("stix", .stix), ("otx", .otx),
    ]

    /// The format of that name, nil where there is none.
    public init?(name: String) {
        guard let format = Self.named.first(where: { $0.name == name })?.format else { return nil }
        self = format
    }

    /// Its name in messages and configuration.
    public var name: String {
        switch self {
        case .csv: "csv"
        case .mispManifest: "misp-manifest"
        case .mispHashes: "misp-hashes"
        default: Self.named.first { $0.format == self }?.name ?? "plain"
        }
    }
}

/// Where in a table the indicators are.
public struct CSVColumns: Hashable, Sendable {
    /// A column by its name in the first row, or by its number from 1.
    public enum Column: Hashable, Sendable {
        case name(String)
        case number(Int)
    }

    /// The column of the values; the first by default.
    public var value = Column.number(1)
    /// The column of ports.
    public var port: Column?
    /// The column of descriptions.
    public var description: Column?
    /// The octet between columns; a comma by default.
    public var separator = UInt8(ascii: ",")

    /// Makes the default: the first column, with commas.
    public init() {}

    var hasNames: Bool {
        [value, port, description].contains { column in
            if case .name = column { true } else { false }
        }
    }
}
