import FlowAlert
import FlowModel
import FlowQuery
import FlowTestSupport
import Foundation
import Synchronization
import Testing

/// The threads beside the engine.
@Suite struct AlertServiceTests {
    private final class Heard: Sendable {
        private let events = Mutex<[AlertEvent]>([])
        var all: [AlertEvent] { events.withLock { $0 } }
        func add(_ event: AlertEvent) { events.withLock { $0.append(event) } }
    }

    private func beacon(_ host: String) -> Alert {
        var alert = Alert(rule: "beacon", kind: .beacon, severity: .high)
        alert.host = IPAddress(host)
        alert.source = alert.host
        alert.target = IPAddress("203.0.113.9")
        alert.indicator = "203.0.113.9 port 443"
        alert.measure = "score"
        alert.value = 95
        return alert
    }

    @Test func `the store is searched for beacons from time to time: begun, going on, ended`()
        throws
    {
        let folder = try TemporaryFolder()
        let rule = AlertRule(
            name: "beacon", filter: try FlowExpression(parsing: "any"),
            test: .beacon(AlertRule.Beacon(score: 80, contacts: 20)), severity: .high,
            window: 86_400_000, silence: 86_400_000)
        let searches = Atomic<Int>(0)
        let found = [beacon("10.0.0.5"), beacon("10.0.0.6")]
        // The first is there three times, the other twice; one search fails.
        var plan = AlertService.Plan(
            rules: { _ in [rule] }, inside: InsideNetworks(), judge: nil)
        plan.beacons = { asked, isWanted in
            #expect(asked.name == "beacon" && isWanted())
            switch searches.add(1, ordering: .relaxed).newValue {
            case 1: return found
            case 2: throw CocoaError(.fileReadUnknown)
            case 3: return found
            case 4: return [found[0]]
            default: return []
            }
        }
        var pace = AlertService.Pace()
        pace.firstBeacons = .milliseconds(1)
        pace.beacons = .milliseconds(5)
        let heard = Heard()
        let said = Mutex<[String]>([])
        let path = folder.path("alerts.sqlite")
        let service = try AlertService(
            plan, alerts: AlertStore(path: path), sinks: [], pace: pace,
            announce: { heard.add($0) }
        ) { line in said.withLock { $0.append(line) } }
        try service.start()
        let clock = try RunningProgram(["/bin/sleep", "100"], in: folder)
        try clock.wait(for: "the end of both") {
            heard.all.filter { $0.kind == .resolved }.count == 2
        }
        service.stop()
        let events = heard.all.map { "\($0.kind) \($0.alert.host?.description ?? "")" }
        #expect(
            events == [
                "opened 10.0.0.5", "opened 10.0.0.6", "resolved 10.0.0.6", "resolved 10.0.0.5",
            ])
        #expect(said.withLock { $0 }.filter { $0.contains("could not be searched") }.count == 1)
        let kept = try AlertStore(path: path)
        #expect(try kept.open().isEmpty)
        #expect(try kept.nextID() == 3)
    }
}
