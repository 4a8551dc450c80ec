import FlowTestSupport
import Foundation
import Testing

/// `skein store` as the user runs it.
@Suite struct StoreCommandTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Imports captures of some flows each, one segment each.
    private func fill(_ sizes: [Int]) throws {
        for (index, size) in sizes.enumerated() {
            try folder.write("\(index).pcap", SmallCapture.netflow5(flows: size))
            try folder.skein("import", "--again", "--store", "s", "\(index).pcap")
        }
    }

    private func json(_ arguments: String...) throws -> [String: Any] {
        let output = try Command.run(
            Command.skein, ["store"] + arguments + ["--store", "s", "--output", "json"], in: folder
        ).output
        return try #require(
            try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any])
    }

    private func query(_ arguments: [String]) throws -> String {
        let result = try Command.run(Command.skein, arguments, in: folder)
        #expect(result.status == 0, "\(result.errors)")
        return result.output
    }

    private func segments() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(
            at: folder.url.appendingPathComponent("s/segments"), includingPropertiesForKeys: nil
        ).sorted { $0.path < $1.path }
    }

    private func flip(_ file: URL, _ offset: Int) throws {
        var bytes = [UInt8](try Data(contentsOf: file))
        bytes[offset < 0 ? bytes.count + offset : offset] ^= 0x40
        try Data(bytes).write(to: file)
    }

    @Test func `info says what a store holds and what each column takes`() throws {
        try fill([3, 4])
        let info = try json("info")
        #expect(info["flows"] as? Int == 7 && info["segments"] as? Int == 2)
        let octets = try segments().reduce(0) { try $0 + Data(contentsOf: $1).count }
        #expect(info["bytes"] as? Int == octets)
        #expect(info["bytesPerFlow"] as? Double == Double(octets) / 7)
        let columns = try #require(info["columns"] as? [[String: Any]])
        #expect(columns.contains { $0["name"] as? String == "srcip" })
        #expect((info["journal"] as? [String: Any])?["flows"] as? Int == 0)
        let table = try folder.skein("store", "info", "--utc", "--store", "s")
        #expect(table.contains("flows     7\n") && table.contains(" UTC\n"), "\(table)")
        #expect(table.contains("(directories)"))
    }

    @Test func `verify finds nothing in a whole store, and says where a damaged one is`() throws {
        try fill([3, 4])
        let whole = try Command.skein("store", "verify", "--store", "s", in: folder)
        #expect(whole.status == 0 && whole.output.contains("2 segments, 2 blocks"))
        #expect(whole.output.contains("7 flows") && whole.output.contains("all whole"))
        let files = try segments()
        try flip(files[0], 20)
        try flip(files[1], -5)
        let damaged = try Command.skein("store", "verify", "--store", "s", in: folder)
        #expect(damaged.status == 1 && damaged.output.contains("2 problems"))
        #expect(damaged.errors.contains("0000000000000001.seg, octet 16 is damaged"))
        #expect(damaged.errors.contains("0000000000000002.seg"))
        let problems = try #require(try json("verify")["problems"] as? [[String: Any]])
        #expect(problems.contains { $0["offset"] as? Int == 16 })
        #expect(try json("info")["damaged"] as? [Any] != nil)
    }

    @Test func `verify --repair mends one manifest, and makes one where both are lost`() throws {
        try fill([3, 4])
        let manifest = folder.url.appendingPathComponent("s/MANIFEST")
        let copy = folder.url.appendingPathComponent("s/MANIFEST.copy")
        try flip(manifest, 30)
        let found = try Command.skein("store", "verify", "--store", "s", in: folder)
        #expect(found.status == 1 && found.errors.contains("s/MANIFEST is damaged"))
        let mended = try Command.skein("store", "verify", "--repair", "--store", "s", in: folder)
        #expect(mended.status == 0, "\(mended.errors)")
        #expect(try Data(contentsOf: manifest) == Data(contentsOf: copy))
        try FileManager.default.removeItem(at: manifest)
        try flip(copy, 30)
        let refused = try Command.skein("query", "--total", "--store", "s", in: folder)
        #expect(refused.status == 1)
        try flip(try segments()[0], -5)
        let rebuilt = try Command.skein("store", "verify", "--repair", "--store", "s", in: folder)
        #expect(rebuilt.status == 0, "\(rebuilt.errors)")
        #expect(rebuilt.errors.contains("moved to aside/"))
        #expect(rebuilt.errors.contains("made a manifest of 1 segment with 4 flows"))
        #expect(try folder.total("s").contains("\"flows\":4"))
    }

    @Test func `compact merges segments of an hour, and the answers stay`() throws {
        try fill([3, 4, 5])
        let before = try folder.skein("query", "--store", "s", "--output", "csv", "--sort", "bytes")
        let summary = try json("compact")
        #expect(summary["segmentsBefore"] as? Int == 3 && summary["segmentsAfter"] as? Int == 1)
        #expect(summary["flows"] as? Int == 12)
        #expect(try segments().count == 1)
        let after = try folder.skein("query", "--store", "s", "--output", "csv", "--sort", "bytes")
        #expect(before == after)
        let again = try folder.skein("store", "compact", "--store", "s")
        #expect(again == "nothing to merge\n")
        #expect(try Command.skein("store", "verify", "--store", "s", in: folder).status == 0)
    }

    @Test func `expire deletes the oldest until the size is kept, and by age`() throws {
        try fill([3, 4, 5])
        let sizes = try segments().map { try Data(contentsOf: $0).count }
        let limit = sizes[1] + sizes[2]
        let flows = ["query", "--total", "--output", "ndjson", "--store", "s", "--no-rollups"]
        let summary = try json("expire", "--max-size", "\(limit)")
        #expect(summary["segments"] as? Int == 1 && summary["flows"] as? Int == 3)
        #expect(try query(flows).contains("\"flows\":9"))
        #expect(try segments().count == 2)
        let nothing = try folder.skein("store", "expire", "--max-size", "1G", "--store", "s")
        #expect(nothing == "nothing to delete\n")
        let old = try folder.skein("store", "expire", "--max-age", "1d", "--store", "s")
        #expect(old.hasPrefix("deleted 2 segments"), "\(old)")
        #expect(try segments().isEmpty)
        #expect(try query(flows).contains("\"flows\":0"))
    }

    @Test(
        arguments: [
            ["expire"], ["expire", "--max-size", "much"], ["expire", "--max-size", "5i"],
            ["expire", "--max-age", "90"], ["what"],
        ])
    func `wrong usage is told with exit code 64`(arguments: [String]) throws {
        let result = try Command.run(Command.skein, ["store"] + arguments, in: folder)
        #expect(result.status == 64)
    }

    @Test(arguments: ["info", "verify", "compact", "expire"])
    func `a store that is not there is not made`(verb: String) throws {
        let options = verb == "expire" ? ["--max-age", "1d"] : []
        let result = try Command.run(
            Command.skein, ["store", verb, "--store", "none"] + options, in: folder)
        #expect(result.status == 1 && result.errors.contains("no store at none"))
        #expect(!FileManager.default.fileExists(atPath: folder.path("none")))
    }

    @Test func `what has expired is answered from rollups, and a list says that it is gone`() throws
    {
        try fill([3, 4])
        let total = ["query", "--total", "--store", "s", "--output", "json"]
        let before = try query(total)
        #expect(before.contains("answered from rollups of 1 h by total: 7 flows"))
        let records = try query(total + ["--no-rollups"])
        #expect(!records.contains("rollups"))
        #expect(before.split(separator: "]").first == records.split(separator: "]").first)
        try folder.skein("store", "expire", "--max-size", "0", "--store", "s")
        let after = try query(total)
        #expect(after.split(separator: "]").first == records.split(separator: "]").first)
        #expect(after.contains("7 flows that have expired"))
        let list = try Command.skein("query", "--store", "s", in: folder)
        #expect(list.status == 0 && list.errors.contains("have expired and are not in the answer"))
        let info = try json("info")
        let rollups = try #require(info["rollups"] as? [[String: Any]])
        #expect(rollups.allSatisfy { $0["flows"] as? Int == 7 && $0["bytes"] as? Int ?? 0 > 0 })
        let verify = try folder.skein("store", "verify", "--store", "s")
        #expect(verify.contains("4 rollups") && verify.contains("all whole"))
        let plan = try folder.skein("query", "--by", "service", "--explain", "--store", "s")
        #expect(plan.contains("rollups  answered from rollups of 1 h by service"))
        try folder.skein("store", "expire", "--rollup-age", "1d", "--store", "s")
        #expect(try folder.skein("store", "verify", "--store", "s").contains("0 flows, 0 B"))
    }

    @Test func `rollups that are gone are made again`() throws {
        try fill([3])
        let rollups = folder.url.appendingPathComponent("s/rollups")
        for file in try FileManager.default.contentsOfDirectory(
            at: rollups, includingPropertiesForKeys: nil)
        {
            try FileManager.default.removeItem(at: file)
        }
        let total = ["query", "--total", "--store", "s"]
        let damaged = try Command.run(Command.skein, total, in: folder)
        #expect(damaged.status == 0 && damaged.errors.contains("rollups cannot be read"))
        #expect(try folder.skein("store", "rollup", "--store", "s").contains("counted 1 segment"))
        #expect(try folder.skein("store", "rollup", "--store", "s").contains("nothing to count"))
        let mended = try Command.run(Command.skein, total, in: folder)
        #expect(mended.output == damaged.output && !mended.errors.contains("cannot be read"))
    }
}
