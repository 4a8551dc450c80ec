import FlowTestSupport
import Foundation
import Glibc
import Testing

/// Sums of what a collector stored.
struct PeerSums: Equatable {
    var flows: Int
    var packets: Int
    var bytes: Int
    /// ms since 1970.
    var first: Int
    var last: Int

    /// The same datagrams to `skein serve` and to nfcapd; what each stored.
    static func ofBoth(
        _ datagrams: [[UInt8]], in folder: TemporaryFolder
    ) throws -> (skein: PeerSums, nfcapd: PeerSums) {
        let sums = try ofSkein(datagrams, in: folder)
        let nfcapd = try NfcapdCollector(try #require(NfcapdCollector.program), in: folder)
        try DatagramSender(port: nfcapd.port).send(datagrams)
        try nfcapd.stop()
        return (sums, try PeerSums(nfcapd))
    }

    /// Datagrams to `skein serve`; what it stored.
    static func ofSkein(_ datagrams: [[UInt8]], in folder: TemporaryFolder) throws -> PeerSums {
        let server = try SkeinServer(folder)
        try DatagramSender(port: server.port).send(datagrams)
        #expect(server.program.end(SIGTERM) == 0)
        let line = try folder.total("store")
        let row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        func number(_ name: String) -> Int { row[name] as? Int ?? -1 }
        return PeerSums(
            flows: number("flows"), packets: number("packets"), bytes: number("bytes"),
            first: number("first"), last: number("last"))
    }

    private init(flows: Int, packets: Int, bytes: Int, first: Int, last: Int) {
        (self.flows, self.packets, self.bytes) = (flows, packets, bytes)
        (self.first, self.last) = (first, last)
    }

    private init(_ nfcapd: NfcapdCollector) throws {
        let answer = try nfcapd.nfdump(arguments: ["-o", "json"])
        let rows =
            try JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [[String: Any]] ?? []
        self.init(flows: rows.count, packets: 0, bytes: 0, first: .max, last: 0)
        for row in rows {
            packets += row["in_packets"] as? Int ?? 0
            bytes += row["in_bytes"] as? Int ?? 0
            first = min(first, try Self.milliseconds(row["first"]))
            last = max(last, try Self.milliseconds(row["last"]))
        }
    }

    /// `2026-03-02T00:00:13.702`, in UTC, as ms since 1970.
    private static func milliseconds(_ text: Any?) throws -> Int {
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        let date = try style.parse(try #require(text as? String) + "Z")
        return Int((date.timeIntervalSince1970 * 1000).rounded())
    }
}
