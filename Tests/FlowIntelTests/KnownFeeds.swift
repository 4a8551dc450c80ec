/// The files behind "all feeds" and "all allow lists" of `known-answers.tsv`.
enum KnownFeeds {
    private static let raw: Set<String> = [
        "blocklist_de_bots.txt", "cins_army.txt", "et_compromised-ips.txt", "feodo_ipblocklist.csv",
        "ipsum.txt", "sans_intelfeed_ips.txt", "spamhaus_drop_v4.json", "threatfox_ips.txt",
        "tor-exit-nodes.lst",
    ]

    static func isFeed(_ file: FeedCount) -> Bool {
        file.file.hasPrefix("firehol/") || raw.contains(String(file.file.dropFirst(4)))
    }

    static let allowLists = [
        "public-dns-v4", "cloudflare", "akamai", "microsoft-office365-ip", "multicast", "crl-ip",
        "sinkholes", "rfc5735",
    ].map { "misp/warninglists/\($0).json" }
}
