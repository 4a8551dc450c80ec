import FlowFeeds
import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Glibc
import Testing

/// Zones of the DNS, against rbldnsd that serves our own export.
@Suite(
    .enabled(if: Command.installed("rbldnsd") != nil, "rbldnsd is not installed"))
struct BlackListTests {
    private let folder: TemporaryFolder
    private let program: RunningProgram
    private let resolver: DNSResolver

    private static let listed = [
        "192.0.2.10", "198.51.100.0/26", "2001:db8:a::10", "2001:db8:bad::/48",
    ]

    init() throws {
        folder = try TemporaryFolder()
        let feed = try readFeed(Array(Self.listed.joined(separator: "\n").utf8), format: .plain)
        var allowed = AllowList()
        allowed.add(["198.51.100.8"], origin: "own")
        let export = Export(
            feed.indicators(of: "s"), judge: Judge(allowList: allowed, now: 1_700_000_000_000))
        try folder.write("v4", export.file(.rbldnsdV4))
        try folder.write("v6", export.file(.rbldnsdV6))
        // As a zone that is no longer kept answers, and one that lists everything.
        try folder.write("all", Array("127.0.0.0/8\n".utf8))
        try folder.write("none", Array(":127.0.0.2:no\n".utf8))
        try folder.write("refusing", Array(":127.255.255.254:go away\n127.0.0.2\n".utf8))
        let port = try freePort()
        resolver = DNSResolver(IPAddress(v4: 0x7f00_0001), port: port)
        program = try RunningProgram(
            [
                try #require(Command.installed("rbldnsd")), "-n", "-b", "127.0.0.1/\(port)", "-w",
                folder.url.path, "bl.test:ip4set:v4", "bl.test:ip6trie:v6", "all.test:ip4set:all",
                "none.test:ip4set:none", "refusing.test:ip4set:refusing",
            ], in: folder)
        let program = program
        try program.wait(for: "rbldnsd started") {
            (program.output + program.errors).contains("started")
        }
    }

    @Test func `our own export is read back, address by address`() throws {
        let zone = BlackListZone("bl.test", resolver: resolver)
        let coverage = try zone.check()
        #expect(coverage.hasV4 && coverage.hasV6)
        let expected = [
            ("192.0.2.10", true), ("192.0.2.11", false), ("198.51.100.63", true),
            ("198.51.100.8", false), ("198.51.100.64", false), ("2001:db8:a::10", true),
            ("2001:db8:a::11", false), ("2001:db8:bad:1::1", true), ("2001:db8:bae::1", false),
        ]
        for (text, isListed) in expected {
            let verdict = try zone.ask(try #require(IPAddress(text)))
            if case .listed(let codes, let seconds) = verdict {
                #expect(isListed, "\(text)")
                #expect(codes.map { "\($0)" } == ["127.0.0.2"] && (60...86_400).contains(seconds))
            } else {
                #expect(!isListed, "\(text)")
            }
        }
    }

    @Test(
        arguments: [
            ("all.test", "it lists 127.0.0.1"), ("none.test", "it does not list 127.0.0.2"),
            ("refusing.test", "the list refuses to answer (127.255.255.254)"),
            ("absent.test", "the resolver refuses (REFUSED)"),
        ])
    func `a zone that is not kept is not believed`(name: String, why: String) throws {
        let zone = BlackListZone(name, resolver: resolver)
        let failure = #expect(throws: BlackListZone.Failure.self) { _ = try zone.check() }
        #expect(failure.map { "\($0)".contains(why) } == true, "\(failure as Any)")
        let scene = try FeedScene()
        let source = FeedSource(name: "feed", way: .zone(zone))
        #expect(try scene.update(source).word.contains(why))
    }

    @Test func `nobody who answers is an error, and soon`() throws {
        var silent = DNSResolver(IPAddress(v4: 0x7f00_0001), port: try freePort())
        silent.wait = .milliseconds(50)
        let zone = BlackListZone("bl.test", resolver: silent)
        #expect(throws: BlackListZone.Failure.self) { _ = try zone.check() }
    }

    @Test func `what is seen and listed is in the store until its time is over`() throws {
        let scene = try FeedScene()
        let zone = BlackListZone("bl.test", resolver: resolver)
        #expect(try scene.update(FeedSource(name: "feed", way: .zone(zone))).word == "unchanged")
        let watch = BlackListWatch(
            name: "feed", zone: zone, questionsPerSecond: 1000, store: scene.store
        ) { _ in }
        let now = Int64(Date().timeIntervalSince1970 * 1000)
        let addresses = try ["192.0.2.10", "192.0.2.11", "2001:db8:bad::5"].map {
            try #require(IPAddress($0))
        }
        for address in addresses { watch.see(address, now: now) }
        watch.start()
        try program.wait(for: "the answers") { try scene.values.count == 2 }
        #expect(try scene.values == ["192.0.2.10", "2001:db8:bad::5"])
        // Known answers are not asked for again.
        for address in addresses { watch.see(address, now: now) }
        watch.stop()
        #expect(watch.counts == .init(asked: 3, listed: 2))
        let detail = try #require(scene.store.listings(of: addresses[0]).first).indicator.detail
        #expect(detail.description == "bl.test answers 127.0.0.2")
        #expect(try #require(detail.expires) > now)
    }
}
