import FlowAlert
import FlowModel
import FlowQuery
import Testing

@Suite struct BeaconTests {
    private let rule = AlertRule(
        name: "beacon", test: .beacon(AlertRule.Beacon(score: 80, contacts: 20)),
        severity: .high, window: 86_400_000, silence: 86_400_000)

    private func found(_ flows: [TestFlow]) throws -> [Alert] {
        let finder = try #require(BeaconFinder(rule, inside: InsideNetworks()))
        // In two batches, the later first.
        let half = flows.count / 2
        finder.take(batch(Array(flows.suffix(from: half))))
        finder.take(batch(Array(flows.prefix(half))))
        return finder.finish()
    }

    /// A linear congruential generator: the same numbers in every run.
    private func noise(_ count: Int, below limit: UInt64) -> [UInt64] {
        var state: UInt64 = 11
        return (0..<count).map { _ in
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (state >> 33) % limit
        }
    }

    @Test func `contacts each minute are found among people's`() throws {
        let jitter = noise(200, below: 3000)
        let beacon = (0..<200).map { index in
            TestFlow(
                source: "10.0.0.5", target: "203.0.113.9", bytes: 500,
                at: UInt64(index) * 60_000 + jitter[index])
        }
        let people = zip(noise(200, below: 12_000_000), noise(200, below: 900_000)).map {
            TestFlow(source: "10.0.0.6", target: "198.51.100.1", bytes: $1 + 100, at: $0)
        }
        let inward = beacon.map { flow in
            TestFlow(source: flow.target, target: flow.source, at: flow.at)
        }
        let alerts = try found(beacon + people + inward)
        let alert = try #require(alerts.first)
        #expect(alerts.count == 1)
        #expect(alert.host == IPAddress("10.0.0.5"))
        #expect(alert.indicator == "203.0.113.9 tcp/443")
        #expect(alert.value >= 90)
        #expect(alert.flows == 200)
        #expect(alert.descriptions.first?.hasSuffix(", 500 octets") == true)
    }

    @Test func `what the active timeout split is one contact`() throws {
        // Each contact lasts 10 s, in ten pieces of one second; the tests' flows have one port each.
        let pieces = (0..<50).flatMap { contact in
            (0..<10).map { piece in
                TestFlow(
                    source: "10.0.0.5", target: "203.0.113.9",
                    at: UInt64(contact) * 300_000 + UInt64(piece) * 1000)
            }
        }
        let alert = try #require(try found(pieces).first)
        #expect(alert.flows == 50)
        #expect(alert.bytes == 50_000)
        #expect(alert.descriptions == ["each 300.0 s ± 0.0 s, 1000 octets"])
    }

    @Test func `few contacts, and wild ones, are none`() throws {
        let few = (0..<19).map {
            TestFlow(source: "10.0.0.5", target: "203.0.113.9", at: $0 * 60_000)
        }
        #expect(try found(few).isEmpty)
        #expect(BeaconScore(starts: [1, 2, 3], sizes: [1, 1, 1], window: 9) == nil)
        let starts = noise(100, below: 86_400_000).sorted()
        let wild = try #require(
            BeaconScore(
                starts: starts, sizes: noise(100, below: 1_000_000), window: 86_400_000))
        #expect(wild.score < 70)
    }
}
