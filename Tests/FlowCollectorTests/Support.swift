import FlowCollector
import FlowGenerator
import FlowModel
import FlowStore
import FlowTestSupport
import FlowWire
import Glibc
import Synchronization
import Testing

/// Waits for something that other threads bring about; fails the test after a minute.
func eventually(
    _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation, _ holds: () -> Bool
) {
    let clock = ContinuousClock()
    let end = clock.now + .seconds(120)
    while !holds() {
        guard clock.now < end else {
            Issue.record(what, sourceLocation: sourceLocation)
            return
        }
        sched_yield()
    }
}

/// A socket that sends from loopback.
final class Sender {
    let descriptor: CInt

    init(to address: ListenAddress, from source: IPAddress? = nil) throws {
        let host = try #require(address.address)
        let kind = address.transport == .udp ? SOCK_DGRAM : SOCK_STREAM
        descriptor = socket(host.isV4 ? AF_INET : AF_INET6, CInt(kind.rawValue), 0)
        try #require(descriptor >= 0)
        if let source {
            try #require(Self.with(source, 0) { bind(descriptor, $0, $1) } == 0)
        }
        let target = host.isUnspecified ? (host.isV4 ? IPAddress(v4: 0x7f00_0001) : host) : host
        try #require(Self.with(target, address.port) { connect(descriptor, $0, $1) } == 0)
    }

    deinit { close(descriptor) }

    func send(_ octets: some Collection<UInt8>) {
        let octets = Array(octets)
        var sent = 0
        while sent < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress.map { $0 + sent }, octets.count - sent,
                    CInt(MSG_NOSIGNAL))
            }
            if count < 0 && errno != EINTR { return }
            sent += max(count, 0)
        }
    }

    private static func with<Result>(
        _ address: IPAddress, _ port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        if let v4 = address.v4 {
            var parts = sockaddr_in()
            parts.sin_family = sa_family_t(AF_INET)
            parts.sin_port = port.bigEndian
            parts.sin_addr.s_addr = v4.bigEndian
            return withUnsafePointer(to: &parts) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var parts = sockaddr_in6()
        parts.sin6_family = sa_family_t(AF_INET6)
        parts.sin6_port = port.bigEndian
        withUnsafeMutableBytes(of: &parts.sin6_addr) {
            $0.storeBytes(of: address.high.bigEndian, as: UInt64.self)
            $0.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return withUnsafePointer(to: &parts) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}

/// What a flow is, but for when it arrived and from which address.
struct FlowLine: Hashable, Comparable {
    var words: [UInt64]

    static func < (a: FlowLine, b: FlowLine) -> Bool {
        a.words.lexicographicallyPrecedes(b.words)
    }

    /// The flows of a batch.
    static func of(_ batch: FlowBatch) -> [FlowLine] {
        (0..<batch.count).map { row in
            var words: [UInt64] = []
            for field in [Field.srcip, .dstip] {
                let address = batch.address(field, at: row) ?? .v6Zero
                words += [address.high, address.low]
            }
            // A sample of a packet has no other time than that of its arrival.
            let received = batch.number(.received, at: row)
            for field in [Field.start, .end] {
                let time = batch.number(field, at: row)
                words.append(time == received ? 0 : time ?? .max)
            }
            for field in [
                Field.srcport, .dstport, .proto, .packets, .bytes, .domain, .flags,
            ] {
                words.append(batch.number(field, at: row) ?? .max)
            }
            return FlowLine(words: words)
        }
    }
}

/// Holds flows against each other in any order, and says in few words how they differ.
func expectSame(
    _ flows: [FlowLine], _ expected: [FlowLine], sourceLocation: SourceLocation = #_sourceLocation
) {
    let (flows, expected) = (flows.sorted(), expected.sorted())
    guard flows != expected else { return }
    let pair = zip(flows, expected).first { $0 != $1 }
    Issue.record(
        "\(flows.count) flows, \(expected.count) expected; the first that differ: \(String(describing: pair))",
        sourceLocation: sourceLocation)
}

/// A subscriber that keeps what it reads, and can be held up.
final class Watcher: BatchSubscriber {
    private struct State {
        var flows: [FlowLine] = []
        var exporters: Set<IPAddress> = []
        var isHeld = false
        var missed = 0
    }
    private let state = Mutex(State())

    init(isHeld: Bool = false) { state.withLock { $0.isHeld = isHeld } }

    func take(_ batch: FlowBatch) {
        while state.withLock({ $0.isHeld }) { sched_yield() }
        let flows = FlowLine.of(batch)
        state.withLock { state in
            state.flows += flows
            for row in 0..<batch.count {
                if let exporter = batch.address(.exporter, at: row) {
                    state.exporters.insert(exporter)
                }
            }
        }
    }

    func miss(_ flows: Int) { state.withLock { $0.missed += flows } }

    func letGo() { state.withLock { $0.isHeld = false } }
    var flows: [FlowLine] { state.withLock { $0.flows } }
    var exporters: Set<IPAddress> { state.withLock { $0.exporters } }
    var count: Int { state.withLock { $0.flows.count } }
    /// Flows that it heard of and was not given.
    var missed: Int { state.withLock { $0.missed } }
}

/// A collector on ports of its own, with a store in a folder of its own.
final class RunningCollector {
    let collector: Collector
    let writer: LiveWriter
    let folder: TemporaryFolder
    let watcher: Watcher
    private let events: Events

    /// What a collector said.
    final class Events: Sendable {
        private let list = Mutex<[CollectorEvent]>([])
        func note(_ event: CollectorEvent) { list.withLock { $0.append(event) } }
        var all: [CollectorEvent] { list.withLock { $0 } }
    }

    init(
        _ listen: [ListenAddress] = [.loopback], in folder: TemporaryFolder? = nil,
        watcher: Watcher = Watcher(), starts: Bool = true,
        subscriptions: [BatchSubscription] = [],
        _ change: (inout CollectorConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = CollectorConfiguration()
        configuration.listen = listen
        configuration.receiveBufferBytes = 8 << 20
        configuration.batchAge = .milliseconds(20)
        change(&configuration)
        let folder = try folder ?? TemporaryFolder()
        self.folder = folder
        let events = Events()
        self.events = events
        self.watcher = watcher
        writer = try LiveWriter(directory: folder.path("store"))
        collector = try Collector(
            configuration: configuration, writer: writer,
            subscriptions: [BatchSubscription(name: "watcher", watcher, delivery: .lossless)]
                + subscriptions
        ) { events.note($0) }
        if starts { try collector.start() }
    }

    var address: ListenAddress { collector.addresses[0] }
    var counters: CollectorCounters { collector.counters }
    var said: [CollectorEvent] { events.all }

    /// Ends it and answers how many flows the store has.
    @discardableResult
    func stop() throws -> UInt64 {
        collector.stop()
        try writer.finish()
        return try StoreReader(directory: folder.path("store")).rows
    }
}

extension ListenAddress {
    /// Any port of loopback.
    static let loopback = ListenAddress(IPAddress(v4: 0x7f00_0001), port: 0)
    static let loopbackTCP = ListenAddress(IPAddress(v4: 0x7f00_0001), port: 0, transport: .tcp)
    static let loopback6 = ListenAddress(IPAddress(high: 0, low: 1), port: 0)
}

/// All datagrams of a script.
func datagrams(_ flows: Int, as format: ExportFormat) -> DatagramQueue {
    var export = FlowExport(
        FlowScript(flows: flows, seconds: 600), as: format, sampling: format == .sflow ? 64 : 1)
    var queue = DatagramQueue()
    while export.next(into: &queue) {}
    return queue
}

/// The flows of datagrams, decoded without a collector.
func decoded(_ queues: [DatagramQueue], over transport: ExportTransport = .datagram) -> [FlowLine] {
    var flows: [FlowLine] = []
    let appender = BatchAppender { batch in
        flows += FlowLine.of(batch)
        batch.reset()
        return batch
    }
    let decoder = ExportDecoder(appender: appender)
    for queue in queues {
        for datagram in queue.datagrams {
            let octets = Array(queue.bytes[datagram.range])
            try? decoder.decode(
                octets.span.bytes,
                from: ExporterEndpoint(address: IPAddress(v4: 0x7f00_0001), port: 1),
                received: datagram.time, over: transport)
        }
    }
    try? appender.flush()
    return flows.sorted()
}

extension Sender {
    /// Sends datagrams so that none is lost: never more at once than a socket's buffer holds.
    func send(_ queue: DatagramQueue, to running: RunningCollector) {
        let before = running.counters.received
        for (index, datagram) in queue.datagrams.enumerated() {
            send(queue.bytes[datagram.range])
            if index % 64 == 63 {
                eventually("datagrams arrive") {
                    running.counters.received >= before + UInt64(index) + 1
                }
            }
        }
    }
}
