import FlowModel
import FlowWire
import Testing

@testable import SkeinCommand

/// Messages of the exporter, read by Skein's own decoder.
@Suite struct IPFIXExporterTests {
    /// What is exported of a batch, and what rates, in messages.
    private func messages(
        _ batches: [FlowBatch], _ style: IPFIXExporter.Style, rates: SamplingRates = .init(),
        templatesMax: Int = 4096
    ) throws -> (messages: [IPFIXExporter.Message], exporter: IPFIXExporter) {
        var messages: [IPFIXExporter.Message] = []
        let exporter = IPFIXExporter(
            style, rates: rates, exportTime: { UInt32(truncatingIfNeeded: $0 / 1000) },
            templatesMax: templatesMax, emit: { messages.append($0) })
        for batch in batches { try exporter.add(batch) }
        return (messages, exporter)
    }

    /// The rows that a decoder makes of messages, and the rates that it heard.
    private func decoded(
        _ messages: [IPFIXExporter.Message], over transport: ExportTransport = .stream
    ) throws -> (rows: [[String: String]], rates: [SamplingRate], counters: ExportCounters) {
        var rows: [[String: String]] = []
        let appender = BatchAppender { batch in
            rows += Self.rows(of: batch)
            batch.reset()
            return batch
        }
        let decoder = ExportDecoder(appender: appender)
        for message in messages {
            try decoder.decode(
                message.octets.span.bytes, from: ExporterEndpoint(address: .v6Zero, port: 0),
                received: message.received / 1000 * 1000, over: transport)
        }
        try decoder.finish()
        try appender.flush()
        return (rows, decoder.takeRates(), decoder.counters)
    }

    /// Each row's values by name; of `received` the second.
    private static func rows(of batch: FlowBatch) -> [[String: String]] {
        (0..<batch.count).map { row in
            var values: [String: String] = [:]
            for field in batch.fields {
                if let address = batch.address(field, at: row) { values[field.name] = "\(address)" }
                if let number = batch.number(field, at: row) {
                    values[field.name] = "\(field == .received ? number / 1000 : number)"
                }
            }
            let other = batch.other.elements(at: row)
            if !other.isEmpty { values["other"] = "\(other)" }
            return values
        }
    }

    /// A layout of a batch's elements.
    private static func layout(_ elements: [OtherElement], of batch: FlowBatch) throws -> UInt16 {
        let layout = batch.other.layout(elements)
        return try #require(layout)
    }

    private static func address(_ random: inout some RandomNumberGenerator) -> IPAddress {
        Bool.random(using: &random)
            ? IPAddress(v4: UInt32.random(in: 1 ... .max, using: &random))
            : IPAddress(high: 0x2001_0db8 << 32, low: UInt64.random(in: 1...9, using: &random))
    }

    /// Rows that have each column or not, as chance will.
    private static func batch(
        rows: Int, _ random: inout some RandomNumberGenerator, domains: UInt32 = 3
    ) throws -> FlowBatch {
        let batch = FlowBatch()
        let varying = try Self.layout(
            [
                OtherElement(enterprise: 0, id: 351, length: 8),
                OtherElement(
                    enterprise: 25_461, id: 7, length: OtherElement.variableLength),
            ], of: batch)
        for row in 0..<rows {
            func set(_ field: Field, _ value: UInt64) {
                batch.columnForWriting(field).set(value, at: row)
            }
            set(.received, 1_700_000_000_000 + UInt64(row) * 7)
            set(.domain, UInt64(UInt32.random(in: 0..<domains, using: &random)))
            batch.columnForWriting(.exporter).set(
                IPAddress(v4: UInt32.random(in: 1...3, using: &random)), at: row)
            let hasTunnel = Bool.random(using: &random)
            // The addresses of a header of which both count are of one family.
            let source = address(&random)
            for field in [Field.srcip, .dstip] where hasTunnel || Bool.random(using: &random) {
                let other = address(&random)
                batch.columnForWriting(field).set(
                    hasTunnel && other.isV4 != source.isV4 ? source : other, at: row)
            }
            if hasTunnel {
                let isV4 = Bool.random(using: &random)
                for field in [Field.tunsrcip, .tundstip] {
                    let low = UInt64.random(in: 1...99, using: &random)
                    batch.columnForWriting(field).set(
                        isV4
                            ? IPAddress(v4: UInt32(low)) : IPAddress(high: 0xfd00 << 48, low: low),
                        at: row)
                }
                set(.tunproto, 47)
            }
            for field in [Field.nexthop, .bgpnexthop, .natsrcip, .natdstip]
            where Bool.random(using: &random) {
                batch.columnForWriting(field).set(address(&random), at: row)
            }
            for (field, _, octets) in IPFIXTemplate.numbers
            where field.isDense || Bool.random(using: &random) {
                let bits = UInt64(octets == 8 ? 40 : 8 * octets)
                set(field, UInt64.random(in: 1..<1 << bits, using: &random))
            }
            set(.packets, UInt64(row))
            let proto = ([1, 6, 58] as [UInt64]).randomElement(using: &random) ?? 6
            set(.proto, proto)
            for field in [Field.icmptype, .icmpcode] {
                let column = batch.columnForWriting(field)
                column.set(0, at: row)
                column.markAbsent(row)
                if proto != 6 { column.set(UInt64(row & 0x7f), at: row) }
            }
            if proto != 6, Bool.random(using: &random) { set(.dstport, 0) }
            if batch.column(.natevent)?.isPresent(row) ?? false { set(.event, UInt64(row & 7)) }
            guard Bool.random(using: &random) else { continue }
            let length = row % 400
            let value: [UInt8] =
                [0, 0, 0, 0, 0, 0, 0, 1, UInt8(length >> 8), UInt8(length & 255)]
                + (0..<length).map { UInt8(truncatingIfNeeded: $0) }
            batch.other.set(row: row, layout: varying, octets: value.span.bytes)
        }
        batch.advance(by: rows)
        return batch
    }

    private func byPackets(_ rows: [[String: String]]) -> [[String: String]] {
        rows.sorted { (Int($0["packets"] ?? "") ?? 0) < (Int($1["packets"] ?? "") ?? 0) }
    }

    /// More patterns than a domain may have templates: they are withdrawn and begun anew.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `every column of every row comes back`(seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let batch = try Self.batch(rows: 600, &random, domains: seed == 1 ? 1 : 3)
        let (messages, exporter) = try messages([batch], .file, templatesMax: 50)
        #expect(exporter.flows == 600 && exporter.valuesLeftOut == 0)
        #expect(messages.allSatisfy { $0.octets.count <= 65_535 })
        let (rows, _, counters) = try decoded(messages)
        #expect(counters.undecoded.isEmpty && counters.sequenceLost == 0)
        try #require(rows.count == 600)
        for (before, after) in zip(byPackets(Self.rows(of: batch)), byPackets(rows)) {
            let differences = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
                .map { "\($0): \(before[$0] ?? "-") → \(after[$0] ?? "-")" }
            try #require(differences.isEmpty, "\(differences) of \(before)")
        }
    }

    @Test func `datagrams are short and say their templates again`() throws {
        var random = SplitMix(state: 4)
        let batch = FlowBatch()
        for row in 0..<5000 {
            batch.columnForWriting(.srcip).set(Self.address(&random), at: row)
            batch.columnForWriting(.packets).set(UInt64(row), at: row)
        }
        batch.advance(by: 5000)
        let (messages, _) = try messages([batch], .datagrams)
        #expect(messages.allSatisfy { $0.octets.count <= 1400 })
        // A collector that comes late reads what follows the next announcement.
        let late = Array(messages.dropFirst(30))
        let (rows, _, _) = try decoded(late, over: .datagram)
        let flows = late.reduce(0) { $0 + $1.flows }
        #expect(rows.count >= flows - 20 * 80 && rows.count <= flows)
        #expect(try decoded(messages, over: .datagram).rows.count == 5000)
    }

    @Test func `rates are said before the flows that they hold for`() throws {
        var rates = SamplingRates()
        let exporters = [IPAddress(v4: 0xc000_0201), IPAddress(high: 0xfd00 << 48, low: 1)]
        let announced: [SamplingRate] = [
            .init(
                exporter: exporters[0], domain: 1, subject: .sampler(7), interval: 100,
                since: 5_000_000),
            .init(
                exporter: exporters[0], domain: 1, subject: .sampler(7), interval: 200,
                since: 9_000_000),
            .init(
                exporter: exporters[0], domain: 1, subject: .interface(3), interval: 10,
                since: 5_000_000),
            .init(
                exporter: exporters[1], domain: 2, subject: .domain, interval: 64, since: 6_000_000),
        ]
        for rate in announced { rates.note(rate) }
        let batch = FlowBatch()
        for row in 0..<20 {
            batch.columnForWriting(.exporter).set(exporters[row & 1], at: row)
            batch.columnForWriting(.domain).set(row & 1 == 0 ? 1 : 2, at: row)
            batch.columnForWriting(.received).set(UInt64(4_000_000 + row * 500_000), at: row)
            if row & 1 == 0 { batch.columnForWriting(.samplerid).set(7, at: row) }
        }
        batch.advance(by: 20)
        let (messages, _) = try messages([batch], .file, rates: rates)
        let found = try decoded(messages)
        #expect(found.rows.count == 20 && found.counters.undecoded.isEmpty)
        #expect(Set(found.rates) == Set(announced))
    }

    @Test func `what IPFIX cannot carry is left out and counted`() throws {
        let batch = FlowBatch()
        let layout = try Self.layout(
            [
                OtherElement(enterprise: 0, id: 33_002, length: 2),
                OtherElement(enterprise: 0, id: 292, length: 3),
                OtherElement(enterprise: 0, id: 351, length: 1),
            ], of: batch)
        batch.other.set(row: 0, layout: layout, octets: ([1, 2, 3, 4, 5, 6] as [UInt8]).span.bytes)
        let long = try Self.layout(
            [
                OtherElement(enterprise: 0, id: 351, length: OtherElement.variableLength)
            ], of: batch)
        let value: [UInt8] = [0xff, 0xfe] + [UInt8](repeating: 7, count: 65_534)
        batch.other.set(row: 1, layout: long, octets: value.span.bytes)
        batch.advance(by: 2)
        let (messages, exporter) = try messages([batch], .file)
        #expect(exporter.valuesLeftOut == 3)
        let rows = try decoded(messages).rows
        #expect(rows.count == 2)
        #expect(rows[0]["other"]?.contains("ArraySlice([6])") == true, "\(rows)")
        #expect(rows[1]["other"] == nil)
    }
}

/// A small generator that is the same everywhere.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mix = (state ^ state >> 30) &* 0xbf58_476d_1ce4_e5b9
        mix = (mix ^ mix >> 27) &* 0x94d0_49bb_1331_11eb
        return mix ^ mix >> 31
    }
}
