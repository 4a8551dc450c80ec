import FlowModel
import FlowTestSupport
import FlowWire
import Foundation

@testable import FlowMeter

/// The real traffic beside the checkout, where it is there.
enum MeterCaptures {
    static let folder = SharedData.file("captures")

    static var areThere: Bool { folder != nil }

    static func octets(_ name: String) throws -> [UInt8] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        return [UInt8](try Data(contentsOf: folder.appending(path: name)))
    }

    static func expected(_ name: String) throws -> [String: Any] {
        guard let folder else { throw CocoaError(.fileNoSuchFile) }
        var base = name.replacing(".pcapng", with: "")
        if base.hasSuffix(".pcap") { base.removeLast(5) }
        if name.hasSuffix("dhcp-nanosecond.pcapng") { base += "-ng" }
        let data = try Data(contentsOf: folder.appending(path: base + ".expected.json"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }
}

/// A flow as the expectations and the meter both can say it.
struct MeteredFlow: Hashable, Comparable, CustomStringConvertible {
    var ends: String
    var proto: Int
    var packets: Int
    var bytes: Int
    var first: Int
    var last: Int

    var description: String {
        "\(ends) proto \(proto): \(packets) packets \(bytes) bytes \(first)–\(last)"
    }

    static func < (a: Self, b: Self) -> Bool { a.description < b.description }

    init(
        _ source: IPAddress, _ sourcePort: Int, _ destination: IPAddress, _ destinationPort: Int,
        proto: Int, packets: Int, bytes: Int, first: Int, last: Int
    ) {
        ends = "\(source) \(sourcePort) -> \(destination) \(destinationPort)"
        self.proto = proto
        self.packets = packets
        self.bytes = bytes
        self.first = first
        self.last = last
    }

    init?(row: Int, of batch: FlowBatch) {
        guard let source = batch.address(.srcip, at: row),
            let destination = batch.address(.dstip, at: row)
        else { return nil }
        func number(_ field: Field) -> Int { Int(batch.number(field, at: row) ?? 0) }
        self.init(
            source, number(.srcport), destination, number(.dstport), proto: number(.proto),
            packets: number(.packets), bytes: number(.bytes), first: number(.start),
            last: number(.end))
    }

    init?(json: [String: Any]) {
        func text(_ keys: String...) -> String? {
            keys.lazy.compactMap { json[$0] as? String }.first
        }
        func number(_ key: String) -> Int { (json[key] as? NSNumber)?.intValue ?? 0 }
        guard let source = text("sourceIPv4Address", "sourceIPv6Address").flatMap(IPAddress.init),
            let destination = text("destinationIPv4Address", "destinationIPv6Address")
                .flatMap(IPAddress.init)
        else { return nil }
        self.init(
            source, number("sourceTransportPort"), destination, number("destinationTransportPort"),
            proto: number("protocolIdentifier"), packets: number("packetDeltaCount"),
            bytes: number("octetDeltaCount"), first: number("flowStartMicroseconds") / 1000,
            last: number("flowEndMicroseconds") / 1000)
    }
}

/// Collects the rows of a meter.
final class MeterHarness {
    private(set) var flows: [MeteredFlow] = []
    private(set) var rows: [[Field: UInt64]] = []
    private(set) var addresses: [[Field: IPAddress]] = []
    private(set) var counters = MeterCounters()

    /// Feeds a capture through parser and meter.
    func run(_ octets: [UInt8], _ options: MeterOptions) throws {
        let meter = makeMeter(options)
        var parser = CaptureParser()
        let consumed = try parser.feed(octets.span.bytes) { frame, info in
            try meter.add(frame: frame, info: info)
        }
        _ = try parser.finish(rest: octets.count - consumed)
        try meter.finish()
        counters = meter.counters
    }

    /// Feeds frames of Ethernet, with their times in milliseconds.
    func run(frames: [(time: UInt64, frame: [UInt8])], _ options: MeterOptions) throws {
        let meter = makeMeter(options)
        for (time, frame) in frames {
            try meter.add(
                frame: frame.span.bytes, linkType: .ethernet, timestamp: time * 1_000_000,
                originalLength: frame.count)
        }
        try meter.finish()
        counters = meter.counters
    }

    private func makeMeter(_ options: MeterOptions) -> FlowMeter {
        FlowMeter(
            options: options,
            appender: BatchAppender { [self] batch in
                collect(batch)
                batch.reset()
                return batch
            })
    }

    private func collect(_ batch: FlowBatch) {
        for row in 0..<batch.count {
            if let flow = MeteredFlow(row: row, of: batch) { flows.append(flow) }
            var numbers: [Field: UInt64] = [:]
            var found: [Field: IPAddress] = [:]
            for field in batch.fields {
                if let number = batch.number(field, at: row) { numbers[field] = number }
                if let address = batch.address(field, at: row) { found[field] = address }
            }
            rows.append(numbers)
            addresses.append(found)
        }
    }
}
