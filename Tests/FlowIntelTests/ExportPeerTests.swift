import FlowIntel
import FlowModel
import FlowTestSupport
import Foundation
import Testing

/// The exports in the hands of the programs that they are for.
@Suite(.enabled(if: SharedFeeds.folder != nil))
struct ExportPeerTests {
    private func file(_ format: ExportFormat) throws -> [UInt8] {
        let example = try ExportExample()
        return Export(example.indicators, judge: example.judge).file(format)
    }

    /// Whether `nft` may look at tables here, which takes a privilege.
    private static let hasNft: Bool = {
        guard let nft = Command.installed("nft"),
            let result = try? Command.run(
                nft, ["-c", "-f", "-"], input: Array("add table inet skein-probe\n".utf8))
        else { return false }
        return result.status == 0
    }()

    @Test(.enabled(if: hasNft, "nft is not installed, or may not be used"))
    func `nft takes the sets`() throws {
        let nft = try #require(Command.installed("nft"))
        let result = try Command.run(nft, ["-c", "-f", "-"], input: try file(.nftables))
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test(.enabled(if: Command.installed("named-checkzone") != nil, "BIND is not installed"))
    func `named-checkzone takes the policy zone`() throws {
        let folder = try TemporaryFolder()
        let zone = try folder.write("rpz.zone", try file(.rpz))
        let checker = try #require(Command.installed("named-checkzone"))
        let result = try Command.run(checker, ["rpz.threat.local", zone])
        #expect(result.status == 0, "\(result.output)")
        #expect(!result.output.contains("ignoring"))
    }

    @Test(
        .enabled(
            if: Command.installed("named") != nil && Command.installed("dig") != nil,
            "BIND is not installed"))
    func `named answers by the policy zone as it should`() throws {
        let folder = try TemporaryFolder()
        let port = try freePort()
        try folder.write("rpz.zone", try file(.rpz))
        try folder.write("example.zone", try SharedFeeds.octets("exports-example/rpz.test-zone"))
        try folder.write(
            "google.zone",
            Array(
                """
                $TTL 60
                @ IN SOA localhost. root.localhost. ( 1 60 60 604800 60 )
                @ IN NS localhost.
                www A 203.0.113.5

                """.utf8))
        let text = resolverConfiguration(
            in: folder, port: port, policy: "rpz.threat.local",
            zones: [
                ("rpz.threat.local", "rpz.zone"), ("example", "example.zone"),
                ("google.com", "google.zone"),
            ])
        let configuration = try folder.write("named.conf", Array(text.utf8))
        let program = try #require(Command.installed("named"))
        let named = try RunningProgram([program, "-g", "-c", configuration], in: folder)
        defer { named.kill() }
        try named.wait(for: "the policy loaded") {
            named.errors.contains("rpz.threat.local: reload done: success")
        }
        let rows = try SharedFeeds.text("exports-example/rpz.dig-expected.txt")
            .split(separator: "\n").map { $0.split(separator: " ").map { String($0) } }
        #expect(rows.count == 24)
        let questions = rows.map { "\($0[1]) \($0[0])" }
        let answers = try ask(questions, port: port, in: folder)
        for (row, answer) in zip(rows, answers) {
            #expect(answer == row[2...].joined(separator: " "), "\(row[0]) \(row[1])")
        }
    }

    @Test(
        .enabled(
            if: Command.installed("rbldnsd") != nil && Command.installed("dig") != nil,
            "rbldnsd is not installed"))
    func `rbldnsd serves what is listed and nothing else`() throws {
        let folder = try TemporaryFolder()
        let port = try freePort()
        try folder.write("v4", try file(.rbldnsdV4))
        try folder.write("v6", try file(.rbldnsdV6))
        let program = try #require(Command.installed("rbldnsd"))
        let rbldnsd = try RunningProgram(
            [
                program, "-n", "-b", "127.0.0.1/\(port)", "-w", folder.url.path,
                "v4.test:ip4set:v4", "v6.test:ip6trie:v6",
            ], in: folder)
        defer { rbldnsd.kill() }
        let said = { rbldnsd.output + rbldnsd.errors }
        try rbldnsd.wait(for: "rbldnsd started") { said().contains("started") }
        let expected: [(address: String, isListed: Bool)] = [
            ("127.0.0.2", true), ("127.0.0.1", false), ("192.0.2.10", true), ("192.0.2.12", false),
            ("1.10.31.255", true), ("1.10.32.0", false), ("198.51.100.63", true),
            ("198.51.100.64", false), ("198.51.100.65", true), ("203.0.113.200", true),
            ("10.1.2.3", false), ("8.8.8.8", false), ("2001:db8:a::10", true),
            ("2001:db8:a::11", false), ("2001:db8:bad::5", true), ("2a06:e487:ffff::1", true),
            ("2a06:e488::1", false),
        ]
        let questions = try expected.map { try question($0.address) + " A" }
        let answers = try ask(questions, port: port, in: folder)
        for (row, answer) in zip(expected, answers) {
            #expect(answer == (row.isListed ? "NOERROR 127.0.0.2" : "NXDOMAIN"), "\(row.address)")
        }
    }

    /// The name that asks a DNSBL about an address (RFC 5782 §2.1, §2.4).
    private func question(_ text: String) throws -> String {
        let address = try #require(IPAddress(text))
        if address.isV4 {
            return text.split(separator: ".").reversed().joined(separator: ".") + ".v4.test"
        }
        let nibbles = [address.high, address.low].flatMap { half in
            stride(from: UInt64(60), through: 0, by: -4).map { String(half >> $0 & 15, radix: 16) }
        }
        return nibbles.reversed().joined(separator: ".") + ".v6.test"
    }

    /// Asks with dig, one question a line; status and addresses of each answer.
    private func ask(
        _ questions: [String], port: UInt16, in folder: TemporaryFolder
    ) throws -> [String] {
        let file = try folder.write("questions", Array(questions.joined(separator: "\n").utf8))
        let dig = try #require(Command.installed("dig"))
        let options = ["+noall", "+comments", "+answer", "+tries=2", "+time=5"]
        let result = try Command.run(
            dig, ["@127.0.0.1", "-p", "\(port)"] + options + ["-f", file])
        var answers: [String] = []
        for line in result.output.split(separator: "\n") {
            if let status = line.firstRange(of: "status: ") {
                answers.append(String(line[status.upperBound...].prefix { $0 != "," }))
            } else if !line.hasPrefix(";"),
                let address = line.split(whereSeparator: \.isWhitespace).last,
                !answers.isEmpty
            {
                answers[answers.count - 1] += " " + address
            }
        }
        #expect(answers.count == questions.count, "\(result.output) \(result.errors)")
        return answers
    }
}
