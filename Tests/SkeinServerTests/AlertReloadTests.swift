import FlowTestSupport
import Foundation
import Glibc
import Testing

/// What a reload does to alerts and who hears of them.
@Suite struct AlertReloadTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func configure(_ sections: String) throws {
        try folder.write(
            "skein.yaml",
            Array(
                """
                store: {path: \(folder.path("store"))}
                listen: [udp://127.0.0.1:0]
                receive-buffer: 1Mi
                geo: {countries: none}
                http: {listen: none}
                \(sections)

                """.utf8))
    }

    private func start() throws -> (program: RunningProgram, port: String) {
        let program = try RunningProgram(
            [Command.skein, "serve", "--config", folder.path("skein.yaml")], in: folder)
        try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
        let words = "listening at udp://127.0.0.1:"
        let rest = try #require(program.errors.components(separatedBy: words).dropFirst().first)
        return (program, String(rest.prefix { $0.isNumber }))
    }

    private func reload(_ program: RunningProgram, _ times: Int = 1) throws {
        program.send(SIGHUP)
        try program.wait(for: "the reload") {
            program.errors.components(separatedBy: "skein: reloaded\n").count > times
        }
    }

    private func flows(to port: String, seed: Int) throws {
        let sent = try Command.skein(
            "generate", "--as", "v9", "--flows", "500", "--seed", "\(seed)", "--to",
            "127.0.0.1:\(port)")
        #expect(sent.status == 0, "\(sent.errors)")
    }

    private func lines(_ name: String) -> [Substring] {
        ((try? String(contentsOfFile: folder.path(name), encoding: .utf8)) ?? "")
            .split(separator: "\n")
    }

    private func rule(_ name: String) -> String {
        "{name: \(name), type: threshold, filter: any, count: flows, reach: 1, window: 1s, track: pair}"
    }

    @Test func `alerting begins, changes its rules and ends by reloads`() throws {
        try configure("")
        let (program, port) = try start()
        let sinks = "sinks: [{name: log, to: file, path: \(folder.path("log"))}]"
        try configure("alerts: {built-in: [], rules: [\(rule("one"))], \(sinks)}")
        try reload(program)
        try flows(to: port, seed: 1)
        try program.wait(for: "an alert") { lines("log").contains { $0.contains(" one ") } }
        try configure("alerts: {built-in: [], rules: [\(rule("two"))], \(sinks)}")
        try reload(program, 2)
        try flows(to: port, seed: 2)
        try program.wait(for: "another one") { lines("log").contains { $0.contains(" two ") } }
        // Those of the rule that is gone have ended.
        try program.wait(for: "the end") {
            try Command.skein(
                "alerts", "--config", folder.path("skein.yaml"), "--rule", "one", "--state", "open",
                "--output", "ndjson", in: folder
            ).output.isEmpty
        }
        try configure("")
        try reload(program, 3)
        #expect(program.end(SIGTERM) == 0)
    }

    @Test func `sinks follow a reload, and what waits for one is delivered by the next`() throws {
        // The first place never takes anything, so that all of it waits for the second.
        let hooks = try LoopbackServer { .status($0.path == "/second" ? 204 : 503) }
        defer { hooks.stop() }
        func alerts(_ hook: String, _ other: String) throws {
            try configure(
                """
                alerts:
                  built-in: []
                  rules: [\(rule("any"))]
                  sinks:
                    - {name: hook, to: webhook, url: "\(hooks.url)/\(hook)"}
                    - {name: other, to: file, path: \(folder.path(other))}
                """)
        }
        try alerts("first", "a.log")
        let (program, port) = try start()
        try flows(to: port, seed: 1)
        try program.wait(for: "alerts") { !lines("a.log").isEmpty }
        try program.wait(for: "an attempt") { !hooks.requests.isEmpty }
        try program.wait(for: "the trouble") { program.errors.contains("alerts: hook: ") }
        let waiting = lines("a.log").count
        // Another place for both.
        try alerts("second", "b.log")
        try reload(program)
        try program.wait(for: "what waited") {
            hooks.requests.filter { $0.path == "/second" }.count >= waiting
        }
        try flows(to: port, seed: 2)
        try program.wait(for: "alerts") { !lines("b.log").isEmpty }
        #expect(lines("a.log").count >= waiting)
        #expect(program.end(SIGTERM) == 0)
    }

    @Test func `what waits in a form that is no more is said, not sent in another`() throws {
        let hooks = try LoopbackServer { _ in .status(503) }
        defer { hooks.stop() }
        try configure(
            """
            alerts:
              built-in: []
              rules: [\(rule("any"))]
              sinks: [{name: out, to: webhook, url: "\(hooks.url)/"}]
            """)
        let (program, port) = try start()
        try flows(to: port, seed: 1)
        try program.wait(for: "an attempt") { !hooks.requests.isEmpty }
        try configure(
            """
            alerts:
              built-in: []
              rules: [\(rule("any"))]
              sinks: [{name: out, to: file, path: \(folder.path("out.log"))}]
            """)
        try reload(program)
        let queue = folder.path("store/alert-queues/out.webhook-ndjson.queue")
        #expect(program.errors.contains("alerts: \(queue) holds events that wait for a sink"))
        #expect(lines("out.log").allSatisfy { $0.contains(" : ") })
        #expect(program.end(SIGTERM) == 0)
    }

    @Test(arguments: ["alerts: {database: other.sqlite}", "intel: {database: other.sqlite}"])
    func `a database cannot become another one, and nothing changes`(section: String) throws {
        try configure("")
        let (program, _) = try start()
        try configure(section)
        program.send(SIGHUP)
        try program.wait(for: "the refusal") {
            program.errors.contains("not reloaded, everything stays as it was: ")
        }
        let setting = section.prefix { $0 != ":" } + ".database is "
        #expect(program.errors.contains(setting))
        #expect(
            program.errors.contains(
                "for as long as the server runs; to make it other.sqlite, start it anew"))
        #expect(program.end(SIGTERM) == 0)
    }
}
