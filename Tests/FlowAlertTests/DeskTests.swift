import FlowAlert
import FlowCollector
import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Synchronization
import Testing

/// The desk between engine, sinks and store.
@Suite struct DeskTests {
    private final class Heard: Sendable {
        private let events = Mutex<[AlertEvent]>([])
        var all: [AlertEvent] { events.withLock { $0 } }
        func add(_ event: AlertEvent) { events.withLock { $0.append(event) } }
    }

    private func alert(_ id: Int64) -> Alert {
        var alert = Alert(rule: "known-bad", kind: .contact, severity: .high)
        alert.id = id
        alert.peer = IPAddress("203.0.113.9")
        alert.sources = ["otx"]
        alert.flows = 1
        alert.opened = epoch
        alert.updated = epoch
        return alert
    }

    private func progress(_ id: Int64, flows: UInt64, after: UInt64) -> AlertProgress {
        AlertProgress(
            id: id, flows: flows, packets: flows, bytes: flows, first: epoch, last: epoch + after,
            direction: .both, value: 0, time: epoch + after)
    }

    private func listing(_ source: String, _ link: String) throws -> Listing {
        let folder = try TemporaryFolder()
        let path = folder.path("intel.sqlite")
        let list = try folder.write(
            "list.csv", Array("host,why\n203.0.113.9,\(link)\n".utf8))
        var columns = CSVColumns()
        columns.value = .name("host")
        columns.description = .name("why")
        let store = try IndicatorStore(path: path)
        _ = try store.update(
            source, with: try readFeed(at: list, format: .csv(columns)), at: 1, insists: true)
        let address = try #require(IPAddress("203.0.113.9"))
        return try #require(try store.listings(of: address).first)
    }

    @Test func `it adds who says what, tells, and keeps; of what is known it is silent`() throws {
        let folder = try TemporaryFolder()
        let store = try AlertStore(path: folder.path("alerts.sqlite"))
        let heard = Heard()
        let listings = [try listing("otx", "a C2"), try listing("other", "not asked")]
        let desk = AlertDesk(
            store: store, sinks: [],
            AlertDesk.Surroundings(
                explain: { _ in listings }, announce: { heard.add($0) }, say: { _ in }))
        try desk.start()
        desk.take(.opened(alert(1), received: epoch))
        desk.take(.opened(alert(2), received: 0))
        desk.take(.grown(progress(1, flows: 5, after: 10)))
        desk.setAcknowledged([2])
        desk.take(.continued(progress(1, flows: 9, after: 20), received: epoch))
        desk.stop()
        #expect(heard.all.map(\.kind) == [.opened, .opened, .continued])
        #expect(heard.all.map(\.alert.descriptions) == [["a C2"], ["a C2"], ["a C2"]])
        #expect(heard.all.map { $0.received != nil } == [true, false, true])
        #expect(desk.counters.latency.count == 2)
        let kept = try store.open()
        #expect(kept.map(\.flows) == [9, 1])
        #expect(kept.map(\.windows) == [2, 1])
        let again = AlertDesk(
            store: store, sinks: [], open: kept,
            AlertDesk.Surroundings(
                explain: { _ in [] }, announce: { heard.add($0) }, say: { _ in }))
        again.setAcknowledged([2])
        try again.start()
        again.take(.continued(progress(2, flows: 7, after: 30), received: epoch))
        again.take(.resolved(progress(1, flows: 10, after: 40)))
        again.stop()
        #expect(heard.all.map(\.kind) == [.opened, .opened, .continued, .resolved])
        #expect(try store.open().map(\.flows) == [7])
    }

    private final class Words: Sendable {
        private let said = Mutex<[String]>([])
        var all: [String] { said.withLock { $0 } }
        func add(_ line: String) { said.withLock { $0.append(line) } }
    }

    /// Holds the lock of a database until it is ended.
    private static let locker = """
        import sqlite3, sys, threading
        database = sqlite3.connect(sys.argv[1], isolation_level=None)
        database.execute('BEGIN EXCLUSIVE')
        print('locked', flush=True)
        threading.Event().wait()
        """

    @Test func `while the store is locked alerts are told, and kept when it is free again`() throws
    {
        let folder = try TemporaryFolder()
        let path = folder.path("alerts.sqlite")
        let store = try AlertStore(path: path, patience: .milliseconds(20))
        let locker = try RunningProgram(
            ["/usr/bin/python3", "-c", Self.locker, path], in: folder)
        try locker.wait(for: "the lock") { locker.output.contains("locked") }
        let (heard, words) = (Heard(), Words())
        let desk = AlertDesk(
            store: store, sinks: [],
            AlertDesk.Surroundings(
                explain: { _ in [] }, announce: { heard.add($0) }, say: { words.add($0) }))
        try desk.start()
        desk.take(.opened(alert(1), received: epoch))
        try locker.wait(for: "the trouble") {
            words.all.first?.hasPrefix("alerts wait to be kept: ") == true
        }
        #expect(heard.all.map(\.alert.id) == [1])
        desk.take(.opened(alert(2), received: epoch))
        desk.take(.grown(progress(1, flows: 5, after: 10)))
        try locker.wait(for: "the other alert") { heard.all.count == 2 }
        locker.kill()
        let other = try RunningProgram(["/bin/sleep", "100"], in: folder)
        try other.wait(for: "the alerts") { try store.open().map(\.flows) == [5, 1] }
        desk.stop()
        #expect(words.all.last == "alerts are kept again" && words.all.count == 2)
        #expect(desk.counters.storeFailures == 0)
    }

    @Test func `what a store refuses to the end is counted`() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("alerts.sqlite")
        let store = try AlertStore(path: path, patience: .milliseconds(20))
        let locker = try RunningProgram(
            ["/usr/bin/python3", "-c", Self.locker, path], in: folder)
        try locker.wait(for: "the lock") { locker.output.contains("locked") }
        let desk = AlertDesk(
            store: store, sinks: [],
            AlertDesk.Surroundings(explain: { _ in [] }, say: { _ in }))
        try desk.start()
        desk.take(.opened(alert(1), received: epoch))
        desk.stop()
        #expect(desk.counters.storeFailures == 1)
        #expect(try store.open().isEmpty)
    }
}
