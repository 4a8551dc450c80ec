import FlowIntel
import FlowModel
import Testing

private func read(_ text: String, _ format: FeedFormat? = nil) throws -> FeedContents {
    try readFeed(Array(text.utf8), format: format)
}

@Suite struct FeedReaderTests {
    @Test(arguments: [
        ("192.0.2.1", "192.0.2.1"), ("192.0.2.77/24", "192.0.2.0/24"),
        ("192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9"),
        ("192.0.2.0 - 192.0.2.255", "192.0.2.0/24"), ("192.0.2.1,443", "192.0.2.1"),
        ("  192.0.2.1\t\r", "192.0.2.1"), ("198.51.100.0/24 ; SBL1", "198.51.100.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.77"), ("::ffff:192.0.2.77/120", "192.0.2.0/24"),
        ("2001:DB8:0:0::25", "2001:db8::25"), ("2001:db8::/32 # note", "2001:db8::/32"),
        ("[2001:db8::1]:443", "2001:db8::1"), ("192.0.2.9:8080", "192.0.2.9"),
        ("0.0.0.0/0", "0.0.0.0/0"), ("\u{feff}192.0.2.1", "192.0.2.1"),
        ("2001:db8::1-2001:db8::4", "2001:db8::1-2001:db8::4"),
    ])
    func `an address is read in every shape that lists have`(line: String, range: String) throws {
        let contents = try read(line + "\n# a list\n", .plain)
        #expect(contents.addresses.map { "\($0.range)" } == [range])
        #expect(contents.counts.badTotal == 0)
    }

    @Test(arguments: [
        ("010.0.0.1", BadEntry.address), ("1.2.3", .address), ("192.0.2.300", .address),
        ("1", .address), ("192.0.2.1/33", .length), ("192.0.2.1/", .length),
        ("2001:db8::/129", .length), ("192.0.2.9-192.0.2.1", .range),
        ("192.0.2.1:99999", .length), ("192.0.2.1 - ::1", .range), ("0x7f.1", .name),
        ("192.0.2.0x10", .name), ("2001:db8::1::2", .address), ("::/80", .range),
        ("localhost", .name), ("-", .address), ("bad..example", .name),
        ("\u{fffd}\u{1}.example", .name), ("fe80::1%eth0", .name),
    ])
    func `what looks like an address and is none is refused, never looked up`(
        line: String, reason: BadEntry
    ) throws {
        let contents = try read("192.0.2.1\n\(line)\n192.0.2.2\n", .plain)
        #expect(contents.addresses.count == 2)
        #expect(contents.texts.isEmpty)
        #expect(contents.counts.bad == [reason: 1])
        #expect(contents.counts.badPlaces == [BadPlace(line: 2, reason: reason)])
    }

    @Test(arguments: [
        ("Login.BANK.Example.", "login.bank.example", IndicatorKind.domain),
        ("bücher.example", "xn--bcher-kva.example", .domain),
        ("BÜCHER.example", "xn--bcher-kva.example", .domain),
        ("*.wild.example", "wild.example", .subtree),
        ("exfil_01.tunnel.example", "exfil_01.tunnel.example", .domain),
        ("例え。テスト", "xn--r8jz45g.xn--zckzah", .domain),
        ("http://a.example/x?y=1", "http://a.example/x?y=1", .url),
        ("/gate.php", "/gate.php", .uri), ("A@b.example", "a@b.example", .email),
        ("D41D8CD98F00B204E9800998ECF8427E", "d41d8cd98f00b204e9800998ecf8427e", .md5),
    ])
    func `other values are told apart and made canonical`(
        line: String, value: String, kind: IndicatorKind
    ) throws {
        let contents = try read(line + " # why\n", .plain)
        let text = try #require(contents.texts.first)
        #expect(text.value == value)
        #expect(text.kind == kind)
        #expect(text.listed == (value == line ? nil : line))
        #expect(contents.details[Int(text.detail)].description == "why")
    }

    @Test(arguments: [
        "ﬁsh.example", "ａ.example", "u\u{308}x.example", "a b.example", "\u{202e}x.example",
    ])
    func `a name that is only nearly one is refused`(name: String) throws {
        let row =
            #"[{"indicator": "\#(name)", "type": "domain"}, {"indicator": "ok.example", "type": "domain"}]"#
        #expect(try read(row, .otx).counts.bad == [.name: 1])
    }

    @Test func `an empty list is a list`() throws {
        for text in ["", "# nothing today\n", "\n\n"] {
            #expect(try read(text).counts.readTotal == 0)
        }
    }

    @Test(arguments: [
        "<!DOCTYPE html><html>", "\u{1f}", "{\"error\": \"no\"}", "{\"a\": ", "[[[[",
        "PK\u{3}\u{4}x",
        "\0\0\0\0",
    ])
    func `what is no list is refused as a whole`(text: String) {
        #expect(throws: FeedError.self) { _ = try read(text) }
    }

    @Test func `a list of junk is given up early`() {
        let junk = String(repeating: "what is this\n", count: 20_000)
        #expect {
            _ = try read(junk, .plain)
        } throws: { error in
            guard case FeedError.nothingReadable(let bad, _) = error else { return false }
            return bad == 10_000
        }
    }

    @Test func `bounds hold on lines, octets, entries and depth`() throws {
        let long = String(repeating: "a", count: 100_000) + "\n192.0.2.1\n"
        let contents = try read(long, .plain)
        #expect(contents.counts.bad == [.long: 1])
        #expect(contents.addresses.count == 1)
        var limits = FeedLimits()
        limits.listBytesMax = 8
        limits.entriesMax = 1
        #expect(throws: FeedError.tooLarge(bytesMax: 8)) {
            _ = try readFeed(Array("192.0.2.1".utf8), limits: limits)
        }
        limits.listBytesMax = 100
        #expect(throws: FeedError.tooMany(entriesMax: 1)) {
            _ = try readFeed(Array("192.0.2.1\n192.0.2.2".utf8), limits: limits)
        }
        let deep = String(repeating: "[", count: 100_000)
        #expect(throws: FeedError.json(offset: 64, what: "too deep")) { _ = try read(deep) }
    }

    @Test func `a list that was cut short says so`() {
        let rows = #"{"cidr":"192.0.2.0/24","sblid":"SBL1"}"#
        #expect(throws: FeedError.incomplete(declared: 2, read: 1)) {
            _ = try read(rows + "\n" + #"{"type":"metadata","records":2}"#)
        }
        #expect(throws: FeedError.incomplete(declared: 300, read: 256)) {
            _ = try read(
                "# ipv4 hash:net ipset\n# Entries : 2 subnets, 300 unique IPs\n192.0.2.0/24\n")
        }
        #expect(throws: FeedError.incomplete(declared: 3, read: 1)) {
            _ = try read("# DstIP,DstPort\n192.0.2.1,443,x\n# Number of entries: 3")
        }
    }

    @Test func `Spamhaus text says when it expires`() throws {
        let contents = try read(
            "; Spamhaus DROP List\n; Expires: Tue, 27 Feb 2024 23:14:44 GMT\n192.0.2.0/24 ; SBL1\n")
        #expect(contents.expires == 1_709_075_684_000)
        #expect(contents.details[1].description == "SBL1")
    }

    @Test func `abuse ch in its shapes`() throws {
        let new = try read(
            "# Listingdate,DstIP,DstPort\r\n2024-01-20 10:00:00,192.0.2.1,443\r\n")
        #expect(new.format == .sslbl)
        #expect(new.details[1].port == 443)
        #expect(new.details[1].firstSeen == 1_705_744_800_000)
        let csv = try read(
            """
            # "first_seen_utc","ioc_id","ioc_value","ioc_type","threat_type","fk_malware",\
            "malware_alias","malware_printable","last_seen_utc","confidence_level","reference","tags"
            "2024-01-20 10:00:00", "7", "192.0.2.1:8080", "ip:port", "botnet_cc", "x", "", "Emotet", \
            "", "75", "", "a,b"
            "2024-01-20 10:00:00", "8", "c2.example", "domain", "botnet_cc", "x", "", "Emotet", "", \
            "50", "", ""
            """)
        #expect(csv.format == .threatfox)
        #expect(csv.details[1].port == 8080)
        #expect(csv.details[1].confidence == 75)
        #expect(csv.details[1].tags == ["a", "b"])
        #expect(csv.texts[0].value == "c2.example")
        let api = try read(
            """
            {"query_status": "ok", "data": [{"id": "7", "ioc": "192.0.2.1:8080", "ioc_type": "ip:port",
            "confidence_level": 75, "first_seen": "2024-01-20 10:00:00 UTC", "tags": null}]}
            """)
        #expect(api.addresses.count == 1)
        #expect(api.details[1].reportURL == "https://threatfox.abuse.ch/ioc/7/")
    }

    @Test func `a table is read by the column that is named`() throws {
        var columns = CSVColumns()
        columns.value = .name("host")
        columns.description = .number(1)
        columns.separator = UInt8(ascii: ";")
        let text = "why;host\n\"a; \"\"b\"\"\";192.0.2.1\nc;evil.example\nd\n"
        let contents = try read(text, .csv(columns))
        #expect(contents.details[1].description == "a; \"b\"")
        #expect(contents.texts[0].value == "evil.example")
        #expect(contents.counts.bad == [.row: 1])
        columns.value = .name("nowhere")
        #expect(throws: FeedError.column("nowhere")) { _ = try read(text, .csv(columns)) }
    }

    @Test(arguments: [
        ("[ipv4-addr:value = '192.0.2.1']", 1),
        ("[ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2']", 2),
        ("[ipv4-addr:value IN ('192.0.2.1', '192.0.2.2')] OR [url:value = 'http://a.example/']", 3),
        ("[(domain-name:value = 'a.example' OR domain-name:value = 'b.example')]", 2),
        ("[file:hashes.'SHA-256' = '\(String(repeating: "a", count: 64))']", 1),
        ("[ipv4-addr:value = '192.0.2.1' AND network-traffic:dst_port = 80]", 0),
        ("[ipv4-addr:value = '192.0.2.1'] FOLLOWEDBY [ipv4-addr:value = '192.0.2.2']", 0),
        ("[ipv4-addr:value LIKE '192.%']", 0), ("[ipv4-addr:value = '192.0.2.1'", 0), ("", 0),
        ("[url:value = 'http://a.example/\\'x']", 1),
    ])
    func `a STIX pattern is a list of values or nothing`(pattern: String, count: Int) throws {
        let escaped = pattern.replacing("\\", with: "\\\\")
        let bundle = """
            {"type": "bundle", "objects": [
            {"type": "indicator", "id": "indicator--1", "pattern": "\(escaped)"},
            {"type": "indicator", "id": "indicator--2", "pattern": "[email-addr:value = 'a@b.example']"}]}
            """
        let contents = try read(bundle)
        #expect(contents.counts.readTotal == count + 1)
        #expect(contents.counts.bad == (count == 0 ? [.pattern: 1] : [:]))
    }

    @Test func `MISP pairs, deletions and drifted shapes`() throws {
        let contents = try read(
            """
            {"response": [{"Event": {"info": "E", "Attribute": [
              {"type": "ip-dst|port", "value": "192.0.2.1|8080", "to_ids": true, "timestamp": "1465681304"},
              {"type": "domain|ip", "value": "a.example|192.0.2.2", "to_ids": "1"},
              {"type": "ip-src", "value": "192.0.2.3", "deleted": true},
              {"type": "text", "value": "x"}, {"type": 7}],
             "Object": [{"Attribute": [{"type": "filename|md5", "value":
              "a.exe|d41d8cd98f00b204e9800998ecf8427e", "to_ids": false}]}]}}]}
            """)
        #expect(contents.addresses.count == 3)
        #expect(contents.texts.map(\.kind) == [.domain, .md5])
        #expect(contents.counts.withheld == [.deleted: 1, .context: 1])
        #expect(contents.counts.ignored == 1)
        #expect(contents.counts.bad == [.row: 1])
        let detail = contents.details[Int(contents.addresses[0].detail)]
        #expect(detail.port == 8080 && detail.description == "E")
        #expect(detail.firstSeen == 1_465_681_304_000)
    }
}
