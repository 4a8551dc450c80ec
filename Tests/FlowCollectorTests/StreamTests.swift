import FlowCollector
import FlowGenerator
import FlowModel
import FlowWire
import Testing

@Suite struct StreamTests {
    @Test func `IPFIX over TCP is received however it is cut`() throws {
        let queue = datagrams(2000, as: .ipfix)
        let running = try RunningCollector([.loopbackTCP])
        let sender = try Sender(to: running.address)
        var rest = queue.bytes[...]
        var step = 1
        while !rest.isEmpty {
            sender.send(rest.prefix(step))
            rest = rest.dropFirst(step)
            step = step * 7 % 4093 + 1
        }
        let expected = decoded([queue], over: .stream)
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        let stored = try running.stop()
        expectSame(running.watcher.flows, expected)
        #expect(stored == UInt64(expected.count))
        #expect(running.counters.received == UInt64(queue.datagrams.count))
        #expect(running.counters.listeners[0].accepted == 1)
        #expect(running.counters.listeners[0].broken == 0)
    }

    @Test func `connections beside each other are kept apart`() throws {
        let queue = datagrams(1000, as: .ipfix)
        let running = try RunningCollector([.loopbackTCP])
        let senders = try (0..<3).map { _ in try Sender(to: running.address) }
        // A router each, so that every stream has its templates.
        for datagram in queue.datagrams {
            senders[datagram.exporter].send(queue.bytes[datagram.range])
        }
        let expected = decoded([queue], over: .stream)
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        try running.stop()
        expectSame(running.watcher.flows, expected)
    }

    @Test func `a stream that is not IPFIX is closed, and the others go on`() throws {
        let queue = datagrams(300, as: .ipfix)
        let running = try RunningCollector([.loopbackTCP])
        let good = try Sender(to: running.address)
        let bad = try Sender(to: running.address)
        bad.send(Array("GET / HTTP/1.1\r\n\r\n".utf8))
        eventually("it is closed") { running.counters.listeners[0].broken == 1 }
        for datagram in queue.datagrams { good.send(queue.bytes[datagram.range]) }
        let expected = decoded([queue], over: .stream)
        eventually("all flows arrive") { running.watcher.count >= expected.count }
        try running.stop()
        expectSame(running.watcher.flows, expected)
    }

    @Test func `a connection that breaks off within a message is counted`() throws {
        let running = try RunningCollector([.loopbackTCP])
        do {
            let sender = try Sender(to: running.address)
            sender.send([0, 10, 0, 100, 0, 0])
        }
        eventually("it is counted") { running.counters.listeners[0].broken == 1 }
        eventually("it is closed") { running.counters.listeners[0].connections == 0 }
        try running.stop()
    }

    @Test func `connections are limited, and those that bring nothing closed`() throws {
        let running = try RunningCollector([.loopbackTCP]) {
            $0.streams.connectionsPerAddressMax = 2
            $0.streams.firstMessage = .milliseconds(1)
        }
        let senders = try (0..<5).map { _ in try Sender(to: running.address) }
        eventually("each is taken or refused") {
            let counters = running.counters.listeners[0]
            return counters.accepted + counters.refused == 5
        }
        eventually("those taken are closed") {
            let counters = running.counters.listeners[0]
            return counters.connections == 0 && counters.broken == counters.accepted
        }
        try running.stop()
        #expect(running.counters.listeners[0].accepted >= 2)
        withExtendedLifetime(senders) {}
    }

    @Test func `strangers are refused`() throws {
        let prefix = try #require(IPPrefix("127.0.0.2/32"))
        let running = try RunningCollector([.loopbackTCP]) { $0.allow = [prefix] }
        let sender = try Sender(to: running.address)
        eventually("it is refused") { running.counters.refused == 1 }
        try running.stop()
        withExtendedLifetime(sender) {}
    }
}
