import FlowGenerator
import FlowModel
import FlowStore
import FlowTestSupport
import FlowWire
import Testing

@testable import FlowCollector

@Suite struct LatencyTests {
    @Test(arguments: [ExportFormat.v5, .ipfix])
    func `each datagram that brought flows is counted once, when visible and when durable`(
        format: ExportFormat
    ) throws {
        // More than a batch, in many arenas.
        let queue = datagrams(4000, as: format)
        let running = try RunningCollector()
        let sender = try Sender(to: running.address)
        sender.send(queue, to: running)
        // One without flows: it never is in an answer.
        sender.send([0, 10, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9])
        let expected = decoded([queue])
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        eventually("all is on the disk") {
            let counters = running.counters
            return counters.store.durable.count == UInt64(queue.datagrams.count)
        }
        try running.stop()
        let store = running.counters.store
        #expect(running.counters.received == UInt64(queue.datagrams.count) + 1)
        #expect(store.visible.count == UInt64(queue.datagrams.count))
        #expect(store.durable.count == UInt64(queue.datagrams.count))
        // The disk has nothing before the journal has it.
        #expect(store.durable.sum >= store.visible.sum)
        for (durable, visible) in zip(store.durable.cumulative, store.visible.cumulative) {
            #expect(durable <= visible)
        }
    }

    @Test func `times count by the datagram, and none is less than zero`() {
        var arrivals = BatchArrivals()
        for received: UInt64 in [100, 100, 101, 100] { arrivals.note(received) }
        #expect(arrivals.runs.map(\.datagrams) == [2, 1, 1])
        var latency = LatencyHistogram()
        // The clock was set back behind some of them.
        latency.note(arrivals, now: 100)
        #expect(latency.count == 4)
        #expect(latency.sum == 0)
        latency.note(arrivals.take(), now: 100 + 60_001)
        #expect(arrivals.runs.isEmpty)
        #expect(latency.counts.last == 3)
        #expect(latency.cumulative.last == 5)
        #expect(latency.sum == 3 * 60_001 + 60_000)
    }

    /// With the batches and commits of the defaults, each read being one of a reader of its own.
    @Test func `a record is in an answer within a second of its arrival`() throws {
        let running = try RunningCollector {
            $0.batchAge = CollectorConfiguration().batchAge
        }
        let queue = datagrams(600, as: .v5)
        let sender = try Sender(to: running.address)
        let clock = ContinuousClock()
        var times: [Duration] = []
        var rows = 0
        // A machine that is busy with other things may keep some of them waiting: three are to be in time.
        for datagram in queue.datagrams.prefix(20)
        where times.count(where: { $0 < .seconds(1) }) < 3 {
            let octets = queue.bytes[datagram.range]
            // NetFlow v5, octets 2 and 3: the number of records.
            rows += Int(octets[octets.startIndex + 3])
            let sent = clock.now
            sender.send(octets)
            eventually("it is in an answer") {
                let reader = try? StoreReader(directory: running.folder.path("store"))
                return reader?.blocks.reduce(0) { $0 + $1.rows } == rows
            }
            times.append(clock.now - sent)
        }
        #expect(times.count(where: { $0 < .seconds(1) }) == 3, "\(times)")
        try running.stop()
    }
}
