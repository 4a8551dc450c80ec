import FlowGenerator
import FlowModel
import FlowWire
import Testing

/// FNV-1a, so that a hash written here is the same on every machine.
func fnv1a(_ bytes: [UInt8]) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
}

/// Sums the 16-bit words of RFC 1071 one by one; 0xffff where a checksum among them is right.
func onesComplementSum(_ bytes: ArraySlice<UInt8>, plus initial: UInt32 = 0) -> UInt32 {
    var sum = initial
    for index in stride(from: bytes.startIndex, to: bytes.endIndex, by: 2) {
        sum += UInt32(bytes[index]) << 8
        if index + 1 < bytes.endIndex { sum += UInt32(bytes[index + 1]) }
        while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
    }
    return sum
}

func number(_ bytes: some Collection<UInt8>) -> UInt64 {
    bytes.reduce(0) { $0 << 8 | UInt64($1) }
}

/// All datagrams of a script.
func datagrams(
    _ script: FlowScript, as format: ExportFormat, sampling: UInt32 = 1, biflows: Bool = false
) -> (queue: DatagramQueue, export: FlowExport) {
    var export = FlowExport(script, as: format, sampling: sampling, biflows: biflows)
    var queue = DatagramQueue()
    while export.next(into: &queue) {}
    return (queue, export)
}

func capture(_ script: FlowScript, as format: ExportFormat) -> [UInt8] {
    var capture = PcapBuffer()
    let sampling: UInt32 = format == .sflow ? 4_096 : 1
    capture.append(
        datagrams(script, as: format, sampling: sampling).queue,
        from: ExporterProfile.fleet(of: script),
        to: (address: 0xc000_0264, port: format.collectorPort))
    return capture.bytes
}

/// The frames of a little-endian capture.
func frames(of capture: [UInt8]) -> [(time: UInt64, length: Int, bytes: ArraySlice<UInt8>)] {
    var found: [(time: UInt64, length: Int, bytes: ArraySlice<UInt8>)] = []
    var offset = 24
    func little(_ at: Int) -> UInt64 { number(capture[at..<at + 4].reversed()) }
    while offset < capture.count {
        let captured = Int(little(offset + 8))
        found.append(
            (
                little(offset) * 1_000_000 + little(offset + 4), Int(little(offset + 12)),
                capture[(offset + 16)..<(offset + 16 + captured)]
            ))
        offset += 16 + captured
    }
    return found
}

@Suite struct EncoderTests {
    @Test(
        arguments: zip(
            [ExportFormat.v5, .v9, .ipfix, .sflow],
            [
                14_769_276_416_552_280_976, 13_350_233_680_279_833_633, 3_885_965_120_011_377_622,
                3_310_751_660_014_974_649,
            ]
                as [UInt64]))
    func `a capture is the same to the last bit, and on every machine`(
        format: ExportFormat, expected: UInt64
    ) {
        let bytes = capture(Scripts.small, as: format)
        #expect(bytes == capture(FlowScript(flows: 10_000, seed: 7), as: format))
        #expect(fnv1a(bytes) == expected)
    }

    @Test(arguments: ExportFormat.allCases)
    func `frames have right lengths and checksums and come in order`(format: ExportFormat) {
        let frames = frames(of: capture(Scripts.small, as: format))
        #expect(zip(frames, frames.dropFirst()).allSatisfy { $0.time <= $1.time })
        func isRight(_ frame: ArraySlice<UInt8>) -> Bool {
            let ip = frame.dropFirst(14)
            let udp = ip.dropFirst(20)
            let pseudo = onesComplementSum(ip.dropFirst(12).prefix(8), plus: 17)
            return number(ip.dropFirst(2).prefix(2)) == UInt64(ip.count)
                && onesComplementSum(ip.prefix(20)) == 0xffff
                && onesComplementSum(udp, plus: pseudo + UInt32(udp.count)) % 0xffff == 0
        }
        #expect(!frames.isEmpty && frames.allSatisfy { isRight($0.bytes) })
    }

    @Test func `NetFlow v5 counts its flows and leaves IPv6 out`() {
        let (queue, export) = datagrams(Scripts.small, as: .v5)
        let four = Scripts.smallFlows.filter(\.isV4)
        #expect(export.omitted == Scripts.smallFlows.count - four.count)
        var sequences = [UInt64](repeating: 0, count: 3)
        var octets: UInt64 = 0
        for datagram in queue.datagrams {
            let bytes = queue.bytes[datagram.range]
            #expect(bytes.count == 24 + 48 * datagram.records && datagram.records <= 30)
            #expect(number(bytes.dropFirst(2).prefix(2)) == UInt64(datagram.records))
            #expect(number(bytes.dropFirst(16).prefix(4)) == sequences[datagram.exporter])
            sequences[datagram.exporter] += UInt64(datagram.records)
            for record in 0..<datagram.records {
                octets += number(bytes.dropFirst(24 + 48 * record + 20).prefix(4))
            }
        }
        #expect(sequences.reduce(0, +) == UInt64(four.count))
        #expect(octets == four.reduce(0) { $0 + $1.bytes })
    }

    @Test func `NetFlow v5 keeps times to the millisecond against its uptime`() throws {
        let script = FlowScript(flows: 1, seed: 1)
        let flow = try #require(script.allFlows().first { $0.isV4 })
        let (queue, _) = datagrams(script, as: .v5)
        let bytes = queue.bytes
        let sent = number(bytes[8..<12]) * 1_000 + number(bytes[12..<16]) / 1_000_000
        let boot = sent - number(bytes[4..<8])
        #expect(boot + number(bytes[48..<52]) == flow.start)
        #expect(boot + number(bytes[52..<56]) == flow.end)
    }

    @Test(arguments: [ExportFormat.v9, .ipfix])
    func `sets fill their message and sequence numbers have no gap`(format: ExportFormat) {
        let (queue, _) = datagrams(Scripts.small, as: format)
        let header = format == .v9 ? 20 : 16
        var sequences = [UInt64](repeating: 0, count: 3)
        var records = 0
        for datagram in queue.datagrams {
            let bytes = Array(queue.bytes[datagram.range])
            #expect(bytes.count <= 1_400)
            let at = format == .v9 ? 12 : 8
            #expect(number(bytes[at..<at + 4]) == sequences[datagram.exporter])
            var offset = header
            var options = 0
            while offset < bytes.count {
                let length = Int(number(bytes[(offset + 2)..<(offset + 4)]))
                guard length >= 4, length % 4 == 0 else {
                    Issue.record("a set of \(length) octets")
                    return
                }
                if number(bytes[offset..<offset + 2]) == 260 { options += 1 }
                offset += length
            }
            #expect(offset == bytes.count)
            sequences[datagram.exporter] +=
                format == .v9 ? 1 : UInt64(datagram.records + options)
            records += datagram.records
        }
        #expect(records == Scripts.smallFlows.count)
    }

    @Test func `a biflow stands for a flow and its reply`() {
        let (queue, _) = datagrams(Scripts.small, as: .ipfix, biflows: true)
        let records = queue.datagrams.reduce(0) { $0 + $1.records }
        let replies = Scripts.smallFlows.count(where: \.isReply)
        let flows = Scripts.smallFlows.count
        #expect((flows - replies...flows - replies + replies / 100).contains(records))
    }

    @Test func `a sampled router exports about 1 in N packets`() {
        let (queue, _) = datagrams(Scripts.small, as: .v5, sampling: 100)
        var packets: UInt64 = 0
        for datagram in queue.datagrams {
            let bytes = queue.bytes[datagram.range]
            #expect(number(bytes.dropFirst(22).prefix(2)) == 0x4000 | 100)
            for record in 0..<datagram.records {
                packets += number(bytes.dropFirst(24 + 48 * record + 16).prefix(4))
            }
        }
        let all = Scripts.smallFlows.filter(\.isV4).reduce(0) { $0 + $1.packets }
        #expect((all * 98 / 10_000...all * 102 / 10_000).contains(packets))
    }

    @Test func `sFlow samples stand for all packets`() {
        let (queue, _) = datagrams(Scripts.small, as: .sflow, sampling: 4_096)
        let samples = queue.datagrams.reduce(0) { $0 + $1.records }
        let packets = Scripts.smallFlows.reduce(0) { $0 + $1.packets }
        #expect((Int(packets / 4_096) - 3...Int(packets / 4_096)).contains(samples))
    }

    @Test(arguments: [ExportFormat.v5, .v9, .ipfix])
    func `the decoder reads back what the encoder wrote`(format: ExportFormat) throws {
        var packets: UInt64 = 0
        var octets: UInt64 = 0
        var rows = 0
        let appender = BatchAppender { batch in
            for row in 0..<batch.count {
                packets += batch.number(.packets, at: row) ?? 0
                octets += batch.number(.bytes, at: row) ?? 0
            }
            rows += batch.count
            let written = batch.count
            batch.reset(written: written)
            return batch
        }
        let decoder = ExportDecoder(appender: appender)
        let fleet = ExporterProfile.fleet(of: Scripts.small)
        let (queue, _) = datagrams(Scripts.small, as: format)
        for datagram in queue.datagrams {
            let exporter = fleet[datagram.exporter]
            let payload = queue.bytes[datagram.range]
            try decoder.decode(
                payload.span.bytes,
                from: ExporterEndpoint(
                    address: IPAddress(v4: exporter.address), port: exporter.port),
                received: datagram.time)
        }
        try decoder.finish()
        try appender.flush()
        let flows = Scripts.smallFlows.filter { format != .v5 || $0.isV4 }
        #expect(rows == flows.count)
        #expect(packets == flows.reduce(0) { $0 + $1.packets })
        #expect(octets == flows.reduce(0) { $0 + $1.bytes })
        #expect(decoder.counters.sequenceLost == 0 && decoder.counters.undecoded.isEmpty)
    }
}
