import FlowModel
import FlowQuery
import Testing

/// What filters come down to, as ``FlowExpression`` describes itself.
@Suite struct FilterMeaningTests {
    private static let clock = TimeText(now: 1_465_300_800_000, zone: .utc)

    private func meaning(_ filter: String) throws -> String {
        try FlowExpression(parsing: filter, times: Self.clock).description
    }

    @Test(arguments: [
        ("", "any"), ("any", "any"), ("not any", "not any"), ("ANY # all of it", "any"),
        ("proto tcp", "proto in [6]"), ("tcp", "proto in [6]"), ("PROTO ICMP6", "proto in [58]"),
        ("proto 47", "proto in [47]"), ("udp or tcp", "proto in [6 17]"),
        ("src port 443", "srcport in [443]"),
        ("port 80", "(srcport in [80] or dstport in [80])"),
        ("port in [80 443,8080]", "(srcport in [80 443 8080] or dstport in [80 443 8080])"),
        ("dst port in (80, 81)", "dstport in [80-81]"),
        ("dst port 80-90", "dstport in [80-90]"), ("dst port = 80 - 90", "dstport in [80-90]"),
        ("dst port in [http https-8443]", "dstport in [80 443-8443]"),
        ("dst port gt 1023", "dstport in [1024-65535]"), ("dst port=80", "dstport in [80]"),
        ("dst port != 80", "dstport in [0-79 81-65535]"),
        ("dst port <> 80", "dstport in [0-79 81-65535]"),
        ("dst port not in [80 81]", "dstport in [0-79 82-65535]"),
        ("dst port >= 0", "any"), ("dst port > 65535", "not any"), ("dst port < 0", "not any"),
        (
            "port != 80",
            "not (srcport in [80] or dstport in [80])"
        ),
        ("dst port 0x50", "dstport in [80]"),
        ("nat port 80", "(natsrcport in [80] or natdstport in [80])"),
        ("bytes > 100k", "bytes in [100001-18446744073709551615]"),
        ("bytes >= 1.5M", "bytes in [1500000-18446744073709551615]"),
        ("bytes < 1g", "bytes in [0-999999999]"), ("in bytes 7", "bytes in [7]"),
        ("out packets <= 3", "rpackets in [0-3]"), ("packets == 1", "packets in [1]"),
        ("bps > 1T", "bps in [1000000000001-18446744073709551615]"),
        ("flows > 1", "flows in [2-18446744073709551615]"),
        ("flows < 5", "(flows in [0-4] or not flows present)"),
        ("bpp eq 40", "bpp in [40]"), ("pps lt 1", "pps in [0]"),
        ("duration > 2min", "duration in [120001-18446744073709551615]"),
        ("duration < 1m", "duration in [0-999999]"), ("duration 1.5s", "duration in [1500]"),
        ("duration = 1h30min", "duration in [5400000]"),
    ])
    func `numbers, ports and protocols`(filter: String, expected: String) throws {
        #expect(try meaning(filter) == expected)
    }

    @Test(arguments: [
        ("src ip 192.0.2.1", "srcip in [192.0.2.1]"),
        ("host 2001:DB8::1", "(srcip in [2001:db8::1] or dstip in [2001:db8::1])"),
        ("src ip 10.1.2.3/8", "srcip in [10.0.0.0-10.255.255.255]"),
        ("dst net 10/8", "dstip in [10.0.0.0-10.255.255.255]"),
        ("dst net 10.1", "dstip in [10.1.0.0-10.1.255.255]"),
        ("dst net 10.1.2.3 255.255.0.0", "dstip in [10.1.0.0-10.1.255.255]"),
        ("dst net 10.1.2.3/255.255.0.0", "dstip in [10.1.0.0-10.1.255.255]"),
        ("dst net 10.0.0.0 / 8", "dstip in [10.0.0.0-10.255.255.255]"),
        ("dst net 0.0.0.0/0", "dstip in [0.0.0.0-255.255.255.255]"),
        (
            "src ip in [::/0]",
            "srcip in [::-::fffe:ffff:ffff ::1:0:0:0-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]"
        ),
        (
            "src net 2001:db8::/32",
            "srcip in [2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]"
        ),
        ("src ip in [10.0.0.1 10.0.0.0,10.0.0.0/31 10.0.0.2]", "srcip in [10.0.0.0-10.0.0.2]"),
        ("src ip in 10.0.0.0/31", "srcip in [10.0.0.0-10.0.0.1]"),
        ("src ip 10.0.0.1-10.0.0.9", "srcip in [10.0.0.1-10.0.0.9]"),
        ("next ip 192.0.2.7", "nexthop in [192.0.2.7]"),
        ("bgp next ip 192.0.2.7", "bgpnexthop in [192.0.2.7]"),
        ("router ip 192.0.2.1", "exporter in [192.0.2.1]"),
        ("exporter 192.0.2.1", "exporter in [192.0.2.1]"),
        ("src nat ip 192.0.2.1", "natsrcip in [192.0.2.1]"),
        ("dst xlate net 192.0.2/24", "natdstip in [192.0.2.0-192.0.2.255]"),
        ("tun ip 192.0.2.1", "(tunsrcip in [192.0.2.1] or tundstip in [192.0.2.1])"),
        (
            "ip != 192.0.2.1",
            "(not (srcip in [192.0.2.1] or dstip in [192.0.2.1]) and (srcip present or dstip present))"
        ),
        ("ipv4", "(srcip in [0.0.0.0-255.255.255.255] or dstip in [0.0.0.0-255.255.255.255])"),
    ])
    func `addresses and networks`(filter: String, expected: String) throws {
        #expect(try meaning(filter) == expected)
    }

    @Test(arguments: [
        ("flags S", "(proto in [6] and flags & 2 = 2)"),
        ("flags sa", "(proto in [6] and flags & 18 = 18)"),
        ("flags =SA", "(proto in [6] and flags in [18])"),
        ("flags = sa", "(proto in [6] and flags in [18])"),
        ("flags 18", "(proto in [6] and flags in [18])"),
        ("flags X", "(proto in [6] and flags & 63 = 63)"),
        ("flags EC", "(proto in [6] and flags & 192 = 192)"),
        ("flags != S", "(proto in [6] and flags in [0-1 3-255])"),
        ("not flags A", "not (proto in [6] and flags & 16 = 16)"),
        ("proto tcp and flags S", "(proto in [6] and flags & 2 = 2)"),
        ("icmp type 8", "(proto in [1 58] and icmptype in [8])"),
        (
            "icmp-type 8 and icmp-code 0",
            "(proto in [1 58] and icmptype in [8] and icmpcode in [0])"
        ),
        ("icmp", "proto in [1]"), ("tos 40", "tos in [40]"), ("dst tos 1", "dsttos in [1]"),
        ("as 0", "(srcas in [0] or dstas in [0])"), ("src as AS65001", "srcas in [65001]"),
        ("dst as 1.10", "dstas in [65546]"), ("prev as 7", "prevas in [7]"),
        ("in if 5", "inif in [5]"), ("if 5", "(inif in [5] or outif in [5])"),
        ("vlan 100", "(srcvlan in [100] or dstvlan in [100])"), ("srcvlan 1", "srcvlan in [1]"),
        ("not vlan 9", "not (srcvlan in [9] or dstvlan in [9])"),
        ("srcvlan >= 0", "srcvlan present"), ("mask 24", "(srcmask in [24] or dstmask in [24])"),
        ("flowdir egress", "direction in [1]"), ("direction != ingress", "direction in [1-255]"),
        ("min ttl < 5", "minttl in [0-4]"), ("ttl equal", "minttl = maxttl"),
        ("src mac aa:bb:cc:dd:ee:ff", "srcmac in [187723572702975]"),
        ("in dst mac AA-BB-CC-DD-EE-FF", "dstmac in [187723572702975]"),
        ("mpls label0 = 16", "mpls1 in [256-271]"), ("mpls exp1 1", "mpls2 & 14 = 2"),
        ("mpls exp0 >= 6", "mpls1 & 12 = 12"), ("mpls exp0 <= 7", "mpls1 present"),
        ("engine id 7", "domain & 255 = 7"), ("engine-type < 2", "domain & 65024 = 0"),
        ("observation domain id 7", "domain in [7]"), ("sampler 3", "samplerid in [3]"),
        ("ingress vrf 3", "invrf in [3]"), ("fwdstat dropped", "fwdstatus in [128-191]"),
        ("fwdstat 64", "fwdstatus in [64]"),
        ("asa event denied", "(not natevent = event and event in [3])"),
        ("nat event ADD44", "natevent in [4]"), ("event 2", "event in [2]"),
        ("sampling 1000", "sampling in [1000]"), ("tun proto gre", "tunproto in [47]"),
        ("ethertype 0x800", "ethertype in [2048]"),
        ("samplerid > 5", "samplerid in [6-18446744073709551615]"),
    ])
    func `flags, ICMP, routing, layer 2 and exporters`(filter: String, expected: String) throws {
        #expect(try meaning(filter) == expected)
    }

    @Test(arguments: [
        ("first seen >= 2016-06-07T12:00:00", "start in [1465300800000-18446744073709551615]"),
        ("first seen > 2016-06-07T12", "start in [1465300800001-18446744073709551615]"),
        ("first seen = 2016-06-07T12", "start in [1465300800000-1465304399999]"),
        ("last seen < 2016-06-07", "end in [0-1465257599999]"),
        ("start > -1h", "start in [1465297200001-18446744073709551615]"),
        ("received <= now", "received in [0-1465300800000]"),
        ("start '2016-06-07 12:00'", "start in [1465300800000-1465300859999]"),
        ("start 1465300800123", "start in [1465300800123]"),
    ])
    func `times`(filter: String, expected: String) throws {
        #expect(try meaning(filter) == expected)
    }

    @Test(arguments: [
        (
            "srcport 1 or srcport 2 and bytes 3",
            "(srcport in [1] or (srcport in [2] and bytes in [3]))"
        ),
        ("not srcvlan 1 and bytes 3", "(not srcvlan in [1] and bytes in [3])"),
        ("!!srcvlan 1", "srcvlan in [1]"), ("not not not srcvlan 1", "not srcvlan in [1]"),
        ("(srcport 1 || srcport 3) && ! tos 4", "(srcport in [1 3] and not tos in [4])"),
        ("srcport > 5 and srcport < 9", "srcport in [6-8]"),
        ("srcport > 5 and srcport < 3", "not any"), ("srcport <= 5 or srcport >= 5", "any"),
        ("any and srcport 5", "srcport in [5]"), ("any or srcport 5", "any"),
        ("not any or srcport 5", "srcport in [5]"), ("not srcport 5", "srcport in [0-4 6-65535]"),
        (
            "tos 1 and (bytes 2 and (packets 3 and flows 4))",
            "(tos in [1] and bytes in [2] and packets in [3] and flows in [4])"
        ),
        ("flags S and flags S", "(proto in [6] and flags & 2 = 2)"),
    ])
    func `precedence and the normal form`(filter: String, expected: String) throws {
        #expect(try meaning(filter) == expected)
    }

    @Test(arguments: [
        ("src geo CH", "srcgeo in [CH]"), ("dst country ch", "dstgeo in [CH]"),
        ("geo CH", "(srcgeo in [CH] or dstgeo in [CH])"),
        ("country in [DE ch, ZZ]", "(srcgeo in [CH DE ZZ] or dstgeo in [CH DE ZZ])"),
        ("src country in [CH CI]", "srcgeo in [CH CI]"), ("srcgeo = A1", "srcgeo in [A1]"),
        ("dst geo != CH", "dstgeo not in [CH]"),
        ("dst geo not in [CH DE]", "dstgeo not in [CH DE]"),
        ("src geo unknown", "not srcgeo != unknown"), ("dst geo != unknown", "dstgeo != unknown"),
        ("geo unknown", "(not srcgeo != unknown or not dstgeo != unknown)"),
        ("src country in [CH unknown]", "(srcgeo in [CH] or not srcgeo != unknown)"),
        ("src country not in [CH unknown]", "srcgeo not in [CH]"),
        ("src geo private", "srcgeo in [ZZ]"), ("not src geo CH", "not srcgeo in [CH]"),
        (
            "country != CH",
            "(not (srcgeo in [CH] or dstgeo in [CH]) and (srcgeo != unknown or dstgeo != unknown))"
        ),
    ])
    func `countries`(filter: String, expected: String) throws {
        #expect(try meaning(filter) == expected)
        #expect(try FlowFilter(parsing: filter).notes.isEmpty)
    }

    @Test func `every name of the vocabulary is a word`() throws {
        for info in Field.table where info.meaning != .elements {
            let value =
                switch info.meaning {
                case .address: "192.0.2.1"
                case .mac: "aa:bb:cc:dd:ee:ff"
                case .instant: "2016-06-07"
                case .country: "CH"
                default: "1"
                }
            _ = try FlowExpression(parsing: "\(info.name) \(value)")
        }
    }

    @Test func `a long list and a long chain stay cheap`() throws {
        let list = (0..<4000).map { "10.0.\($0 / 256).\($0 % 256)" }.joined(separator: " ")
        let addresses = try FlowExpression(parsing: "src ip in [\(list)]")
        #expect(addresses.description == "srcip in [10.0.0.0-10.0.15.159]")
        let chain = (0..<4000).map { "srcport \($0)" }.joined(separator: " or ")
        #expect(try FlowExpression(parsing: chain).description == "srcport in [0-3999]")
    }
}
