import FlowCapture
import FlowGenerator
import FlowMeter
import FlowModel
import FlowTestSupport
import FlowWire
import Foundation
import Synchronization
import Testing

@testable import FlowCollector

/// Whether this machine lets the tests capture, else why not.
enum Capturing {
    static let refusal: PacketCaptureError? = {
        do throws(PacketCaptureError) {
            _ = try PacketCapture(PacketCapture.Options(interface: "lo"))
            return nil
        } catch {
            return error
        }
    }()
    static var isAllowed: Bool { refusal == nil }
}

/// The meter as its thread runs it, with packets that are the same each time.
@Suite struct MeterFileTests {
    /// The flows of a capture as `skein import --as traffic` makes them.
    private func imported(_ octets: [UInt8], _ options: MeterOptions) throws -> [FlowLine] {
        var flows: [FlowLine] = []
        let appender = BatchAppender { batch in
            flows += FlowLine.of(batch)
            batch.reset()
            return batch
        }
        let meter = FlowMeter(options: options, appender: appender)
        var parser = CaptureParser()
        _ = try parser.feed(octets.span.bytes) { frame, info in
            try meter.add(frame: frame, info: info)
        }
        try meter.finish()
        return flows
    }

    /// The same through libpcap, the thread and a stage.
    private func metered(
        _ path: String, _ options: MeterOptions
    ) throws -> (flows: [FlowLine], counters: CollectorCounters.Interface) {
        let watcher = Watcher()
        let stage = BatchStage(
            name: "watcher", SubscribedReader(subscriber: watcher), depth: 2, whenFull: .wait
        ) { _ in }
        try stage.start()
        let handOver = HandOver(stages: [stage], enricher: SharedEnricherMaker(nil))
        let meter = try InterfaceMeter(
            InterfaceTap(try PacketCapture(file: path)) { _ in }, options, handOver: handOver,
            batchAge: .milliseconds(1)
        ) { _ in }
        try meter.start()
        meter.join()
        stage.stop()
        return (watcher.flows, meter.counters.interface)
    }

    private func expectSameAsImported(_ path: String, _ octets: [UInt8]) throws {
        let options = InterfaceConfiguration(name: "lo").meter
        let expected = try imported(octets, options)
        let (flows, counters) = try metered(path, options)
        // In the same order too.
        #expect(flows == expected)
        #expect(counters.flows == UInt64(expected.count))
        #expect(counters.activeFlows == 0)
        #expect(counters.packets > 0)
    }

    @Test func `generated traffic gives the flows that an import gives`() throws {
        var export = TrafficExport(FlowScript(flows: 20_000, seconds: 900))
        var capture = PcapBuffer()
        while export.next(into: &capture) {}
        let folder = try TemporaryFolder()
        let path = try folder.write("traffic.pcap", capture.bytes)
        try expectSameAsImported(path, capture.bytes)
    }

    @Test(
        .enabled(if: SharedData.isPresent),
        arguments: SharedData.files(in: "captures/pcap", suffixes: [".pcap", ".pcapng"]))
    func `real traffic gives the flows that an import gives`(file: URL) throws {
        // libpcap reads no file of several link types.
        let several = ["wireshark-many-interfaces.pcapng", "gopacket-le-test201.pcapng"]
        guard !several.contains(file.lastPathComponent) else { return }
        try expectSameAsImported(file.path, Array(try Data(contentsOf: file)))
    }

    @Test func `packets that another has metered are left out`() throws {
        var export = TrafficExport(FlowScript(flows: 100, seconds: 60))
        var capture = PcapBuffer()
        while export.next(into: &capture) {}
        let folder = try TemporaryFolder()
        let path = try folder.write("traffic.pcap", capture.bytes)
        var times: [UInt64] = []
        var parser = CaptureParser()
        _ = try parser.feed(capture.bytes.span.bytes) { _, info in times.append(info.timestamp) }
        let middle = times.sorted()[times.count / 2]
        let meter = try InterfaceMeter(
            InterfaceTap(try PacketCapture(file: path)) { _ in }, MeterOptions(),
            handOver: HandOver(stages: [], enricher: SharedEnricherMaker(nil)),
            batchAge: .milliseconds(1)
        ) { _ in }
        try meter.start(after: middle)
        #expect(meter.join() == times.max())
        #expect(
            meter.counters.interface.packets == UInt64(times.count { $0 > middle }))
    }

    @Test func `what is no capture is said in a line`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("no.pcap", Array("nothing of the kind".utf8))
        let error = #expect(throws: PacketCaptureError.self) { try PacketCapture(file: path) }
        #expect("\(try #require(error))".hasPrefix("cannot meter \(path): "))
    }
}

/// What is said where nothing can be captured.
@Suite struct CaptureErrorTests {
    @Test func `an interface that is not there is named, and those that are`() throws {
        let error = #expect(throws: CollectorError.self) {
            try RunningCollector { $0.interface = InterfaceConfiguration(name: "nosuch0") }
        }
        let text = "\(try #require(error))"
        #expect(text.hasPrefix("cannot meter nosuch0: there is no such interface, only "))
        #expect(text.contains("lo"))
    }

    @Test(.enabled(if: Capturing.isAllowed, "capturing takes CAP_NET_RAW"))
    func `a wrong filter is quoted, with libpcap's reason`() throws {
        let error = #expect(throws: CollectorError.self) {
            try RunningCollector {
                $0.interface = InterfaceConfiguration(name: "lo")
                $0.interface?.filter = "not prt 22"
            }
        }
        let text = "\(try #require(error))"
        #expect(text.hasPrefix("the packet filter ‘not prt 22’ (interface.bpf) is wrong: "))
        #expect(!text.contains("\n"))
    }

    @Test(arguments: [
        (PacketCaptureError.notPermitted("eth0"), "CAP_NET_RAW"),
        (.isDown("eth0"), "ip link set eth0 up"),
        (.linkTypeUnknown("usbmon1", link: "USB_LINUX_MMAPPED"), "USB_LINUX_MMAPPED"),
    ])
    func `an error says what to do`(error: PacketCaptureError, word: String) {
        #expect("\(CollectorError.capture(error))".contains(word))
        #expect("\(error)".hasPrefix("cannot meter "))
    }
}

/// Real packets on loopback.
@Suite(.enabled(if: Capturing.isAllowed, "capturing takes CAP_NET_RAW"))
struct MeterLiveTests {
    /// Two sockets of loopback, of which nobody reads the second.
    private final class Pair {
        let sender: Sender
        let port: UInt16
        private let listener: Socket

        init() throws {
            listener = try Socket(listeningAt: .loopback, shared: false)
            port = listener.port
            sender = try Sender(to: ListenAddress(IPAddress(v4: 0x7f00_0001), port: port))
        }

        /// Sends datagrams of so many octets.
        func send(_ count: Int, octets: Int = 100) {
            let payload = [UInt8](repeating: 7, count: octets)
            for _ in 0..<count { sender.send(payload) }
        }
    }

    private func interface(_ pair: Pair, idle: Duration = .seconds(1)) -> InterfaceConfiguration {
        var interface = InterfaceConfiguration(name: "lo")
        interface.filter = "udp dst port \(pair.port)"
        interface.idleTimeout = idle
        return interface
    }

    @Test func `packets become a flow, which is stored`() throws {
        let pair = try Pair()
        let running = try RunningCollector([]) {
            $0.interface = interface(pair, idle: .seconds(600))
        }
        pair.send(500)
        eventually("packets arrive") { running.counters.packets == 500 }
        #expect(running.counters.interfaces[0].activeFlows == 1)
        #expect(running.watcher.count == 0)
        let stored = try running.stop()
        let flow = try #require(running.watcher.flows.first)
        #expect(running.watcher.count == 1)
        #expect(stored == 1)
        // Addresses 4 words, times 2, then ports, protocol, packets, bytes of IP.
        #expect(flow.words[7...10] == [UInt64(pair.port), 17, 500, 500 * 128])
        let counters = running.counters
        #expect(counters.interfaces.map(\.name) == ["lo"])
        #expect(counters.interfaces[0].octets == 500 * 142)
        #expect(counters.packetDrops == 0)
        #expect(counters.meteredFlows == 1)
        #expect(counters.batches == 1)
    }

    @Test func `a flow that has ended is reported although no packet comes`() throws {
        let pair = try Pair()
        let running = try RunningCollector([]) { $0.interface = interface(pair) }
        pair.send(3)
        eventually("the flow is reported") { running.watcher.count == 1 }
        #expect(running.counters.interfaces[0].activeFlows == 0)
        #expect(running.collector.sinceLastBeat < .seconds(60))
        try running.stop()
        #expect(running.watcher.count == 1)
    }

    @Test func `what arrived before the end is metered`() throws {
        let pair = try Pair()
        let running = try RunningCollector([]) { $0.interface = interface(pair) }
        pair.send(64)
        // Nothing is waited for: the packets are in a block that the kernel has not handed over.
        try running.stop()
        #expect(running.counters.packets == 64)
        #expect(running.watcher.flows.map { $0.words[9] } == [64])
    }

    @Test func `a reload changes what is metered, and no packet counts twice`() throws {
        let (first, second) = (try Pair(), try Pair())
        let running = try RunningCollector([]) { $0.interface = interface(first) }
        var next = CollectorConfiguration()
        next.listen = []
        next.interface = interface(first)
        first.send(10)
        try running.collector.reload(next)
        eventually("packets arrive") { running.counters.packets == 10 }
        // The same interface stays as it is, a wrong one changes nothing.
        #expect(running.said.count { if case .capturing = $0 { true } else { false } } == 1)
        next.interface?.filter = "(("
        #expect(throws: CollectorError.self) { try running.collector.reload(next) }
        first.send(10)
        eventually("packets arrive") { running.counters.packets == 20 }
        next.interface?.filter = "udp dst port \(first.port) or udp dst port \(second.port)"
        first.send(10)
        try running.collector.reload(next)
        second.send(5)
        eventually("packets arrive") { running.counters.packets == 35 }
        #expect(running.counters.interfaces.count == 1)
        next.interface = nil
        next.listen = [.loopback]
        try running.collector.reload(next)
        #expect(!running.counters.interfaces[0].isUp)
        first.send(5)
        try running.stop()
        #expect(running.counters.packets == 35)
        #expect(running.watcher.flows.reduce(0) { $0 + $1.words[9] } == 35)
    }

    @Test func `every packet is read, or counted as dropped`() throws {
        let pair = try Pair()
        var options = PacketCapture.Options(interface: "lo")
        options.filter = "udp dst port \(pair.port)"
        options.bufferBytes = 1 << 20
        let capture = try PacketCapture(options)
        // Nobody reads meanwhile: twenty times what there is room for. On loopback the kernel drops, and
        // counts, each packet twice: as it leaves and as it comes.
        pair.send(100_000, octets: 200)
        var packets = 0
        eventually("the kernel hands over what it has") {
            packets += (try? capture.read(atMost: 1000) { _, _ in }) ?? 0
            return packets + Int(capture.statistics.kernelDrops) >= 100_000
        }
        #expect(capture.statistics.kernelDrops > 50_000)
        #expect(packets >= 1000)
    }

    @Test func `only the beginning of a packet is looked at, and its length is right`() throws {
        let pair = try Pair()
        var options = PacketCapture.Options(interface: "lo")
        options.filter = "udp dst port \(pair.port)"
        let capture = try PacketCapture(options)
        pair.send(1, octets: 1400)
        let began = UInt64(Date().timeIntervalSince1970) * 1_000_000_000
        var seen: [PacketInfo] = []
        eventually("the packet is handed over") {
            _ = try? capture.read(atMost: 10) { frame, info in
                #expect(frame.byteCount == info.capturedLength)
                seen.append(info)
            }
            return !seen.isEmpty
        }
        #expect(seen.map(\.capturedLength) == [256])
        #expect(seen.map(\.originalLength) == [1442])
        #expect(seen.map(\.linkType) == [.ethernet])
        let time = try #require(seen.first).timestamp
        #expect(time + 60_000_000_000 > began && time < began + 60_000_000_000)
    }
}
