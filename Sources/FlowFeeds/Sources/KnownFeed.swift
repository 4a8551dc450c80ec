/// A source that many know; none is read until a configuration names it.
public struct KnownFeed: Sendable {
    /// What to call it.
    public let name: String
    /// Where it is.
    public let url: String
    /// How it is asked, as the configuration says it; nil for a plain list.
    public let api: String?
    /// Its format, where it is not left to be recognised.
    public let format: String?
    /// How often its keeper wants it read at most; nil for the usual hour.
    public let every: String?
    /// What it lists.
    public let about: String
    /// What to have, or to heed, before it is read.
    public let terms: String

    private init(
        _ name: String, _ url: String, api: String? = nil, format: String? = nil,
        every: String? = nil, _ about: String, terms: String
    ) {
        self.name = name
        self.url = url
        self.api = api
        self.format = format
        self.every = every
        self.about = about
        self.terms = terms
    }

    /// An entry of `intel.sources`.
    public var entry: String {
        var parts = ["name: \(name)", "url: \"\(url)\""]
        if let api { parts.append("api: \(api)") }
        if let format { parts.append("format: \(format)") }
        if api == "otx" || api == "threatfox" { parts.append("key-file: /etc/skein/\(name).key") }
        if let every { parts.append("every: \(every)") }
        return "{" + parts.joined(separator: ", ") + "}"
    }

    /// All of them, by name.
    public static let all: [KnownFeed] = [
        KnownFeed(
            "blocklist-de", "https://lists.blocklist.de/lists/all.txt", every: "12h",
            "addresses that attacked services in the last two days", terms: "free"),
        KnownFeed(
            "cins-army", "https://cinsscore.com/list/ci-badguys.txt", every: "4h",
            "addresses of bad reputation among sensors", terms: "free"),
        KnownFeed(
            "dshield", "https://feeds.dshield.org/block.txt", format: "dshield", every: "4h",
            "the twenty networks that attack most", terms: "CC BY-NC-SA"),
        KnownFeed(
            "et-compromised",
            "https://rules.emergingthreats.net/blockrules/compromised-ips.txt", every: "12h",
            "hosts known to be compromised", terms: "BSD"),
        KnownFeed(
            "feodo", "https://feodotracker.abuse.ch/downloads/ipblocklist.csv", format: "feodo",
            "command servers of banking trojans", terms: "CC0; may want a key of abuse.ch"),
        KnownFeed(
            "firehol-level1",
            "https://raw.githubusercontent.com/firehol/blocklist-ipsets/master/firehol_level1.netset",
            every: "12h", "several lists merged, with few false positives",
            terms: "as each of the lists in it"),
        KnownFeed(
            "ipsum", "https://raw.githubusercontent.com/stamparm/ipsum/master/ipsum.txt",
            every: "24h", "addresses and on how many lists each is", terms: "Unlicense"),
        KnownFeed(
            "openphish", "https://openphish.com/feed.txt", every: "12h", "URLs of phishing",
            terms: "no commercial use"),
        KnownFeed(
            "otx", "https://otx.alienvault.com", api: "otx",
            "the pulses that an account is subscribed to", terms: "an account, and its key"),
        KnownFeed(
            "spamhaus-drop", "https://www.spamhaus.org/drop/drop_v4.json", format: "spamhaus",
            every: "12h", "hijacked and leased networks, IPv4", terms: "free with credit"),
        KnownFeed(
            "spamhaus-drop6", "https://www.spamhaus.org/drop/drop_v6.json", format: "spamhaus",
            every: "12h", "the same, IPv6", terms: "free with credit"),
        KnownFeed(
            "threatfox", "https://threatfox-api.abuse.ch/api/v1/", api: "threatfox",
            "indicators of malware of the last days", terms: "CC0; a key of abuse.ch"),
        KnownFeed(
            "tor-exits", "https://check.torproject.org/torbulkexitlist", format: "plain",
            "where Tor leaves: not bad, but good to know", terms: "public"),
        KnownFeed(
            "urlhaus", "https://urlhaus.abuse.ch/downloads/hostfile/", format: "hosts",
            "hosts that spread malware", terms: "CC0; may want a key of abuse.ch"),
    ]
}
