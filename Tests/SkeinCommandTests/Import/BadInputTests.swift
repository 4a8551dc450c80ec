import FlowTestSupport
import Foundation
import Glibc
import Testing

@Suite struct BadInputTests {
    /// A NetFlow v5 datagram of one flow in a pcap, made here.
    static let capture = SmallCapture.netflow5(flows: 3)

    private func expectRefusal(
        _ result: CommandResult, says words: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        #expect(result.status == 1, sourceLocation: sourceLocation)
        #expect(result.errors.contains(words), "\(result.errors)", sourceLocation: sourceLocation)
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1, "\(result.errors)", sourceLocation: sourceLocation)
        #expect(result.output.isEmpty, sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("text.txt", Array("hello, this is no capture\n".utf8), "capture but text"),
        ("empty.pcap", [], "empty"),
        ("header.pcap", [0xd4, 0xc3, 0xb2, 0xa1, 2, 0], "header"),
        ("noise.bin", [0, 0xff, 0, 0xff, 0, 0xff, 0, 0xff], "neither a pcap or pcapng capture"),
        ("nfcapd.1", [0x0c, 0xa5, 2, 0, 0, 0, 0, 0], "within its header"),
        ("nfcapd.2", [0xa5, 0x0c, 0, 2, 0, 0, 0, 0], "of the other byte order"),
    ])
    func `a file that is no capture is one clear line, and the store stays as it was`(
        name: String, bytes: [UInt8], words: String
    ) throws {
        let folder = try TemporaryFolder()
        try folder.write("good.pcap", Self.capture)
        try folder.write(name, bytes)
        #expect(try Command.skein("import", "--store", "s", "good.pcap", in: folder).status == 0)
        let before = try Command.skein(
            "query", "--total", "--store", "s", "--output", "json", in: folder)
        let refused = try Command.skein("import", "--store", "s", name, in: folder)
        expectRefusal(refused, says: "skein: \(name): ")
        expectRefusal(refused, says: words)
        let after = try Command.skein(
            "query", "--total", "--store", "s", "--output", "json", in: folder)
        #expect(before.output == after.output)
        #expect(after.output.contains("\"flows\":3"))
    }

    @Test func `a folder, a missing file and wrong words say so`() throws {
        let folder = try TemporaryFolder()
        expectRefusal(try Command.skein("import", "--store", "s", ".", in: folder), says: "folder")
        expectRefusal(
            try Command.skein("import", "--store", "s", "none.pcap", in: folder),
            says: "no such file")
        #expect(try Command.skein("import", "--as", "nonsense", "x", in: folder).status == 64)
        #expect(try Command.skein("import", "--idle-timeout", "soon", "x", in: folder).status == 64)
        let nameless = try Command.skein("import", "--store", "", "x", in: folder)
        #expect(nameless.status == 64)
        #expect(nameless.errors.contains("--store needs the name of a folder"))
    }

    @Test(.enabled(if: getuid() != 0, "root may read everything"))
    func `a file without permission says so`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("secret.pcap", Self.capture)
        chmod(path, 0)
        expectRefusal(
            try Command.skein("import", "--store", "s", "secret.pcap", in: folder),
            says: "permission")
    }

    @Test func `no store is made for a file that cannot be read`() throws {
        let folder = try TemporaryFolder()
        try folder.write("good.pcap", Self.capture)
        try folder.write("bad.pcap", Array("nonsense".utf8))
        for bad in ["bad.pcap", "none.pcap"] {
            let refused = try Command.skein("import", "--store", "s", "good.pcap", bad, in: folder)
            expectRefusal(refused, says: bad)
            #expect(!FileManager.default.fileExists(atPath: folder.path("s")))
        }
    }

    @Test func `after one bad file of several nothing is stored`() throws {
        let folder = try TemporaryFolder()
        try folder.write("good.pcap", Self.capture)
        // The second packet claims 4 GiB.
        try folder.write("bad.pcap", Self.capture + [UInt8](repeating: 0xff, count: 16))
        let refused = try Command.skein(
            "import", "--store", "s", "good.pcap", "bad.pcap", in: folder)
        #expect(refused.status == 1)
        let total = try Command.skein(
            "query", "--total", "--store", "s", "--output", "json", in: folder)
        #expect(total.output.contains("\"flows\":0"))
    }

    @Test func `a capture cut in its last packet is imported with one warning`() throws {
        let folder = try TemporaryFolder()
        let two = SmallCapture.netflow5(flows: 2) + SmallCapture.packet(flows: 5)
        try folder.write("cut.pcap", Array(two.dropLast(7)))
        let result = try Command.skein(
            "import", "--store", "s", "--output", "json", "cut.pcap", in: folder)
        #expect(result.status == 0)
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("ends within a packet"))
        #expect(result.output.contains("\"captureTruncated\":1"))
        #expect(result.output.contains("\"flows\":2"))
    }

    @Test func `a file imported twice is noticed, and --again insists`() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.pcap", Self.capture)
        func importing(_ more: String...) throws -> CommandResult {
            try Command.run(
                Command.skein, ["import", "--store", "s", "a.pcap"] + more, in: folder)
        }
        #expect(try importing().status == 0)
        let second = try importing()
        #expect(second.status == 0)
        #expect(second.output.contains("imported before"))
        #expect(try importing("--again").output.contains("3 flows"))
        let total = try Command.skein(
            "query", "--total", "--store", "s", "--output", "json", in: folder)
        #expect(total.output.contains("\"flows\":6"))
    }

    @Test func `standard input is read like a file`() throws {
        let folder = try TemporaryFolder()
        let result = try Command.skein(
            "import", "--store", "s", "-", in: folder, input: Self.capture)
        #expect(result.status == 0)
        #expect(result.output.contains("3 flows"))
    }
}
