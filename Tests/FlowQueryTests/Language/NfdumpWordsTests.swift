import FlowQuery
import Testing

/// Every row of nfdump 1.7.8's table of elements: what Skein takes it for.
@Suite struct NfdumpWordsTests {
    private func filter(_ text: String) throws -> FlowFilter {
        try FlowFilter(parsing: text, times: TimeText(now: 1_465_300_800_000, zone: .utc))
    }

    @Test(arguments: [
        // constants
        ("any", "any"),
        ("ipv4", "(srcip in [0.0.0.0-255.255.255.255] or dstip in [0.0.0.0-255.255.255.255])"),
        // counters
        ("packets > 1k", "packets in [1001-18446744073709551615]"), ("in bytes 7", "bytes in [7]"),
        ("out bytes >= 2", "rbytes in [2-18446744073709551615]"), ("flows 3", "flows in [3]"),
        ("pps lt 5", "pps in [0-4]"), ("bps le 5", "bps in [0-5]"),
        ("bpp ge 5", "bpp in [5-18446744073709551615]"),
        ("duration > 60000", "duration in [60001-18446744073709551615]"),
        // time
        ("first seen >= 2024-07-11T09", "start in [1720688400000-18446744073709551615]"),
        ("last seen < 2024-07-11", "end in [0-1720655999999]"),
        ("first seen < 2024", "start in [0-1704067199999]"),
        // protocol
        ("proto tcp", "proto in [6]"), ("proto 6", "proto in [6]"), ("proto ipv6", "proto in [41]"),
        ("proto icmp", "proto in [1]"), ("tun proto 47", "tunproto in [47]"),
        // addresses and networks
        ("src ip 192.0.2.1", "srcip in [192.0.2.1]"),
        ("dst nat host 192.0.2.1", "natdstip in [192.0.2.1]"),
        ("src tun ip 192.0.2.1", "tunsrcip in [192.0.2.1]"),
        ("next ip 192.0.2.1", "nexthop in [192.0.2.1]"),
        ("bgp next ip 192.0.2.1", "bgpnexthop in [192.0.2.1]"),
        ("router ip 192.0.2.1", "exporter in [192.0.2.1]"),
        ("exporter ip 192.0.2.1", "exporter in [192.0.2.1]"),
        (
            "src ip in [1.1.1.1, 10.0.0.0/8 2001:db8::/32]",
            "srcip in [1.1.1.1 10.0.0.0-10.255.255.255 2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]"
        ),
        ("src net 10.0.0.0/8", "srcip in [10.0.0.0-10.255.255.255]"),
        ("dst net 10.0.0.0 255.0.0.0", "dstip in [10.0.0.0-10.255.255.255]"),
        // ports, ICMP, AS
        ("dst port > 1023", "dstport in [1024-65535]"),
        ("src nat port in [80 443]", "natsrcport in [80 443]"),
        ("icmp type 8", "(proto in [1 58] and icmptype in [8])"),
        ("icmp-code 0", "(proto in [1 58] and icmpcode in [0])"),
        ("src as 1", "srcas in [1]"), ("prev as > 1", "prevas in [2-4294967295]"),
        ("next as 1", "nextas in [1]"),
        ("dst as in [1,3]", "dstas in [1 3]"),
        // no comparison in nfdump
        ("in if 5", "inif in [5]"), ("out if 5", "outif in [5]"), ("src vlan 5", "srcvlan in [5]"),
        ("dst mask 24", "dstmask in [24]"), ("ethertype 0x800", "ethertype in [2048]"),
        ("etherType 2048", "ethertype in [2048]"), ("flowdir ingress", "direction in [0]"),
        ("flowdir 1", "direction in [1]"),
        // flags, IP header
        ("flags SA", "(proto in [6] and flags & 18 = 18)"),
        ("flags =SA", "(proto in [6] and flags in [18])"),
        ("flags 18", "(proto in [6] and flags in [18])"),
        ("flags > 18", "(proto in [6] and flags in [19-255])"),
        ("src tos 1", "tos in [1]"), ("dst tos > 1", "dsttos in [2-255]"),
        ("min ttl < 5", "minttl in [0-4]"),
        ("max ttl 64", "maxttl in [64]"), ("ttl 64", "(minttl in [64] or maxttl in [64])"),
        ("ttl equal", "minttl = maxttl"),
        ("fwdstat forw", "fwdstatus in [64-127]"), ("fwdstat 64", "fwdstatus in [64]"),
        // layer 2, MPLS
        ("in src mac 00:11:22:33:44:55", "srcmac in [73588229205]"),
        ("out dst mac 00:11:22:33:44:55", "dstmac in [73588229205]"),
        ("mpls label0 > 100", "mpls1 in [1616-16777215]"), ("mpls exp0 5", "mpls1 & 14 = 10"),
        // exporters
        ("engine type 1", "domain & 65280 = 256"), ("engine id 1", "domain & 255 = 1"),
        ("observation domain id 7", "domain in [7]"),
        ("observation point id 7", "observationPointId in [7]"),
        ("ingress vrf 7", "invrf in [7]"), ("egress vrf 7", "outvrf in [7]"),
        ("ingress acl 7", "ingressAclId in [7]"),
        ("egress acl > 7", "egressAclId in [8-18446744073709551615]"),
        // events
        ("asa event create", "(not natevent = event and event in [1])"),
        ("nat event add44", "natevent in [4]"),
        ("asa denied ingress", "firewallExtendedEvent in [1001]"),
        ("asa xevent 1004", "firewallExtendedEvent in [1004]"),
        ("asa denied nosyn", "firewallExtendedEvent in [1004]"),
        ("asa user joe", "aaaUsername in [\"joe\"]"),
        ("nat pblock start 1024", "portRangeStart in [1024]"),
        ("nat pblock end < 9", "portRangeEnd in [0-8]"),
        ("nat pblock step 8", "portRangeStepSize in [8]"),
        ("nat pblock size 64", "portRangeNumPorts in [64]"),
        (
            "port in nat pblock",
            "(srcport within portRangeStart+portRangeEnd or dstport within portRangeStart+portRangeEnd)"
        ),
        ("src port in nat pblock", "srcport within portRangeStart+portRangeEnd"),
        // payload
        (
            "payload content \"GET /\"",
            "(payload content \"GET /\" or reversePayload content \"GET /\")"
        ),
        ("in payload content GET", "payload content \"GET\""),
        ("out payload regex \"a+\" \"i\"", "reversePayload regex \"a+\" \"i\""),
        ("content GET", "(payload content \"GET\" or reversePayload content \"GET\")"),
        ("regex 'a|b'", "(payload regex \"a|b\" or reversePayload regex \"a|b\")"),
        (
            "client latency > 5000",
            "e35632id82+clientNwDelaySec+e35632id83+clientNwDelayUsec+e35632id123+id57595 in [5001-18446744073709551615]"
        ),
        (
            "server latency < 9",
            "e35632id84+serverNwDelaySec+e35632id85+serverNwDelayUsec+e35632id124+id57596 in [0-8]"
        ),
    ])
    func `a word that has something to be compared with`(text: String, expected: String) throws {
        let filter = try filter(text)
        #expect(filter.expression.description == expected)
        #expect(filter.notes.isEmpty)
        #expect(
            try self.filter(text.uppercasedWords).expression.description.count == expected.count)
    }

    @Test(arguments: [
        "count > 3", "cnt 3", "ident router-1", "exporter id 3", "exporter sysid > 3",
        "src nat geo CH", "dst tun geo CH", "nat country CH", "src tun country in [CH, AT]",
        "pf action block", "pf action 3", "pf reason match", "pf reason state-limit", "pf rule > 7",
        "pf dir in",
        "pf dir out", "pf interface em0", "payload dns defined", "payload dns name example.org",
        "payload dns address 192.0.2.1", "payload dns addr 2001:db8::1", "dns name example.org",
        "payload tls defined", "payload tls version 1.2", "payload ssl version 3.0",
        "tls sni example.org",
        "payload tls sni example", "payload ja3 e7d705a3286e19ea42f587b344ee6865", "ja3 defined",
        "ja4 t13d1516h2_8daaf6152771_b186095e22b6", "payload ja4 defined",
        "payload ja4s t130200_1301_234ea6891581", "tls sni regex '^www'", "tls sni content example",
    ])
    func `a word that no record has is false, and that is said`(text: String) throws {
        let filter = try filter(text)
        #expect(filter.expression == .constant(false))
        #expect(filter.notes.count == 1)
        #expect(filter.notes.first?.description.contains("is false for every flow: ") == true)
        #expect(try self.filter("not (\(text))").expression == .constant(true))
    }

    @Test(arguments: [
        ("src geo CHE", "‘CHE’ is not a country of two letters (column 9)"),
        ("dst nat geo 1C", "‘1C’ is not a country of two letters (column 13)"),
        (
            "geo privat",
            "‘privat’ is not a country of two letters; did you mean ‘private’? (column 5)"
        ),
        ("src geo > CH", "‘src geo’ is compared with =, != or in [ ] (column 9)"),
        ("src geo CH-DE", "‘CH-DE’ is not a country of two letters (column 9)"),
        ("count abc", "‘abc’ is not a number (column 7)"),
        ("exporter id 70000", "id is 0–65535 (column 13)"),
        ("ident a.b", "‘a.b’ is not a name of letters, digits, _ and - (column 7)"),
        (
            "pf action blok",
            "‘blok’ is not a name or number 0–255; did you mean ‘block’? (column 11)"
        ),
        ("pf dir", "after ‘pf dir’ comes ‘in’ or ‘out’ (column 7)"),
        ("tls version 1.4", "‘1.4’ is not a version 1.0–1.3 (column 13)"),
        ("ja3 xyz", "‘xyz’ is not 32 hexadecimal digits (column 5)"),
        ("payload dns address x.y/", "‘x.y/’ is not an address (column 21)"),
        ("asa denied nobody", "‘nobody’ is not a name or number 0–65535 (column 12)"),
        ("asa user > joe", "‘asa user’ is compared with =, != or in [ ] (column 10)"),
        ("payload content", "‘content’ wants a text, the filter ends here (column 16)"),
        ("payload regex 'a(b'", "‘(’ is not closed (column 17)"),
        ("payload regex 'a' 'x'", "‘x’ is no flag; the flags are i, m and s (column 19)"),
        (
            "regex '(a)\\1'",
            "‘\\1’ cannot be matched in linear time, so it is not part of the language (column 11)"
        ),
        (
            "src ip tor",
            "‘tor’ cannot be compared: keep the exits of Tor in a list and write ‘in @tor’ (column 8)"
        ),
        (
            "payload contents x",
            "after ‘payload’ comes ‘content’, ‘dns’, ‘ja3’, ‘ja4’, ‘ja4s’, ‘regex’, ‘ssl’ or ‘tls’; did you mean ‘content’? (column 9)"
        ),
    ])
    func `values are checked also where nothing is stored`(text: String, message: String) throws {
        let error = try #require(throws: FilterError.self) { try filter(text) }
        #expect(error.message == message)
    }

    // MARK: Elements by name

    @Test(arguments: [
        ("applicationName dns", "applicationName in [\"dns\"]"),
        (
            "APPLICATIONNAME != dns",
            "(not applicationName in [\"dns\"] and applicationName present)"
        ),
        (
            "httpRequestHost in ['b.example' \"a.example\"]",
            "httpRequestHost in [\"a.example\" \"b.example\"]"
        ),
        (
            "httpRequestHost not in [x]",
            "(not httpRequestHost in [\"x\"] and httpRequestHost present)"
        ),
        ("interfaceName regex '^eth[0-9]+$'", "interfaceName regex \"^eth[0-9]+$\""),
        ("httpUserAgent content curl", "httpUserAgent content \"curl\""),
        ("httpStatusCode >= 400", "httpStatusCode in [400-18446744073709551615]"),
        ("flowId 7", "flowId in [7]"),
        ("applicationId 0x03000050", "applicationId in [\"\u{3}\0\0P\"]"),
        ("mplsTopLabelIPv4Address 192.0.2.1", "mplsTopLabelIPv4Address in [192.0.2.1]"),
        (
            "mplsTopLabelIPv4Address in [10.0.0.0/8]",
            "mplsTopLabelIPv4Address in [10.0.0.0-10.255.255.255]"
        ),
        ("observationTimeSeconds < 2016-06-07", "observationTimeSeconds in [0-1465257599999]"),
        ("dataRecordsReliability true", "dataRecordsReliability in [1]"),
        ("e9id12 > 5", "e9id12 in [6-18446744073709551615]"), ("id9999 5", "id9999 in [5]"),
        ("reverseTcpWindowSize < 10", "reverseTcpWindowSize in [0-9]"),
        ("osName Linux", "osName in [\"Linux\"]"),
    ])
    func `elements without a column go by their names`(text: String, expected: String) throws {
        #expect(try filter(text).expression.description == expected)
    }

    @Test(arguments: [
        (
            "octetDeltaCount > 5",
            "‘octetDeltaCount’ has a column of its own; did you mean ‘bytes’? (column 1)"
        ),
        (
            "sourceIPv4Address 192.0.2.1",
            "‘sourceIPv4Address’ has a column of its own; did you mean ‘srcip’? (column 1)"
        ),
        (
            "samplingProbability 1",
            "‘samplingProbability’ cannot be compared: numbers with fractions are not compared (column 1)"
        ),
        (
            "basicList x",
            "‘basicList’ cannot be compared: it is a list of other elements (column 1)"
        ),
        (
            "applicatonName x",
            "unknown word ‘applicatonName’; did you mean ‘applicationName’? (column 1)"
        ),
        ("e9id x", "unknown word ‘e9id’; did you mean ‘end’? (column 1)"),
    ])
    func `elements that are no words say why`(text: String, message: String) throws {
        let error = try #require(throws: FilterError.self) { try filter(text) }
        #expect(error.message == message)
    }
}

extension String {
    /// With its first word in capitals.
    fileprivate var uppercasedWords: String {
        let first = prefix { $0 != " " }
        return first.uppercased() + dropFirst(first.count)
    }
}
