import FlowAlert
import FlowModel
import FlowQuery
import FlowTestSupport
import Foundation
import Synchronization
import Testing

@Suite struct SinkTests {
    private func event(_ number: Int, _ severity: AlertSeverity = .high) -> AlertEvent {
        var alert = Alert(rule: "known-bad", kind: .contact, severity: severity)
        alert.id = Int64(number)
        alert.source = IPAddress("10.0.0.\(number % 250)")
        alert.target = IPAddress("203.0.113.9")
        alert.proto = 6
        alert.first = epoch
        return AlertEvent(.opened, alert, time: epoch, received: epoch)
    }

    private func lines(_ path: String) -> [String] {
        ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
            .map(String.init)
    }

    /// Delivers events and ends.
    private func deliver(
        _ plan: SinkPlan, _ events: [AlertEvent], in folder: TemporaryFolder
    ) throws
        -> AlertCounters.Sink
    {
        let runner = try SinkRunner(plan, folder: folder.url.path, farewell: .seconds(60)) { _ in }
        try runner.start()
        for event in events { runner.offer(event) }
        runner.stop()
        return runner.counters.sink
    }

    @Test func `a file gets a line an event, of what the plan wants`() throws {
        let folder = try TemporaryFolder()
        var plan = SinkPlan(name: "log", target: .file(folder.path("alerts.log")), form: .text)
        plan.severity = .high
        plan.threshold = SinkThreshold(.limit, count: 1, seconds: 60)
        let counters = try deliver(
            plan, [event(1), event(1), event(2, .low), event(3)], in: folder)
        #expect(lines(folder.path("alerts.log")).count == 2)
        #expect(counters.delivered == 2)
        #expect(counters.heldBack == 1)
        #expect(counters.waiting == 0)
    }

    @Test func `what could not be delivered is delivered after a restart, in its order`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("later/alerts.log")
        let plan = SinkPlan(name: "log", target: .file(path), form: .ndjson)
        let first = try deliver(plan, (0..<50).map { event($0) }, in: folder)
        #expect(first.delivered == 0)
        #expect(first.failures > 0)
        #expect(first.waiting > 0)
        try FileManager.default.createDirectory(
            atPath: folder.path("later"), withIntermediateDirectories: true)
        let second = try deliver(plan, [event(50)], in: folder)
        #expect(second.delivered == 51)
        let ids = try lines(path).map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            return (object as? [String: Any])?["id"] as? Int
        }
        #expect(ids == Array(0...50))
    }

    @Test func `a queue takes so much, and counts the rest`() throws {
        let folder = try TemporaryFolder()
        var plan = SinkPlan(name: "log", target: .file(folder.path("no/such")), form: .text)
        plan.queueBytes = 1000
        let counters = try deliver(plan, (0..<100).map { event($0) }, in: folder)
        #expect(counters.waiting <= 1000)
        #expect(counters.overflowed > 80)
    }

    @Test func `a queue that was cut short loses its last record only`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("alerts.log")
        let missing = SinkPlan(name: "q", target: .file(folder.path("no/such")), form: .text)
        _ = try deliver(missing, [event(1), event(2)], in: folder)
        let queue = folder.path("q.file-text.queue")
        let octets = try Data(contentsOf: URL(filePath: queue))
        try octets.dropLast(3).write(to: URL(filePath: queue))
        let counters = try deliver(
            SinkPlan(name: "q", target: .file(path), form: .text), [event(3)], in: folder)
        #expect(counters.delivered == 2)
        #expect(lines(path).map { $0.contains("10.0.0.1 ") } == [true, false])
    }

    @Test func `a program gets the event on its standard input, and no shell reads anything`()
        throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path("out; touch x")
        let plan = SinkPlan(
            name: "exec", target: .exec(["/usr/bin/tee", path], timeout: 100_000), form: .ndjson)
        let counters = try deliver(plan, [event(7)], in: folder)
        #expect(counters.delivered == 1)
        #expect(lines(path).first?.contains("\"id\":7") == true)
    }

    @Test func `a program that takes too long is killed`() throws {
        let folder = try TemporaryFolder()
        let plan = SinkPlan(
            name: "slow", target: .exec(["/bin/sleep", "60"], timeout: 50), form: .ndjson)
        let began = ContinuousClock.now
        let counters = try deliver(plan, [event(1)], in: folder)
        #expect(ContinuousClock.now - began < .seconds(20))
        #expect(counters.failures == 1)
        #expect(counters.waiting > 0)
    }
}
