import FlowCollector
import FlowGenerator
import FlowModel
import FlowStore
import FlowTestSupport
import FlowWire
import Testing

@Suite struct ReceiveTests {
    @Test(arguments: ExportFormat.allCases)
    func `datagrams become the flows that were sent`(format: ExportFormat) throws {
        let queue = datagrams(2000, as: format)
        let running = try RunningCollector()
        try Sender(to: running.address).send(queue, to: running)
        let expected = decoded([queue])
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        let stored = try running.stop()
        expectSame(running.watcher.flows, expected)
        #expect(stored == UInt64(expected.count))
        let counters = running.counters
        #expect(counters.received == UInt64(queue.datagrams.count))
        #expect(counters.exports.datagrams == counters.received)
        #expect(counters.exports.undecoded.isEmpty)
        #expect(counters.exports.sequenceLost == 0)
        #expect(counters.kernelDrops == 0)
    }

    @Test func `one port takes every protocol`() throws {
        let queues = ExportFormat.allCases.map { datagrams(500, as: $0) }
        let running = try RunningCollector()
        let senders = try queues.map { _ in try Sender(to: running.address) }
        for (queue, sender) in zip(queues, senders) { sender.send(queue, to: running) }
        let expected = decoded(queues)
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        try running.stop()
        expectSame(running.watcher.flows, expected)
    }

    @Test func `IPv6 is received, and senders are told by their addresses`() throws {
        let running = try RunningCollector([.loopback6, .loopback])
        let queue = datagrams(500, as: .v9)
        try Sender(to: running.collector.addresses[0]).send(queue, to: running)
        try Sender(to: running.collector.addresses[1]).send(queue, to: running)
        let expected = decoded([queue]) + decoded([queue])
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        try running.stop()
        expectSame(running.watcher.flows, expected.sorted())
        // Three routers, each from two addresses.
        #expect(running.counters.exports.exporters == 6)
        #expect(running.counters.listeners.map(\.datagrams).allSatisfy { $0 > 0 })
    }

    @Test func `senders that are not allowed are refused and counted`() throws {
        let friend = try #require(IPAddress("127.0.0.2"))
        let prefix = try #require(IPPrefix("127.0.0.2/31"))
        let running = try RunningCollector { $0.allow = [prefix] }
        let queue = datagrams(200, as: .v5)
        let stranger = try Sender(to: running.address)
        for datagram in queue.datagrams { stranger.send(queue.bytes[datagram.range]) }
        try Sender(to: running.address, from: friend).send(queue, to: running)
        let expected = decoded([queue])
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        eventually("refusals are counted") {
            running.counters.refused == UInt64(queue.datagrams.count)
        }
        try running.stop()
        expectSame(running.watcher.flows, expected)
        #expect(running.counters.received == UInt64(queue.datagrams.count))
    }

    @Test func `what is no export is counted by its reason`() throws {
        let running = try RunningCollector()
        let sender = try Sender(to: running.address)
        sender.send([1])
        sender.send([0, 99, 0, 0, 0, 0])
        eventually("both are counted") { running.counters.exports.undecoded.count == 2 }
        try running.stop()
        #expect(running.counters.exports.undecoded[.truncated] == 1)
        #expect(running.counters.exports.undecoded[.versionUnknown] == 1)
    }

    @Test func `the largest datagram that there is arrives whole`() throws {
        let running = try RunningCollector()
        var message: [UInt8] = [0, 10, 0xff, 0xe3] + [UInt8](repeating: 0, count: 12)
        // One set of data without a template, up to 65,507 octets.
        message += [1, 0, 0xff, 0xd3] + [UInt8](repeating: 7, count: 0xffe3 - 20)
        try Sender(to: running.address).send(message)
        eventually("it is received") { running.counters.received == 1 }
        try running.stop()
        #expect(running.counters.listeners[0].octets == UInt64(message.count))
        #expect(running.counters.listeners[0].cut == 0)
        #expect(running.counters.exports.undecoded[.templateUnknown] == 1)
    }

    @Test func `every datagram is received or counted as dropped when the queue is full`() throws {
        let watcher = Watcher(isHeld: true)
        let running = try RunningCollector(watcher: watcher) {
            $0.queueBytesMax = 1
            $0.receiveBufferBytes = 1 << 14
        }
        let queue = datagrams(20_000, as: .v5)
        let sender = try Sender(to: running.address)
        var sent: UInt64 = 0
        eventually("the queue and the kernel's buffer are full") {
            for datagram in queue.datagrams {
                sender.send(queue.bytes[datagram.range])
                sent += 1
            }
            let counters = running.counters
            return counters.queue.waits > 0 && counters.kernelDrops > 0
        }
        watcher.letGo()
        eventually("all is accounted for") {
            let counters = running.counters
            return counters.received + counters.kernelDrops == sent
        }
        let stored = try running.stop()
        let counters = running.counters
        #expect(counters.exports.datagrams == counters.received)
        #expect(stored == counters.exports.flows)
        #expect(UInt64(watcher.count) == stored)
        #expect(counters.queue.bytesHighest <= counters.queue.bytesMax)
        #expect(counters.queue.bytes == 0)
    }

    @Test func `what the kernel holds is stored after a stop`() throws {
        let queue = datagrams(3000, as: .ipfix)
        let running = try RunningCollector(starts: false)
        let sender = try Sender(to: running.address)
        // Nobody reads yet: all of it is the kernel's.
        for datagram in queue.datagrams { sender.send(queue.bytes[datagram.range]) }
        try running.collector.start()
        let stored = try running.stop()
        let counters = running.counters
        #expect(counters.received + counters.kernelDrops == UInt64(queue.datagrams.count))
        #expect(counters.kernelDrops == 0)
        #expect(stored == UInt64(decoded([queue]).count))
    }

    @Test func `templates outlive the collector`() throws {
        let queue = datagrams(3000, as: .v9)
        let folder = try TemporaryFolder()
        let first = try RunningCollector(in: folder)
        let sender = try Sender(to: first.address)
        // The first of each router has the templates; they come again with its 21st.
        let beginning = Array(queue.datagrams.prefix(12))
        for datagram in beginning { sender.send(queue.bytes[datagram.range]) }
        eventually("they arrive") { first.counters.received == UInt64(beginning.count) }
        let before = try first.stop()
        let second = try RunningCollector(in: folder)
        let more = Array(queue.datagrams.dropFirst(12).prefix(8))
        let next = try Sender(to: second.address)
        for datagram in more { next.send(queue.bytes[datagram.range]) }
        eventually("they arrive") { second.counters.received == UInt64(more.count) }
        let after = try second.stop()
        #expect(before == UInt64(beginning.reduce(0) { $0 + $1.records }))
        #expect(after - before == UInt64(more.reduce(0) { $0 + $1.records }))
        #expect(second.counters.exports.undecoded.isEmpty)
    }

    @Test func `a port that is taken is said by its name`() throws {
        let running = try RunningCollector()
        let address = running.address
        #expect {
            _ = try RunningCollector([address])
        } throws: { error in
            "\(error)".contains("\(address)") && "\(error)".contains("another collector")
        }
        try running.stop()
    }
}
