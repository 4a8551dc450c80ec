import FlowTestSupport
import Foundation
import Testing

/// `skein store` on a store that `skein serve` holds.
@Suite struct StoreCareTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Flows that are there, whatever rollups tell of others.
    private func flows() throws -> Int {
        let line = try folder.skein(
            "query", "--total", "--no-rollups", "--output", "ndjson", "--store", "store")
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
        return row?["flows"] as? Int ?? -1
    }

    private func answer(_ words: String...) throws -> [String: Any] {
        let result = try Command.run(
            Command.skein, ["store"] + words + ["--store", "store", "--output", "json"], in: folder)
        guard result.status == 0 else { throw Unexpected(result) }
        return try #require(
            try JSONSerialization.jsonObject(with: Data(result.output.utf8)) as? [String: Any])
    }

    @Test func `the server compacts, counts anew and expires, and goes on collecting`() throws {
        let server = try SkeinServer(folder)
        for flows in [20, 30, 40] {
            try folder.write("\(flows).pcap", SmallCapture.netflow5(flows: 3))
            try folder.skein("import", "--again", "--store", "store", "\(flows).pcap")
        }
        let collector = try DatagramCollector()
        try folder.skein(
            "generate", "--as", "v9", "--flows", "300", "--to", "127.0.0.1:\(collector.port)")
        try DatagramSender(port: server.port).send(collector.takeAll())
        try server.program.wait(for: "the flows") { try flows() == 309 }

        // The server merges by itself, too: whoever comes first.
        let compaction = try answer("compact")
        #expect(compaction["unreadable"] as? Int == 0)
        let segments = try #require(try answer("info")["segments"] as? Int)
        #expect(segments == 1)
        #expect(try flows() == 309)
        #expect(try answer("rollup")["unreadable"] as? Int == 0)

        // What has just arrived is in the journal, and stays.
        let expiry = try answer("expire", "--max-age", "1d")
        #expect(expiry["flows"] as? Int == 9)
        #expect(expiry["segments"] as? Int == segments)
        #expect(try flows() == 300)
        let nothing = try folder.skein("store", "expire", "--max-age", "1d", "--store", "store")
        #expect(nothing == "nothing to delete\n")
        let log = server.program.errors
        for task in ["compact", "rollup", "expire"] {
            #expect(log.contains("skein store \(task) is done for process "), "\(log)")
        }

        #expect(server.program.end(SIGTERM) == 0)
        #expect(try flows() == 300)
        #expect(try answer("compact")["unreadable"] as? Int == 0)
    }

    @Test func `templates that only an import brought decode what comes later`() throws {
        let server = try SkeinServer(folder)
        let now = UInt32(Date().timeIntervalSince1970)
        // destination, octets; of domain 7.
        let template: [UInt8] = [0, 2, 0, 16, 1, 44, 0, 2, 0, 12, 0, 4, 0, 1, 0, 4]
        let data: [UInt8] = [1, 44, 0, 12, 10, 0, 0, 1, 0, 0, 0, 99]
        func message(_ sets: [UInt8], _ sequence: UInt8) -> [UInt8] {
            let length = 16 + sets.count
            return [0, 10, UInt8(length >> 8), UInt8(length & 255)]
                + (0..<4).map { UInt8(truncatingIfNeeded: now >> (24 - 8 * $0)) }
                + [0, 0, 0, sequence, 0, 0, 0, 7] + sets
        }
        let frame = SmallCapture.udp(
            from: [127, 0, 0, 1], ports: (4739, 4739), message(template + data, 0))
        try folder.write("templates.pcap", SmallCapture.pcap([frame]))
        try folder.skein("import", "--store", "store", "templates.pcap")
        #expect(try flows() == 1)
        // The decoder takes them over between two datagrams, or within a second.
        try server.program.wait(for: "the templates") {
            let rows = try folder.skein("exporters", "--output", "ndjson", "--store", "store")
            return rows.contains("\"templates\":1")
        }
        try DatagramSender(port: server.port).send([message(data, 1)])
        try server.program.wait(for: "the flow") { try flows() == 2 }
        #expect(try server.counters().exports.undecoded.isEmpty)
        #expect(server.program.end(SIGTERM) == 0)

        // And the next server has them too.
        let next = try SkeinServer(folder)
        try DatagramSender(port: next.port).send([message(data, 2)])
        try next.program.wait(for: "the other flow") { try flows() == 3 }
        #expect(next.program.end(SIGTERM) == 0)
    }
}
