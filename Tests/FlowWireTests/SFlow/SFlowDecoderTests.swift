import FlowModel
import Testing

@testable import FlowWire

@Suite struct SFlowDecoderTests {
    private static let sender = ExporterEndpoint(address: IPAddress(v4: 9), port: 6343)

    private func words(_ values: UInt32...) -> [UInt8] { values.flatMap(PacketBuilder.bytes32) }

    private func record(_ format: UInt32, _ octets: [UInt8]) -> [UInt8] {
        words(format, UInt32(octets.count)) + octets
            + Array(repeating: 0, count: (4 - octets.count % 4) % 4)
    }

    private func flowSample(
        _ records: [UInt8]..., input: UInt32 = 1, output: UInt32 = 2
    ) -> [UInt8] {
        record(
            1, words(1, 2, 400, 0, 0, input, output, UInt32(records.count)) + records.joined())
    }

    private func datagram(
        _ samples: [UInt8]..., number: UInt32 = 1, uptime: UInt32 = 1000
    )
        -> [UInt8]
    {
        words(5, 1, 0x0a00_0001, 3, number, uptime, UInt32(samples.count)) + samples.joined()
    }

    private func decode(_ datagrams: [UInt8]...) throws -> (FlowBatch, ExportCounters) {
        let appender = BatchAppender { $0 }
        var counters = ExportCounters()
        var decoder = SFlowDecoder()
        for datagram in datagrams {
            try decoder.decode(
                datagram.span.bytes, from: Self.sender, received: 77, into: appender,
                counters: &counters)
        }
        return (appender.batch, counters)
    }

    @Test func `pitfall 18: behind a padded header of odd length the next record is found`() throws
    {
        let frame = PacketBuilder([1]).udp(53, 9999).v4(proto: 17).octets
        let header = record(1, words(11, 1500, 4, UInt32(frame.count)) + frame + [0, 0, 0])
        let (batch, counters) = try decode(
            datagram(flowSample(header, record(1001, words(5, 0, 6, 0)))))
        #expect(counters.undecoded.isEmpty && counters.records == 1 && counters.exporters == 1)
        #expect(counters.datagrams == 1)
        #expect(batch.number(.srcport, at: 0) == 53 && batch.number(.bytes, at: 0) == 1500)
        #expect(batch.number(.srcvlan, at: 0) == 5 && batch.number(.dstvlan, at: 0) == 6)
        #expect(batch.number(.sampling, at: 0) == 400)
        #expect(batch.address(.exporter, at: 0) == IPAddress(v4: 0x0a00_0001))
        #expect(batch.number(.domain, at: 0) == 3 && batch.number(.received, at: 0) == 77)
    }

    @Test func `pitfall 18: sampled Ethernet and IP make a row without a header`() throws {
        let ethernet = record(
            2, words(64, 0x0200_0000, 0x0001_0000, 0x0200_0000, 0x0002_0000, 0x0800))
        let v4 = record(3, words(46, 6, 0xc000_0201, 0xc000_0202, 80, 81, 0x12, 8))
        let (batch, _) = try decode(datagram(flowSample(ethernet, v4)))
        #expect(batch.address(.srcip, at: 0)?.description == "192.0.2.1")
        #expect(batch.number(.dstport, at: 0) == 81 && batch.number(.flags, at: 0) == 0x12)
        #expect(batch.number(.srcmac, at: 0) == 0x0200_0000_0001)
        #expect(batch.number(.bytes, at: 0) == 64 && batch.number(.tos, at: 0) == 8)
        let v6 = record(
            4,
            words(90, 17) + PacketBuilder.v6Address(1) + PacketBuilder.v6Address(2)
                + words(5, 6, 0, 4))
        let (second, _) = try decode(datagram(flowSample(v6)))
        #expect(second.address(.dstip, at: 0)?.description == "2001:db8::2")
        #expect(second.number(.bytes, at: 0) == 90 && second.number(.flags, at: 0) == nil)
    }

    @Test func `translation, tunnel and labels have columns`() throws {
        let nat = record(1007, words(1, 0x0101_0101, 1, 0x0202_0202))
        let ports = record(1020, words(1024, 2048))
        let tunnel = record(1024, words(100, 47, 0x0303_0303, 0x0404_0404, 0, 0, 0, 0))
        let labels = record(1006, words(1, 0x0505_0505, 2, 0x0001_0040, 0x0002_0140, 0))
        let (batch, counters) = try decode(datagram(flowSample(nat, ports, tunnel, labels)))
        #expect(counters.undecoded.isEmpty)
        #expect(batch.address(.natsrcip, at: 0)?.description == "1.1.1.1")
        #expect(batch.address(.natdstip, at: 0)?.description == "2.2.2.2")
        #expect(batch.number(.natsrcport, at: 0) == 1024)
        #expect(batch.number(.natdstport, at: 0) == 2048)
        #expect(batch.address(.tunsrcip, at: 0)?.description == "3.3.3.3")
        #expect(batch.number(.tunproto, at: 0) == 47)
        #expect(batch.number(.mpls(1), at: 0) == 0x100 && batch.number(.mpls(2), at: 0) == 0x201)
        #expect(batch.address(.nexthop, at: 0)?.description == "5.5.5.5")
        #expect(batch.address(.srcip, at: 0) == nil)
    }

    @Test func `pitfall 18: what is cut short keeps what was read`() throws {
        var sample = flowSample(
            record(1001, words(5, 0, 6, 0)), record(1002, words(1, 0x0101_0101, 24, 25)))
        sample.replaceSubrange(68..<72, with: words(4000))  // the second record's length
        let (batch, counters) = try decode(datagram(sample))
        #expect(counters.undecoded == [.truncated: 1] && counters.records == 1)
        #expect(batch.number(.srcvlan, at: 0) == 5 && batch.number(.srcmask, at: 0) == nil)
        var cut = datagram(flowSample(record(1001, words(5, 0, 6, 0))))
        cut.removeLast(4)
        let (none, cutCounters) = try decode(cut)
        #expect(none.count == 0 && cutCounters.undecoded == [.truncated: 1])
    }

    @Test func `pitfall 18: unknown versions and samples, and counts beyond the end, are counted`()
        throws
    {
        let (_, counters) = try decode(
            words(4, 1, 1), [0, 0], datagram(record(99, [1, 2, 3, 4]), record(2, [])),
            words(5, 1, 1, 0, 1, 1, .max))
        #expect(
            counters.undecoded == [.versionUnknown: 1, .truncated: 2, .sampleUnknown: 1])
        #expect(counters.counterSamples == 1 && counters.flows == 0)
    }

    @Test(
        arguments: [
            ([1, 2, 3], UInt64(0)), ([1, 4], 2), ([1, 3, 2, 4], 0), ([.max - 1, 1], 2),
            ([5000, 1, 2], 0), ([1, 1, 1], 0),
        ] as [([UInt32], UInt64)])
    func `lost datagrams are told from wrap, order and restart`(
        numbers: [UInt32], lost: UInt64
    ) throws {
        let appender = BatchAppender { $0 }
        var counters = ExportCounters()
        var decoder = SFlowDecoder()
        for number in numbers {
            try decoder.decode(
                datagram(number: number).span.bytes, from: Self.sender, received: 0,
                into: appender, counters: &counters)
        }
        #expect(counters.sequenceLost == lost)
    }

    @Test func `an agent that restarts has lost nothing`() throws {
        let (_, counters) = try decode(
            datagram(number: 10, uptime: 900_000), datagram(number: 200, uptime: 5))
        #expect(counters.sequenceLost == 0)
    }
}
