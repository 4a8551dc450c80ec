import FlowModel

/// Words that stand for numbers in a filter.
enum NamedValues {
    /// Services by port, as far as everyone knows them; there is no lookup in `/etc/services`, so
    /// that a filter means the same on every machine.
    static let services: [(name: String, range: ClosedRange<UInt64>)] = [
        ("http", 80...80), ("https", 443...443), ("dns", 53...53), ("domain", 53...53),
        ("ssh", 22...22), ("smtp", 25...25), ("ntp", 123...123), ("ftp", 21...21),
        ("ftp-data", 20...20), ("telnet", 23...23), ("tftp", 69...69), ("pop3", 110...110),
        ("imap", 143...143), ("snmp", 161...161), ("snmp-trap", 162...162), ("bgp", 179...179),
        ("ldap", 389...389), ("ldaps", 636...636), ("smb", 445...445), ("submission", 587...587),
        ("submissions", 465...465), ("syslog", 514...514), ("dhcp", 67...68),
        ("dhcpv6", 546...547), ("kerberos", 88...88), ("sunrpc", 111...111), ("netbios", 137...139),
        ("imaps", 993...993), ("pop3s", 995...995), ("mysql", 3306...3306), ("rdp", 3389...3389),
        ("postgresql", 5432...5432), ("sip", 5060...5060), ("sips", 5061...5061),
        ("mdns", 5353...5353), ("vnc", 5900...5900), ("redis", 6379...6379),
        ("http-alt", 8080...8080), ("isakmp", 500...500), ("ipsec-nat-t", 4500...4500),
        ("openvpn", 1194...1194), ("wireguard", 51820...51820), ("netflow", 2055...2055),
        ("ipfix", 4739...4739), ("sflow", 6343...6343), ("domain-s", 853...853),
    ]

    /// What is no country, by a word.
    static let countries: [(name: String, code: CountryCode)] = [("private", .privateSpace)]
    /// That the country of an address is not known.
    static let unknownCountry = "unknown"

    /// Element 61, `flowDirection`.
    static let directions: [(name: String, range: ClosedRange<UInt64>)] = [
        ("ingress", 0...0), ("egress", 1...1),
    ]

    /// Element 233, `firewallEvent`.
    static let firewallEvents: [(name: String, range: ClosedRange<UInt64>)] = [
        ("ignore", 0...0), ("create", 1...1), ("delete", 2...2), ("denied", 3...3),
        ("deny", 3...3), ("alert", 4...4), ("update", 5...5),
    ]

    /// Element 33002, Cisco ASA's extended event, under nfdump's names.
    static let extendedFirewallEvents: [(name: String, range: ClosedRange<UInt64>)] = [
        ("ignore", 0...0), ("ingress", 1001...1001), ("i-acl", 1001...1001),
        ("egress", 1002...1002), ("e-acl", 1002...1002), ("interface", 1003...1003),
        ("access", 1003...1003), ("deny", 1003...1003), ("nosyn", 1004...1004),
    ]

    /// What OpenBSD's packet filter did, in its order (`pfvar.h`).
    static let pfActions = numbered([
        "pass", "block", "scrub", "noscrub", "nat", "nonat", "binat", "nobinat", "rdr", "nordr",
        "synblock", "defer", "match", "divert", "rt", "afrt",
    ])

    /// Why it did so.
    static let pfReasons = numbered([
        "match", "bad-offset", "fragment", "short", "normalize", "memory", "bad-timestamp",
        "congestion", "ip-option", "proto-cksum", "state-mismatch", "state-insert", "state-limit",
        "src-limit", "synproxy", "translate", "no-route",
    ])

    private static func numbered(
        _ names: [String]
    ) -> [(name: String, range: ClosedRange<UInt64>)] {
        names.enumerated().map { ($1, UInt64($0)...UInt64($0)) }
    }

    /// Element 230, `natEvent` (RFC 8158 §4.3), under nfdump's names.
    static let natEvents: [(name: String, range: ClosedRange<UInt64>)] = [
        ("invalid", 0...0), ("add", 1...1), ("delete", 2...2), ("exhaust", 3...3),
        ("add44", 4...4), ("del44", 5...5), ("add64", 6...6), ("del64", 7...7),
        ("add44bib", 8...8), ("del44bib", 9...9), ("add64bib", 10...10), ("del64bib", 11...11),
        ("pexhaust", 12...12), ("quotaexh", 13...13), ("addaddr", 14...14), ("deladdr", 15...15),
        ("addpblk", 16...16), ("delpblk", 17...17), ("threshld", 18...18),
    ]

    /// Element 89, `forwardingStatus` (RFC 7270 §4.12): the two upper bits are the class.
    ///
    /// nfdump's names are kept, its numbers (1 for forwarded) are not what exporters send.
    static let forwarding: [(name: String, range: ClosedRange<UInt64>)] = [
        ("unknown", 0...63), ("forwarded", 64...127), ("dropped", 128...191),
        ("consumed", 192...255), ("ukwn", 0...63), ("forw", 64...127), ("frag", 65...65),
        ("drop", 128...191), ("dacld", 129...129), ("daclp", 130...130), ("noroute", 131...131),
        ("dadj", 132...132), ("dfrag", 133...133), ("dbadh", 134...134), ("dbadtlen", 135...135),
        ("dbadhlen", 136...136), ("dbadttl", 137...137), ("dpolicy", 138...138),
        ("dwred", 139...139), ("drpf", 140...140), ("dforus", 141...141), ("dbadof", 142...142),
        ("dhw", 143...143), ("term", 192...255), ("tadj", 193...193), ("tincadj", 194...194),
        ("tforus", 195...195),
    ]

    /// Element 136, `flowEndReason`.
    static let endReasons: [(name: String, range: ClosedRange<UInt64>)] = [
        ("idle", 1...1), ("active", 2...2), ("end", 3...3), ("forced", 4...4),
        ("resources", 5...5),
    ]

    /// EtherTypes (IEEE 802).
    static let etherTypes: [(name: String, range: ClosedRange<UInt64>)] = [
        ("ipv4", 0x0800...0x0800), ("ip", 0x0800...0x0800), ("arp", 0x0806...0x0806),
        ("ipv6", 0x86dd...0x86dd), ("mpls", 0x8847...0x8848), ("pppoe", 0x8863...0x8864),
        ("lldp", 0x88cc...0x88cc), ("vlan", 0x8100...0x8100),
    ]
}
