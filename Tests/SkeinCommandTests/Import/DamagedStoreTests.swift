import FlowTestSupport
import Foundation
import Testing

@Suite struct DamagedStoreTests {
    private func store() throws -> (folder: TemporaryFolder, segment: URL) {
        let folder = try TemporaryFolder()
        try folder.write("a.pcap", SmallCapture.netflow5(flows: 3))
        let made = try Command.skein("import", "--store", "s", "a.pcap", in: folder)
        #expect(made.status == 0, "\(made.errors)")
        let segments = folder.url.appendingPathComponent("s/segments")
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: segments.path)
                .first { $0.hasSuffix(".seg") })
        return (folder, segments.appendingPathComponent(name))
    }

    private func expectMissing(_ folder: TemporaryFolder) throws {
        let answer = try Command.skein(
            "query", "--total", "--store", "s", "--output", "json", in: folder)
        #expect(answer.status == 0)
        #expect(answer.output.contains("\"segmentsDamaged\":1,\"rowsDamaged\":3"))
        #expect(answer.output.contains("1 damaged segment skipped, 3 flows are missing here"))
        #expect(answer.errors.contains("0000000000000001.seg"), "\(answer.errors)")
    }

    @Test func `a segment with a damaged footer is told, and what is missing is counted`() throws {
        let (folder, segment) = try store()
        var bytes = [UInt8](try Data(contentsOf: segment))
        bytes[bytes.count - 20] ^= 0x40
        try Data(bytes).write(to: segment)
        try expectMissing(folder)
    }

    @Test func `a segment that was cut or deleted is told`() throws {
        let (folder, segment) = try store()
        let bytes = [UInt8](try Data(contentsOf: segment))
        try Data(bytes.prefix(bytes.count / 2)).write(to: segment)
        try expectMissing(folder)
        try FileManager.default.removeItem(at: segment)
        try expectMissing(folder)
    }

    @Test func `a store that lost its manifest is not written to`() throws {
        let (folder, segment) = try store()
        let before = try Data(contentsOf: segment)
        for name in ["s/MANIFEST", "s/MANIFEST.copy"] {
            try FileManager.default.removeItem(at: folder.url.appendingPathComponent(name))
        }
        let refused = try Command.skein("import", "--store", "s", "--again", "a.pcap", in: folder)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("no MANIFEST that is whole"))
        #expect(try Data(contentsOf: segment) == before)
    }

    @Test func `a store whose manifest is damaged goes on with the copy of it, and says so`() throws
    {
        let (folder, _) = try store()
        let manifest = folder.url.appendingPathComponent("s/MANIFEST")
        try Data([1, 2, 3]).write(to: manifest)
        let answer = try Command.skein(
            "query", "--total", "--store", "s", "--output", "ndjson", in: folder)
        #expect(answer.output.contains("\"flows\":3"))
        #expect(answer.errors.contains("its copy is used"), "\(answer.errors)")
        try folder.write("b.pcap", SmallCapture.netflow5(flows: 4))
        let second = try Command.skein("import", "--store", "s", "b.pcap", in: folder)
        #expect(second.status == 0 && second.errors.contains("its copy is used"))
        let mended = try Command.skein(
            "query", "--total", "--store", "s", "--output", "ndjson", in: folder)
        #expect(mended.output.contains("\"flows\":7"))
        #expect(!mended.errors.contains("copy"))
    }
}
