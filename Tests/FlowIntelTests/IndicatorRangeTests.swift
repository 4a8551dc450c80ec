import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Testing

/// The index of ranges, parts of sources, and databases of earlier versions.
@Suite struct IndicatorRangeTests {
    private let folder: TemporaryFolder
    private let store: IndicatorStore

    init() throws {
        folder = try TemporaryFolder()
        store = try IndicatorStore(path: folder.path("intel.sqlite"))
    }

    private func feed(_ lines: [String]) throws -> FeedContents {
        try readFeed(Array(lines.joined(separator: "\n").utf8), format: .plain)
    }

    private func text(_ address: UInt32) -> String { "\(IPAddress(v4: address))" }

    @Test func `what lists an address is found, networks and odd ranges of any width`() throws {
        var state: UInt64 = 7
        func next() -> UInt64 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return state >> 16
        }
        // All within one /16, so that much overlaps.
        var lines = [
            "198.18.0.0-198.20.255.255", "::/0", "2001:db8::/32", "2001:db8::1-2001:db8::9",
        ]
        for _ in 0..<400 {
            let start = 0xc612_0000 | UInt32(next() & 0xffff)
            let width = UInt32(next() & ((1 << (next() % 15)) - 1))
            lines.append("\(text(start))-\(text(start + width))")
        }
        let list = try feed(lines)
        _ = try store.update("a", with: [list], at: 1)
        var probes = (0..<200).map { _ in IPAddress(v4: 0xc612_0000 | UInt32(next() & 0xffff)) }
        probes += ["198.17.255.255", "198.21.0.0", "2001:db8::5", "2001:db8::a", "::1"]
            .compactMap { IPAddress($0) }
        for probe in probes {
            let found = try store.listings(of: probe).map(\.indicator.text)
            let expected = Set(
                list.addresses.filter { $0.range.contains(AddressRange(probe)) }
                    .map { "\($0.range)" })
            #expect(Set(found) == expected && found.count == expected.count)
        }
    }

    @Test func `parts are replaced and forgotten by themselves`() throws {
        func change(_ parts: [String: [String]]) throws -> FeedChange {
            var change = FeedChange()
            for (name, lines) in parts.sorted(by: { $0.key < $1.key }) {
                change.parts.append(FeedPart(name: name, version: "1", contents: try feed(lines)))
            }
            return change
        }
        let first = try store.merge(
            change(["a": ["192.0.2.1", "192.0.2.2"], "b": ["192.0.2.2 # b's"]]), into: "s", at: 1,
            cursors: ["next": "2"])
        #expect(first == SourceUpdate(outcome: .taken, added: 3, gone: 0, count: 2))
        #expect(try store.cursors(of: "s") == ["next": "2"])
        let second = try store.merge(
            change(["a": ["192.0.2.3"]]), into: "s", at: 2, cursors: ["next": nil])
        #expect(second == SourceUpdate(outcome: .taken, added: 1, gone: 2, count: 2))
        #expect(try store.indicators(of: "s").map(\.text) == ["192.0.2.2", "192.0.2.3"])
        #expect(try store.cursors(of: "s").isEmpty)
        var removal = FeedChange()
        removal.present = ["a"]
        #expect(try store.merge(removal, into: "s", at: 3).gone == 1)
        #expect(try store.parts(of: "s") == ["a": "1"])
        // Nothing else is left either, and what would empty the source is held back.
        removal.present = []
        #expect(
            try store.merge(removal, into: "s", at: 4, cursors: ["next": "9"]).outcome
                == .held(entries: 0, kept: 1))
        #expect(try store.cursors(of: "s").isEmpty)
        #expect(try store.indicators(of: "s").map(\.text) == ["192.0.2.3"])
        // A whole list takes the place of parts.
        let whole = try store.update("s", with: [feed(["198.51.100.1"])], at: 5)
        #expect(whole == SourceUpdate(outcome: .taken, added: 1, gone: 1, count: 1))
        #expect(try store.parts(of: "s").isEmpty)
    }

    @Test func `reading makes no database`() throws {
        let path = folder.path("none.sqlite")
        let empty = try IndicatorStore(reading: path)
        #expect(try empty.sources().isEmpty)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test(.enabled(if: Command.installed("python3") != nil))
    func `a database of version 1 is taken over`() throws {
        let script = """
            import sqlite3, sys, ipaddress
            d = sqlite3.connect(sys.argv[1])
            d.executescript(\"\"\"
            CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
            INSERT INTO grdb_migrations VALUES ('1');
            CREATE TABLE source (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
                updated INTEGER, checked INTEGER, generation INTEGER NOT NULL DEFAULT 0,
                read INTEGER NOT NULL DEFAULT 0, bad INTEGER NOT NULL DEFAULT 0,
                ignored INTEGER NOT NULL DEFAULT 0, held INTEGER, problem TEXT);
            CREATE TABLE detail (id INTEGER PRIMARY KEY,
                source INTEGER NOT NULL REFERENCES source, description TEXT NOT NULL,
                reportURL TEXT NOT NULL, port INTEGER, confidence INTEGER, firstSeen INTEGER,
                lastSeen INTEGER, expires INTEGER, tags TEXT NOT NULL, withheld TEXT);
            CREATE INDEX detailOfSource ON detail(source);
            CREATE TABLE indicator (source INTEGER NOT NULL REFERENCES source,
                kind TEXT NOT NULL, value TEXT NOT NULL, listed TEXT NOT NULL,
                first BLOB, last BLOB, detail INTEGER NOT NULL REFERENCES detail,
                since INTEGER NOT NULL, generation INTEGER NOT NULL,
                PRIMARY KEY (source, kind, value)) WITHOUT ROWID;
            CREATE INDEX indicatorByValue ON indicator(value);
            CREATE TABLE pulse (source INTEGER NOT NULL REFERENCES source, id TEXT NOT NULL,
                name TEXT NOT NULL, description TEXT NOT NULL, author TEXT NOT NULL,
                created INTEGER, modified INTEGER, revision INTEGER NOT NULL,
                tlp TEXT NOT NULL, isPublic INTEGER NOT NULL, adversary TEXT NOT NULL,
                tags TEXT NOT NULL, "references" TEXT NOT NULL, countries TEXT NOT NULL,
                industries TEXT NOT NULL, families TEXT NOT NULL, attacks TEXT NOT NULL,
                PRIMARY KEY (source, id)) WITHOUT ROWID;
            INSERT INTO source (id, name, updated, generation) VALUES (1, 'old', 1000, 3);
            INSERT INTO detail VALUES (1, 1, 'why', '', NULL, NULL, NULL, NULL, NULL, '', NULL);
            \"\"\")
            key = lambda t: ipaddress.ip_address("::ffff:" + t).packed
            d.execute("INSERT INTO indicator VALUES (1, 'network', '192.0.2.0/24', '192.0.2.0/24',"
                " ?, ?, 1, 500, 3)", (key("192.0.2.0"), key("192.0.2.255")))
            d.execute("INSERT INTO indicator VALUES (1, 'domain', 'evil.example', 'evil.example',"
                " NULL, NULL, 1, 500, 3)")
            d.commit()
            """
        let path = folder.path("old.sqlite")
        let result = try Command.run(
            try #require(Command.installed("python3")), ["-c", script, path])
        try #require(result.status == 0, "\(result.errors)")
        let old = try IndicatorStore(path: path)
        #expect(try old.sources().map(\.count) == [2])
        let address = try #require(IPAddress("192.0.2.77"))
        let listing = try #require(try old.listings(of: address).first)
        #expect(listing.since == 500 && listing.indicator.detail.description == "why")
        let update = try old.update("old", with: [feed(["192.0.2.0/24"])], at: 2000, insists: true)
        #expect(update == SourceUpdate(outcome: .taken, added: 0, gone: 1, count: 1))
        #expect(try old.listings(of: "evil.example").isEmpty)
    }
}
