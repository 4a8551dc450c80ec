import FlowModel
import FlowWire
import Testing

/// Pitfalls 1, 3 to 7, 10 to 12 of `wire-pitfalls.md`: templates and what is read by them.
@Suite struct NetFlowTemplateTests {
    private let exports = DecodedExports()
    private static let pair = [field(8, 4), field(1, 4)]
    private static let other = ExporterEndpoint(address: IPAddress(v4: 0xc000_0202), port: 4739)

    private func undecoded(_ reason: ExportCounters.Reason) -> UInt64 {
        exports.counters.undecoded[reason] ?? 0
    }

    @Test func `pitfall 1: a template holds for one exporter, domain and version, for any port`()
        throws
    {
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes)
        let data = ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).bytes
        var moved = DecodedExports.exporter
        moved.port = 9999
        try exports.decode(data, from: moved)
        try exports.decode(data, from: Self.other)
        try exports.decode(ExportMessage.ipfix(domain: 2).data(256, [(1, 4), (2, 4)]).bytes)
        try exports.decode(ExportMessage.v9().data(256, [(1, 4), (2, 4)]).bytes)
        try exports.finish()
        #expect(exports.counters.records == 1)
        #expect(undecoded(.templateUnknown) == 3)
        #expect(exports.counters.exporters == 4)
    }

    @Test func `pitfall 1: ports are told apart on request`() throws {
        var configuration = ExportDecoderConfiguration()
        configuration.separatesTemplatesByPort = true
        let exports = DecodedExports(configuration: configuration)
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes)
        var moved = DecodedExports.exporter
        moved.port = 9999
        try exports.decode(ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).bytes, from: moved)
        try exports.finish()
        #expect(exports.counters.records == 0 && exports.counters.exporters == 1)
    }

    @Test(arguments: [ExportTransport.datagram, .stream])
    func `pitfall 3: a withdrawal holds over streams only`(transport: ExportTransport) throws {
        let data = ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).bytes
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes, over: transport)
        try exports.decode(data, over: transport)
        try exports.decode(ExportMessage.ipfix().template(256, []).bytes, over: transport)
        try exports.decode(data, over: transport)
        try exports.finish()
        let isStream = transport == .stream
        #expect(exports.counters.records == (isStream ? 1 : 2))
        #expect(undecoded(.withdrawalIgnored) == (isStream ? 0 : 1))
    }

    @Test func `pitfall 3: ids 2 and 3 withdraw all templates, or all options templates`() throws {
        try exports.decode(
            ExportMessage.ipfix().template(256, Self.pair).template(257, Self.pair)
                .options(258, scope: [field(149, 4)], [field(34, 4)]).bytes, over: .stream)
        try exports.decode(ExportMessage.ipfix().template(2, []).bytes, over: .stream)
        try exports.decode(
            ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).data(257, [(1, 4), (2, 4)])
                .data(258, [(1, 4), (100, 4)]).bytes, over: .stream)
        try exports.finish()
        #expect(exports.counters.records == 0 && exports.counters.optionsRecords == 1)
        #expect(undecoded(.templateUnknown) == 2)
    }

    @Test func `pitfall 4: a new definition replaces the old, an invalid one evicts it`() throws {
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes)
        try exports.decode(ExportMessage.ipfix().template(256, [field(12, 4), field(2, 4)]).bytes)
        try exports.decode(ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).bytes)
        // Two fields are announced, one is there.
        try exports.decode(ExportMessage.ipfix().set(2, [1, 0, 0, 2, 0, 8, 0, 4]).bytes)
        try exports.decode(ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).bytes)
        try exports.finish()
        let row = try #require(exports.rows.first)
        #expect(row.address(.dstip) == "0.0.0.1" && row[.packets] == 2 && row[.bytes] == 0)
        #expect(exports.rows.count == 1)
        #expect(undecoded(.templateInvalid) == 1 && undecoded(.templateUnknown) == 1)
    }

    @Test(arguments: [(1_700_000_001, 1), (1_700_000_000, 1), (1_699_999_999, 0)])
    func `pitfall 5: data wait for a template that is not older`(
        seconds: UInt64, records: UInt64
    )
        throws
    {
        try exports.decode(ExportMessage.ipfix(sequence: 7).data(256, [(1, 4), (2, 4)]).bytes)
        #expect(exports.counters.records == 0)
        try exports.decode(
            ExportMessage.ipfix(seconds: seconds, sequence: 8).template(256, Self.pair).bytes)
        try exports.finish()
        #expect(exports.counters.records == records)
        #expect(undecoded(.templateUnknown) == 1 - records)
        #expect(exports.counters.sequenceLost == 0)
    }

    @Test func `pitfall 5: a template behind its data in one message is not theirs`() throws {
        try exports.decode(
            ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).template(256, Self.pair)
                .data(256, [(3, 4), (4, 4)]).bytes)
        try exports.finish()
        #expect(exports.rows.map { $0.address(.srcip) } == ["0.0.0.3"])
        #expect(undecoded(.templateUnknown) == 1)
    }

    @Test(arguments: [(0, 1), (86_400, 1), (86_401, 0), (-1, 0)] as [(Int, UInt64)])
    func `pitfall 5: templates outlive a restart, for a day`(
        later: Int, records: UInt64
    ) throws {
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes)
        let options = ExportMessage.v9().options(300, scope: [field(1, 4)], [field(34, 4)])
        try exports.decode(options.bytes)
        let snapshot = exports.decoder.exporterSnapshot()

        let next = DecodedExports()
        #expect(next.restoreExporters(snapshot))
        #expect(next.decoder.exporterSnapshot() == snapshot)
        let seconds = UInt64(1_700_000_000 + later)
        try next.decode(
            ExportMessage.ipfix(seconds: seconds).data(256, [(1, 4), (2, 4)]).bytes)
        try next.decode(ExportMessage.v9(seconds: seconds).data(300, [(0, 4), (64, 4)]).bytes)
        try next.finish()
        #expect(next.counters.records == records && next.counters.optionsRecords == records)
        #expect(next.decoder.takeRates().map(\.interval) == (records == 1 ? [64] : []))
    }

    @Test func `pitfall 5: a template that comes again holds as ever, a restored one gives way`()
        throws
    {
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes)
        let snapshot = exports.decoder.exporterSnapshot()
        let next = DecodedExports()
        next.restoreExporters(snapshot)
        let later = UInt64(1_700_000_000 + 90_000)
        try next.decode(
            ExportMessage.ipfix(seconds: later).template(256, Self.pair)
                .data(256, [(1, 4), (2, 4)]).bytes)
        try next.decode(
            ExportMessage.ipfix(seconds: later).template(256, [field(12, 4)]).data(256, [(9, 4)])
                .bytes)
        try next.finish()
        #expect(next.counters.records == 2)
        #expect(next.rows.last?.address(.dstip) == "0.0.0.9")
    }

    @Test func `pitfall 5: a damaged snapshot of templates restores nothing and breaks nothing`()
        throws
    {
        try exports.decode(ExportMessage.ipfix().template(256, Self.pair).bytes)
        let snapshot = exports.decoder.exporterSnapshot()
        for length in snapshot.indices {
            let cut = Array(snapshot[..<length])
            #expect(!DecodedExports().restoreExporters(cut))
        }
        for place in snapshot.indices {
            var changed = snapshot
            changed[place] ^= 0xff
            let next = DecodedExports()
            next.restoreExporters(changed)
            try next.decode(ExportMessage.ipfix().data(256, [(1, 4), (2, 4)]).bytes)
            try next.finish()
        }
    }

    @Test func `pitfall 6: v9 sets are trusted, not the header's count; scopes are in octets`()
        throws
    {
        try exports.decode(
            ExportMessage.v9(count: 1).template(256, Self.pair)
                .options(257, scope: [field(1, 0)], [field(34, 2), field(35, 1)])
                .data(256, [(1, 4), (2, 4), (3, 4), (4, 4)]).data(257, [(50, 2), (1, 1)]).bytes)
        try exports.finish()
        #expect(exports.counters.records == 2 && exports.counters.optionsRecords == 1)
        #expect(exports.decoder.takeRates().map(\.interval) == [50])
        #expect(exports.counters.undecoded.isEmpty)
    }

    @Test(arguments: [0, 1, 3, 7])
    func `pitfall 7: what is shorter than a record at a set's end is padding`(padding: Int) throws {
        let records = [UInt8](repeating: 9, count: 16) + [UInt8](repeating: 0xff, count: padding)
        try exports.decode(ExportMessage.v9().template(256, Self.pair).set(256, records).bytes)
        try exports.finish()
        #expect(exports.counters.records == 2 && exports.counters.undecoded.isEmpty)
    }

    @Test func `pitfall 7: 59 stray octets behind the records, zeros to the datagram's end`() throws
    {
        let wide = [field(8, 4), field(1, 4), field(82, 60)]
        let records = [UInt8](repeating: 1, count: 68 + 59)
        let message = ExportMessage.v9().template(256, wide).set(256, records).bytes
        try exports.decode(message + [UInt8](repeating: 0, count: 1400 - message.count))
        try exports.finish()
        #expect(exports.counters.records == 1 && exports.counters.undecoded.isEmpty)
    }

    @Test(arguments: [9, 10])
    func `pitfall 10: lengths in the record, of one octet or three, in v9 too`(version: Int) throws
    {
        let base = version == 9 ? ExportMessage.v9() : ExportMessage.ipfix()
        let name = [UInt8](repeating: 65, count: 300)
        let record =
            [3] + Array("eth".utf8) + [0, 0, 0, 9] + [255, 1, 44] + name + [0] + [0, 0, 0, 8] + [0]
        try exports.decode(
            base.template(256, [field(82, 65535), field(1, 4), field(83, 65535)])
                .set(256, record).bytes)
        try exports.finish()
        let rows = exports.rows
        #expect(rows.map { $0[.bytes] } == [9, 8])
        #expect(rows.first?.other["interfaceName"] == .text("eth"))
        #expect(
            rows.first?.other["interfaceDescription"]
                == .text(String(repeating: "A", count: 300)))
        #expect(rows.last?.other["interfaceName"] == .text(""))
    }

    @Test func `pitfall 10: a length past the set's end is counted, what came before is kept`()
        throws
    {
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(1, 4), field(82, 65535)])
                .set(256, [0, 0, 0, 1, 0, 0, 0, 0, 2, 255, 9, 9]).bytes)
        try exports.finish()
        #expect(exports.rows.map { $0[.bytes] } == [1] && undecoded(.truncated) == 1)
    }

    @Test(arguments: 1...8)
    func `pitfall 11: integers of any size from 1 to 8 octets`(length: Int) throws {
        let value = (UInt64(0x0102_0304_0506_0708) >> UInt64(64 - 8 * length)) | 0x80
        let columns: [(id: UInt64, field: Field, bits: UInt64)] = [
            (1, .bytes, 64), (10, .inif, 32), (7, .srcport, 16), (5, .tos, 8), (56, .srcmac, 64),
        ]
        let template = columns.map { field($0.id, UInt64(length)) }
        let values = columns.map { _ in (value, length) }
        try exports.decode(
            ExportMessage.ipfix().template(256, template).data(256, values + values + values).bytes)
        try exports.finish()
        #expect(exports.rows.count == 3)
        for row in exports.rows {
            for column in columns {
                let mask = column.bits == 64 ? UInt64.max : 1 << column.bits - 1
                #expect(row[column.field] == value & mask, "\(column.field.name)")
            }
        }
    }

    @Test func `pitfall 11: fields without octets are skipped, records without octets refused`()
        throws
    {
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(8, 0), field(1, 4), field(82, 0)])
                .data(256, [(7, 4)]).template(257, [field(8, 0), field(1, 0)])
                .data(257, [(7, 4)]).bytes)
        try exports.finish()
        let rows = exports.rows
        #expect(rows.map { $0[.bytes] } == [7] && rows[0].address(.srcip) == nil)
        #expect(rows[0].other.isEmpty)
        #expect(undecoded(.templateInvalid) == 1 && undecoded(.templateUnknown) == 1)
    }

    @Test func `pitfall 12: the top bit means an enterprise in IPFIX, not in v9`() throws {
        try exports.decode(
            ExportMessage.ipfix().template(
                256,
                [
                    field(1, 4), field(1, 4, enterprise: 29305), field(2, 4, enterprise: 29305),
                    field(7, 2, enterprise: 29305), field(1, 4, enterprise: 9),
                ]
            ).data(256, [(1, 4), (2, 4), (3, 4), (4, 2), (5, 4)]).bytes)
        try exports.decode(
            ExportMessage.v9().template(256, [field(1, 4), field(57590, 2), field(33000, 12)])
                .data(256, [(1, 4), (2, 2), (0, 12)]).bytes)
        try exports.finish()
        let (ipfix, v9) = (exports.rows[0], exports.rows[1])
        #expect(ipfix[.bytes] == 1 && ipfix[.rbytes] == 2 && ipfix[.rpackets] == 3)
        #expect(ipfix.other["reverseSourceTransportPort"] == .unsigned(4))
        #expect(ipfix.other["e9id1"] == .hexadecimal("0x00000005"))
        #expect(v9[.bytes] == 1 && v9[.rbytes] == nil)
        #expect(v9.other["id57590"] == .hexadecimal("0x0002"))
        #expect(v9.other["ingressAclId"] == .hexadecimal("0x000000000000000000000000"))
    }
}
