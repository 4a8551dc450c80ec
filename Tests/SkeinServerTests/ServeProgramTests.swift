import FlowTestSupport
import Foundation
import Glibc
import Testing

/// `skein serve` with its page on a port of its own, as a service manager starts it.
@Suite struct ServeProgramTests {
    private struct Answer: Decodable {
        struct Row: Decodable { var flows: Int }
        var rows: [Row]
    }
    private struct Several: Decodable { var answers: [Answer] }

    @Test func `a running collector answers, and says when it is ready`() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try folder.write(
                "skein.yaml", Array("listen: [udp://127.0.0.1:0]\nlog: {level: info}\n".utf8))
            let manager = try NotificationSocket(folder.path("notify"))
            let talk = Pipe()
            let process = Process()
            process.executableURL = URL(fileURLWithPath: Command.skein)
            process.arguments = [
                "serve", "--config", "skein.yaml", "--http", "127.0.0.1:0", "--set",
                "receive-buffer=1Mi",
                "--store", "store",
            ]
            process.currentDirectoryURL = folder.url
            process.environment = [
                "NOTIFY_SOCKET": folder.path("notify"), "WATCHDOG_USEC": "60000000", "TZ": "UTC",
            ]
            process.standardError = talk
            try process.run()
            defer { if process.isRunning { process.terminate() } }
            let lines = LineReader(talk.fileHandleForReading)
            let found = lines.ports(after: [
                "skein: listening at udp://127.0.0.1:", "skein: serving http://127.0.0.1:",
            ])
            let ports = try #require(found)
            #expect(try #require(manager.waitAndHear()).contains("READY=1"))

            let sent = try Command.run(
                Command.skein,
                ["generate", "--as", "ipfix", "--flows", "500", "--to", "127.0.0.1:\(ports[0])"])
            #expect(sent.status == 0, "\(sent.errors)")
            // The flows are there when the server says so; each question is asked again until then.
            var flows = 0
            let end = ContinuousClock.now + .seconds(120)
            while flows < 500, ContinuousClock.now < end {
                let answer = try ask(ports[1], "/api/v1/query?total")
                #expect(answer.status == 200)
                flows = try JSONDecoder().decode(Answer.self, from: Data(answer.body)).rows[0].flows
            }
            #expect(flows == 500)

            #expect(try ask(ports[1], "/healthz").status == 200)
            let metrics = try ask(ports[1], "/metrics").text
            #expect(metrics.contains("\nskein_flows_decoded_total 500\n"))
            #expect(metrics.contains("\nskein_store_flows 500\n"))
            #expect(try ask(ports[1], "/api/v1/exporters").text.contains("\"rows\":["))
            let groups = try ask(
                ports[1], "/api/v1/query?filter=proto+tcp&by=dstport&top=2&output=ndjson")
            #expect(groups.headers["content-type"] == "application/x-ndjson")
            #expect(groups.text.split(separator: "\n").count == 2)
            let several = try ask(ports[1], "/api/v1/query?by=dstport&by=proto&top=2")
            let answers = try JSONDecoder().decode(Several.self, from: Data(several.body)).answers
            #expect(answers.map(\.rows.count) == [2, 2])
            #expect(several.text.contains("\"dstport\"") && several.text.contains("\"proto\""))
            let list = try ask(ports[1], "/api/v1/query?output=csv&limit=3&sort=-bytes&from=-50y")
            #expect(list.status == 400)
            #expect(list.text.contains("‘-50y’ is not a time"), "\(list.text)")
            for (query, word) in [
                ("filter=src+ip+in+/etc/passwd", "file"),
                ("filter=@include+/etc/passwd", "include"),
                ("filter=host+localhost", "host"), ("filter=protoo+tcp", "proto"),
                ("output=table", "json, ndjson or csv"),
                ("output=fmt:%25ts", "json, ndjson or csv"),
                ("filter=--store+/etc", "unknown word"), ("by=srcip&series=x", "series"),
                ("by=srcip&by=dstip&output=csv", "say --by once"),
            ] {
                let refused = try ask(ports[1], "/api/v1/query?\(query)")
                #expect(refused.status == 400, "\(query)")
                #expect(refused.text.contains(word), "\(query): \(refused.text)")
            }

            process.terminate()
            process.waitUntilExit()
            #expect(process.terminationStatus == 0)
        }
    }

    private struct Sums: Decodable {
        struct Row: Decodable {
            var flows: Int
            var bytes: Int
        }
        var rows: [Row]
    }

    private func sums(_ page: UInt16, _ query: String = "") throws -> Sums.Row {
        let body = try ask(page, "/api/v1/query?total\(query)").body
        return try #require(JSONDecoder().decode(Sums.self, from: Data(body)).rows.first)
    }

    /// The port that a program said behind some words.
    private func port(_ program: RunningProgram, after beginning: String) throws -> UInt16 {
        let line = program.errors.split(separator: "\n").first { $0.hasPrefix(beginning) }
        return try #require(line.flatMap { UInt16($0.dropFirst(beginning.count)) })
    }

    private func configure(_ folder: TemporaryFolder, sampling: Int) throws {
        let text = """
            listen: udp://127.0.0.1:0
            exporters: {overrides: [{address: 127.0.0.0/8, name: lab, sampling: \(sampling)}]}
            """
        try folder.write("skein.yaml", Array(text.utf8))
    }

    @Test func `what the user knows better is in answers, and a reload changes it`() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try configure(folder, sampling: 7)
            let program = try RunningProgram(
                [
                    Command.skein, "serve", "--config", folder.path("skein.yaml"), "--http",
                    "127.0.0.1:0", "--store", folder.path("store"), "--receive-buffer", "1Mi",
                ], in: folder)
            try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
            let listener = try port(program, after: "skein: listening at udp://127.0.0.1:")
            let page = try port(program, after: "skein: serving http://127.0.0.1:")
            let sent = try Command.run(
                Command.skein,
                ["generate", "--as", "ipfix", "--flows", "100", "--to", "127.0.0.1:\(listener)"])
            #expect(sent.status == 0, "\(sent.errors)")

            try program.wait(for: "the flows") { try sums(page).flows == 100 }
            let raw = try sums(page, "&raw").bytes
            #expect(try sums(page).bytes == 7 * raw)
            #expect(try ask(page, "/api/v1/exporters").text.contains("\"name\":\"lab\""))
            try configure(folder, sampling: 9)
            program.send(SIGHUP)
            try program.wait(for: "the reload") { program.errors.contains("reloaded") }
            #expect(try sums(page).bytes == 9 * raw)
            #expect(program.end(SIGTERM) == 0)
        }
    }

    @Test func `a wrong configuration keeps it from starting`() throws {
        let folder = try TemporaryFolder()
        try folder.write("skein.yaml", Array("listne: []\n".utf8))
        let result = try Command.skein("serve", "--config", "skein.yaml", in: folder)
        #expect(result.status == 1)
        #expect(
            result.errors
                == "skein: skein.yaml:1:1: there is no setting ‘listne’ here; did you mean ‘listen’?\n"
        )
    }
}

/// Takes the lines that a program says, waiting for each.
private final class LineReader {
    private let handle: FileHandle
    private var rest: [UInt8] = []

    init(_ handle: FileHandle) { self.handle = handle }

    /// Nil at the end, and where nothing comes for long.
    func next() -> String? {
        while true {
            if let end = rest.firstIndex(of: 10) {
                defer { rest.removeFirst(end + 1) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            // A program that says something else must fail the test, not hang it.
            var event = pollfd(fd: handle.fileDescriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&event, 1, 30_000) == 1 else { return nil }
            let piece = handle.availableData
            if piece.isEmpty { return nil }
            rest += piece
        }
    }

    /// The ports at the ends of the lines that begin so, in whichever order they come; nil where the
    /// program ends before.
    func ports(after beginnings: [String]) -> [UInt16]? {
        var ports: [UInt16?] = beginnings.map { _ in nil }
        while ports.contains(nil) {
            guard let line = next() else { return nil }
            for (index, beginning) in beginnings.enumerated() where line.hasPrefix(beginning) {
                ports[index] = UInt16(line.dropFirst(beginning.count))
            }
        }
        return ports.compactMap(\.self)
    }
}
