/// The files that other tools read.
public enum ExportFormat: String, CaseIterable, Sendable {
    /// A response policy zone of BIND.
    case rpz
    /// Text for SiLK's `rwsetbuild`: IPv4.
    case silkV4 = "silk-v4"
    /// Text for SiLK's `rwsetbuild`: IPv6, apart because mixed input would become IPv6.
    case silkV6 = "silk-v6"
    /// A transaction for `nft -f`.
    case nftables
    /// Input of `ipset restore`.
    case ipset
    /// Suricata's categories of reputation.
    case suricataCategories = "suricata-categories"
    /// Suricata's reputation list.
    case suricataReputation = "suricata-reputation"
    /// Suricata rules that use the reputation.
    case suricataRules = "suricata-rules"
    /// Zeek's Intel framework.
    case zeek
    /// A CDB list of addresses for OSSEC and Wazuh.
    case wazuhAddresses = "wazuh-addresses"
    /// What the list of addresses could not take.
    case wazuhNotes = "wazuh-notes"
    /// A CDB list of names for OSSEC and Wazuh.
    case wazuhNames = "wazuh-names"
    /// rbldnsd's `ip4set`.
    case rbldnsdV4 = "rbldnsd-ip4set"
    /// rbldnsd's `ip6trie`.
    case rbldnsdV6 = "rbldnsd-ip6trie"
    /// A STIX 2.1 bundle.
    case stix
    /// Why what is listed is not exported as it stands.
    case decisions
}

/// What exports say besides the indicators.
public struct ExportOptions: Sendable {
    /// The last two digits of an RPZ's serial number, for a second export on the same day; 0 to 99.
    public var revision = 0
    /// The serial number of an RPZ; nil for one of the day and ``revision``.
    public var serial: Int64?
    /// When a STIX bundle says that it was made, ms since 1970; nil for now.
    public var made: Int64?
    /// What sets and tables of firewalls are named after.
    public var setName = "threat"
    /// Confidence where a source gives none, 0 to 100.
    public var confidence: UInt8 = 70
    /// Confidence from which Zeek raises a notice.
    public var noticeConfidence: UInt8 = 70
    /// Sources that Suricata rules are made for; nil for all.
    public var ruleSources: [String]?
    /// What messages of Suricata rules begin with.
    public var ruleLabel = "SKEIN"
    /// The number of the first Suricata rule.
    public var ruleID = 9_000_001
    /// The score above which a Suricata rule fires, 0 to 127.
    public var ruleScore = 30
    /// Who a STIX bundle says has made it.
    public var identity = "local flow sensor"

    /// Makes the defaults.
    public init() {}

    /// Whether a text can be ``setName``: ipset's names have 31 letters, of which `4-new` is put behind.
    public static func isSetName(_ text: String) -> Bool {
        (1...26).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (97...122).contains($0 | 32) || (48...57).contains($0) || $0 == 95 || $0 == 45
            }
    }
}

/// Judged indicators, gathered for export.
///
/// The same indicators in the same order, with the same allow-list and time, give the same octets.
public struct Export: Sendable {
    let judgements: [Judgement]
    let allowList: AllowList
    let now: Int64
    /// All that is in force, with its holes.
    let listed: AddressSet
    /// All that is in force, without its holes.
    let carved: AddressSet
    /// Allowed addresses within what is listed.
    let holes: AddressSet
    /// Sources in the order in which they first appear.
    let sources: [String]

    /// Judges `indicators` and gathers what is in force.
    public init(_ indicators: [Indicator], judge: Judge) {
        judgements = indicators.map { judge.judge($0) }
        allowList = judge.allowList
        now = judge.now
        let inForce = judgements.lazy.filter(\.isInForce)
        listed = AddressSet(
            inForce.compactMap { judgement in
                guard case .addresses(let range) = judgement.indicator.value else { return nil }
                return range
            })
        carved = listed.subtracting(allowList.addresses)
        holes = listed.intersection(allowList.addresses)
        var seen: Set<String> = []
        sources = inForce.map(\.indicator.source).filter { seen.insert($0).inserted }
    }

    /// The octets of a file.
    public func file(
        _ format: ExportFormat, options: ExportOptions = ExportOptions()
    ) -> [UInt8] {
        switch format {
        case .rpz: rpz(options)
        case .silkV4: silk(carved.prefixesV4, family: 4)
        case .silkV6: silk(carved.prefixesV6, family: 6)
        case .nftables: nftables(options)
        case .ipset: ipset(options)
        case .suricataCategories: suricataCategories()
        case .suricataReputation: suricataReputation(options)
        case .suricataRules: suricataRules(options)
        case .zeek: zeek(options)
        case .wazuhAddresses: wazuhAddresses().keys
        case .wazuhNotes: wazuhAddresses().notes
        case .wazuhNames: wazuhNames()
        case .rbldnsdV4: rbldnsdV4()
        case .rbldnsdV6: rbldnsdV6()
        case .stix: stix(options)
        case .decisions: Array(decisionTable(judgements).utf8)
        }
    }

    /// Judgements of what is in force, with the addresses of each that are.
    var inForce: some Sequence<Judgement> { judgements.lazy.filter(\.isInForce) }
}

/// A text file on its way.
struct TextFile {
    private(set) var octets: [UInt8] = []

    mutating func line(_ text: String) {
        octets += text.utf8
        octets.append(10)
    }

    mutating func append(_ text: String) { octets += text.utf8 }
}
