import FlowAlert
import FlowIntel
import FlowModel
import FlowQuery
import Testing

@Suite struct ContactTests {
    private let listed = [
        ("otx", ["203.0.113.0/24", "198.51.100.7"]), ("drop", ["203.0.113.0/24"]),
    ]

    @Test func `a contact is one alert a window, with all that was added up`() throws {
        let world = AlertWorld([try contactRule()], listed: listed)
        world.engine.take(
            batch([
                TestFlow(source: "10.0.0.5", target: "203.0.113.9"),
                TestFlow(source: "203.0.113.10", target: "10.0.0.5", bytes: 50, at: 5),
                TestFlow(source: "10.0.0.5", target: "192.0.2.1"),
                TestFlow(source: "10.0.0.6", target: "203.0.113.9", at: 6),
            ]))
        #expect(world.opened.count == 2)
        let alert = try #require(world.opened.first { $0.host == IPAddress("10.0.0.5") })
        // Matches are by side: what came in is looked at first.
        #expect(alert.indicator == "203.0.113.0/24")
        #expect(alert.sources == ["otx", "drop"])
        #expect(alert.peer == IPAddress("203.0.113.10"))
        #expect(alert.direction == .inward)
        world.engine.take(
            batch([TestFlow(source: "10.0.0.5", target: "203.0.113.9", at: 59_000)]))
        #expect(world.continued.isEmpty)
        world.engine.take(
            batch([TestFlow(source: "10.0.0.5", target: "203.0.113.9", at: 61_000)]))
        let progress = try #require(world.continued.first)
        #expect(world.continued.count == 1)
        #expect(progress.flows == 4)
        #expect(progress.bytes == 350)
        #expect(progress.direction == .both)
        #expect(progress.first == epoch)
        #expect(progress.last == epoch + 61_010)
    }

    @Test func `silence resolves it, and what comes then is new`() throws {
        let world = AlertWorld([try contactRule()], listed: listed)
        let flow = TestFlow(source: "10.0.0.5", target: "198.51.100.7")
        world.engine.take(batch([flow]))
        world.engine.tick(epoch + 119_999)
        #expect(world.resolved.isEmpty)
        world.engine.tick(epoch + 120_000)
        #expect(world.resolved.map(\.id) == world.opened.map(\.id))
        var later = flow
        later.at = 200_000
        world.engine.take(batch([later]))
        #expect(world.opened.map(\.id) == [1, 2])
        #expect(world.engine.counters.openContacts == 1)
    }

    @Test func `filter and sources of a rule choose`() throws {
        let flows = [
            TestFlow(source: "10.0.0.5", target: "203.0.113.9", targetPort: 53, proto: 17),
            TestFlow(source: "10.0.0.6", target: "203.0.113.9"),
            TestFlow(source: "10.0.0.7", target: "198.51.100.7"),
            TestFlow(source: "198.51.100.7", target: "10.0.0.8", targetPort: 80),
        ]
        let filtered = AlertWorld(
            [try contactRule("proto tcp and dst port 443")], listed: listed)
        filtered.engine.take(batch(flows))
        #expect(filtered.opened.map(\.host) == [IPAddress("10.0.0.6"), IPAddress("10.0.0.7")])
        let chosen = AlertWorld([try contactRule(sources: ["drop"])], listed: listed)
        chosen.engine.take(batch(flows))
        #expect(chosen.opened.map(\.host) == [IPAddress("10.0.0.5"), IPAddress("10.0.0.6")])
        let nobody = AlertWorld([try contactRule(sources: ["other"])], listed: listed)
        nobody.engine.take(batch(flows))
        #expect(nobody.opened.isEmpty)
    }

    @Test func `what was open before a restart is not new after it`() throws {
        let first = AlertWorld([try contactRule()], listed: listed)
        let flow = TestFlow(source: "203.0.113.9", target: "10.0.0.5")
        first.engine.take(batch([flow]))
        let second = AlertWorld([try contactRule()], listed: listed)
        second.engine.adopt(first.opened)
        var later = flow
        later.at = 1000
        second.engine.take(batch([later]))
        #expect(second.opened.isEmpty)
        #expect(second.engine.takeID() == 2)
    }

    @Test func `there is room for so many contacts, and the rest is counted`() throws {
        var limits = AlertLimits()
        limits.contactsMax = 2
        let world = AlertWorld([try contactRule()], listed: listed, limits: limits)
        world.engine.take(
            batch((0..<5).map { TestFlow(source: "203.0.113.9", target: "10.0.0.\($0)") }))
        #expect(world.opened.count == 2)
        #expect(world.engine.counters.untracked == 3)
    }

    @Test func `the inside is the user's networks, else private space`() throws {
        let world = AlertWorld(
            [try contactRule()], listed: listed, own: ["192.0.2.0/24"])
        world.engine.take(
            batch([
                TestFlow(source: "192.0.2.5", target: "203.0.113.9"),
                TestFlow(source: "100.0.0.5", target: "203.0.113.9"),
            ]))
        #expect(world.opened.map(\.host) == [IPAddress("192.0.2.5"), nil])
    }

    @Test func `the first line says when, who, whom, and why`() throws {
        let world = AlertWorld([try contactRule()], listed: listed)
        world.engine.take(batch([TestFlow(source: "10.0.0.5", target: "203.0.113.9")]))
        var alert = try #require(world.opened.first)
        alert.links = ["https://otx.alienvault.com/pulse/1", "https://example.org/a b\n"]
        let event = AlertEvent(.opened, alert, time: alert.opened, received: nil)
        let times = TimeText(now: epoch, zone: .utc)
        #expect(
            AlertForm.text.line(event, times: times)
                == "2016-06-07 12:38:20 : 10.0.0.5 -> 203.0.113.9 (TCP) known-bad [otx, drop] "
                + "https://otx.alienvault.com/pulse/1 https://example.org/a%20b")
        for form in AlertForm.allCases {
            #expect(!form.line(event, times: times).contains("\n"))
        }
    }
}
