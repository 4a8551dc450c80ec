import FlowAlert
import FlowModel
import FlowQuery
import Testing

@Suite struct ThresholdTests {
    @Test func `a port scan is one alert when it has reached so many ports`() throws {
        let world = AlertWorld([try thresholdRule(.ports, reach: 10, track: .pair)])
        let scan = (0..<20).map { port in
            TestFlow(
                source: "203.0.113.9", target: "10.0.0.5", targetPort: UInt64(port % 15),
                at: UInt64(port) * 100)
        }
        world.engine.take(batch(Array(scan.prefix(9))))
        #expect(world.opened.isEmpty)
        world.engine.take(batch(Array(scan.dropFirst(9))))
        let alert = try #require(world.opened.first)
        #expect(world.opened.count == 1)
        #expect(alert.value == 10)
        #expect(alert.flows == 10)
        #expect(alert.host == IPAddress("10.0.0.5"))
        #expect(alert.peer == IPAddress("203.0.113.9"))
        #expect(alert.direction == .inward)
        world.engine.tick(epoch + 1900 + 60_000)
        #expect(world.resolved.map(\.value) == [15])
        #expect(world.resolved.map(\.flows) == [20])
    }

    @Test func `a sweep has many targets and no single one`() throws {
        let world = AlertWorld([try thresholdRule(.peers, reach: 5)])
        world.engine.take(
            batch((1...5).map { TestFlow(source: "10.0.0.9", target: "198.51.100.\($0)") }))
        let alert = try #require(world.opened.first)
        #expect(alert.source == IPAddress("10.0.0.9"))
        #expect(alert.target == nil)
        #expect(alert.host == IPAddress("10.0.0.9"))
    }

    @Test(arguments: [
        (AlertRule.Measure.flows, UInt64(3)), (.packets, 30), (.bytes, 3000),
    ])
    func `counts begin anew with each window`(measure: AlertRule.Measure, reach: UInt64) throws {
        let world = AlertWorld([try thresholdRule(measure, reach: reach, track: .destination)])
        func flow(_ at: UInt64) -> TestFlow {
            TestFlow(source: "203.0.113.9", target: "10.0.0.5", packets: 10, bytes: 1000, at: at)
        }
        world.engine.take(batch([flow(0), flow(1000), flow(60_000), flow(61_000)]))
        #expect(world.opened.isEmpty)
        world.engine.take(batch([flow(62_000)]))
        #expect(world.opened.map(\.value) == [reach])
        // What was before the window that led to it is not part of it.
        #expect(world.opened.map(\.flows) == [3])
    }

    @Test func `an attack that goes on is told of once a window`() throws {
        let world = AlertWorld([try thresholdRule(.flows, reach: 2)])
        for second in 0..<150 {
            world.engine.take(
                batch([
                    TestFlow(source: "203.0.113.9", target: "10.0.0.5", at: UInt64(second) * 1000)
                ]))
            world.engine.tick(epoch + UInt64(second) * 1000)
        }
        #expect(world.opened.count == 1)
        #expect(world.continued.count == 2)
        #expect(world.resolved.isEmpty)
    }

    @Test func `the filter chooses, and keys are bounded`() throws {
        var limits = AlertLimits()
        limits.trackersMax = 3
        let world = AlertWorld(
            [try thresholdRule(.flows, reach: 1, "flags S and not flags A")], limits: limits)
        let flows = (0..<10).map { host in
            TestFlow(source: "10.0.0.\(host)", target: "10.1.0.1", flags: host < 5 ? 2 : 18)
        }
        world.engine.take(batch(flows))
        #expect(world.opened.count == 3)
        #expect(world.engine.counters.untracked == 2)
        #expect(world.engine.counters.trackers == 3)
        world.engine.tick(epoch + 600_000)
        #expect(world.engine.counters.trackers == 0)
    }

    @Test func `sampled flows count for what they stand for`() throws {
        let world = AlertWorld([try thresholdRule(.packets, reach: 1000)])
        let flows = batch([TestFlow(source: "203.0.113.9", target: "10.0.0.5", packets: 10)])
        flows.columnForWriting(.sampling).set(100, at: 0)
        world.engine.take(flows)
        #expect(world.opened.map(\.packets) == [1000])
    }
}
