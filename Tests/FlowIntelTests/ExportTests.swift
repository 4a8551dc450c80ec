import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Testing

@Suite(.enabled(if: SharedFeeds.folder != nil))
struct ExportExampleTests {
    @Test(arguments: [
        ("rpz.zone", ExportFormat.rpz), ("silk-v4.txt", .silkV4), ("silk-v6.txt", .silkV6),
        ("blocklist.nft", .nftables), ("blocklist.ipset", .ipset),
        ("suricata-categories.txt", .suricataCategories),
        ("suricata-reputation.list", .suricataReputation), ("suricata.rules", .suricataRules),
        ("zeek.intel", .zeek), ("wazuh-bad-ip", .wazuhAddresses),
        ("wazuh-bad-ip.notes", .wazuhNotes), ("wazuh-bad-domain", .wazuhNames),
        ("dnsbl.ip4set", .rbldnsdV4), ("dnsbl.ip6trie", .rbldnsdV6),
        ("stix21-bundle.json", .stix), ("decisions.tsv", .decisions),
    ])
    func `every example is reproduced octet by octet`(name: String, format: ExportFormat) throws {
        let example = try ExportExample()
        var options = ExportOptions()
        options.ruleSources = ["Feodo"]
        options.ruleLabel = "THREATFLOW"
        let file = Export(example.indicators, judge: example.judge).file(format, options: options)
        let expected = try SharedFeeds.octets("exports-example/\(name)")
        let lines = [file, expected].map {
            String(decoding: $0, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
        }
        // The first line that differs says more than two files do.
        let differing = zip(lines[0], lines[1]).first { $0 != $1 }
        #expect(differing == nil, "\(differing.map { "\($0)" } ?? "")")
        #expect(file == expected)
    }
}

@Suite struct ExportTests {
    private func export(
        _ listed: [(String, IndicatorKind, String)], allow: [String] = []
    ) throws -> Export {
        var allowList = AllowList()
        allowList.add(allow, origin: "own")
        let indicators = try listed.map { text, kind, source in
            try #require(Indicator(listed: text, kind: kind, source: source))
        }
        return Export(indicators, judge: Judge(allowList: allowList, now: 0))
    }

    private static let day: Int64 = 86_400_000

    private func export(_ names: [String], on day: Int64) throws -> Export {
        let indicators = try names.map {
            try #require(Indicator(listed: $0, kind: .domain, source: "a"))
        }
        return Export(indicators, judge: Judge(allowList: AllowList(), now: day * Self.day))
    }

    @Test func `a zone keeps its serial number until it lists something else`() throws {
        func serial(_ zone: [UInt8]) throws -> String {
            try #require(text(zone).split(separator: "(").dropFirst().first)
                .split(separator: " ").first.map(String.init) ?? ""
        }
        let first = try export(["a.example"], on: 1).file(.rpz, following: [])
        #expect(try serial(first) == "1970010200")
        #expect(try export(["a.example"], on: 1).file(.rpz) == first)
        #expect(try export(["a.example"], on: 5).file(.rpz, following: first) == first)
        let second = try export(["b.example"], on: 1).file(.rpz, following: first)
        #expect(try serial(second) == "1970010201")
        let third = try export(["c.example"], on: 2).file(.rpz, following: second)
        #expect(try serial(third) == "1970010300")
        var options = ExportOptions()
        options.revision = 7
        let chosen = try export(["c.example"], on: 2).file(.rpz, options: options, following: third)
        #expect(try serial(chosen) == "1970010307")
        for hostile in ["", "; no zone", " SOA localhost. hostmaster.localhost. ( 4294967295 "] {
            let zone = try export(["a.example"], on: 1).file(.rpz, following: Array(hostile.utf8))
            #expect(zone == first)
        }
    }

    @Test func `a bundle keeps its time until it lists something else`() throws {
        let first = try export(["a.example"], on: 1).file(.stix, following: [])
        #expect(try export(["a.example"], on: 5).file(.stix, following: first) == first)
        let second = try export(["b.example"], on: 5).file(.stix, following: first)
        #expect(text(second).contains("1970-01-06T00:00:00.000Z"))
        #expect(!text(second).contains("1970-01-02"))
    }

    @Test func `a content tag is SHA-1 of the octets`() {
        // FIPS 180-4's examples.
        #expect(contentTag(of: []) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(contentTag(of: Array("abc".utf8)) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        let long = [UInt8](repeating: UInt8(ascii: "a"), count: 1_000_000)
        #expect(contentTag(of: long) == "34aa973cd4c4daa4f61eeb2bdbad27316534016f")
    }

    private func text(_ octets: [UInt8]) -> String { String(decoding: octets, as: UTF8.self) }

    @Test func `nothing listed is an empty file of each kind, not a broken one`() throws {
        let empty = try export([])
        #expect(!text(empty.file(.nftables)).contains("add element"))
        #expect(text(empty.file(.ipset)).contains("swap threat4-new threat4"))
        #expect(text(empty.file(.stix)).contains("identity--"))
        #expect(text(empty.file(.zeek)).split(separator: "\n").count == 1)
        #expect(empty.file(.wazuhNames).isEmpty)
    }

    @Test func `a range that is no network is exported as the networks it is`() throws {
        let export = try export([("192.0.2.1-192.0.2.4", .network, "a")])
        #expect(text(export.file(.silkV4)).hasSuffix("192.0.2.1/32\n192.0.2.2/31\n192.0.2.4/32\n"))
        #expect(
            text(export.file(.stix)).contains(
                "[ipv4-addr:value = '192.0.2.1' OR ipv4-addr:value = '192.0.2.2/31' OR "))
        #expect(
            text(export.file(.wazuhAddresses))
                == "192.0.2.1:a\n192.0.2.2:a\n192.0.2.3:a\n192.0.2.4:a\n")
    }

    @Test func `what a feed writes cannot break out of its field`() throws {
        var detail = IndicatorDetail()
        detail.description = "a\tb\nc \"d\" \\ é"
        let listed = try #require(
            Indicator(
                listed: "http://a.example/'x", kind: .url, source: "s\tt", detail: detail))
        let export = Export([listed], judge: Judge(allowList: AllowList(), now: 0))
        let zeek = text(export.file(.zeek)).split(separator: "\n")
        #expect(zeek[1] == "a.example/'x\tIntel::URL\ts t\ta b c \"d\" \\ é\t-\tT")
        let stix = export.file(.stix)
        let object = try JSONSerialization.jsonObject(with: Data(stix)) as? [String: Any]
        let objects = object?["objects"] as? [[String: Any]]
        #expect(objects?[1]["pattern"] as? String == #"[url:value = 'http://a.example/\'x']"#)
        #expect(objects?[1]["name"] as? String == "a b c \"d\" \\ é")
        let back = try readFeed(stix)
        #expect(back.texts.map(\.value) == ["http://a.example/'x"])
    }

    @Test func `an export of its own is read back as what it was`() throws {
        let export = try export(
            [
                ("192.0.2.0/24", .network, "a"), ("2001:db8::/32", .network, "b"),
                ("evil.example", .domain, "b"),
            ], allow: ["192.0.2.77"])
        let zeek = try readFeed(export.file(.zeek))
        let ranges = AddressSet(zeek.addresses.map(\.range))
        #expect(ranges.countV4 == 255)
        #expect(zeek.format == .zeek && zeek.texts.map(\.value) == ["evil.example"])
        #expect(try readFeed(export.file(.silkV4)).addresses.count == 8)
    }

    @Test func `sixty sources fit into Suricata's categories, names made different`() throws {
        let listed = (0..<70).map { ("192.0.2.\($0)", IndicatorKind.address, "list-\($0 % 62)") }
        let categories = text(try export(listed).file(.suricataCategories)).split(separator: "\n")
        #expect(categories.count == 59)
        let twins = try export([("192.0.2.1", .address, "a-b"), ("192.0.2.2", .address, "ab")])
        #expect(
            text(twins.file(.suricataCategories))
                == "1,ab,indicators from a-b\n2,abSource2,indicators from ab\n")
    }

    @Test func `a file is replaced as a whole, or left alone where nothing changed`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("list")
        #expect(try replaceFile(at: path, with: Array("one".utf8)))
        #expect(try !replaceFile(at: path, with: Array("one".utf8)))
        #expect(try replaceFile(at: path, with: Array("two".utf8)))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "two")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path) == ["list"])
        let error = #expect(throws: FileReplacementError.self) {
            _ = try replaceFile(at: folder.path("no/such"), with: [])
        }
        #expect(error?.operation == "open" && error?.code == ENOENT)
    }

    @Test func `a post command is run as arguments, without a shell`() {
        #expect(runPostCommand(["true", "; false", "$(false)"]) == .exited(code: 0))
        #expect(runPostCommand(["false"]) == .exited(code: 1))
        #expect(runPostCommand(["sh", "-c", "kill -9 $$"]) == .killed(signal: 9))
        #expect(runPostCommand(["/no/such/program"]) == .notStarted(code: ENOENT))
        #expect(runPostCommand([]) == .notStarted(code: EINVAL))
        #expect(runPostCommand(["sh", "-c", "sleep 600 & wait"], while: { false }) == .abandoned)
    }
}
