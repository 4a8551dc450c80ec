import FlowModel
import FlowWire
import Foundation
import Testing

/// Real datagrams of real exporters against what independent programs make of them, in the manner of
/// `accept/wire`.
@Suite struct NetFlowCaptureTests {
    static let captures: [String] = {
        guard let sharedCaptures else { return [] }
        return ["netflow5", "netflow9", "ipfix"].flatMap { kind -> [String] in
            let folder = sharedCaptures.appendingPathComponent(kind)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
            return names.filter { $0.hasSuffix(".pcap") }.sorted().map { "\(kind)/\($0)" }
        }
    }()

    static func decode(_ name: String) throws -> DecodedExports {
        let exports = DecodedExports()
        let folder = try #require(sharedCaptures)
        let capture = try ExportCapture(contentsOf: folder.appendingPathComponent(name))
        for datagram in capture.datagrams
        where ExportDecoder.recognise(datagram.payload.span.bytes) != nil {
            try exports.decode(
                datagram.payload, from: datagram.endpoint, received: datagram.received)
        }
        try exports.finish()
        return exports
    }

    static func expectation(_ name: String) throws -> [String: Any]? {
        let folder = try #require(sharedCaptures)
        let url = folder.appendingPathComponent(
            name.replacingOccurrences(of: ".pcap", with: ".expected.json"))
        guard let data = try? Data(contentsOf: url) else { return nil }
        return try JSONSerialization.jsonObject(with: data) as? [String: Any]
    }

    @Test(.enabled(if: sharedCaptures != nil), arguments: captures)
    func `a capture's sampling rate is found`(name: String) throws {
        guard let expected = try Self.expectation(name), expected["samplingRate"] != nil else {
            return
        }
        let exports = try Self.decode(name)
        var rates = SamplingRates()
        for rate in exports.decoder.takeRates() { rates.note(rate) }
        let resolved = exports.rows.map { row in
            row[.sampling]
                ?? UInt64(
                    rates.interval(
                        exporter: row.batch.address(.exporter, at: row.index) ?? .v4Zero,
                        domain: UInt32(row[.domain] ?? 0), sampler: row[.samplerid],
                        interface: row[.inif].map { UInt32($0) }, received: row[.received] ?? 0))
        }
        #expect(resolved.allSatisfy { $0 == expected.count("samplingRate") }, "\(resolved)")
    }

    @Test(.enabled(if: sharedCaptures != nil), arguments: captures)
    func `a capture decodes as other programs decode it`(name: String) throws {
        let exports = try Self.decode(name)
        let rows = exports.rows
        #expect(UInt64(rows.count) == exports.counters.flows)
        guard let expected = try Self.expectation(name) else { return }
        #expect(exports.counters.datagrams == expected.count("datagrams"))
        guard expected["recordCount"] != nil else { return }
        #expect(exports.counters.optionsRecords == expected.count("optionsRecordCount"))
        #expect(exports.counters.records == expected.count("recordCount"))
        let records = expected["records"] as? [[String: Any]] ?? []
        guard !records.contains(where: { $0["dataLinkFrameSection"] != nil }) else { return }
        let listed = records.compactMap(RecordKey.init(record:))
        let flows = rows.compactMap(RecordKey.init(row:))
        if records.count == Int(expected.count("recordCount")) {
            #expect(flows.count == listed.count)
        } else {
            #expect(rows.reduce(0) { $0 + ($1[.packets] ?? 0) } == expected.count("sumPackets"))
            #expect(rows.reduce(0) { $0 + ($1[.bytes] ?? 0) } == expected.count("sumOctets"))
        }
        for timed in [false, true] {
            let wanted = listed.filter { !timed || $0.start != nil }.map { $0.timed(timed) }
            var seen: [RecordKey: Int] = [:]
            for flow in flows { seen[flow.timed(timed), default: 0] += 1 }
            var missing: [RecordKey] = []
            for key in wanted {
                if seen[key, default: 0] > 0 {
                    seen[key, default: 0] -= 1
                } else {
                    missing.append(key)
                }
            }
            let close = missing.first.map { lost in
                flows.filter { $0.source == lost.source && $0.destination == lost.destination }
                    .prefix(3)
            }
            #expect(missing.isEmpty, "\(missing.count), first \(missing[0]); seen \(close ?? [])")
        }
    }
}

extension [String: Any] {
    fileprivate func count(_ key: String) -> UInt64 { (self[key] as? NSNumber)?.uint64Value ?? 0 }
}

/// What identifies a record in `accept/wire`.
struct RecordKey: Hashable {
    var source: String?
    var destination: String?
    var ports: [UInt64]
    var proto: UInt64
    var bytes: UInt64
    var packets: UInt64
    var start: UInt64?

    func timed(_ timed: Bool) -> RecordKey {
        var key = self
        if !timed { key.start = nil }
        return key
    }

    init?(row: DecodedExports.Row) {
        source = row.address(.srcip)
        destination = row.address(.dstip)
        guard source != nil || destination != nil else { return nil }
        proto = row[.proto] ?? 0
        let isICMP = proto == 1 || proto == 58
        ports = isICMP ? [0, 0] : [row[.srcport] ?? 0, row[.dstport] ?? 0]
        bytes = row[.bytes] ?? 0
        packets = row[.packets] ?? 0
        start = row[.start]
    }

    init?(record: [String: Any]) {
        func first(_ names: String...) -> Any? {
            for name in names {
                if let list = record[name] as? [Any] { return list.last }
                if let value = record[name], !(value is NSNull) { return value }
            }
            return nil
        }
        func number(_ value: Any?) -> UInt64? { (value as? NSNumber)?.uint64Value }
        func isZero(_ address: Any?) -> Bool {
            let text = address as? String
            return text == nil || text == "0.0.0.0" || text == "::"
        }
        let v4 = (first("sourceIPv4Address"), first("destinationIPv4Address"))
        let v6 = (first("sourceIPv6Address"), first("destinationIPv6Address"))
        let useV6 = isZero(v4.0) && isZero(v4.1) && (v6.0 != nil || v6.1 != nil)
        source = (useV6 ? v6.0 : v4.0) as? String
        destination = (useV6 ? v6.1 : v4.1) as? String
        guard source != nil || destination != nil else { return nil }
        proto = number(first("protocolIdentifier")) ?? 0
        let isICMP = proto == 1 || proto == 58
        ports =
            isICMP
            ? [0, 0]
            : [
                number(first("sourceTransportPort")) ?? 0,
                number(first("destinationTransportPort")) ?? 0,
            ]
        bytes = number(first("octetDeltaCount", "initiatorOctets", "octetTotalCount")) ?? 0
        packets = number(first("packetDeltaCount", "initiatorPackets", "packetTotalCount")) ?? 0
        start = number(first("flowStartMilliseconds"))
    }
}
