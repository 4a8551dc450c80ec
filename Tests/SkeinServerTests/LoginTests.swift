import FlowModel
import FlowTestSupport
import Foundation
import Glibc
import Testing

@testable import SkeinServer

/// A server that asks who is there, as off the loopback, with a user of each scope.
final class GuardedServer {
    let folder: TemporaryFolder
    let file: AccessFile
    let server: Server
    var port: UInt16 { server.port }

    init(
        source: FakeSource = FakeSource(),
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws {
        folder = try TemporaryFolder()
        file = AccessFile(folder.path("ACCESS"))
        try add("anna", .admin, to: file)
        try add("ben", .read, to: file)
        var configuration = ServerConfiguration(port: 0)
        var access = AccessConfiguration(file: file)
        access.isReachable = true
        configuration.access = access
        change(&configuration)
        server = try Server(configuration, source: source)
    }

    deinit { server.stop() }

    func login(
        _ user: String, _ password: String = "correct+horse", headers: [String] = []
    ) throws -> HTTPAnswer {
        try ask(
            port, "/api/v1/session", method: "POST",
            headers: ["Content-Type: application/x-www-form-urlencoded", "X-Skein-Request: 1"]
                + headers, body: "user=\(user)&password=\(password)")
    }

    /// The line that a browser sends from then on.
    func cookie(_ user: String) throws -> String {
        let answer = try login(user)
        try #require(answer.status == 200)
        let cookie = try #require(answer.headers["set-cookie"])
        return "Cookie: \(cookie.prefix { $0 != ";" })"
    }
}

@Suite struct LoginTests {
    private static let own = "X-Skein-Request: 1"

    @Test func `logging in, asking, and logging out`() async throws {
        try await onThread {
            let server = try GuardedServer()
            #expect(
                try ask(server.port, "/api/v1/session").text
                    == "{\"required\":true,\"name\":null,\"scope\":null}\n")
            let answer = try server.login("anna")
            #expect(answer.text == "{\"required\":true,\"name\":\"anna\",\"scope\":\"admin\"}\n")
            let cookie = try #require(answer.headers["set-cookie"])
            #expect(cookie.hasPrefix("skein-0="))
            #expect(cookie.hasSuffix("; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"))
            let line = "Cookie: other=1; \(cookie.prefix { $0 != ";" }); x"
            let about = try ask(server.port, "/api/v1/about", headers: [line])
            #expect(about.status == 200)
            #expect(about.headers["cache-control"] == "no-store")
            #expect(about.headers["vary"] == "Authorization, Cookie")
            // No link and no form logs anybody out.
            let session = "/api/v1/session"
            #expect(
                try ask(server.port, session, method: "DELETE", headers: [line]).status == 403)
            #expect(try ask(server.port, session, headers: [line]).text.contains("anna"))
            let out = try ask(server.port, session, method: "DELETE", headers: [line, Self.own])
            #expect(out.status == 200)
            #expect(out.headers["set-cookie"]?.hasPrefix("skein-0=; Path=/; Max-Age=0;") == true)
            #expect(try ask(server.port, "/api/v1/about", headers: [line]).status == 401)
        }
    }

    @Test func `what is wrong is refused alike`() async throws {
        try await onThread {
            let server = try GuardedServer()
            let wrong = try server.login("anna", "wrong")
            let unknown = try server.login("nobody")
            #expect(wrong.status == 401 && unknown.status == 401)
            #expect(wrong.body == unknown.body)
            #expect(wrong.headers["set-cookie"] == nil)
            let form = "Content-Type: application/x-www-form-urlencoded"
            func post(_ headers: [String], _ body: String) throws -> Int {
                try ask(
                    server.port, "/api/v1/session", method: "POST", headers: headers, body: body
                ).status
            }
            let right = "user=anna&password=correct+horse"
            // Of a form of another site, which a browser sends without asking.
            #expect(try post([form], right) == 403)
            #expect(try post(["Content-Type: text/plain", Self.own], right) == 415)
            #expect(try post([form, Self.own, "Origin: http://evil.example"], right) == 403)
            #expect(try post([form, Self.own], "user=anna") == 400)
            #expect(try post([form, Self.own], "user=anna&password=%ff") == 400)
            #expect(try post([form, Self.own], right + String(repeating: "a", count: 9000)) == 413)
            #expect(try post([form, Self.own], right) == 200)
        }
    }

    @Test func `scopes hold, and cookies alone change nothing`() async throws {
        try await onThread {
            let server = try GuardedServer()
            let path = "/api/v1/alerts/acknowledge?id=1"
            let admin = try server.cookie("anna")
            let reader = try server.cookie("ben")
            let (reading, writing) = try server.file.change { list in
                (
                    list.add(token: "reads", scope: .read, created: 0, expires: nil),
                    list.add(token: "writes", scope: .admin, created: 0, expires: nil)
                )
            }
            func post(_ headers: String...) throws -> Int {
                try ask(server.port, path, method: "POST", headers: headers).status
            }
            #expect(try post() == 401)
            #expect(try post(reader, Self.own) == 403)
            #expect(try post(admin) == 403)
            #expect(try post(admin, Self.own) == 200)
            #expect(try post(admin, Self.own, "Origin: http://evil.example") == 403)
            #expect(try post(admin, Self.own, "Sec-Fetch-Site: same-site") == 403)
            #expect(try post("Authorization: Bearer \(reading)") == 403)
            #expect(try post("Authorization: Bearer \(writing)") == 200)
            #expect(try post("authorization: bearer \(writing)") == 200)
            // A wrong token is not helped by a cookie, nor a right one by another scheme.
            #expect(try post(admin, Self.own, "Authorization: Bearer x") == 401)
            #expect(try post("Authorization: Basic \(writing)") == 401)
            try server.file.change { _ = $0.remove(token: "writes") }
            #expect(try post("Authorization: Bearer \(writing)") == 401)
        }
    }

    @Test func `too many wrong passwords are told to wait`() async throws {
        try await onThread {
            let server = try GuardedServer()
            let statuses = try (0..<8).map { _ in try server.login("anna", "wrong").status }
            #expect(statuses.prefix(6).allSatisfy { $0 == 401 })
            #expect(statuses.suffix(1) == [429])
            let early = try server.login("ben")
            #expect(early.status == 429)
            #expect(early.headers["retry-after"].flatMap { Int($0) } ?? 0 > 0)
        }
    }

    @Test func `the metrics are for whoever is named, or listed`() async throws {
        try await onThread {
            let closed = try GuardedServer()
            #expect(try ask(closed.port, "/metrics").status == 401)
            let open = try GuardedServer {
                $0.access?.metricReaders = [IPPrefix(IPAddress(v4: 0x7f00_0001))]
            }
            let metrics = try ask(open.port, "/metrics")
            #expect(metrics.status == 200)
            #expect(metrics.text.contains("skein_http_logins_total{result=\"wrong\"} 0"))
            #expect(try ask(open.port, "/api/v1/counters").status == 401)
        }
    }

    @Test func `behind a web server whoever asks is whom it names`() async throws {
        try await onThread {
            let server = try GuardedServer {
                $0.access?.proxies = [IPPrefix(IPAddress(v4: 0x7f00_0001))]
            }
            // What the client wrote itself stands before what the server in front has added.
            for _ in 0..<8 {
                _ = try server.login(
                    "anna", "wrong", headers: ["X-Forwarded-For: 9.9.9.9, 1.1.1.1"])
            }
            let line = "X-Forwarded-For: 1.1.1.1, 9.9.9.9"
            #expect(
                try server.login("ben", headers: ["X-Forwarded-For: 9.9.9.9, 1.1.1.1"]).status
                    == 429)
            let answer = try server.login(
                "ben", headers: [line, "Origin: https://127.0.0.1:\(server.port)"])
            #expect(answer.status == 200)
            #expect(answer.headers["set-cookie"]?.hasPrefix("__Host-skein-0=") == true)
            #expect(answer.headers["set-cookie"]?.hasSuffix("; Secure") == true)
        }
    }

    @Test func `events end with the session`() async throws {
        try await onThread {
            let server = try GuardedServer { $0.pulse = .milliseconds(10) }
            let cookie = try server.cookie("ben")
            let connection = try HTTPConnection(port: server.port)
            try connection.send(
                "GET /api/v1/events HTTP/1.1\r\nHost: localhost\r\n\(cookie)\r\n\r\n")
            #expect(String(decoding: try connection.read(), as: UTF8.self).contains(" 200 "))
            try add("ben", password: "another password", to: server.file)
            // The last chunk: nothing comes behind it.
            var last = [UInt8]()
            while !last.hasSuffix("0\r\n\r\n") {
                let piece = try connection.read()
                try #require(!piece.isEmpty)
                last = (last + piece).suffix(5)
            }
            #expect(try ask(server.port, "/api/v1/events", headers: [cookie]).status == 401)
        }
    }

    @Test func `an answer on its way ends with the session`() async throws {
        try await onThread {
            let go = Signal()
            let source = FakeSource { _, write in
                try write(Array("first".utf8))
                _ = go.wait()
                for _ in 0..<3 { try write(Array("second".utf8)) }
            }
            let server = try GuardedServer(source: source)
            let cookie = try server.cookie("ben")
            let connection = try HTTPConnection(port: server.port)
            try connection.send(
                "GET /api/v1/query HTTP/1.1\r\nHost: localhost\r\n\(cookie)\r\n\r\n")
            var read = [UInt8]()
            while !String(decoding: read, as: UTF8.self).contains("first") {
                read += try connection.read()
            }
            try server.file.change { _ = $0.remove(user: "ben") }
            go.say()
            let rest = String(decoding: try connection.readToEnd(), as: UTF8.self)
            #expect(!rest.contains("second"))
        }
    }
}

extension [UInt8] {
    fileprivate func hasSuffix(_ text: String) -> Bool {
        suffix(text.utf8.count).elementsEqual(text.utf8)
    }
}
