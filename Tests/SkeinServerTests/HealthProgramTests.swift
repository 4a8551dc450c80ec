import FlowTestSupport
import Foundation
import Glibc
import Testing

/// What the program says of its health while something keeps it from its work.
@Suite struct HealthProgramTests {
    private struct Health: Decodable {
        var well: Bool
        var troubles: [String]
    }

    /// A server whose ports are in its log.
    private struct HealthServer {
        let folder: TemporaryFolder
        let program: RunningProgram

        init(_ options: [String], shell prefix: [String] = []) throws {
            folder = try TemporaryFolder()
            program = try RunningProgram(
                prefix + [
                    Command.skein, "serve", "--store", folder.path("store"), "--set",
                    "http.listen=127.0.0.1:0", "--set", "geo.countries=none", "--receive-buffer",
                    "1Mi",
                ] + options, in: folder)
            let program = program
            try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
        }

        func port(after words: String) throws -> UInt16 {
            let rest = try #require(program.errors.components(separatedBy: words).dropFirst().first)
            return try #require(UInt16(rest.prefix { $0.isNumber }))
        }

        func limit(_ limit: String) throws {
            let result = try Command.run(
                "/usr/bin/prlimit", ["--pid", "\(program.process)", limit])
            #expect(result.status == 0, "\(result.errors)")
        }
    }

    /// Asks over a connection that stays open.
    private func health(_ connection: HTTPConnection) throws -> (status: Int, Health) {
        try connection.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        var octets: [UInt8] = []
        while true {
            let piece = try connection.read()
            try #require(!piece.isEmpty)
            octets += piece
            guard octets.firstRange(of: Array("\r\n\r\n".utf8)) != nil else { continue }
            let answer = try answer(in: octets)
            guard answer.isWhole else { continue }
            return (answer.status, try JSONDecoder().decode(Health.self, from: Data(answer.body)))
        }
    }

    @Test func `a store that cannot be written is no health, until it can`() throws {
        // A file may have 64 KiB; SIGXFSZ is ignored, so that a write beyond that is an error.
        let server = try HealthServer(
            ["--listen", "udp://127.0.0.1:0"],
            shell: ["/bin/bash", "-c", "trap '' XFSZ; ulimit -S -f 64; exec \"$@\"", "bash"])
        let connection = try HTTPConnection(port: server.port(after: "serving http://127.0.0.1:"))
        #expect(try health(connection).status == 200)
        let port = try server.port(after: "listening at udp://127.0.0.1:")
        let sent = try Command.skein(
            "generate", "--as", "v5", "--flows", "20000", "--rate", "100000", "--to",
            "127.0.0.1:\(port)")
        #expect(sent.status == 0)
        try server.program.wait(for: "trouble") { try health(connection).status == 503 }
        let (_, unhealthy) = try health(connection)
        #expect(!unhealthy.well)
        #expect(
            unhealthy.troubles.contains { $0.hasPrefix("the store ") && $0.contains("cannot ") },
            "\(unhealthy.troubles)")
        try server.limit("--fsize=unlimited")
        try server.program.wait(for: "health") { try health(connection).1.well }
        #expect(server.program.end(SIGTERM) == 0)
    }

    @Test func `a place where no connection can be taken is no health, until one can`() throws {
        let server = try HealthServer([
            "--listen", "tcp://127.0.0.1:0", "--listen", "udp://127.0.0.1:0",
        ])
        let connection = try HTTPConnection(port: server.port(after: "serving http://127.0.0.1:"))
        #expect(try health(connection).1.troubles.isEmpty)
        let port = try server.port(after: "listening at tcp://127.0.0.1:")
        // No descriptor is left for a connection; what is open stays so.
        try server.limit("--nofile=3:1024")
        let exporter = try HTTPConnection(port: port)
        try server.program.wait(for: "trouble") { try health(connection).status == 503 }
        let troubles = try health(connection).1.troubles
        #expect(troubles.count == 1)
        #expect(
            troubles[0].hasPrefix(
                "nothing arrives at tcp://127.0.0.1:\(port): cannot take connections at"),
            "\(troubles)")
        try server.limit("--nofile=1024:1024")
        try server.program.wait(for: "health") { try health(connection).1.well }
        exporter.endSending()
        #expect(server.program.end(SIGTERM) == 0)
    }
}
