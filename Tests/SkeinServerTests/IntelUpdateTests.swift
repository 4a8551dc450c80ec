import FlowTestSupport
import Foundation
import Synchronization
import Testing

/// Sources of indicators in a running server.
@Suite struct IntelUpdateTests {
    @Test func `serve updates sources, tells of them, and an update by hand works meanwhile`()
        throws
    {
        let addresses = Mutex(["192.0.2.1", "192.0.2.2", "10.0.0.1"])
        let feeds = try LoopbackServer { request in
            request.path == "/list"
                ? .text(addresses.withLock { $0.joined(separator: "\n") }) : .status(404)
        }
        defer { feeds.stop() }
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            "skein.yaml",
            Array(
                """
                intel:
                  database: \(folder.path("intel.sqlite"))
                  sources:
                    - {name: web, url: "\(feeds.url)/list"}
                    - {name: gone, url: "\(feeds.url)/gone?key=hidden"}

                """.utf8))
        let program = try RunningProgram(
            [
                Command.skein, "serve", "--config", configuration, "--store",
                folder.path("store"), "--set", "http.listen=127.0.0.1:0", "--set",
                "geo.countries=none", "--receive-buffer", "1Mi", "--listen", "udp://127.0.0.1:0",
            ], in: folder)
        try program.wait(for: "both updates") {
            program.errors.contains("intel: web: 3 added, 0 gone, 3 in all")
                && program.errors.contains("/gone: 404, not there; the last list stays")
        }
        #expect(!program.errors.contains("hidden"))
        let words = "serving http://127.0.0.1:"
        let rest = try #require(program.errors.components(separatedBy: words).dropFirst().first)
        let port = try #require(UInt16(rest.prefix { $0.isNumber }))
        try program.wait(for: "the counters") {
            let text = String(decoding: try ask(port, "/metrics").body, as: UTF8.self)
            return [
                #"skein_intel_updates_total{source="web"} 1"#,
                #"skein_intel_update_failures_total{source="gone"} 1"#,
                #"skein_intel_in_force{source="web"} 2"#,
                #"skein_intel_entries{source="web"} 3"#,
                #"skein_intel_age_seconds{source="web"} "#,
            ].allSatisfy(text.contains)
        }
        addresses.withLock { $0.append("198.51.100.1") }
        let update = try Command.run(
            Command.skein, ["intel", "update", "web", "--config", configuration], in: folder)
        #expect(update.status == 0 && update.errors.isEmpty)
        let lookup = try Command.run(
            Command.skein, ["intel", "lookup", "198.51.100.1", "--config", configuration],
            in: folder)
        #expect(lookup.output.contains("in force"))
        let list = try Command.run(
            Command.skein, ["intel", "feeds", "--config", configuration], in: folder)
        #expect(list.output.contains("/gone: 404") && !list.output.contains("hidden"))
        #expect(program.end(SIGTERM) == 0)
    }
}
