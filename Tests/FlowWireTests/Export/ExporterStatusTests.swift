import FlowModel
import FlowWire
import Testing

/// How the decoder says that its exporters are doing.
@Suite struct ExporterStatusTests {
    private static let now: UInt64 = 1_700_000_000_000
    private static let pair = [field(8, 4), field(12, 4)]
    private let exports = DecodedExports()

    private func status(_ index: Int = 0) -> ExporterStatus {
        exports.decoder.exporterStatuses()[index]
    }

    @Test func `each exporter is counted apart`() throws {
        let other = ExporterEndpoint(address: IPAddress(v4: 1), port: 2055)
        try exports.decode(ExportMessage.v5(records: 3), from: other)
        try exports.decode(
            ExportMessage.ipfix().template(256, Self.pair).data(256, [(1, 4), (2, 4)]).bytes)
        try exports.decode(ExportMessage.ipfix(sequence: 6).data(256, [(1, 4), (2, 4)]).bytes)
        let (first, second) = (status(0), status(1))
        #expect(first.sender == other.address && first.exportProtocol == .netflow5)
        #expect(first.tally.flows == 3 && first.tally.datagrams == 1 && first.tally.lost == 0)
        #expect(second.exportProtocol == .ipfix && second.domain == 1)
        #expect(second.tally.flows == 2 && second.tally.datagrams == 2 && second.tally.lost == 5)
        #expect(second.templates == 1 && second.oldestTemplate == Self.now)
        #expect(second.tally.firstReceived == Self.now && second.tally.clockOffset == 0)
    }

    @Test func `what cannot be decoded is told of its exporter only`() throws {
        let other = ExporterEndpoint(address: IPAddress(v4: 1), port: 2055)
        try exports.decode(ExportMessage.v5(records: 1, count: 4), from: other)
        try exports.decode(ExportMessage.ipfix().template(256, [field(8, 0)]).bytes)
        try exports.decode(ExportMessage.ipfix().data(300, [(1, 4)]).bytes)
        #expect(status(0).tally.undecoded == [.truncated: 1])
        #expect(status(1).tally.undecoded == [.templateInvalid: 1])
        #expect(status(1).waitingSets == 1 && status(1).waitingBytes > 0)
        try exports.decoder.finish()
        #expect(exports.counters.undecoded[.templateUnknown] == 1)
    }

    @Test func `late, lost and restarted are told apart`() throws {
        for sequence in [1, 2, 5, 3, 6] as [UInt64] {
            try exports.decode(ExportMessage.v9(sequence: sequence).bytes)
        }
        #expect(status().tally.lost == 1 && status().tally.reordered == 1)
        try exports.decode(
            ExportMessage.v9(uptime: 1_000, seconds: 1_700_000_600, sequence: 1).bytes)
        #expect(status().tally.restarts == 1 && status().tally.lost == 1)
        #expect(status().tally.clockOffset == 600_000)
    }

    @Test func `a sampler without a rate is seen until its rate comes`() throws {
        let fields = [field(8, 4), field(48, 1)]
        try exports.decode(
            ExportMessage.v9().template(256, fields).data(256, [(1, 4), (7, 1)]).bytes)
        #expect(status().tally.rateUnknown == 1 && status().rates == 0)
        try exports.decode(
            ExportMessage.v9(sequence: 1)
                .options(257, scope: [field(1, 4)], [field(48, 1), field(50, 4)])
                .data(257, [(0, 4), (7, 1), (100, 4)]).data(256, [(1, 4), (7, 1)])
                .bytes)
        #expect(status().tally.rateUnknown == 1 && status().rates == 1)
    }

    @Test func `a snapshot keeps tallies, rates and names, and sequences where asked`() throws {
        try exports.decode(
            ExportMessage.ipfix().template(256, Self.pair).data(256, [(1, 4), (2, 4)])
                .options(257, scope: [field(10, 4)], [field(82, 8), field(34, 4)])
                .data(257, [(3, 4), (0x6574_6830_0000_0000, 8), (100, 4)]).bytes)
        try exports.decode(ExportMessage.v5(records: 2))
        let snapshot = exports.decoder.exporterSnapshot(withSequences: true)
        let statuses = exports.decoder.exporterStatuses()
        let found = ExportDecoder.exporterStatuses(in: snapshot.span.bytes)
        var restored = try #require(found)
        #expect(restored.first { $0.exportProtocol == .ipfix }?.restoredTemplates == 2)
        for index in restored.indices { restored[index].restoredTemplates = 0 }
        #expect(restored == statuses)

        let next = DecodedExports()
        next.restoreExporters(snapshot)
        #expect(next.decoder.names.interfaces.values.map(\.name) == ["eth0"])
        #expect(next.decoder.exporterSnapshot(withSequences: true) == snapshot)
        // Record 2 got lost while nobody listened.
        try next.decode(ExportMessage.ipfix(sequence: 3).data(256, [(1, 4), (2, 4)]).bytes)
        #expect(next.counters.sequenceLost == 1 && next.counters.records == 1)
        // A rate that comes again is announced again: the store may have lost it.
        try next.decode(
            ExportMessage.ipfix(sequence: 4)
                .data(257, [(3, 4), (0x6574_6830_0000_0000, 8), (100, 4)]).bytes)
        #expect(next.decoder.takeRates().map(\.interval) == [100])
    }

    @Test func `without sequences what came since the snapshot is not taken for lost`() throws {
        try exports.decode(
            ExportMessage.ipfix().template(256, Self.pair).data(256, [(1, 4), (2, 4)]).bytes)
        let next = DecodedExports()
        next.restoreExporters(exports.decoder.exporterSnapshot())
        try next.decode(ExportMessage.ipfix(sequence: 900).data(256, [(1, 4), (2, 4)]).bytes)
        #expect(next.counters.sequenceLost == 0 && next.counters.records == 1)
    }

    @Test func `a snapshot of version 1, which had templates only, is read`() throws {
        var old: [UInt8] = Array("SKTP".utf8) + [1]
        old.put(1, 4)
        old.put(0, 8)
        old.put(0xffff_c000_0201, 8)
        old.put(1, 4)
        old.put(10, 2)
        old.put(Self.now, 8)
        old += [0]
        old.put(0, 24)
        old.put(1, 4)
        old.put(0, 2)
        old.put(256, 2)
        old.put(65535, 2)
        old.put(1_700_000_000, 4)
        old.put(0, 4)
        old.put(1, 2)
        old.put(0, 4)
        old.put(8, 2)
        old.put(4, 2)
        #expect(exports.restoreExporters(old))
        try exports.decode(ExportMessage.ipfix().data(256, [(1, 4)]).bytes)
        #expect(exports.counters.records == 1)
    }

    @Test func `pitfall 21: a damaged snapshot with everything in it breaks nothing`() throws {
        try exports.decode(
            ExportMessage.ipfix().template(256, Self.pair).data(300, [(1, 4)])
                .options(257, scope: [field(10, 4)], [field(82, 8), field(34, 4)])
                .data(257, [(3, 4), (0x6574_6830_0000_0000, 8), (100, 4)]).bytes)
        let snapshot = exports.decoder.exporterSnapshot(withSequences: true)
        for length in snapshot.indices {
            #expect(!DecodedExports().restoreExporters(Array(snapshot[..<length])))
        }
        for place in snapshot.indices {
            var changed = snapshot
            changed[place] ^= 0xff
            let next = DecodedExports()
            next.restoreExporters(changed)
            _ = next.decoder.exporterStatuses()
            try next.decode(ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).bytes)
            try next.finish()
        }
    }

    @Test func `pitfall 21: one sender cannot take the room of all with its domains`() throws {
        var configuration = ExportDecoderConfiguration()
        configuration.domainsPerSenderMax = 2
        let bounded = DecodedExports(configuration: configuration)
        for domain in 1...4 as ClosedRange<UInt64> {
            try bounded.decode(ExportMessage.ipfix(domain: domain).template(256, Self.pair).bytes)
        }
        let other = ExporterEndpoint(address: IPAddress(v4: 1), port: 2055)
        try bounded.decode(
            ExportMessage.ipfix(domain: 9).template(256, Self.pair).bytes, from: other)
        #expect(bounded.counters.undecoded == [.domainsFull: 2])
        #expect(bounded.decoder.exporterStatuses().map(\.domain) == [9, 1, 2])
    }
}
