import FlowFeeds
import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Synchronization
import Testing

/// OTX's API: pages, what was modified since, breaking off and going on, drifted shapes.
@Suite struct OTXTests {
    private static func id(_ number: Int) -> String {
        "65a00000000000000000000\(number)"
    }

    private static func pulse(
        _ number: Int, modified: String, _ addresses: [String], author: String = "ExampleAuthor"
    ) -> OTXServer.Pulse {
        .init(
            id: id(number), name: "Pulse \(number)", author: author, modified: modified,
            indicators: addresses.map { OTXServer.row("IPv4", $0) })
    }

    private static var five: [OTXServer.Pulse] {
        (1...5).map { number in
            pulse(number, modified: "2024-01-0\(number)T09:00:05.000000", ["192.0.2.\(number)"])
        }
    }

    private func scene(_ server: OTXServer) throws -> (FeedScene, FeedSource) {
        let scene = try FeedScene()
        return (scene, try scene.source(.otx(FeedLocation(server.url)), key: "otx-key"))
    }

    @Test func `all pages are read once, then only what was modified`() throws {
        let server = try OTXServer(Self.five)
        defer { server.stop() }
        let (scene, source) = try scene(server)
        let first = try scene.update(source)
        #expect(first.word == "taken" && first.read == 5 && first.added == 5)
        #expect(try scene.values == (1...5).map { "192.0.2.\($0)" })
        let asked = server.requests.count
        // A pulse loses one address and gains another; the rest is not sent again.
        server.state.withLock {
            $0.pulses[1] = Self.pulse(2, modified: "2024-02-01T00:00:00", ["198.51.100.2"])
        }
        let second = try scene.update(source, at: 1_700_000_100_000)
        #expect(second.added == 1 && second.gone == 1 && second.read == 2)
        #expect(
            try scene.values == [
                "192.0.2.1", "192.0.2.3", "192.0.2.4", "192.0.2.5", "198.51.100.2",
            ])
        let later = server.requests.dropFirst(asked).filter { $0.path.hasSuffix("subscribed") }
        #expect(later.map { $0.query["modified_since"] } == ["2024-01-05T09:00:05.000"])
        // The link says why.
        let listing = try scene.store.listings(of: #require(IPAddress("192.0.2.3")))
        #expect(
            listing.first?.indicator.detail.reportURL
                == "https://otx.alienvault.com/pulse/\(Self.id(3))")
    }

    @Test func `what breaks off in mid-run goes on there, after a restart too`() throws {
        let server = try OTXServer(Self.five)
        defer { server.stop() }
        // Three tries a page, so that this one fails for good.
        server.state.withLock { $0.broken = ["2": 3] }
        let (scene, source) = try scene(server)
        #expect(try scene.update(source).word.contains("504, the server's own trouble"))
        // What came before is in force, and nothing pretends that all is well.
        #expect(try scene.values == ["192.0.2.4", "192.0.2.5"])
        #expect(try scene.problem?.contains("504") == true)
        let asked = server.requests.count
        let again = try scene.update(source)
        #expect(again.word == "taken")
        #expect(try scene.values == (1...5).map { "192.0.2.\($0)" })
        let pages = server.requests.dropFirst(asked).filter { $0.path.hasSuffix("subscribed") }
        #expect(pages.map { $0.query["page"] } == ["2", "3"])
        #expect(try scene.problem == nil)
    }

    @Test func `one 504 is asked again`() throws {
        let server = try OTXServer(Self.five)
        defer { server.stop() }
        server.state.withLock { $0.broken = ["2": 2] }
        let (scene, source) = try scene(server)
        #expect(try scene.update(source).word == "taken")
        #expect(try scene.values.count == 5)
    }

    @Test func `old shapes, inactive indicators and pulses with more of them are read`() throws {
        var old = Self.pulse(1, modified: "2015-03-01T00:00:00", ["192.0.2.1"])
        old.isOld = true
        var long = Self.pulse(
            2, modified: "2024-01-01T00:00:00.5",
            ["198.51.100.1", "198.51.100.2", "198.51.100.3"])
        long.shown = 1
        long.indicators.append(OTXServer.row("IPv4", "198.51.100.4", isActive: "0"))
        let server = try OTXServer([old, long])
        defer { server.stop() }
        let (scene, source) = try scene(server)
        let report = try scene.update(source)
        #expect(report.read == 5 && report.inForce == 4 && report.refused == [.inactive: 1])
        let listing = try scene.store.listings(of: #require(IPAddress("198.51.100.3")))
        #expect(listing.first?.indicator.detail.reportURL.hasSuffix(Self.id(2)) == true)
        #expect(try scene.store.listings(of: #require(IPAddress("192.0.2.1"))).count == 1)
    }

    @Test func `pulses that are deleted or no longer subscribed are forgotten`() throws {
        let pulses =
            Self.five.prefix(3) + [
                Self.pulse(
                    8, modified: "2024-01-01T00:00:00", ["203.0.113.8"], author: "Another.Author")
            ]
        let server = try OTXServer(Array(pulses))
        defer { server.stop() }
        let (scene, source) = try scene(server)
        #expect(try scene.update(source, at: 1_704_500_000_000).count == 4)
        server.state.withLock { state in
            state.pulses.removeAll { [Self.id(1), Self.id(8)].contains($0.id) }
            state.events = [
                """
                {"action": "unsubscribe", "object_type": "user", "object_id": "Another.Author",
                 "created": "2024-03-01T00:00:00.000000", "id": "65e000000000000000000001"}
                """,
                """
                {"action": "delete", "object_type": "pulse", "object_id": "\(Self.id(1))",
                 "created": "2024-03-02T00:00:00.000000", "id": "65e000000000000000000002"}
                """,
            ]
        }
        let report = try scene.update(source, at: 1_709_600_000_000)
        #expect(report.gone == 2)
        #expect(try scene.values == ["192.0.2.2", "192.0.2.3"])
        // The event that is the latest comes again, and is nothing new.
        #expect(try scene.update(source, at: 1_709_700_000_000).gone == 0)
        // Whom one subscribes to anew has old pulses, which the next update reads.
        server.state.withLock { state in
            state.pulses.append(contentsOf: pulses.suffix(1))
            state.events.append(
                """
                {"action": "subscribe", "object_type": "user", "object_id": "Another.Author",
                 "created": "2024-03-05T00:00:00.000000", "id": "65e000000000000000000003"}
                """)
        }
        _ = try scene.update(source, at: 1_709_800_000_000)
        _ = try scene.update(source, at: 1_709_900_000_000)
        #expect(try scene.values.contains("203.0.113.8"))
    }

    @Test func `a next page on another server is not asked, and no key leaves`() throws {
        let stranger = try LoopbackServer { _ in .text("{}") }
        let server = try OTXServer(Self.five)
        defer {
            server.stop()
            stranger.stop()
        }
        server.state.withLock { $0.nextServer = stranger.url }
        let (scene, source) = try scene(server)
        #expect(try scene.update(source).word.contains("the next page is on another server"))
        #expect(stranger.requests.isEmpty)
    }

    @Test func `another place is another list, and the old one stays until it answers`() throws {
        let server = try OTXServer(Self.five)
        let other = try OTXServer([Self.pulse(9, modified: "2023-01-01T00:00:00", ["192.0.2.9"])])
        defer {
            server.stop()
            other.stop()
        }
        let (scene, source) = try scene(server)
        _ = try scene.update(source)
        var moved = source
        moved.way = .otx(try FeedLocation("\(other.url)/absent"))
        #expect(try scene.update(moved).word.contains("404"))
        #expect(try scene.values.count == 5)
        moved.way = .otx(try FeedLocation(other.url))
        #expect(try scene.update(moved).word == "taken")
        #expect(try scene.values == ["192.0.2.9"])
    }

    @Test(.enabled(if: SharedData.isPresent))
    func `the pages written after the real API are read`() throws {
        let pages = try (1...2).map { number in
            try String(
                contentsOf: #require(
                    SharedData.file("feeds/otx/api_subscribed_page\(number).json")),
                encoding: .utf8)
        }
        let events = try String(
            contentsOf: #require(SharedData.file("feeds/otx/api_events.json")), encoding: .utf8)
        let more = try String(
            contentsOf: #require(SharedData.file("feeds/otx/api_pulse3_indicators.json")),
            encoding: .utf8)
        let url = Mutex("")
        let server = try LoopbackServer { request in
            switch request.path {
            case "/api/v1/pulses/subscribed":
                let page = pages[request.query["page"] == "2" ? 1 : 0]
                return .text(
                    page.replacingOccurrences(
                        of: "https://otx.alienvault.com", with: url.withLock { $0 }))
            case "/api/v1/pulses/events": return .text(events)
            default: return .text(more)
            }
        }
        url.withLock { $0 = server.url }
        defer { server.stop() }
        let scene = try FeedScene()
        let source = try scene.source(.otx(FeedLocation(server.url)), key: "k")
        let report = try scene.update(source)
        #expect(report.word == "taken")
        // 9 and 6 of the first page; of the third pulse what its own page has.
        #expect(report.read == 16)
        #expect(report.refused == [.inactive: 1, .everything: 1, .reserved: 1])
        // 192.0.2.10 is in two pulses, with a link for each.
        #expect(report.count == 15)
        #expect(try scene.store.listings(of: #require(IPAddress("192.0.2.10"))).count == 3)
        // Which the events then delete.
        let second = try scene.update(source, at: 1_700_000_500_000, insists: true)
        #expect(second.word == "taken")
        #expect(try !scene.values.contains("c2-a.example"))
    }
}
