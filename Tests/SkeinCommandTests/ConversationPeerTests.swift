import FlowTestSupport
import Foundation
import Testing

/// Conversations held against those that nfdump joins.
@Suite(
    .enabled(
        if: Command.installed("nfpcapd") != nil && Command.installed("nfdump") != nil,
        "nfpcapd and nfdump are not installed"))
struct ConversationPeerTests {
    /// A conversation whoever is taken for the client: the protocol, and a line for each side.
    private struct Conversation: Hashable {
        let proto: String
        let sides: Set<String>

        /// - Parameter cells: protocol; address and port of two sides; packets and octets of the first,
        ///   of the second.
        init?(_ cells: [String]) {
            guard cells.count == 9 else { return nil }
            proto = cells[0]
            sides = [
                [cells[1], cells[2], cells[5], cells[6]].joined(separator: " "),
                [cells[3], cells[4], cells[7], cells[8]].joined(separator: " "),
            ]
        }
    }

    private func conversations(_ text: String) -> Set<Conversation> {
        Set(
            text.split(separator: "\n").compactMap { line in
                Conversation(
                    line.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) })
            }
        ).filter { $0.proto == "6" || $0.proto == "17" }
    }

    /// What nfdump joins of what nfpcapd meters.
    private func peer(_ capture: String, _ folder: TemporaryFolder) throws -> Set<Conversation> {
        let flows = folder.path("nfdump")
        try FileManager.default.createDirectory(atPath: flows, withIntermediateDirectories: false)
        let nfpcapd = try Command.run(
            try #require(Command.installed("nfpcapd")), ["-r", capture, "-w", flows], in: folder)
        #expect(nfpcapd.status == 0)
        let nfdump = try Command.run(
            try #require(Command.installed("nfdump")),
            [
                "-R", flows, "-b", "-6", "-N", "-q", "-o",
                "fmt:%pr,%sa,%sp,%da,%dp,%ipkt,%ibyt,%opkt,%obyt",
            ], in: folder)
        #expect(nfdump.status == 0)
        return conversations(nfdump.output)
    }

    private func skein(_ store: String, _ folder: TemporaryFolder) throws -> Set<Conversation> {
        let answer = try Command.skein(
            "query", "--store", store, "proto tcp or proto udp", "--bidirectional", "--fields",
            "proto,srcip,srcport,dstip,dstport,packets,bytes,rpackets,rbytes", "--output", "csv",
            in: folder)
        #expect(answer.status == 0)
        return conversations(answer.output)
    }

    @Test(
        .enabled(if: SharedData.isPresent, "the shared captures are absent"),
        arguments: NfpcapdTests.compared)
    func `a real capture has nfdump's conversations`(name: String) throws {
        let capture = try #require(SharedData.file("captures/pcap/\(name)")).path
        let folder = try TemporaryFolder()
        let expected = try peer(capture, folder)
        // Metered one way, and both ways: what was joined by the meter stays joined.
        for option in [["--uniflow"], []] {
            let store = option.isEmpty ? "both" : "one"
            let imported = try Command.run(
                Command.skein,
                ["import", "--as", "traffic", "--store", store] + option + [capture], in: folder)
            #expect(imported.status == 0)
            #expect(try skein(store, folder) == expected)
        }
    }
}
