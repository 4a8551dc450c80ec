import FlowTestSupport
import Foundation
import Glibc
import Testing

/// Alerts over HTTP, and what is measured.
@Suite struct AlertInterfaceTests {
    @Test func `lists come while it runs, and alerts are served and measured`() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try folder.write("bad.txt", Array("203.0.113.0/24\n".utf8))
            let config = try folder.write(
                "skein.yaml",
                Array(
                    """
                    store: {path: \(folder.path("store"))}
                    listen: [udp://127.0.0.1:0]
                    receive-buffer: 1Mi
                    intel:
                      database: \(folder.path("intel.sqlite"))
                      sources: [{name: bad, path: \(folder.path("bad.txt"))}]
                    http: {listen: "127.0.0.1:0"}

                    """.utf8))
            let server = try RunningProgram(
                [Command.skein, "serve", "--config", config], in: folder)
            try server.wait(for: "getting ready") { server.errors.contains("ready; storing") }
            let updated = try Command.skein("intel", "update", "--config", config, in: folder)
            #expect(updated.status == 0)
            try server.wait(for: "the lists") {
                server.errors.contains("1 listed ranges of 1 sources in force")
            }
            func port(after words: String) throws -> UInt16 {
                let line = server.errors.split(separator: "\n").first { $0.contains(words) }
                return try #require(line?.split(separator: ":").last.flatMap { UInt16($0) })
            }
            let page = try port(after: "serving http://")
            let sent = try Command.skein(
                "generate", "--as", "v9", "--flows", "2000", "--to",
                "127.0.0.1:\(try port(after: "listening at udp://"))")
            #expect(sent.status == 0)
            try server.wait(for: "the alert to be kept") {
                try ask(page, "/api/v1/alerts?output=ndjson").text.contains("known-bad")
            }
            #expect(server.errors.contains(" : "))
            let rows = try ask(page, "/api/v1/alerts?filter=ip+in+@bad&state=open&limit=1").text
            #expect(rows.hasPrefix("{\"rows\":[{\"id\":"))
            #expect(
                try ask(page, "/api/v1/alerts?rule=other").text
                    == "{\"rows\":[],\"footing\":{}}\n")
            for wrong in ["limit=0", "state=gone", "filter=ip+in+/etc/passwd", "output=table"] {
                #expect(try ask(page, "/api/v1/alerts?\(wrong)").status == 400, "\(wrong)")
            }
            let total = try ask(page, "/api/v1/query?filter=ip+in+@intel&total")
            #expect(total.status == 200)
            let unknown = try ask(page, "/api/v1/query?filter=ip+in+@badd&total")
            #expect(unknown.text.contains("did you mean ‘@bad’?"))
            let metrics = try ask(page, "/metrics").text
            #expect(metrics.contains("skein_alert_latency_seconds_bucket{le=\"1\"}"))
            #expect(!metrics.contains("skein_alert_latency_seconds_count 0\n"))
            #expect(server.end(SIGTERM) == 0)
        }
    }
}
