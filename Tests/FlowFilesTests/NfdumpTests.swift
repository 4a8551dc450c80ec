import CZstd
import FlowModel
import Testing

@testable import FlowFiles

/// A writer of nfdump files (layout 2) for what Debian's nfdump does not write; `SkeinCommandTests`
/// hold the reader against what it does write.
struct NfdumpFile {
    var compression: UInt8 = 0
    var records: [[UInt8]] = []

    static let created: UInt64 = 1_562_841_000

    mutating func add(_ type: UInt16, _ body: [UInt8]) {
        records.append(Self.number(type) + Self.number(UInt16(4 + body.count)) + body)
    }

    /// Adds a flow of the exporter of that number with these extensions.
    mutating func addFlow(
        exporter: UInt16 = 1, flags: UInt8 = 0, _ extensions: [(UInt16, [UInt8])]
    ) {
        var body = Self.number(UInt16(extensions.count)) + [0, 0] + Self.number(exporter)
        body += [flags, 9]
        for (type, octets) in extensions {
            body += Self.number(type) + Self.number(UInt16(4 + octets.count)) + octets
        }
        add(11, body)
    }

    /// The file, its records in one block.
    func octets() -> [UInt8] {
        var block = Array(records.joined())
        if compression == 4 { block = Self.zstd(block) }
        return header + Self.number(UInt32(records.count)) + Self.number(UInt32(block.count))
            + Self.number(UInt16(3)) + Self.number(UInt16(0)) + block
    }

    var header: [UInt8] {
        var header = Self.number(UInt16(0xa50c)) + Self.number(UInt16(2))
        header += Self.number(UInt32(0x0107_0800)) + Self.number(Self.created)
        header += [compression, 0] + Self.number(UInt16(0)) + Self.number(UInt32(1))
        return header + Self.number(UInt64(0)) + Self.number(UInt32(0)) + Self.number(UInt32(1))
    }

    func read(piece: Int = .max) throws -> ReadFlows { try Self.read(octets(), piece: piece) }

    static func read(_ octets: [UInt8], piece: Int = .max) throws -> ReadFlows {
        try ReadFlows(octets, piece: piece) { NfdumpReader(appender: $0) }
    }

    static func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private static func zstd(_ octets: [UInt8]) -> [UInt8] {
        var packed = [UInt8](repeating: 0, count: ZSTD_compressBound(octets.count))
        let count = ZSTD_compress(&packed, packed.count, octets, octets.count, 1)
        return Array(packed.prefix(count))
    }

    /// The generic extension of a UDP flow.
    static let flow: (UInt16, [UInt8]) = (
        1,
        number(UInt64(1_562_841_000_236)) + number(UInt64(1_562_841_001_000)) + number(UInt64(0))
            + number(UInt64(10)) + number(UInt64(1000)) + number(UInt16(5353)) + number(UInt16(53))
            + [17, 0, 64, 8]
    )
    static let addresses: (UInt16, [UInt8]) = (
        2, number(UInt32(0x0a00_0001)) + number(UInt32(0x0a00_0002))
    )
}

@Suite struct NfdumpTests {
    private static let plain = [
        "start": "1562841000236", "end": "1562841001000", "received": "1562841001000",
        "packets": "10", "bytes": "1000", "srcport": "5353", "dstport": "53", "proto": "17",
        "flags": "0", "fwdstatus": "64", "tos": "8", "srcip": "10.0.0.1", "dstip": "10.0.0.2",
        "exporter": "::",
    ]

    @Test(arguments: [0, 4] as [UInt8], [1, 100, .max])
    func `a file in pieces, plain or compressed by zstd, is read`(
        compression: UInt8, piece: Int
    ) throws {
        var file = NfdumpFile(compression: compression)
        for _ in 0..<20 { file.addFlow([NfdumpFile.flow, NfdumpFile.addresses]) }
        let read = try file.read(piece: piece)
        #expect(read.rows == Array(repeating: Self.plain, count: 20))
        #expect(read.undecoded.isEmpty)
    }

    /// Exporters of nfdump 1.7.8 lie in network order, those before in two numbers.
    @Test func `exporters and samplers give addresses, domains and rates`() throws {
        var file = NfdumpFile()
        let new: [UInt8] = [UInt8](repeating: 0, count: 10) + [0xff, 0xff, 192, 0, 2, 1]
        file.add(
            7, NfdumpFile.number(UInt32(10)) + new + [0, 0, 1, 0] + NfdumpFile.number(UInt32(77)))
        let old =
            NfdumpFile.number(UInt64(0x2001_0db8_0000_0000)) + NfdumpFile.number(UInt64(1))
        file.add(
            7, NfdumpFile.number(UInt32(9)) + old + [10, 0, 2, 0] + NfdumpFile.number(UInt32(78)))
        // One of 1 in 1 + 99 of the first one's sampler 5; 1 in 50 of all of the second.
        file.add(
            15,
            [1, 0, 0, 0] + NfdumpFile.number(UInt64(5)) + NfdumpFile.number(UInt32(1))
                + NfdumpFile.number(UInt32(99)))
        file.add(
            9, NfdumpFile.number(Int32(-1)) + NfdumpFile.number(UInt32(50)) + [0, 0, 2, 0])
        file.addFlow(
            exporter: 1,
            [NfdumpFile.flow, (18, NfdumpFile.number(UInt64(5)) + [UInt8](repeating: 0, count: 8))])
        file.addFlow(exporter: 2, flags: 2, [NfdumpFile.flow])
        file.addFlow(exporter: 3, [NfdumpFile.flow])
        let read = try file.read()
        #expect(read.rows.map { $0["exporter"] } == ["192.0.2.1", "2001:db8::1", "::"])
        #expect(read.rows.map { $0["domain"] } == ["77", "78", nil])
        #expect(read.rows.map { $0["samplerid"] } == ["5", nil, nil])
        // What nfcapd has multiplied is not to be multiplied again.
        #expect(read.rows.map { $0["sampling"] } == [nil, "1", nil])
        #expect(read.counters.exporters == 2)
        let since = NfdumpFile.created * 1000
        #expect(
            Set(read.rates) == [
                SamplingRate(
                    exporter: IPAddress(v4: 0xc000_0201), domain: 77, subject: .sampler(5),
                    interval: 100, since: since),
                SamplingRate(
                    exporter: IPAddress(high: 0x2001_0db8_0000_0000, low: 1), domain: 78,
                    subject: .domain, interval: 50, since: since),
            ])
    }

    @Test func `the extensions of nfdump 1_7_8 are known`() throws {
        var file = NfdumpFile()
        var layer2: [UInt8] = [100, 0, 101, 0, 200, 0, 201, 0, 7, 0, 0, 0, 8, 0, 0, 0]
        layer2 += NfdumpFile.number(UInt64(4097)) + [0, 8, 4, 0, 0, 0, 0, 0]
        file.addFlow([
            NfdumpFile.flow, (38, layer2), (39, NfdumpFile.number(UInt64(9))), (40, [1, 0, 2, 0]),
            (41, Array("sub\0".utf8)), (42, [0, 0x40, 60, 64]), (35, [1, 2, 3]),
        ])
        let row = try #require(try file.read().rows.first)
        #expect(row["srcvlan"] == "100" && row["dstvlan"] == "200" && row["ethertype"] == "2048")
        #expect(row["minttl"] == "60" && row["maxttl"] == "64")
        #expect(row["other.layer2SegmentId"] == "0000000000001001")
        #expect(row["other.dot1qCustomerVlanId"] == "0065")
        #expect(row["other.flowId"] == "0000000000000009")
        #expect(row["other.e637id91"] == "0001" && row["other.e637id93"] == "737562")
        #expect(row["other.fragmentFlags"] == "40")
        #expect(row["other.dataLinkFrameSection"] == "010203")
    }

    @Test func `what is not known or not right is left out and counted, the rest is there`() throws
    {
        var file = NfdumpFile()
        // An extension of the future; one of a length that is not its own; a label.
        file.addFlow([NfdumpFile.flow, (99, [1, 2]), (7, [1, 2]), (28, [65, 0])])
        file.add(16, [1, 2, 3, 4])
        file.add(12, [1, 2, 3, 4])
        // Extensions that do not fit into their record, and more than there can be.
        file.add(11, NfdumpFile.number(UInt16(3)) + [UInt8](repeating: 0, count: 6))
        file.addFlow(Array(repeating: (99, []), count: 200))
        file.add(7, [1, 2, 3, 4])
        let read = try file.read()
        #expect(read.rows.count == 1)
        #expect(
            read.undecoded == [
                "unknownExtensions": 2, "unusedExtensions": 1, "unknownRecords": 1,
                "otherRecords": 1, "damagedRecords": 3,
            ])
        #expect(read.counters.firstProblem == "octet 40: a record of type 16")
    }

    @Test func `more shapes of records than are kept at once`() throws {
        var file = NfdumpFile()
        for length in 1...700 {
            file.addFlow([NfdumpFile.flow, (29, [UInt8](repeating: 1, count: length))])
        }
        let read = try file.read()
        #expect(read.rows.count == 700)
        #expect(
            read.rows.indices.allSatisfy {
                // Two digits for each octet of the payload.
                read.rows[$0]["other.ipPayloadPacketSection"]?.count == 2 * ($0 + 1)
            })
    }

    @Test func `a block header that cannot be ends the file there`() throws {
        var file = NfdumpFile()
        file.addFlow([NfdumpFile.flow])
        let read = try NfdumpFile.read(file.octets() + [UInt8](repeating: 0xff, count: 500))
        #expect(read.rows.count == 1)
        #expect(read.undecoded == ["damagedRests": 1])
    }

    @Test(
        arguments: [
            ([], .headerTruncated(need: 40, have: 0)), ([1, 2, 3, 4], .magicUnknown),
            ([0xa5, 0x0c, 0, 2], .byteOrderForeign), ([0x0c, 0xa5, 9, 0], .versionUnknown(9)),
            (
                [0x0c, 0xa5, 2, 0] + [UInt8](repeating: 0, count: 12) + [5]
                    + [UInt8](repeating: 0, count: 23), .compressionUnknown(5)
            ),
            (
                [0x0c, 0xa5, 2, 0] + [UInt8](repeating: 0, count: 13) + [1]
                    + [UInt8](repeating: 0, count: 22), .encrypted
            ),
        ] as [([UInt8], FlowFileError)])
    func `what is no such file is an error`(octets: [UInt8], error: FlowFileError) {
        #expect(throws: error) { _ = try NfdumpFile.read(octets) }
    }

    /// Whatever is changed in a file: an answer or an error.
    @Test(arguments: [0, 4] as [UInt8])
    func `changed octets are survived`(compression: UInt8) throws {
        var file = NfdumpFile(compression: compression)
        for _ in 0..<10 {
            file.addFlow([
                NfdumpFile.flow, NfdumpFile.addresses, (39, NfdumpFile.number(UInt64(9))),
            ])
        }
        let octets = file.octets()
        // One for all: a batch is megabytes to allocate.
        let appender = BatchAppender { batch in
            batch.reset()
            return batch
        }
        for place in octets.indices {
            for change: UInt8 in [0x01, 0x80, 0xff] {
                var changed = octets
                changed[place] ^= change
                let reader = NfdumpReader(appender: appender)
                guard let taken = try? reader.feed(changed.span.bytes) else { continue }
                try? reader.finish(
                    rest: changed.span.bytes.extracting(taken..<changed.count))
            }
        }
    }
}
