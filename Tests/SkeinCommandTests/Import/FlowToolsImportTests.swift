import FlowTestSupport
import Foundation
import Testing

/// Files of flow-tools on the command line; `FlowFilesTests` has their formats.
@Suite struct FlowToolsImportTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A little-endian file of NetFlow v5 with flows of 192.0.2.1, which says that two were lost.
    private static func file(flows: Int) -> [UInt8] {
        func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
            withUnsafeBytes(of: value.littleEndian) { Array($0) }
        }
        func tlv(_ type: UInt16, _ value: [UInt8]) -> [UInt8] {
            number(type) + number(UInt16(value.count)) + value
        }
        let tlvs =
            tlv(2, number(UInt16(5))) + tlv(11, number(UInt32(2))) + tlv(8, number(UInt32(1)))
        var file = [0xcf, 0x10, 1, 3] + number(UInt32(8 + tlvs.count)) + tlvs
        for flow in 0..<flows {
            let words: [UInt32] = [
                1_465_303_100, 0, 100_000, 0xc000_0201, 0x0a00_0001, 0xc633_6407, 0x0a00_00fe,
                0x0004_0003, 10, UInt32(100 * (flow + 1)), 40_000, 90_000, 0x01bb_9c40, 0x001b_0006,
                0x1018_0100, 0xfbf5_fbf4,
            ]
            file += words.flatMap { number($0) }
        }
        return file
    }

    @Test func `a file is told by its first octets, and its flows are there`() throws {
        try folder.write("ft-v05", Self.file(flows: 3))
        let summary = try folder.skein("import", "--store", "s", "--output", "json", "ft-v05")
        #expect(
            summary == """
                {"files":[{"path":"ft-v05","kind":"flow-tools","records":3,"flows":3,\
                "undecoded":{},"exporters":1,"sequenceLost":2}]}

                """)
        #expect(
            try folder.skein(
                "query", "bytes = 200", "--fields",
                "start,end,srcip,dstip,srcport,dstport,proto,flags,inif,outif,srcas,exporter",
                "--output", "csv", "--store", "s"
            ).hasSuffix(
                "\n1465303040000,1465303090000,10.0.0.1,198.51.100.7,40000,443,6,27,3,4,64500,"
                    + "192.0.2.1\n"))
    }

    @Test func `a folder of them is one import`() throws {
        try FileManager.default.createDirectory(
            atPath: folder.path("flows/2016"), withIntermediateDirectories: true)
        try folder.write("flows/2016/ft-v05.1", Self.file(flows: 3))
        try folder.write("flows/ft-v05.2", Self.file(flows: 4))
        try folder.write("flows/tmp-v05.3", [1, 2, 3])
        let summary = try folder.skein(
            "import", "--as", "flow-tools", "--store", "s", "--output", "ndjson", "flows")
        #expect(summary.split(separator: "\n").count == 2)
        #expect(try folder.total("s").contains("\"flows\":7,"))
    }

    @Test func `records that are not known say so, and no store is changed`() throws {
        var file = Self.file(flows: 1)
        file[12] = 9
        try folder.write("ft-v09", file)
        let refused = try Command.skein("import", "--store", "s", "ft-v09", in: folder)
        #expect(refused.status == 1)
        #expect(
            refused.errors == "skein: ft-v09: records of export version 9 are not known\n")
    }
}
