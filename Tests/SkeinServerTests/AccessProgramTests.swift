import FlowTestSupport
import Foundation
import Testing

@testable import SkeinServer

/// `skein user`, `skein token` and `skein serve` as programs.
@Suite struct AccessProgramTests {
    private func skein(
        _ folder: TemporaryFolder, _ words: String..., input: String = ""
    ) throws -> CommandResult {
        try Command.run(Command.skein, words, in: folder, input: Array(input.utf8))
    }

    @Test func `users and tokens are made, listed and removed`() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let words = ["correct horse", "another horse"].map { $0 + "\n" }
            let made = try skein(
                folder, "user", "add", "anna", "--scope", "admin", "--store", "s", input: words[0])
            #expect(made.status == 0, "\(made.errors)")
            let again = try skein(folder, "user", "add", "anna", "--store", "s", input: words[0])
            #expect(again.status == 1 && again.errors.contains("there is a anna already"))
            #expect(try skein(folder, "user", "add", "b", "--store", "s", input: "x\n").status == 1)
            #expect(try skein(folder, "user", "add", "a b", "--store", "s").status == 64)
            let file = AccessFile(folder.path("s/ACCESS"))
            let before = try #require(file.read()[user: "anna"])
            #expect(before.password.matches(Array("correct horse".utf8)))
            #expect(before.scope == .admin)
            let changed = try skein(
                folder, "user", "passwd", "anna", "--store", "s", input: words[1])
            #expect(changed.status == 0)
            #expect(
                try file.read()[user: "anna"]?.password.matches(Array("another horse".utf8)) == true
            )

            let token = try skein(folder, "token", "create", "t", "--expires", "1d", "--store", "s")
            #expect(token.output.hasPrefix("skein_") && token.output.utf8.count == 71)
            #expect(try skein(folder, "token", "create", "t", "--store", "s").status == 1)
            #expect(
                try skein(folder, "token", "create", "u", "--expires", "x", "--store", "s").status
                    == 64)
            let list = try skein(folder, "token", "list", "--output", "csv", "--store", "s").output
            #expect(list.hasPrefix("name,scope,created,expires\r\nt,read,"))
            #expect(try skein(folder, "token", "revoke", "t", "--store", "s").status == 0)
            #expect(try skein(folder, "user", "remove", "anna", "--store", "s").status == 0)
            #expect(try skein(folder, "user", "remove", "anna", "--store", "s").status == 1)
            #expect(try file.read().isEmpty)
        }
    }

    @Test func `others reach it only with users, and with TLS or a word that says otherwise`()
        async throws
    {
        try await onThread {
            let folder = try TemporaryFolder()
            let words = ["serve", "--listen", "udp://127.0.0.1:0", "--http", "0.0.0.0:0"]
            let plain = try Command.run(Command.skein, words, in: folder)
            #expect(plain.status != 0)
            #expect(plain.errors.contains("name http.tls.certificate and http.tls.key"))
            let nobody = try Command.run(
                Command.skein, words + ["--set", "http.plain=true"], in: folder)
            #expect(nobody.status == 1)
            #expect(nobody.errors.contains("type skein user add NAME --scope admin"))
        }
    }

    @Test(.enabled(if: TestCertificates.canBeMade && Command.installed("curl") != nil))
    func `over TLS it asks who is there, and a renewed certificate is shown`() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            let authority = try TestCertificates("authority", in: folder)
            let pair = try authority.issue("localhost")
            try add("anna", .admin, to: AccessFile(folder.path("ACCESS")))
            let server = try RunningProgram(
                [
                    Command.skein, "serve", "--store", folder.path("store"), "--listen",
                    "udp://127.0.0.1:0", "--http", "127.0.0.1:0", "--set",
                    "http.tls.certificate=\(pair.certificate)", "--set", "http.tls.key=\(pair.key)",
                    "--set", "http.access-file=\(folder.path("ACCESS"))",
                ], in: folder)
            defer { server.kill() }
            try server.wait(for: "the start") { server.errors.contains("ready; storing") }
            let mark = "serving https://127.0.0.1:"
            let line = server.errors.split(separator: "\n").first { $0.contains(mark) }
            let port = try #require(line?.split(separator: ":").last)
            let curl = try #require(Command.installed("curl"))
            func ask(_ path: String, _ words: String...) throws -> String {
                try Command.run(
                    curl,
                    ["-sik", "--noproxy", "*", "https://localhost:\(port)\(path)"] + words
                ).output
            }
            let refused = try ask("/api/v1/about")
            #expect(refused.hasPrefix("HTTP/1.1 401 "))
            #expect(refused.contains("\r\nStrict-Transport-Security: max-age=31536000\r\n"))
            let answer = try ask(
                "/api/v1/session", "-H", "X-Skein-Request: 1", "-H",
                "Origin: https://localhost:\(port)", "-d",
                "user=anna&password=correct%20horse")
            #expect(answer.hasPrefix("HTTP/1.1 200 "))
            let cookie = try #require(
                answer.split(separator: "\r\n").first { $0.hasPrefix("Set-Cookie: __Host-skein-") })
            #expect(cookie.contains("; Path=/; ") && cookie.hasSuffix("; Secure"))
            let borne = cookie.dropFirst("Set-Cookie: ".count).prefix { $0 != ";" }
            #expect(try ask("/api/v1/about", "-b", String(borne)).hasPrefix("HTTP/1.1 200 "))
            // A page that came without TLS may not ask.
            #expect(
                try ask("/api/v1/about", "-H", "Origin: http://localhost:\(port)")
                    .hasPrefix("HTTP/1.1 403 "))
            #expect(!server.errors.contains("horse"))

            let renewed = try TestCertificates("other", in: folder).issue("localhost")
            for (from, to) in [
                (renewed.key, pair.key), (renewed.certificate, pair.certificate),
            ] {
                try FileManager.default.removeItem(atPath: to)
                try FileManager.default.moveItem(atPath: from, toPath: to)
            }
            let strict = try Command.run(
                curl,
                [
                    "-s", "--noproxy", "*", "--cacert", folder.path("other.pem"), "-w",
                    "%{http_code}",
                    "https://localhost:\(port)/healthz",
                ])
            #expect(strict.output.hasSuffix("200"), "\(strict.errors)")
        }
    }
}
