import FlowModel
import FlowWire
import Testing

/// Pitfalls 8, 9, 13, 15 to 17, 19 and 20 of `wire-pitfalls.md`: what the values mean.
@Suite struct NetFlowFieldTests {
    private let exports = DecodedExports()
    private static let second: UInt64 = 1_700_000_000_000

    /// The only row of a message with one record.
    private func row(
        _ message: ExportMessage, _ values: [(field: ExportMessage.Element, value: UInt64)]
    ) throws -> DecodedExports.Row {
        try exports.decode(
            message.template(256, values.map(\.field))
                .data(256, values.map { ($0.value, Int($0.field.length)) }).bytes)
        try exports.finish()
        return try #require(exports.rows.last)
    }

    @Test func `pitfall 8: uptime is a signed difference, so that it may wrap`() throws {
        let message = ExportMessage.v9(uptime: 1000)
        let row = try row(message, [(field(22, 4), 0xffff_fc18), (field(21, 4), 1500)])
        #expect(row[.start] == Self.second - 2000 && row[.end] == Self.second + 500)
        try exports.decode(ExportMessage.v5(records: 1, uptime: 10, first: 0xffff_fff6))
        try exports.finish()
        #expect(exports.rows.last?[.start] == Self.second - 20)
    }

    @Test func `pitfall 8: in IPFIX uptime counts from element 160, in the record or in options`()
        throws
    {
        let start = Self.second - 5_000_000_000
        let stamp = UInt64(UInt32(truncatingIfNeeded: 4_999_990_000))
        let elements: [(field: ExportMessage.Element, value: UInt64)] = [
            (field(22, 4), stamp), (field(21, 4), stamp + 100), (field(160, 8), start),
        ]
        let own = try row(.ipfix(), elements)
        #expect(own[.start] == Self.second - 10_000 && own[.end] == Self.second - 9_900)
        let none = try row(.ipfix(domain: 2), Array(elements.prefix(2)))
        #expect(none[.start] == nil && none[.end] == nil)
        try exports.decode(
            ExportMessage.ipfix(domain: 2).options(300, scope: [field(149, 4)], [field(160, 8)])
                .data(300, [(2, 4), (start, 8)]).bytes)
        let announced = try row(.ipfix(domain: 2), Array(elements.prefix(2)))
        #expect(announced[.start] == Self.second - 10_000)
    }

    @Test func `pitfall 9: seconds, milliseconds, NTP stamps and offsets before export`() throws {
        let half: UInt64 = (1_699_999_990 + 2_208_988_800) << 32 | 0x8000_0000
        let cases: [([(field: ExportMessage.Element, value: UInt64)], UInt64)] = [
            ([(field(150, 4), 1_699_999_990)], 1_699_999_990_000),
            ([(field(152, 8), 1_699_999_990_123)], 1_699_999_990_123),
            ([(field(154, 8), half)], 1_699_999_990_500),
            ([(field(156, 8), half)], 1_699_999_990_500),
            ([(field(158, 4), 1_500_000)], 1_699_999_998_500),
            ([(field(323, 8), 1_699_999_990_123)], 1_699_999_990_123),
            ([(field(324, 8), half)], 1_699_999_990_500),
            // The better of two stamps, whatever their order.
            ([(field(150, 4), 5), (field(152, 8), 1_699_999_990_123)], 1_699_999_990_123),
        ]
        for (elements, start) in cases {
            let row = try row(.ipfix(), elements + [(field(1, 4), 1)])
            #expect(row[.start] == start, "\(elements)")
        }
        let timeless = try row(.ipfix(), [(field(258, 8), 1_699_999_990_123)])
        #expect(timeless[.start] == nil && timeless[.end] == nil)
    }

    @Test func `pitfall 13: lists are kept, and feed the columns that the record lacks`() throws {
        let list: [UInt8] =
            [0xff] + [1, 4, 0, 9, 0, 0, 0, 9, 0x12]  // semantic; template, length, record
            + [1, 5, 0, 5, 7]  // template, length, record
        try exports.decode(
            ExportMessage.ipfix().template(260, [field(184, 4), field(6, 1)])
                .template(261, [field(5, 1)])
                .template(256, [field(1, 4), field(5, 1), field(293, 65535)])
                .set(256, [0, 0, 0, 1, 3, UInt8(list.count)] + list).bytes)
        try exports.finish()
        let row = try #require(exports.rows.first)
        #expect(row[.flags] == 0x12 && row[.tos] == 3)
        #expect(row.other["subTemplateMultiList"] != nil && exports.counters.undecoded.isEmpty)
    }

    @Test func `pitfall 13: YAF's flags of the first and of the other packets make one`() throws {
        let row = try row(
            .ipfix(),
            [(field(14, 1, enterprise: 6871), 0x02), (field(15, 1, enterprise: 6871), 0x11)])
        #expect(row[.flags] == 0x13)
    }

    @Test func `pitfall 13: basic lists, lists of one template, bad lists and deep ones`() throws {
        // basicList of octetDeltaCount; subTemplateList of template 256, which has a list itself.
        let basic: [UInt8] = [3, 0, 1, 0, 4, 0, 0, 0, 77]
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(4, 1), field(291, 65535)])
                .set(256, [6, UInt8(basic.count)] + basic).set(256, [6, 2, 3, 0]).bytes)
        var nested: [UInt8] = [3, 1, 1]
        for _ in 0..<20 { nested = [3, 1, 1] + [UInt8(nested.count)] + nested }
        try exports.decode(
            ExportMessage.ipfix().template(257, [field(292, 65535)])
                .set(257, [UInt8(nested.count)] + nested).bytes)
        try exports.finish()
        #expect(exports.rows.map { $0[.bytes] } == [77, 0, 0])
        #expect(exports.counters.undecoded[.listInvalid] == 1)
    }

    @Test func `pitfall 15: totals stand in for deltas and are never added to them`() throws {
        let both = try row(
            .ipfix(),
            [
                (field(85, 8), 1000), (field(1, 4), 10), (field(86, 8), 100), (field(2, 4), 1),
                (field(231, 4), 55),
            ])
        #expect(both[.bytes] == 10 && both[.packets] == 1)
        #expect(both.other["octetTotalCount"] == .unsigned(1000))
        let totals = try row(.ipfix(), [(field(85, 8), 1000), (field(86, 8), 100)])
        #expect(totals[.bytes] == 1000 && totals[.packets] == 100 && totals.other.isEmpty)
    }

    @Test func `pitfall 16: ASA counts in 231 and 232, has its own numbers, and its events`() throws
    {
        let row = try row(
            .v9(),
            [
                (field(8, 4), 1), (field(231, 4), 10), (field(232, 4), 20), (field(4, 1), 1),
                (field(176, 1), 8), (field(177, 1), 3), (field(11, 2), 999),
                (field(40001, 4), 0xc000_0209), (field(40003, 2), 5), (field(40005, 1), 2),
                (field(323, 8), Self.second),
            ])
        #expect(row[.bytes] == 10 && row[.rbytes] == 20 && row[.packets] == 0)
        #expect(row.address(.natsrcip) == "192.0.2.9" && row[.natsrcport] == 5)
        #expect(row[.event] == 2 && row[.icmptype] == 8 && row[.icmpcode] == 3)
        #expect(row[.start] == Self.second && row[.end] == Self.second)
        let nat = try self.row(
            .v9(domain: 2), [(field(225, 4), 1), (field(230, 1), 4), (field(8, 4), 1)])
        #expect(nat[.event] == 4 && nat[.natevent] == 4 && nat[.bytes] == 0)
    }

    @Test func `pitfall 17: of an element that is repeated the last is the flow's`() throws {
        let row = try row(
            .ipfix(),
            [
                (field(27, 16), 0x11), (field(28, 16), 0x22), (field(4, 1), 4), (field(7, 2), 0),
                (field(8, 4), 0x0a00_0001), (field(12, 4), 0x0a00_0002), (field(4, 1), 6),
                (field(7, 2), 443),
            ])
        #expect(row.address(.srcip) == "10.0.0.1" && row.address(.dstip) == "10.0.0.2")
        #expect(row[.proto] == 6 && row[.srcport] == 443 && row[.tunproto] == 4)
        #expect(row.address(.tunsrcip) == "::11" && row.address(.tundstip) == "::22")
    }

    @Test func `both families in one record: the one that is not zero is the flow's, no tunnel`()
        throws
    {
        let row = try row(
            .ipfix(),
            [
                (field(8, 4), 0x0a00_0001), (field(12, 4), 0), (field(27, 16), 0),
                (field(28, 16), 0), (field(15, 4), 0), (field(62, 16), 0),
            ])
        #expect(row.address(.srcip) == "10.0.0.1" && row.address(.dstip) == "0.0.0.0")
        #expect(row.address(.tunsrcip) == nil)
    }

    @Test func `a sampled packet without counters is one packet of the size that is said`() throws {
        let packet: [UInt8] = [0x45, 0, 0, 99] + [UInt8](repeating: 0, count: 16)
        try exports.decode(
            ExportMessage.ipfix().template(256, [field(312, 2), field(315, 20)])
                .set(256, [0, 114] + packet).template(257, [field(313, 65535)])
                .set(257, [20] + packet).template(258, [field(313, 20), field(1, 4), field(2, 4)])
                .set(258, packet + [0, 0, 0, 7, 0, 0, 0, 3]).bytes)
        try exports.finish()
        #expect(exports.rows.map { $0[.bytes] } == [114, 99, 7])
        #expect(exports.rows.map { $0[.packets] } == [1, 1, 3])
        #expect(exports.rows[0].other["dataLinkFrameSize"] == .unsigned(114))
    }

    @Test func `ICMP type and code of their elements, else of the destination port`() throws {
        let icmp = try row(
            .ipfix(), [(field(4, 1), 1), (field(32, 2), 0x0301), (field(11, 2), 0)])
        #expect(icmp[.icmptype] == 3 && icmp[.icmpcode] == 1)
        let port = try row(
            .ipfix(), [(field(4, 1), 58), (field(139, 2), 0), (field(11, 2), 0x8100)])
        #expect(port[.icmptype] == 129 && port[.icmpcode] == 0 && port[.dstport] == 0x8100)
        let tcp = try row(.ipfix(), [(field(4, 1), 6), (field(32, 2), 0), (field(11, 2), 443)])
        #expect(tcp[.icmptype] == nil && tcp[.icmpcode] == nil)
    }

    @Test func `a source of one family and a destination of the other make one flow`() throws {
        let row = try row(.ipfix(), [(field(27, 16), 0x11), (field(12, 4), 0x0a00_0002)])
        #expect(row.address(.srcip) == "::11" && row.address(.dstip) == "10.0.0.2")
        #expect(row.address(.tunsrcip) == nil)
    }

    @Test func `pitfall 19: the exporter names itself in the record, or in options`() throws {
        let plain = try row(.ipfix(), [(field(1, 4), 1)])
        #expect(plain.address(.exporter) == "192.0.2.1" && plain[.domain] == 1)
        let own = try row(.ipfix(), [(field(1, 4), 1), (field(130, 4), 0xc633_6401)])
        #expect(own.address(.exporter) == "198.51.100.1")
        let zero = try row(.ipfix(), [(field(1, 4), 1), (field(130, 4), 0)])
        #expect(zero.address(.exporter) == "192.0.2.1")
        try exports.decode(
            ExportMessage.ipfix().options(
                300, scope: [field(149, 4)], [field(130, 4), field(34, 4)]
            )
            .data(300, [(1, 4), (0xc633_6402, 4), (64, 4)]).bytes)
        let announced = try row(.ipfix(), [(field(1, 4), 1)])
        #expect(announced.address(.exporter) == "198.51.100.2")
        #expect(exports.decoder.takeRates().map(\.exporter.description) == ["198.51.100.2"])
    }

    @Test func `pitfall 20: a clock that is off costs no record`() throws {
        let old = try row(
            .v9(uptime: 10_000, seconds: 5), [(field(22, 4), 1), (field(21, 4), 9000)])
        #expect(old[.start] == 0 && old[.end] == 4000)
        #expect(old[.received] == 1_700_000_000_000)
        let ahead = try row(.ipfix(seconds: 4_000_000_000), [(field(152, 8), 4_000_000_000_000)])
        #expect(ahead[.start] == 4_000_000_000_000)
        #expect(exports.counters.records == 2 && exports.counters.clockSkewed == 2)
    }

    @Test(
        arguments: [
            (0, 0), (-86_400_000, 0), (86_400_000, 0), (-86_400_001, 1), (86_400_001, 1),
        ] as [(Int, UInt64)])
    func `pitfall 20: what lies over a day from its arrival is counted`(
        later: Int, skewed: UInt64
    ) throws {
        let end = UInt64(1_700_000_000_000 + later)
        // A flow may have begun long ago; where it says when it ended, that tells.
        _ = try row(.ipfix(), [(field(152, 8), 5), (field(153, 8), end)])
        _ = try row(.ipfix(), [(field(152, 8), end)])
        #expect(exports.counters.clockSkewed == 2 * skewed)
        // Without the system's start a stamp of uptime says nothing of the clock.
        _ = try row(.ipfix(), [(field(21, 4), 7)])
        #expect(exports.counters.clockSkewed == 2 * skewed)
    }
}
