import FlowModel
import FlowWire
import Testing

/// Pitfall 2 of `wire-pitfalls.md`: sequence numbers.
@Suite struct NetFlowSequenceTests {
    private let exports = DecodedExports()

    private func v5(_ sequences: [UInt64], records: Int = 10) throws -> UInt64 {
        for sequence in sequences {
            try exports.decode(ExportMessage.v5(records: records, sequence: sequence))
        }
        return exports.counters.sequenceLost
    }

    @Test func `pitfall 2: v5 counts flows`() throws {
        #expect(try v5([0, 10, 20]) == 0)
        #expect(try v5([50]) == 20)
    }

    @Test func `pitfall 2: v9 counts datagrams`() throws {
        for sequence in [5, 6, 7, 9] as [UInt64] {
            try exports.decode(ExportMessage.v9(sequence: sequence).bytes)
        }
        #expect(exports.counters.sequenceLost == 1)
    }

    @Test func `pitfall 2: IPFIX counts data records, options too, of each domain`() throws {
        let template = [field(8, 4)]
        try exports.decode(
            ExportMessage.ipfix(sequence: 0).template(256, template)
                .options(257, scope: [field(149, 4)], [field(34, 4)])
                .data(256, [(1, 4), (2, 4)]).data(257, [(1, 4), (1, 4)]).bytes)
        try exports.decode(ExportMessage.ipfix(sequence: 77, domain: 2).bytes)
        try exports.decode(ExportMessage.ipfix(sequence: 3).data(256, [(1, 4)]).bytes)
        #expect(exports.counters.sequenceLost == 0)
        try exports.decode(ExportMessage.ipfix(sequence: 9).data(256, [(1, 4)]).bytes)
        #expect(exports.counters.sequenceLost == 5)
    }

    @Test func `another capture begins anew, with the templates of the one before`() throws {
        try exports.decode(
            ExportMessage.ipfix(sequence: 0).template(256, [field(8, 4)]).data(256, [(1, 4)]).bytes)
        try exports.decoder.finish()
        try exports.decode(ExportMessage.ipfix(sequence: 5000).data(256, [(1, 4)]).bytes)
        #expect(exports.counters.sequenceLost == 0)
        #expect(exports.counters.exporters == 2)
        #expect(exports.counters.records == 2)
    }

    /// Found by FuzzExports: the options of the one were taken off the records of the other.
    @Test func `v5 is counted right beside an exporter that sends options`() throws {
        try exports.decode(
            ExportMessage.ipfix(sequence: 0)
                .options(257, scope: [field(149, 4)], [field(34, 4)])
                .data(257, [(1, 4), (1, 4)]).bytes)
        #expect(try v5([0, 10, 40]) == 20)
    }

    @Test func `pitfall 2: records of an unknown template are not lost`() throws {
        try exports.decode(ExportMessage.ipfix(sequence: 0).data(256, [(1, 4), (2, 4)]).bytes)
        try exports.decode(ExportMessage.ipfix(sequence: 2).bytes)
        #expect(exports.counters.sequenceLost == 0)
    }

    @Test func `pitfall 2: a wrap is no loss`() throws {
        #expect(try v5([0xffff_fff6, 0, 10]) == 0)
        #expect(try v5([40]) == 20)
    }

    @Test func `pitfall 2: a datagram that was overtaken is no loss`() throws {
        #expect(try v5([0, 20]) == 10)
        #expect(try v5([10, 30]) == 0)
    }

    @Test func `pitfall 2: a datagram that comes twice is no loss`() throws {
        #expect(try v5([0, 0, 10, 10, 20]) == 0)
    }

    @Test func `pitfall 2: three in a row that were overtaken are no restart`() throws {
        #expect(try v5([0, 10, 50]) == 30)
        #expect(try v5([20, 30, 40, 60]) == 0)
        #expect(try v5([80]) == 10)
        let status = try #require(exports.decoder.exporterStatuses().first)
        #expect(status.tally.reordered == 3)
        #expect(status.tally.restarts == 0)
    }

    @Test func `pitfall 2: what comes twice does not stand for what is lost`() throws {
        #expect(try v5([0, 10, 30, 10, 30]) == 10)
        #expect(try v5([20, 20, 40]) == 0)
    }

    @Test func `pitfall 2: gaps that are filled in pieces, and across a wrap`() throws {
        #expect(try v5([0xffff_ffce, 20]) == 60)
        #expect(try v5([0xffff_ffec, 10, 0xffff_ffd8]) == 30)
        #expect(try v5([0xffff_ffe2, 0, 0xffff_fff6, 30]) == 0)
    }

    @Test func `pitfall 2: templates behind their data make no loss of them`() throws {
        try exports.decode(ExportMessage.ipfix(sequence: 7).data(256, [(1, 4), (2, 4)]).bytes)
        try exports.decode(
            ExportMessage.ipfix(seconds: 1_700_000_001, sequence: 7)
                .template(256, [field(8, 4)]).bytes)
        for sequence in [9, 12] as [UInt64] {
            try exports.decode(
                ExportMessage.ipfix(sequence: sequence).data(256, [(1, 4)]).bytes)
        }
        #expect(exports.counters.records == 4)
        #expect(exports.counters.sequenceLost == 2)
    }

    @Test func `pitfall 2: thousands of exporters, out of order and with losses`() throws {
        // 2,000 domains of 20 senders; of each ten messages, the fourth and fifth in the wrong order, and
        // of every tenth domain the seventh never comes.
        let order: [UInt64] = [0, 1, 2, 4, 3, 5, 6, 7, 8, 9]
        for place in order {
            for domain in 0..<2000 as Range<UInt64> where domain % 10 != 0 || place != 6 {
                let isIPFIX = domain % 2 == 0
                let sequence = isIPFIX ? place * 2 : place
                var message =
                    isIPFIX
                    ? ExportMessage.ipfix(sequence: sequence, domain: domain)
                    : ExportMessage.v9(sequence: sequence, domain: domain)
                if place == 0 { message = message.template(256, [field(8, 4), field(1, 4)]) }
                try exports.decode(
                    message.data(256, [(1, 4), (2, 4), (3, 4), (4, 4)]).bytes,
                    from: ExporterEndpoint(
                        address: IPAddress(v4: 0x0a00_0000 + UInt32(domain % 20)), port: 4739))
            }
        }
        #expect(exports.counters.sequenceLost == 200 * 2)
        #expect(exports.counters.records == 2000 * 20 - 200 * 2)
        let statuses = exports.decoder.exporterStatuses()
        #expect(statuses.count == 2000)
        #expect(statuses.allSatisfy { $0.tally.reordered == 1 && $0.tally.restarts == 0 })
        #expect(statuses.allSatisfy { $0.tally.lost == ($0.domain % 10 == 0 ? 2 : 0) })
    }

    @Test func `pitfall 2: a restart is no loss, near or far`() throws {
        #expect(try v5([3_000_000, 3_000_010, 0, 10, 20, 30]) == 0)
        // So close behind that it looks overtaken at first.
        #expect(try v5([0, 10, 20, 30, 40]) == 0)
    }

    @Test func `pitfall 2: an uptime that went back is a restart`() throws {
        try exports.decode(
            ExportMessage.v9(uptime: 9_000_000, seconds: 1_700_000_000, sequence: 5).bytes)
        try exports.decode(
            ExportMessage.v9(uptime: 20_000, seconds: 1_700_000_300, sequence: 20).bytes)
        #expect(exports.counters.sequenceLost == 0)
        try exports.decode(
            ExportMessage.v9(uptime: 30_000, seconds: 1_700_000_310, sequence: 22).bytes)
        #expect(exports.counters.sequenceLost == 1)
    }
}
