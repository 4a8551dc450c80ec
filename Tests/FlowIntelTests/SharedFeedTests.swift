import FlowIntel
import FlowModel
import Foundation
import Testing

@Suite(.enabled(if: SharedFeeds.folder != nil))
struct SharedFeedTests {
    @Test(arguments: SharedFeeds.files)
    func `every shared feed reads to exactly what was counted of it`(expected: FeedCount) throws {
        let contents = try SharedFeeds.contents(expected.file)
        let ranges = contents.addresses.map(\.range) + (contents.warningList?.ranges ?? [])
        let isList = contents.warningList != nil
        if contents.warningList?.comparison != .string {
            #expect(ranges.count == expected.items)
            let distinct = Set(ranges)
            #expect(distinct.filter(\.isV4).count == expected.distinctV4)
            #expect(distinct.filter { !$0.isV4 }.count == expected.distinctV6)
            let merged = AddressSet(ranges)
            #expect(merged.prefixesV4.count == expected.mergedV4)
            #expect(merged.prefixesV6.count == expected.mergedV6)
            #expect(merged.countV4 == expected.addressesV4)
            #expect(merged.countV6 == expected.addressesV6)
        }
        // Names are counted as they are listed: two spellings of a name are two.
        let names = contents.texts.filter(\.kind.isName).map { $0.listed ?? $0.value }
        #expect(Set(names).count == expected.domains)
        let urls = contents.texts.filter { $0.kind == .url || $0.kind == .uri }
        #expect(Set(urls.map(\.value)).count == expected.urls)
        #expect(contents.counts.badTotal == expected.unparsed + badPatterns(expected.file))
        let read = contents.counts.read
        #expect(read[.asn, default: 0] == expected.other["asn", default: 0])
        #expect(contents.pulses.count == expected.other["pulse", default: 0])
        let isOTX = contents.format == .otx
        if isOTX {
            #expect(read[.cve, default: 0] == expected.other["type:CVE", default: 0])
            #expect(read[.yara, default: 0] == expected.other["type:YARA", default: 0])
        }
        #expect(read[.email, default: 0] >= expected.other["Intel::EMAIL", default: 0])
        for (word, kind) in [("MD5", IndicatorKind.md5), ("SHA1", .sha1), ("SHA256", .sha256)]
        where isOTX {
            #expect(read[kind, default: 0] == expected.other["type:FileHash-\(word)", default: 0])
        }
        for kind in ["string", "substring"] where isList {
            guard let entries = expected.other[kind] else { continue }
            #expect(contents.warningList?.entries.count == entries)
            #expect(contents.warningList?.comparison.rawValue == kind)
        }
    }

    /// Two of APT1's twelve indicators are certificates, told by two values together.
    private func badPatterns(_ file: String) -> Int { file == "stix/apt1.json" ? 2 : 0 }

    @Test(arguments: SharedFeeds.files.filter { $0.file.hasPrefix("raw/") })
    func `a feed in small pieces reads the same`(file: FeedCount) throws {
        let octets = try SharedFeeds.octets(file.file)
        let whole = try readFeed(octets)
        var decoder = FeedDecoder()
        for start in stride(from: 0, to: octets.count, by: 4093) {
            try decoder.consume(octets.span.extracting(start..<min(start + 4093, octets.count)))
        }
        let pieces = try decoder.finish()
        #expect(pieces.addresses == whole.addresses)
        #expect(pieces.texts == whole.texts)
        #expect(pieces.counts == whole.counts)
        #expect(pieces.format == whole.format)
    }

    @Test(arguments: [
        ("firehol/dshield.netset", "plain"), ("hosts/nocoin_hosts.txt", "hosts"),
        ("raw/dshield_block.txt", "dshield"), ("raw/feodo_ipblocklist.csv", "feodo"),
        ("raw/sslbl_sslipblacklist.csv", "sslbl"), ("raw/spamhaus_drop_v4.json", "spamhaus"),
        ("raw/spamhaus_asndrop.json", "spamhaus"), ("zeek/alienvault.intel", "zeek"),
        ("misp/long_event.json", "misp"), ("misp/misp_event.json", "misp"),
        ("misp/feed/manifest.json", "misp-manifest"), ("misp/feed/hashes.csv", "misp-hashes"),
        ("misp/warninglists/google.json", "warninglist"), ("stix/apt1.json", "stix"),
        ("stix/taxii21_medallion_default_data.json", "stix"),
        ("otx/api_subscribed_page1.json", "otx"), ("otx/otx_pulses_2015-2017.json", "otx"),
    ])
    func `the format is recognised`(path: String, format: String) throws {
        #expect(try SharedFeeds.contents(path).format.name == format)
    }

    @Test func `a pulse keeps what an alert links to, in both shapes`() throws {
        let page = try SharedFeeds.contents("otx/api_subscribed_page1.json")
        #expect(page.pulses[1].name == "Scanners with a TAB in the name")
        #expect(page.nextPage?.hasSuffix("&page=2") == true)
        #expect(page.counts.withheld == [.inactive: 1])
        let first = page.addresses[0]
        #expect(
            page.details[Int(first.detail)].reportURL
                == "https://otx.alienvault.com/pulse/65a000000000000000000001")
        let old = try SharedFeeds.contents("otx/otx_pulses_2015-2017.json")
        #expect(old.pulses.allSatisfy { !$0.tlp.isEmpty || !$0.isPublic || $0.id != "" })
        let events = try SharedFeeds.contents("otx/api_events.json")
        #expect(events.events.map(\.action) == ["unsubscribe", "delete"])
    }

    @Test func `a MISP event's context is read and not in force`() throws {
        let event = try SharedFeeds.contents("misp/misp_event.json")
        #expect(event.counts.withheld == [.context: 1])
        #expect(event.counts.ignored == 1)
    }

    @Test func `known answers of set arithmetic`() throws {
        var sets: [String: AddressSet] = [:]
        func set(_ path: String) throws -> AddressSet {
            if let set = sets[path] { return set }
            let set = try SharedFeeds.addresses(path)
            sets[path] = set
            return set
        }
        let union = try SharedFeeds.files.filter { KnownFeeds.isFeed($0) }
            .map { try set($0.file) }
        #expect(union.count == 27)
        let all = AddressSet(union.flatMap(\.ranges))
        let rows = try SharedFeeds.text("known-answers.tsv").split(separator: "\n").dropFirst()
        #expect(rows.count == 59)
        for row in rows {
            let columns = row.split(separator: "\t").map(String.init)
            let result: AddressSet
            switch (columns[0], columns[1]) {
            case ("or", _): result = all
            case ("minus", "union of all feeds"):
                result = try KnownFeeds.allowLists.reduce(all) { $0.subtracting(try set($1)) }
            case ("and", _): result = try set(columns[1]).intersection(try set(columns[2]))
            default: result = try set(columns[1]).subtracting(try set(columns[2]))
            }
            #expect(result.countV4 == UInt64(columns[3]), "\(row)")
            #expect(result.ranges.filter(\.isV4).count == Int(columns[4]), "\(row)")
            #expect(result.prefixesV4.count == Int(columns[5]), "\(row)")
        }
    }
}
