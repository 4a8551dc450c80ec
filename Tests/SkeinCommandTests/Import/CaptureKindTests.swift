import FlowTestSupport
import Foundation
import Testing

/// What captures may be like: formats, transports, compression, mixtures.
@Suite struct CaptureKindTests {
    private let folder: TemporaryFolder
    private static let exporter: [UInt8] = [192, 0, 2, 3]

    init() throws { folder = try TemporaryFolder() }

    /// The flows of a store without who exported them and when they arrived.
    private func flows(_ store: String) throws -> [Substring] {
        let fields = "srcip,dstip,srcport,dstport,proto,packets,bytes,start,end,domain,inif,outif"
        let lines = try folder.skein(
            "query", "--fields", fields, "--limit", "0", "--output", "ndjson", "--store", store)
        return lines.split(separator: "\n").sorted()
    }

    /// The IPFIX messages of one generated exporter, and a store of the same by way of UDP.
    private func messages(importedInto store: String) throws -> [[UInt8]] {
        let generated = try folder.generate("generated.pcap", "ipfix", flows: 2000)
        let messages = SmallCapture.payloads(of: generated, from: Self.exporter)
        let frames = messages.map {
            SmallCapture.udp(from: Self.exporter, ports: (50003, 4739), $0)
        }
        try folder.write("udp.pcap", SmallCapture.pcap(frames))
        try folder.skein("import", "--store", store, "udp.pcap")
        #expect(messages.count > 10)
        return messages
    }

    @Test func `a pcapng file in nanoseconds is metered to the millisecond`() throws {
        let frame = SmallCapture.udp(ports: (4000, 5000), [1, 2, 3])
        let second: UInt64 = 1_700_000_000_000_000_000
        let capture = SmallCapture.pcapng([
            (second + 1_999_999, frame), (second + 250_000_000, frame),
        ])
        try folder.write("a.pcapng", capture)
        try folder.skein("import", "--store", "s", "a.pcapng")
        #expect(
            try folder.skein(
                "query", "--fields", "start,end,packets,bytes", "--output", "csv", "--store", "s")
                == "start,end,packets,bytes\n1700000000001,1700000000250,2,62\n")
    }

    @Test func `a large capture from standard input gives what the file gives`() throws {
        let capture = try folder.generate("a.pcap", "ipfix", flows: 20_000)
        try folder.skein("import", "--store", "file", "a.pcap")
        try folder.skein("import", "--store", "stream", "-", input: capture)
        #expect(try folder.total("file") == folder.total("stream"))
        #expect(try folder.totals("file") == folder.totals("stream"))
    }

    @Test func `pitfall 5: the second of two rotated captures needs no templates of its own`()
        throws
    {
        let messages = try messages(importedInto: "whole")
        func capture(_ part: ArraySlice<[UInt8]>) -> [UInt8] {
            SmallCapture.pcap(
                part.map { SmallCapture.udp(from: Self.exporter, ports: (50003, 4739), $0) })
        }
        let middle = messages.count / 2
        try folder.write("1.pcap", capture(messages[..<middle]))
        // The second begins with data and lacks every message that begins with a template.
        try folder.write("2.pcap", capture(messages[middle...].filter { $0[16] >= 1 }))
        try folder.skein("import", "--store", "one", "1.pcap", "2.pcap")
        for name in ["1.pcap", "2.pcap"] {
            let summary = try folder.skein("import", "--store", "two", "--output", "ndjson", name)
            #expect(summary.contains("\"undecoded\":{},"))
        }
        let expected = try flows("one")
        #expect(expected.count > 500)
        #expect(try flows("two") == expected)
    }

    @Test func `an IPFIX file (RFC 5655) gives the flows of its datagrams`() throws {
        let messages = try messages(importedInto: "udp")
        try folder.write("a.ipfix", Array(messages.joined()))
        let summary = try folder.skein("import", "--store", "file", "--output", "ndjson", "a.ipfix")
        #expect(summary.contains("\"undecoded\":{},"))
        #expect(summary.contains("\"sequenceLost\":0"))
        #expect(try flows("file") == flows("udp"))
        let metered = try Command.skein(
            "import", "--as", "traffic", "--store", "file", "a.ipfix", "--again", in: folder)
        #expect(metered.status == 1)
        #expect(metered.errors.contains("use --as exports"))
    }

    /// Segments that fit no message, one doubled and some out of order.
    @Test func `IPFIX over TCP gives the flows of its datagrams`() throws {
        let stream = Array(try messages(importedInto: "udp").joined())
        func segment(_ sequence: Int, flags: UInt8, _ payload: [UInt8]) -> [UInt8] {
            SmallCapture.tcp(
                from: Self.exporter, ports: (50003, 4739), sequence: sequence, flags: flags, payload
            )
        }
        // The sequence numbers go round once.
        let first = 0xffff_f000
        var segments = stride(from: 0, to: stream.count, by: 700).map { offset in
            segment(
                first + 1 + offset & 0xffff_ffff, flags: 0x10,
                Array(stream[offset..<min(offset + 700, stream.count)]))
        }
        for place in stride(from: 0, to: segments.count - 1, by: 5) {
            segments.swapAt(place, place + 1)
        }
        segments.insert(segments[3], at: 7)
        let end = segment(first + 1 + stream.count & 0xffff_ffff, flags: 0x11, [])
        try folder.write(
            "tcp.pcap", SmallCapture.pcap([segment(first, flags: 0x02, [])] + segments + [end]))
        let summary = try folder.skein("import", "--store", "tcp", "--output", "ndjson", "tcp.pcap")
        #expect(summary.contains("\"kind\":\"exports\""))
        #expect(summary.contains("\"undecoded\":{},"))
        #expect(try flows("tcp") == flows("udp"))
    }

    @Test(
        arguments: [
            ("gzip", [0x1f, 0x8b, 8, 0]), ("xz", [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]),
            ("zstd", [0x28, 0xb5, 0x2f, 0xfd]), ("bzip2", [0x42, 0x5a, 0x68, 0x39]),
        ] as [(String, [UInt8])])
    func `a compressed capture says how to unpack it`(format: String, magic: [UInt8]) throws {
        try folder.write("a.pcap.z", magic + [UInt8](repeating: 0, count: 100))
        let refused = try Command.skein("import", "--store", "s", "a.pcap.z", in: folder)
        #expect(refused.status == 1)
        #expect(
            refused.errors == "skein: a.pcap.z: is compressed by \(format); unpack it on the way: "
                + "\(format) -dc FILE | skein import -\n")
    }

    @Test(arguments: [(exports: 3, traffic: 9), (exports: 3, traffic: 10)])
    func `a capture is exports where a quarter of its packets are`(
        exports: Int, traffic: Int
    ) throws {
        let mail = SmallCapture.udp(from: [10, 0, 0, 1], ports: (4000, 5000), [1, 2, 3])
        let capture =
            SmallCapture.pcap(Array(repeating: mail, count: traffic))
            + (0..<exports).flatMap { _ in SmallCapture.packet(flows: 2) }
        try folder.write("mixed.pcap", capture)
        func imported(_ store: String, _ more: String...) throws -> CommandResult {
            let arguments = ["import", "--output", "json", "--store", store, "mixed.pcap"]
            return try Command.run(Command.skein, arguments + more, in: folder)
        }
        let result = try imported("auto")
        #expect(result.status == 0)
        if exports * 4 >= exports + traffic {
            #expect(result.output.contains("\"kind\":\"exports\""))
            #expect(result.output.contains("\"flows\":\(2 * exports)"))
            #expect(result.errors.isEmpty)
        } else {
            #expect(result.output.contains("\"kind\":\"traffic\""))
            #expect(result.output.contains("\"flows\":2,"))
            #expect(result.errors.contains("3 of its first 13 packets are flow exports"))
            #expect(result.errors.contains("--as exports"))
        }
        #expect(try imported("e", "--as", "exports").output.contains("\"flows\":\(2 * exports)"))
        #expect(try imported("t", "--as", "traffic").output.contains("\"flows\":2,"))
    }
}
