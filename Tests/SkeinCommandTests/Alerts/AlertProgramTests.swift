import FlowTestSupport
import Foundation
import Glibc
import Testing

/// `skein serve` with lists and rules, and `skein alerts` beside it.
@Suite struct AlertProgramTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        try folder.write("bad.csv", Array("why,host\nscanner,203.0.113.0/24\n".utf8))
        try folder.write(
            "skein.yaml",
            Array(
                """
                store: {path: \(folder.path("store"))}
                intel:
                  database: \(folder.path("intel.sqlite"))
                  sources:
                    - {name: my list, path: \(folder.path("bad.csv")), format: csv, column: host, description: why}
                alerts:
                  built-in: [known-bad, port-scan]
                  retro: 3660d
                  sinks:
                    - {name: log, to: file, path: \(folder.path("alerts.log"))}
                    - {name: eve, to: file, form: eve, path: \(folder.path("eve.json"))}

                """.utf8))
    }

    private func skein(_ arguments: String...) throws -> CommandResult {
        try Command.run(
            Command.skein, arguments, in: folder,
            environment: [
                "SKEIN_CONFIG": folder.path("skein.yaml"), "SKEIN_STORE": folder.path("store"),
            ])
    }

    private func rows(_ result: CommandResult) throws -> [[String: Any]] {
        guard result.status == 0 else { throw Unexpected(result) }
        return try result.output.split(separator: "\n").map { line in
            try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    private func log(_ name: String) -> [String] {
        ((try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? "")
            .split(separator: "\n").map(String.init)
    }

    @Test func `a listed peer is in the log at once, in the store, and known after an ack`() throws
    {
        #expect(try skein("intel", "update").status == 0)
        let server = try SkeinServer(
            folder, ["--config", folder.path("skein.yaml"), "--set", "http.listen=none"])
        let sent = try skein(
            "generate", "--as", "ipfix", "--flows", "3000", "--to", "127.0.0.1:\(server.port)")
        #expect(sent.status == 0)
        try server.program.wait(for: "the log") { !log("alerts.log").isEmpty }
        #expect(server.program.end(SIGTERM) == 0)
        let line = try #require(log("alerts.log").first)
        #expect(line.contains("203.0.113."))
        #expect(line.contains(" -> "))
        #expect(line.contains("known-bad [my list]"))
        #expect(log("eve.json").count == log("alerts.log").count)
        let rows = try rows(skein("alerts", "--output", "ndjson", "--limit", "0"))
        #expect(!rows.isEmpty)
        #expect(rows.contains { $0["descriptions"] as? [String] == ["scanner"] })
        #expect(Set(rows.compactMap { $0["id"] as? Int }).count == rows.count)
        let id = try #require(rows.first?["id"] as? Int)
        #expect(try skein("alerts", "ack", "\(id)", "--note", "it is ours").status == 0)
        #expect(try skein("alerts", "ack", "999999").status == 1)
        let known = try self.rows(
            skein("alerts", "--state", "acknowledged", "--output", "ndjson"))
        #expect(known.map { $0["note"] as? String } == ["it is ours"])
        // The stored past gives the same contacts.
        let tested = try self.rows(
            skein("alerts", "test", "known-bad", "--output", "ndjson"))
        let contacts = try self.rows(
            skein("alerts", "--rule", "known-bad", "--output", "ndjson", "--limit", "0"))
        func pairs(_ rows: [[String: Any]]) -> Set<String> {
            Set(rows.map { "\($0["indicator"] ?? "") \($0["host"] ?? "")" })
        }
        #expect(pairs(tested) == pairs(contacts))
        // And so does the set of the source.
        let asked = try self.rows(
            skein("query", "ip in @my-list", "--total", "--output", "ndjson"))
        let whole = try self.rows(
            skein("query", "ip in @intel", "--total", "--output", "ndjson"))
        let flows = contacts.compactMap { $0["flows"] as? Int }.reduce(0, +)
        #expect(asked.first?["flows"] as? Int == flows)
        #expect(whole.first?["flows"] as? Int == flows)
    }

    @Test func `what is newly listed is found in the stored past, and told once`() throws {
        let path = folder.path("past.pcap")
        #expect(
            try skein("generate", "--as", "ipfix", "--flows", "3000", "--out", path).status == 0)
        #expect(try skein("import", "--as", "exports", path).status == 0)
        #expect(try skein("intel", "update").status == 0)
        func figures(_ rows: [[String: Any]]) -> [String: Int] {
            rows.reduce(into: [:]) { sums, row in
                sums["\(row["indicator"] ?? "") \(row["host"] ?? "")", default: 0] +=
                    row["flows"] as? Int ?? 0
            }
        }
        let tested = try rows(skein("alerts", "test", "known-bad", "--output", "ndjson"))
        let past = try rows(skein("intel", "retro", "--output", "ndjson"))
        #expect(!past.isEmpty)
        #expect(past.allSatisfy { $0["retro"] as? Bool == true })
        #expect(figures(past) == figures(tested))
        #expect(try rows(skein("intel", "retro", "--since", "now", "--output", "ndjson")).isEmpty)

        // A server does so by itself, once; the second one begins where the first has ended.
        for _ in 0..<2 {
            let server = try SkeinServer(
                folder, ["--config", folder.path("skein.yaml"), "--set", "http.listen=none"])
            try server.program.wait(for: "the log") { log("alerts.log").count >= past.count }
            #expect(server.program.end(SIGTERM) == 0)
        }
        #expect(log("alerts.log").count == past.count)
        let kept = try rows(skein("alerts", "--output", "ndjson", "--limit", "0"))
        #expect(figures(kept) == figures(past))
        #expect(
            kept.allSatisfy { $0["retro"] as? Bool == true && $0["state"] as? String == "open" })
    }

    @Test func `an unknown set has the nearest name`() throws {
        #expect(try skein("intel", "update").status == 0)
        try folder.write("one.csv", [])
        let result = try skein("query", "ip in @my-lisst", "--store", folder.path("none"))
        #expect(result.status != 0)
        #expect(result.errors.contains("there is no set ‘@my-lisst’; did you mean ‘@my-list’?"))
    }

    @Test func `what cannot work is said before anything runs`() throws {
        try folder.write(
            "wrong.yaml",
            Array(
                """
                alerts:
                  rules:
                    - {name: a, filter: 'dst prot 80'}
                    - {name: b, type: threshold}
                  sinks:
                    - {name: s, to: syslog}
                    - {name: f, to: file, path: x, rules: [nobody]}

                """.utf8))
        let result = try skein("config", "check", folder.path("wrong.yaml"))
        #expect(result.status == 1)
        for text in ["‘dst prot 80’ is not a filter", "‘reach’ is missing", "‘address’ is missing"]
        {
            #expect(result.errors.contains(text) || result.output.contains(text))
        }
        let other = try skein("alerts", "test", "known-bat")
        #expect(other.status == 64)
        #expect(other.errors.contains("did you mean known-bad?"))
    }
}
