import FlowTestSupport
import Foundation
import Glibc
import Testing

/// What softflowd exports, received by `skein serve` and by nfcapd.
@Suite(
    .enabled(
        if: Command.installed("softflowd") != nil && NfcapdCollector.program != nil,
        "softflowd, nfcapd and nfdump are not installed"))
struct ServePeerTests {
    /// Sums of a store, under nfdump's names.
    private struct Sums: Equatable {
        var flows: Int
        var packets: Int
        var bytes: Int
        var first: Int
        var last: Int
    }

    private func skein(_ folder: TemporaryFolder) throws -> Sums {
        let line = try folder.total("store")
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        func number(_ name: String) -> Int { row[name] as? Int ?? -1 }
        return Sums(
            flows: number("flows"), packets: number("packets"), bytes: number("bytes"),
            first: number("first"), last: number("last"))
    }

    private func nfdump(_ nfcapd: NfcapdCollector) throws -> Sums {
        let answer = try nfcapd.nfdump(arguments: ["-o", "json"])
        let rows =
            try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [[String: Any]] ?? []
        var sums = Sums(flows: rows.count, packets: 0, bytes: 0, first: .max, last: 0)
        for row in rows {
            sums.packets += row["in_packets"] as? Int ?? 0
            sums.bytes += row["in_bytes"] as? Int ?? 0
            sums.first = min(sums.first, try milliseconds(row["first"]))
            sums.last = max(sums.last, try milliseconds(row["last"]))
        }
        return sums
    }

    /// `2026-03-02T00:00:13.702`, in UTC, as ms since 1970.
    private func milliseconds(_ text: Any?) throws -> Int {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let date = try style.parse(try #require(text as? String) + "Z")
        return Int((date.timeIntervalSince1970 * 1000).rounded())
    }

    @Test(arguments: [5, 9, 10])
    func `softflowd's flows are those that nfcapd stores`(version: Int) throws {
        let folder = try TemporaryFolder()
        try folder.generate("a.pcap", "traffic", flows: 2000)
        let collector = try DatagramCollector()
        let softflowd = try Command.run(
            try #require(Command.installed("softflowd")),
            [
                "-r", folder.path("a.pcap"), "-c", "none", "-v", "\(version)", "-n",
                "127.0.0.1:\(collector.port)",
            ], in: folder)
        guard softflowd.status == 0 else { throw Unexpected(softflowd) }
        let datagrams = collector.takeAll()
        let server = try SkeinServer(folder)
        let nfcapd = try NfcapdCollector(try #require(NfcapdCollector.program), in: folder)
        try DatagramSender(port: server.port).send(datagrams)
        try DatagramSender(port: nfcapd.port).send(datagrams)
        try nfcapd.stop()
        #expect(server.program.end(SIGTERM) == 0)
        var (sums, expected) = (try skein(folder), try nfdump(nfcapd))
        if version != 5 {
            // The packets are older than softflowd's start, and so its uptimes wrap: nfcapd takes that
            // for another wrap of NetFlow v9, and turns the offsets of IPFIX (158, 159) round.
            (sums.first, sums.last) = (expected.first, expected.last)
        }
        #expect(sums.flows > 1000)
        #expect(sums == expected)
    }
}
