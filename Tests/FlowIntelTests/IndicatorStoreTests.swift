import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Testing

@Suite struct IndicatorStoreTests {
    private let folder: TemporaryFolder
    private let store: IndicatorStore

    init() throws {
        folder = try TemporaryFolder()
        store = try IndicatorStore(path: folder.path("intel.sqlite"))
    }

    private func feed(_ lines: [String]) throws -> [FeedContents] {
        [try readFeed(Array(lines.joined(separator: "\n").utf8), format: .plain)]
    }

    @Test func `an update replaces a list, and says what came and went`() throws {
        let first = try store.update(
            "a", with: feed(["192.0.2.1", "192.0.2.0/24 # net", "evil.example", "192.0.2.1"]),
            at: 1000)
        #expect(first == SourceUpdate(outcome: .taken, added: 3, gone: 0, count: 3))
        let second = try store.update(
            "a", with: feed(["192.0.2.1", "evil.example # why", "2001:db8::/32"]), at: 2000)
        #expect(second == SourceUpdate(outcome: .taken, added: 1, gone: 1, count: 3))
        _ = try store.update("b", with: feed(["192.0.2.1"]), at: 2000)
        let listings = try store.listings(of: try #require(IPAddress("192.0.2.1")))
        #expect(listings.map(\.indicator.source) == ["a", "b"])
        #expect(listings.map(\.since) == [1000, 2000])
        let name = try #require(try store.listings(of: "www.Evil.example").first)
        #expect(name.indicator.text == "evil.example" && name.since == 1000)
        #expect(name.indicator.detail.description == "why")
        #expect(
            try store.indicators(of: "a").map(\.text).sorted()
                == ["192.0.2.1", "2001:db8::/32", "evil.example"])
        #expect(try store.indicators().count == 4)
    }

    @Test func `a list that shrinks by more than half is held back unless told otherwise`() throws {
        let addresses = (0..<10).map { "192.0.2.\($0)" }
        _ = try store.update("a", with: feed(addresses), at: 1000)
        let held = try store.update("a", with: feed(Array(addresses.prefix(4))), at: 2000)
        #expect(held.outcome == .held(entries: 4, kept: 10))
        let state = try #require(try store.sources().first)
        #expect(state.held == 4 && state.count == 10)
        #expect(state.updated == 1000 && state.checked == 2000)
        let half = try store.update("a", with: feed(Array(addresses.prefix(5))), at: 3000)
        #expect(half == SourceUpdate(outcome: .taken, added: 0, gone: 5, count: 5))
        let empty = try store.update("a", with: feed([]), at: 4000, insists: true)
        #expect(empty == SourceUpdate(outcome: .taken, added: 0, gone: 5, count: 0))
        #expect(try store.sources().first?.held == nil)
    }

    @Test func `a failed look keeps the last list and says why`() throws {
        _ = try store.update("a", with: feed(["192.0.2.1"]), at: 1000)
        try store.note(problem: "cut short", of: "a", at: 2000)
        let state = try #require(try store.sources().first)
        #expect(state.problem == "cut short" && state.updated == 1000 && state.count == 1)
        _ = try store.update("a", with: feed(["192.0.2.1"]), at: 3000)
        #expect(try store.sources().first?.problem == nil)
    }

    @Test func `sources that are no longer configured go`() throws {
        for name in ["a", "b", "c"] {
            _ = try store.update(name, with: feed(["192.0.2.1"]), at: 1000)
        }
        #expect(try store.keepOnly(["b"]) == ["a", "c"])
        #expect(try store.sources().map(\.name) == ["b"])
        #expect(try store.indicators().count == 1)
    }

    @Test func `what a feed says of an entry survives, and reopening`() throws {
        let page = """
            [{"id": "65a000000000000000000001", "name": "A pulse", "tags": ["x"], "indicators": [
              {"indicator": "192.0.2.1", "type": "IPv4", "title": "why", "role": "c2",
               "expiration": "2024-01-20T00:00:00", "created": "2024-01-01T00:00:00", "is_active": 0},
              {"indicator": "BÜCHER.example", "type": "hostname"}]}]
            """
        _ = try store.update("otx", with: [try readFeed(Array(page.utf8))], at: 1000)
        let again = try IndicatorStore(path: folder.path("intel.sqlite"))
        let indicators = try again.indicators()
        let address = try #require(indicators.first { $0.kind == .address })
        #expect(address.detail.description == "why")
        #expect(address.detail.reportURL.hasSuffix("65a000000000000000000001"))
        #expect(address.detail.tags == ["c2"])
        #expect(address.detail.expires == 1_705_708_800_000)
        #expect(address.detail.withheld == .inactive)
        let name = try #require(indicators.first { $0.kind == .hostname })
        #expect(name.text == "xn--bcher-kva.example" && name.listed == "BÜCHER.example")
        #expect(try again.listings(of: "a.xn--bcher-kva.example").isEmpty)
    }

    @Test func `a file that is no database is said to be none`() throws {
        let path = try folder.write("junk", Array(repeating: 7, count: 4096))
        #expect(throws: IndicatorStoreError.self) { _ = try IndicatorStore(path: path) }
    }

    @Test func `feeds are read from files and from folders`() throws {
        try folder.write("feeds-a.txt", Array("192.0.2.1\n".utf8))
        let single = try readFeed(at: folder.path("feeds-a.txt"))
        #expect(single.map(\.counts.readTotal) == [1])
        let error = #expect(throws: FeedFileError.self) {
            _ = try readFeed(at: folder.path("none"))
        }
        #expect(error?.cause == .system(path: folder.path("none"), code: ENOENT))
        let many = try TemporaryFolder()
        try many.write("b.txt", Array("192.0.2.2\n192.0.2.3\n".utf8))
        try many.write("a.txt", Array("192.0.2.1\n".utf8))
        try many.write(".hidden", Array("192.0.2.9\n".utf8))
        #expect(try readFeed(at: many.url.path).map(\.counts.readTotal) == [1, 2])
    }

    @Test(.enabled(if: SharedFeeds.folder != nil))
    func `a MISP feed is what its manifest names`() throws {
        let feed = try readFeed(at: try #require(SharedFeeds.folder) + "/misp/feed")
        #expect(feed.count == 2)
        #expect(feed.map(\.addresses.count).sorted() == [0, 12])
    }
}
