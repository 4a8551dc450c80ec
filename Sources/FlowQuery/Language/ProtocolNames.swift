/// Names of IP protocols (IANA "Assigned Internet Protocol Numbers") and of nfdump's list.
public enum ProtocolNames {
    /// Names that a filter accepts, the usual ones first; the first of a number is the one printed.
    static let table: [(name: String, number: UInt8)] = [
        ("tcp", 6), ("udp", 17), ("icmp", 1), ("icmp6", 58), ("gre", 47), ("esp", 50), ("ah", 51),
        ("sctp", 132), ("igmp", 2), ("ospf", 89), ("pim", 103), ("vrrp", 112), ("l2tp", 115),
        ("ipip", 4), ("ipv6", 41), ("dccp", 33), ("eigrp", 88), ("rsvp", 46), ("udplite", 136),
        ("icmpv6", 58), ("ipv6-icmp", 58), ("hopopt", 0), ("ggp", 3), ("ipv4", 4), ("st", 5),
        ("cbt", 7), ("egp", 8), ("igp", 9), ("bbn", 10), ("nvp", 11), ("pup", 12), ("argus", 13),
        ("emcon", 14), ("xnet", 15), ("chaos", 16), ("mux", 18), ("dcn", 19), ("hmp", 20),
        ("prm", 21), ("xns", 22), ("trunk-1", 23), ("trunk-2", 24), ("leaf-1", 25),
        ("leaf-2", 26), ("rdp", 27), ("irtp", 28), ("iso-tp4", 29), ("netblt", 30),
        ("mfe-nsp", 31), ("merit-inp", 32), ("3pc", 34), ("idpr", 35), ("xtp", 36), ("ddp", 37),
        ("idpr-cmtp", 38), ("tp++", 39), ("il", 40), ("sdrp", 42), ("ipv6-route", 43),
        ("ipv6-frag", 44), ("idrp", 45), ("dsr", 48), ("bna", 49), ("i-nlsp", 52),
        ("swipe", 53), ("narp", 54), ("mobile", 55), ("tlsp", 56), ("skip", 57),
        ("ipv6-nonxt", 59), ("ipv6-opts", 60), ("cftp", 62), ("kryptolan", 65), ("rvd", 66),
        ("ippc", 67), ("visa", 70), ("vmtp", 81), ("vines", 83), ("ttp", 84), ("dgp", 86),
        ("tcf", 87), ("sprite-rpc", 90), ("larp", 91), ("mtp", 92), ("ax.25", 93), ("micp", 95),
        ("scc-sp", 96), ("etherip", 97), ("encap", 98), ("gmtp", 100), ("ifmp", 101),
        ("pnni", 102), ("aris", 104), ("scps", 105), ("qnx", 106), ("a/n", 107),
        ("ipcomp", 108), ("snp", 109), ("ipx-in-ip", 111), ("pgm", 113), ("ddx", 116),
        ("iatp", 117), ("stp", 118), ("srp", 119), ("uti", 120), ("smp", 121), ("sm", 122),
        ("ptp", 123), ("isis", 124), ("fire", 125), ("crtp", 126), ("crudp", 127),
        ("sscopmce", 128), ("iplt", 129), ("sps", 130), ("pipe", 131), ("fc", 133),
        ("rsvp-e2e-ignore", 134), ("mobility", 135), ("udp-lite", 136), ("mpls", 137),
        ("manet", 138), ("hip", 139), ("shim6", 140), ("wesp", 141), ("rohc", 142),
        ("ethernet", 143),
    ]

    /// The protocols that may stand in a filter alone, without `proto`.
    static let bare = [
        "tcp", "udp", "icmp", "icmp6", "icmpv6", "ipv6-icmp", "igmp", "gre", "esp", "ah", "sctp",
        "dccp", "ospf", "pim", "vrrp", "l2tp", "ipip", "eigrp", "rsvp", "udplite",
    ]

    /// The number of a name, case ignored.
    public static func number(of name: String) -> UInt8? { numbers[name.lowercased()] }

    /// The name as tables print it: `TCP`; nil where the number has none.
    public static func name(of number: UInt64) -> String? {
        UInt8(exactly: number).flatMap { names[Int($0)] }
    }

    private static let numbers = Dictionary(
        table.map { ($0.name, $0.number) }, uniquingKeysWith: { first, _ in first })

    private static let names: [String?] = {
        var names = [String?](repeating: nil, count: 256)
        for entry in table where names[Int(entry.number)] == nil {
            names[Int(entry.number)] = entry.name.uppercased()
        }
        return names
    }()
}
