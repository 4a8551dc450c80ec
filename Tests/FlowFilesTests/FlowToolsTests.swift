import CZlib
import FlowModel
import Testing

@testable import FlowFiles

/// A writer of flow-tools files for these tests: Debian has no flow-tools any more.
struct FlowToolsFile {
    var isBigEndian = false
    var version: UInt16 = 5
    var aggregation: UInt8 = 0
    var isCompressed = false
    var flows: UInt32?
    var lost: UInt32 = 0
    /// The records, of the octets that ``record(_:)`` makes.
    var records: [[UInt8]] = []

    static let bootSeconds: UInt32 = 1_465_303_000
    static let uptime: UInt32 = 5_000_000

    var octets: [UInt8] {
        var tlvs = Octets(isBigEndian: isBigEndian)
        func put(_ type: UInt16, _ value: [UInt8]) {
            tlvs.put(type)
            tlvs.put(UInt16(value.count))
            tlvs.bytes += value
        }
        func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            var octets = Octets(isBigEndian: isBigEndian)
            octets.put(value)
            return octets.bytes
        }
        put(1, number(UInt8(1)))
        put(2, number(version))
        if version == 8 {
            put(3, number(UInt8(2)))
            put(4, number(aggregation))
        }
        put(8, number(UInt32(isCompressed ? 3 : 1)))
        if let flows { put(10, number(flows)) }
        put(11, number(lost))
        put(15, Array("collector\0".utf8))
        // The records begin at a multiple of four.
        tlvs.bytes += [UInt8](repeating: 0, count: 3 & -(8 + tlvs.bytes.count))
        var header = Octets(isBigEndian: isBigEndian)
        header.bytes = [0xcf, 0x10, isBigEndian ? 2 : 1, 3]
        header.put(UInt32(8 + tlvs.bytes.count))
        let body = Array(records.joined())
        return header.bytes + tlvs.bytes + (isCompressed ? Self.compress(body) : body)
    }

    private static func compress(_ octets: [UInt8]) -> [UInt8] {
        var size = compressBound(UInt(octets.count))
        var packed = [UInt8](repeating: 0, count: Int(size))
        CZlib.compress(&packed, &size, octets, UInt(octets.count))
        return Array(packed.prefix(Int(size)))
    }

    /// The clock of a record, and the exporter 192.0.2.1.
    func clock(exporterFirst: Bool = false) -> Octets {
        var octets = Octets(isBigEndian: isBigEndian)
        octets.put(Self.bootSeconds + Self.uptime / 1000)
        octets.put(UInt32(250_000_000))
        if exporterFirst { octets.put(UInt32(0xc000_0201)) }
        octets.put(Self.uptime)
        if !exporterFirst { octets.put(UInt32(0xc000_0201)) }
        return octets
    }

    /// A record of v1, v5, v6, v7 or 1005, of flow number `index`.
    func record(_ index: Int) -> [UInt8] {
        var octets = clock()
        octets.put(UInt32(0x0a00_0001 + index))
        octets.put(UInt32(0xc633_6407))
        octets.put(UInt32(0x0a00_00fe))
        octets.put(UInt16(3))
        octets.put(UInt16(4))
        octets.put(UInt32(10 + index))
        octets.put(UInt32(1000 + index))
        octets.put(Self.uptime - 60_000)
        octets.put(Self.uptime - 1000)
        octets.put(UInt16(40_000))
        octets.put(UInt16(443))
        octets.bytes += [6, 0x10, 0x1b, 0]
        if version == 1 {
            octets.put(UInt32(0))
            return octets.bytes
        }
        octets.bytes += [1, 2, 24, 16]
        octets.put(UInt16(64500))
        octets.put(UInt16(64501))
        switch version {
        case 6:
            octets.put(UInt32(0))
            octets.put(UInt32(0x0a00_00fd))
        case 7: octets.put(UInt32(0xc000_0263))
        case 1005:
            octets.put(UInt32(7))
            octets.put(UInt32(8))
        default: break
        }
        return octets.bytes
    }

    func read(piece: Int = .max) throws -> ReadFlows {
        try ReadFlows(octets, piece: piece) { FlowToolsReader(appender: $0) }
    }
}

@Suite struct FlowToolsTests {
    private static let common = [
        "exporter": "192.0.2.1", "srcip": "10.0.0.1", "dstip": "198.51.100.7",
        "nexthop": "10.0.0.254", "inif": "3", "outif": "4", "packets": "10", "bytes": "1000",
        "start": "1465307940250", "end": "1465307999250", "received": "1465308000250",
        "srcport": "40000", "dstport": "443", "proto": "6", "tos": "16", "flags": "27",
    ]
    private static let routed = common.merging([
        "domain": "258", "srcmask": "24", "dstmask": "16", "srcas": "64500", "dstas": "64501",
    ]) { $1 }

    @Test(arguments: [false, true], [1, 5, 6, 7, 1005] as [UInt16])
    func `records of a version have all their fields, in either byte order`(
        isBigEndian: Bool, version: UInt16
    ) throws {
        var file = FlowToolsFile(isBigEndian: isBigEndian, version: version)
        file.records = [file.record(0)]
        let read = try file.read()
        var expected = version == 1 ? Self.common : Self.routed
        switch version {
        case 6: expected["bgpnexthop"] = "10.0.0.253"
        case 7: expected["other.ipv4RouterSc"] = "c0000263"
        case 1005:
            expected["other.srcTrafficIndex"] = "00000007"
            expected["other.dstTrafficIndex"] = "00000008"
        default: break
        }
        #expect(read.rows == [expected])
        #expect(read.undecoded.isEmpty)
        #expect(read.counters.exporters == 1)
        #expect(read.counters.ident == "collector")
    }

    @Test(arguments: [false, true], [1, 7, 64, 1000, .max])
    func `a file in pieces, compressed or not, has every flow`(
        isCompressed: Bool, piece: Int
    ) throws {
        var file = FlowToolsFile(isCompressed: isCompressed, lost: 12)
        file.records = (0..<500).map { file.record($0) }
        let read = try file.read(piece: piece)
        #expect(read.rows.count == 500)
        #expect(read.rows.map { $0["bytes"] } == (0..<500).map { "\(1000 + $0)" })
        #expect(read.counters.sequenceLost == 12)
        #expect(read.undecoded.isEmpty)
    }

    @Test func `more flows than a batch holds`() throws {
        var file = FlowToolsFile(isCompressed: true)
        file.records = (0..<100_000).map { file.record($0) }
        #expect(try file.read(piece: 1 << 16).rows.count == 100_000)
    }

    /// Octets of a record of each aggregation, by flow-tools' own structures.
    @Test(
        arguments: [
            48, 48, 48, 48, 56, 52, 56, 64, 48, 48, 48, 48, 60, 60,
        ].enumerated().map { (UInt8($0.offset + 1), $0.element) })
    func `an aggregation of version 8 has records of its length`(
        method: UInt8, octets: Int
    ) throws {
        var file = FlowToolsFile(version: 8, aggregation: method)
        let exporterFirst = [3, 11, 12].contains(method)
        var record = file.clock(exporterFirst: exporterFirst)
        record.bytes += [UInt8](repeating: 0, count: octets - 16)
        file.records = [record.bytes, record.bytes, record.bytes]
        let read = try file.read()
        #expect(read.rows.count == 3)
        #expect(read.undecoded.isEmpty)
        #expect(read.rows[2]["exporter"] == "192.0.2.1")
        #expect(read.rows[2]["received"] == "1465308000250")
    }

    @Test func `an aggregation by AS and one by prefix and port have their fields`() throws {
        var file = FlowToolsFile(isBigEndian: true, version: 8, aggregation: 1)
        var record = file.clock()
        for value: UInt32 in [5, 20, 3000, 4_900_000, 4_950_000] { record.put(value) }
        for value: UInt16 in [64500, 64501, 3, 4] { record.put(value) }
        record.bytes += [1, 2, 0, 0]
        file.records = [record.bytes]
        #expect(
            try file.read().rows == [
                [
                    "exporter": "192.0.2.1", "flows": "5", "packets": "20", "bytes": "3000",
                    "start": "1465307900250", "end": "1465307950250",
                    "received": "1465308000250", "srcas": "64500", "dstas": "64501", "inif": "3",
                    "outif": "4", "domain": "258", "srcport": "0", "dstport": "0", "proto": "0",
                ]
            ])
        file.aggregation = 14
        record = file.clock()
        for value: UInt32 in [5, 20, 3000, 4_900_000, 4_950_000, 0x0a01_0000, 0x0a02_0000] {
            record.put(value)
        }
        for value: UInt16 in [80, 0x0800, 3, 4] { record.put(value) }
        record.bytes += [16, 24, 1, 2, 8, 1, 0, 0]
        file.records = [record.bytes]
        let row = try #require(try file.read().rows.first)
        #expect(row["srcip"] == "10.1.0.0" && row["dstip"] == "10.2.0.0")
        #expect(row["srcmask"] == "24" && row["dstmask"] == "16" && row["tos"] == "8")
        #expect(row["proto"] == "1" && row["icmptype"] == "8" && row["icmpcode"] == "0")
        #expect(row["srcport"] == "80" && row["dstport"] == "2048")
    }

    /// The flow began before the router's uptime went round.
    @Test func `an uptime that went round is the time nearest to the record's`() throws {
        var file = FlowToolsFile()
        var record = Octets()
        for value: UInt32 in [1_465_303_000, 0, 1000, 0, 1, 2, 0] { record.put(value) }
        record.bytes += [0, 0, 0, 0]
        for value: UInt32 in [1, 1, UInt32.max - 999, 500] { record.put(value) }
        record.bytes += [UInt8](repeating: 0, count: 16)
        file.records = [record.bytes]
        let row = try #require(try file.read().rows.first)
        #expect(row["start"] == "1465302998000")
        #expect(row["end"] == "1465302999500")
    }

    @Test func `a file cut short says what is lost`() throws {
        var file = FlowToolsFile(flows: 100)
        file.records = (0..<100).map { file.record($0) }
        let cut = try ReadFlows(Array(file.octets.dropLast(1000))) {
            FlowToolsReader(appender: $0)
        }
        #expect(cut.rows.count == 84)
        #expect(cut.undecoded == ["fileTruncated": 1, "flowsLost": 16])
        file.isCompressed = true
        let octets = file.octets
        let packed = try ReadFlows(Array(octets.prefix(octets.count / 2))) {
            FlowToolsReader(appender: $0)
        }
        #expect(packed.rows.count < 100)
        #expect(packed.undecoded["fileTruncated"] == 1)
        #expect(packed.undecoded["flowsLost"] == 100 - UInt64(packed.rows.count))
    }

    @Test func `a stream that goes wrong keeps what came before`() throws {
        var file = FlowToolsFile(isCompressed: true)
        file.records = (0..<5000).map { file.record($0 &* 7919) }
        var octets = file.octets
        for place in octets.count / 2..<octets.count / 2 + 40 { octets[place] ^= 0x5a }
        let read = try ReadFlows(octets) { FlowToolsReader(appender: $0) }
        #expect(read.undecoded["damagedStreams"] == 1)
        #expect(read.counters.firstProblem?.hasPrefix("octet ") == true)
    }

    @Test(
        arguments: [
            ([0xcf, 0x10, 1], .headerTruncated(need: 8, have: 3)),
            ([0xcf, 0x10, 3, 3, 8, 0, 0, 0], .magicUnknown),
            ([0xcf, 0x10, 1, 1, 8, 0, 0, 0], .versionUnknown(1)),
            ([0xcf, 0x10, 1, 3, 0, 0, 0, 0x7f], .headerTooLong(octets: 0x7f00_0000)),
            ([0xcf, 0x10, 1, 3, 8, 0, 0, 0], .recordsUnknown(version: 0, aggregation: 0)),
        ] as [([UInt8], FlowFileError)])
    func `what is no such file is an error`(octets: [UInt8], error: FlowFileError) {
        #expect(throws: error) {
            _ = try ReadFlows(octets) { FlowToolsReader(appender: $0) }
        }
    }
}
