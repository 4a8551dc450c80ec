import FlowTestSupport
import Foundation
import Glibc
import Testing

/// A resolver that blocks what is listed, and its log read back.
@Suite struct QueryLogProgramTests {
    private static let named = Command.installed("named")
    private static let dig = Command.installed("dig")

    @Test(.enabled(if: named != nil && dig != nil, "BIND is not installed"))
    func `named blocks what is exported, and its log becomes alerts`() throws {
        let folder = try TemporaryFolder()
        let rpz = folder.path("rpz.zone")
        let log = folder.path("rpz.log")
        try folder.write(
            "bad.csv",
            Array(
                """
                host,why
                evil.example,a C2
                203.0.113.0/24,a net
                *.wild.example,phish
                fine.evil.example,twice

                """.utf8))
        let configuration = try folder.write(
            "skein.yaml",
            Array(
                """
                store: {path: \(folder.path("store"))}
                listen: [udp://127.0.0.1:0]
                receive-buffer: 1Mi
                geo: {countries: none}
                http: {listen: none}
                intel:
                  database: \(folder.path("intel.sqlite"))
                  allow: [fine.evil.example]
                  sources: [{name: bad, path: \(folder.path("bad.csv")), format: csv, column: host, description: why}]
                  exports: [{format: rpz, path: \(rpz)}]
                alerts:
                  sinks: [{name: log, to: file, path: \(folder.path("alerts.log"))}]
                  query-logs: [{path: \(log), zone: rpz.test}]

                """.utf8))
        let server = try RunningProgram(
            [Command.skein, "serve", "--config", configuration], in: folder)
        try server.wait(for: "the export") {
            let zone = (try? String(contentsOfFile: rpz, encoding: .utf8)) ?? ""
            return zone.contains("evil.example CNAME .")
        }
        let port = try freePort()
        let named = try resolver(in: folder, port: port)
        defer { named.kill() }
        let names = [
            "evil.example", "sub.evil.example", "fine.evil.example", "x.wild.example",
            "host.example", #"odd\ name.wild.example"#,
        ]
        let questions = try folder.write(
            "questions", Array(names.map { "\($0) A\n" }.joined().utf8))
        try named.wait(for: "named to answer") {
            try Command.run(
                try #require(Self.dig),
                ["@127.0.0.1", "-p", "\(port)", "+tries=1", "+time=1", "evil.example", "A"]
            ).output.contains("NXDOMAIN")
        }
        _ = try Command.run(
            try #require(Self.dig),
            ["@127.0.0.1", "-p", "\(port)", "+tries=2", "+time=5", "-f", questions])
        func lines() -> [String] {
            ((try? String(contentsOfFile: folder.path("alerts.log"), encoding: .utf8)) ?? "")
                .split(separator: "\n").map { String($0.dropFirst(22)) }
        }
        try server.wait(for: "the alerts") { lines().count == 3 }
        #expect(
            Set(lines()) == [
                "127.0.0.1 -> evil.example (DNS) known-bad-name [bad]",
                "127.0.0.1 -> x.wild.example (DNS) known-bad-name listed as wild.example [bad]",
                "127.0.0.1 -> host.example (DNS) known-bad-name listed as 203.0.113.0/24 [bad]",
            ])
        #expect(server.end(SIGTERM) == 0)
        let kept = try Command.skein(
            "alerts", "--config", configuration, "--output", "csv", "src ip 127.0.0.1", in: folder)
        #expect(kept.output.contains("a C2") && kept.output.contains("dns"))
        let again = try Command.skein(
            "alerts", "dns", log, "--config", configuration, "--output", "ndjson", in: folder)
        #expect(again.status == 0, "\(again.errors)")
        #expect(again.output.split(separator: "\n").count == 3)
        #expect(again.errors.contains(", 1 let pass, 0 of other zones, 0 not understood; 3 alerts"))
        let other = try Command.skein(
            "alerts", "dns", log, "--zone", "rpz.other", "--config", configuration, in: folder)
        #expect(other.errors.contains("0 blocked questions"))
    }

    private func resolver(in folder: TemporaryFolder, port: UInt16) throws -> RunningProgram {
        try folder.write(
            "example.zone",
            Array(
                """
                $TTL 60
                @ IN SOA localhost. root.localhost. ( 1 60 60 604800 60 )
                @ IN NS localhost.
                *.evil A 192.0.2.1
                host A 203.0.113.5
                *.wild A 192.0.2.1

                """.utf8))
        // -f, not -g, which would send all logs to standard error.
        let logging = """
            logging {
                channel rpz { file "\(folder.path("rpz.log"))"; print-time iso8601-utc; };
                category rpz { rpz; }; category rpz-passthru { rpz; };
            };

            """
        let text = resolverConfiguration(
            in: folder, port: port, policy: "rpz.test",
            zones: [("rpz.test", "rpz.zone"), ("example", "example.zone")], more: logging)
        let configuration = try folder.write("named.conf", Array(text.utf8))
        return try RunningProgram(
            [try #require(Self.named), "-f", "-c", configuration], in: folder)
    }
}
