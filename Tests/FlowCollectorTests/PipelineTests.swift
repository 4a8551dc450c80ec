import FlowGenerator
import FlowModel
import FlowStore
import FlowTestSupport
import FlowWire
import Synchronization
import Testing

@testable import FlowCollector

@Suite struct PipelineTests {
    /// A batch of so many flows.
    private func shared(_ rows: Int, _ pool: BatchPool) -> SharedBatch {
        let batch = pool.take()
        batch.advance(by: rows)
        return SharedBatch(batch, pool: pool)
    }

    private final class Events: Sendable {
        let list = Mutex<[String]>([])
        func note(_ event: CollectorEvent) {
            list.withLock { list in
                switch event {
                case .shedding: list.append("shedding")
                case .shedEnded(_, let flows): list.append("ended \(flows)")
                default: list.append("other")
                }
            }
        }
    }

    @Test func `a stuck stage sheds, says so once, and goes on`() throws {
        let events = Events()
        let watcher = Watcher(isHeld: true)
        let stage = BatchStage(
            name: "store", SubscribedReader(subscriber: watcher), depth: 2,
            whenFull: .shedWhenStuck(1_000_000)
        ) { events.note($0) }
        try stage.start()
        let pool = BatchPool()
        for rows in 1...6 {
            let batch = shared(rows, pool)
            stage.offer(batch)
            batch.release()
        }
        // One in hand, two waiting; the first to be taken leaves room for a fourth at most.
        let counters = stage.counters
        #expect(counters.shedBatches >= 3)
        watcher.letGo()
        eventually("the stage goes on") { stage.counters.waiting == 0 }
        let last = shared(100, pool)
        stage.offer(last)
        last.release()
        stage.stop()
        let after = stage.counters
        #expect(after.flows + after.shedFlows == 21 + 100)
        #expect(after.shedFlows == counters.shedFlows)
        #expect(events.list.withLock { $0 } == ["shedding", "ended \(counters.shedFlows)"])
    }

    @Test func `a lossy subscriber never makes anybody wait`() throws {
        let watcher = Watcher(isHeld: true)
        let stage = BatchStage(
            name: "view", SubscribedReader(subscriber: watcher), depth: 1, whenFull: .shed
        ) { _ in }
        try stage.start()
        let pool = BatchPool()
        for _ in 0..<100 {
            let batch = shared(1, pool)
            stage.offer(batch)
            batch.release()
        }
        watcher.letGo()
        stage.stop()
        let counters = stage.counters
        #expect(counters.flows + counters.shedFlows == 100)
        #expect(counters.flows <= 3 && watcher.missed == Int(counters.shedFlows))
        #expect(counters.waitingHighest == 1)
    }

    @Test func `batches go round`() {
        let pool = BatchPool()
        let first = pool.take()
        first.advance(by: 3)
        let batch = SharedBatch(first, pool: pool)
        batch.retain()
        batch.release()
        #expect(first.count == 3)
        batch.release()
        #expect(pool.take() === first)
        #expect(first.count == 0)
    }

    private struct Countries: BatchEnricher {
        func enrich(_ batch: FlowBatch) {
            let column = batch.columnForWriting(.srcas)
            for row in 0..<batch.count { column.set(64_512, at: row) }
        }
    }

    private final class Systems: BatchSubscriber {
        let seen = Mutex<[UInt64?: Int]>([:])
        func take(_ batch: FlowBatch) {
            for row in 0..<batch.count {
                let number = batch.number(.srcas, at: row)
                seen.withLock { $0[number, default: 0] += 1 }
            }
        }
    }

    @Test func `flows are enriched before anybody reads them`() throws {
        let folder = try TemporaryFolder()
        let writer = try LiveWriter(directory: folder.path("store"))
        var configuration = CollectorConfiguration()
        configuration.listen = [.loopback]
        let systems = Systems()
        let collector = try Collector(
            configuration: configuration, writer: writer, enricher: { Countries() },
            subscriptions: [BatchSubscription(name: "systems", systems, delivery: .lossless)]
        ) { _ in }
        let queue = datagrams(100, as: .v5)
        let sender = try Sender(to: collector.addresses[0])
        for datagram in queue.datagrams { sender.send(queue.bytes[datagram.range]) }
        try collector.start()
        let counters = collector.stop()
        try writer.finish()
        #expect(systems.seen.withLock { $0 } == [64_512: Int(counters.exports.flows)])
    }

    @Test func `every datagram is sent on as it came`() throws {
        let second = try RunningCollector()
        let port = second.address.port
        let first = try RunningCollector {
            $0.forward = [ForwardTarget(host: "127.0.0.1", port: port, keepsSource: false)]
        }
        let queue = datagrams(1000, as: .ipfix)
        try Sender(to: first.address).send(queue, to: first)
        let expected = decoded([queue])
        eventually("all flows arrive") { second.watcher.count >= expected.count }
        try first.stop()
        try second.stop()
        expectSame(second.watcher.flows, expected)
        expectSame(first.watcher.flows, expected)
        #expect(first.counters.forwards.map(\.datagrams) == [UInt64(queue.datagrams.count)])
    }

    @Test func `what is sent on bears its exporter's address where that is permitted`() throws {
        let second = try RunningCollector()
        let port = second.address.port
        let first = try RunningCollector {
            $0.forward = [ForwardTarget(host: "127.0.0.1", port: port)]
        }
        let isPermitted = !first.said.contains {
            if case .sourceNotKept = $0 { return true } else { return false }
        }
        let exporter = try #require(IPAddress("127.0.0.77"))
        let queue = datagrams(300, as: .v5)
        try Sender(to: first.address, from: exporter).send(queue, to: first)
        let expected = decoded([queue])
        eventually("all flows arrive") { second.watcher.count >= expected.count }
        try first.stop()
        try second.stop()
        expectSame(second.watcher.flows, expected)
        #expect(second.watcher.exporters == [isPermitted ? exporter : IPAddress(v4: 0x7f00_0001)])
    }

    @Test func `a target that nobody listens at harms nothing`() throws {
        let gone = try RunningCollector()
        let port = gone.address.port
        try gone.stop()
        let running = try RunningCollector {
            $0.forward = [ForwardTarget(host: "127.0.0.1", port: port, keepsSource: false)]
        }
        let queue = datagrams(500, as: .v5)
        try Sender(to: running.address).send(queue, to: running)
        let expected = decoded([queue])
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        try running.stop()
        let forward = running.counters.forwards[0]
        #expect(forward.datagrams + forward.dropped == UInt64(queue.datagrams.count))
    }

    @Test func `a reload keeps sockets that stay, and loses nothing of those that go`() throws {
        let running = try RunningCollector([.loopback])
        let kept = running.address
        let queue = datagrams(400, as: .v5)
        let expected = decoded([queue])
        var configuration = CollectorConfiguration()
        configuration.receiveBufferBytes = 8 << 20
        var sent = 0
        for round in 0..<20 {
            configuration.listen = round % 2 == 0 ? [.loopback, .loopback6] : [.loopback]
            try running.collector.reload(configuration)
            #expect(running.collector.addresses.count == 2 - round % 2)
            let last = running.collector.addresses[running.collector.addresses.count - 1]
            let sender = try Sender(to: last)
            // Of the socket that goes with the next reload all is read first.
            for datagram in queue.datagrams { sender.send(queue.bytes[datagram.range]) }
            sent += expected.count
        }
        #expect(running.address == kept)
        eventually("all flows arrive") { running.watcher.count >= sent }
        let stored = try running.stop()
        #expect(stored == UInt64(sent))
        #expect(running.counters.received == UInt64(20 * queue.datagrams.count))
    }

    @Test func `who may send changes with a reload`() throws {
        let running = try RunningCollector()
        let sender = try Sender(to: running.address)
        sender.send([1])
        eventually("it is received") { running.counters.received == 1 }
        var configuration = CollectorConfiguration()
        configuration.listen = [.loopback]
        configuration.allow = [try #require(IPPrefix("192.0.2.0/24"))]
        try running.collector.reload(configuration)
        sender.send([1])
        eventually("it is refused") { running.counters.refused == 1 }
        try running.stop()
    }
}
