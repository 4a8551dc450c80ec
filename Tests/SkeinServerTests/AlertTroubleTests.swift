import FlowTestSupport
import Foundation
import Glibc
import Testing

/// Alerts while nothing can be stored.
@Suite struct AlertTroubleTests {
    @Test func `on a full disk alerts are told all the same`() throws {
        let hooks = try LoopbackServer { _ in .status(204) }
        defer { hooks.stop() }
        let folder = try TemporaryFolder()
        let configuration = try folder.write(
            "skein.yaml",
            Array(
                """
                store: {path: \(folder.path("store"))}
                listen: [udp://127.0.0.1:0]
                receive-buffer: 1Mi
                geo: {countries: none}
                http: {listen: none}
                alerts:
                  built-in: []
                  rules: [{name: any, type: threshold, filter: any, count: flows, reach: 1, window: 1s, track: pair}]
                  sinks: [{name: hook, to: webhook, url: "\(hooks.url)/"}]

                """.utf8))
        // No file can have more than 150 KiB: to write more fails, as on a disk that is full.
        let program = try RunningProgram(
            [
                "/bin/sh", "-c", #"trap "" XFSZ; ulimit -f 300; exec "$@""#, "sh", Command.skein,
                "serve", "--config", configuration,
            ], in: folder)
        try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
        let words = "listening at udp://127.0.0.1:"
        let rest = try #require(program.errors.components(separatedBy: words).dropFirst().first)
        let sent = try Command.skein(
            "generate", "--as", "v9", "--flows", "4000", "--to",
            "127.0.0.1:\(rest.prefix { $0.isNumber })")
        #expect(sent.status == 0, "\(sent.errors)")
        try program.wait(for: "the trouble") {
            program.errors.contains("the store does not take flows")
                && program.errors.contains("alerts wait to be kept")
        }
        let before = hooks.requests.count
        try program.wait(for: "alerts after it") { hooks.requests.count > before + 50 }
        #expect(hooks.requests.last?.body.contains("\"event\":\"opened\"") == true)
        program.kill()
    }
}
