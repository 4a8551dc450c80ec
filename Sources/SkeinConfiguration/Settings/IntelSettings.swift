public import FlowModel

/// Lists of known-bad peers (design.md §8).
public struct IntelSettings: Hashable, Sendable {
    /// Where is kept what the sources list.
    public var database = "./skein-intel.sqlite"
    /// Who lists.
    public var sources: [IntelSource] = []
    /// What is allowed whoever lists it: addresses, networks, names, other values.
    public var allow: [String] = []
    /// MISP warning lists: files, or folders of such.
    public var warningLists: [String] = []
    /// The user's own networks, which no source can list.
    public var own: [IPPrefix] = []
    /// Files of what is in force that `skein serve` keeps up to date.
    public var exports: [IntelExport] = []
    /// How often `skein serve` updates a source that does not say so itself; zero for never.
    public var every = Duration.seconds(3600)
    /// Whom to ask about zones: an address, or address and port; nil for the system's.
    public var resolver: ResolverPlace?
    /// The proxy of the web that servers are asked through; nil: as the environment says.
    public var proxy: String?
    /// Hosts that are asked without the proxy.
    public var noProxy: [String] = []
    /// Authorities to believe in place of the system's, a file in PEM.
    public var authorities: String?
}

/// A resolver of the DNS.
public struct ResolverPlace: Hashable, Sendable {
    /// Its address.
    public var address: IPAddress
    /// Its port.
    public var port: UInt16
}

/// A source of indicators.
public struct IntelSource: Hashable, Sendable {
    /// How a URL is asked.
    public enum API: String, CaseIterable, Sendable {
        case none
        case otx
        case threatfox
        case misp
        case taxii
    }

    /// What alerts and exports call it.
    public var name = ""
    /// The file, or the folder of files; nil where it has a URL.
    public var path: String?
    /// Where on the web it is; nil where it has a path.
    public var url: String?
    /// The zone of the DNS that is asked about addresses; nil where it has a path or a URL.
    public var zone: String?
    /// Questions a second to the zone at most.
    public var rate = 20
    /// How the URL is asked.
    public var api = API.none
    /// The file with its key or password.
    public var keyFile: String?
    /// The variable of the environment with its key or password.
    public var keyVariable: String?
    /// The header that carries the key, where it is not the usual one.
    public var keyHeader: String?
    /// The user whose password the key is.
    public var user: String?
    /// How often it is updated; nil as ``IntelSettings/every`` has it.
    public var every: Duration?
    /// ThreatFox: how many days back.
    public var days = 7
    /// TAXII: collections, by id or title; all where none is named.
    public var collections: [String] = []
    /// Its format; `auto` to recognise it.
    public var format = "auto"
    /// CSV: the column of the indicators, by name or by number from 1.
    public var column = "1"
    /// CSV: the column of descriptions, by name or by number from 1.
    public var description: String?
    /// CSV: what stands between columns.
    public var separator = ","
}

extension IntelSource {
    /// The formats that can be named.
    static let formats = [
        "auto", "plain", "hosts", "dshield", "feodo", "sslbl", "threatfox", "csv", "zeek",
        "spamhaus", "misp", "stix", "otx",
    ]

    static let table: SettingTable<IntelSource> = {
        let setting = SettingMaker(initial: IntelSource())
        let always: Duration = .seconds(100 * 366 * 86_400)
        return SettingTable([
            setting(
                "name", \.name, .label, required: true, "What alerts and exports call it."),
            setting(
                "path", \.path, .optional(.path),
                "The file with its list, or a folder of such files; a folder with `manifest.json` "
                    + "is a MISP feed."),
            setting(
                "url", \.url, .optional(.webPlace),
                "Where on the web its list is; for an `api` where that begins."),
            setting(
                "zone", \.zone, .optional(.hostName),
                "The zone of the DNS (RFC 5782) that is asked about addresses as they are seen."),
            setting(
                "rate", \.rate, .number(1...1000), "Zones: questions a second at most."),
            setting(
                "api", \.api,
                .word(IntelSource.API.allCases.map { ($0.rawValue, $0) }, noun: "an API"),
                "How the URL is asked: `none` gets one list; docs/intel.md has the others."),
            setting(
                "key-file", \.keyFile, .optional(.path),
                "The file whose only line is its key or password."),
            setting(
                "key-env", \.keyVariable, .optional(.label),
                "The variable of the environment that has its key or password."),
            setting(
                "key-header", \.keyHeader, .optional(.headerName),
                "The header that carries the key, where the source wants another than usual."),
            setting(
                "user", \.user, .optional(.label), "The user whose password the key is."),
            setting(
                "every", \.every, .optional(.duration(.seconds(60)...always)),
                "How often `skein serve` updates it, if not as `intel.every` says."),
            setting(
                "days", \.days, .number(1...7), "ThreatFox: how many days back."),
            setting(
                "collections", \.collections, .list(.label),
                "TAXII: the collections, by id or title; all that can be read if none is named."),
            setting(
                "format", \.format, .word(formats.map { ($0, $0) }, noun: "a format"),
                "Its format; docs/intel.md says what each is."),
            setting(
                "column", \.column, .label,
                "CSV: the column of the indicators, by its name in the first row or by its number."
            ),
            setting(
                "description", \.description, .optional(.label),
                "CSV: the column of descriptions."),
            setting(
                "separator", \.separator,
                .word([",", ";", "|", "tab"].map { ($0, $0) }, noun: "a separator"),
                "CSV: what stands between columns."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: IntelSource) -> String? {
        guard [entry.path, entry.url, entry.zone].compactMap({ $0 }).count == 1 else {
            return "a source has a ‘path’ or a ‘url’ or a ‘zone’, and only one of them"
        }
        if entry.zone == nil, entry.rate != 20 { return "‘rate’ is for a ‘zone’" }
        if entry.zone != nil, entry.format != "auto" { return "a ‘zone’ has no ‘format’" }
        let hasKey = entry.keyFile != nil || entry.keyVariable != nil
        if entry.url == nil, entry.api != .none || hasKey {
            return "‘api’ and keys are for a ‘url’"
        }
        if entry.keyFile != nil, entry.keyVariable != nil {
            return "‘key-file’ and ‘key-env’ name the same key; one is enough"
        }
        if !hasKey, entry.user != nil || entry.keyHeader != nil {
            return "‘user’ and ‘key-header’ need ‘key-file’ or ‘key-env’"
        }
        if entry.user != nil, entry.keyHeader != nil {
            return "‘user’ and ‘key-header’ exclude each other"
        }
        if entry.user?.contains(":") == true { return "a ‘user’ has no colon (RFC 7617)" }
        if !hasKey, entry.api == .otx || entry.api == .threatfox {
            return "‘api: \(entry.api.rawValue)’ needs ‘key-file’ or ‘key-env’"
        }
        if entry.api != .none, entry.format != "auto" {
            return "‘api: \(entry.api.rawValue)’ has its own format; leave ‘format’ away"
        }
        if entry.days != 7, entry.api != .threatfox { return "‘days’ is for ‘api: threatfox’" }
        if !entry.collections.isEmpty, entry.api != .taxii {
            return "‘collections’ is for ‘api: taxii’"
        }
        if entry.format != "csv", entry.column != "1" || entry.description != nil {
            return "‘column’ and ‘description’ are for ‘format: csv’"
        }
        return nil
    }
}
