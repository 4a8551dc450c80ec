import FlowTestSupport
import Foundation
import SkeinServer
import Synchronization
import Testing

/// What strangers try, against a server that others can reach.
@Suite struct SecurityTests {
    /// The paths and methods of the document; `{format}` filled in.
    private static func operations() throws -> [(path: String, method: String)] {
        let document = try JSONSerialization.jsonObject(with: Data(OpenAPIDocument.text.utf8))
        let paths = (document as? [String: Any])?["paths"] as? [String: [String: Any]] ?? [:]
        try #require(paths.count > 10)
        return paths.flatMap { path, methods in
            methods.keys.map {
                (path.replacingOccurrences(of: "{format}", with: "rpz"), $0.uppercased())
            }
        }
    }

    @Test func `nothing but health and the login answers somebody unknown`() async throws {
        try await onThread {
            let server = try GuardedServer(source: FakeSource(troubles: ["/var is full"]))
            let open: Set = ["/healthz", "/api/v1/session"]
            let proofs: [[String]] = [
                [], ["Cookie: skein-0=\(String(repeating: "0", count: 64))"],
                ["Authorization: Bearer skein_\(String(repeating: "0", count: 64))"],
                ["Authorization: Basic YW5uYTphbm5h"], ["Authorization:"],
                ["X-Forwarded-For: 127.0.0.1", "X-Skein-Request: 1"],
            ]
            for (path, method) in try Self.operations() where !open.contains(path) {
                for proof in proofs {
                    let answer = try ask(server.port, path, method: method, headers: proof)
                    #expect(answer.status == 401, "\(method) \(path) \(proof)")
                    #expect(answer.headers["www-authenticate"] == "Bearer realm=\"skein\"")
                    #expect(answer.headers["cache-control"] == "no-store")
                }
            }
            // Others are told that something is wrong, not what.
            let health = try ask(server.port, "/healthz")
            #expect(health.status == 503 && !health.text.contains("/var"))
            let cookie = try server.cookie("ben")
            #expect(try ask(server.port, "/healthz", headers: [cookie]).text.contains("/var"))
        }
    }

    @Test func `other methods are refused, whatever they bear`() async throws {
        try await onThread {
            let server = try GuardedServer()
            let cookie = try server.cookie("anna")
            for method in ["PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "POST"] {
                let answer = try ask(
                    server.port, "/api/v1/about", method: method, headers: [cookie])
                #expect([400, 404, 405].contains(answer.status), "\(method)")
                #expect(answer.headers["access-control-allow-origin"] == nil)
            }
        }
    }

    @Test func `no path leads out of the page`() async throws {
        try await onThread {
            let server = try GuardedServer()
            for path in [
                "/../etc/passwd", "/assets/../../etc/passwd", "/assets/%2e%2e/%2e%2e/etc/passwd",
                "/assets/..%2fACCESS", "//etc/passwd", "/assets/", "/assets/x/index.html%00.js",
                "/api/v1/intel/export/..%2f..%2fetc", "/.git/config", "/ACCESS",
                "http://127.0.0.1/etc/passwd", "/api/v1/intel/export/../../session/../about",
            ] {
                let answer = try ask(server.port, path)
                #expect([400, 401, 403, 404].contains(answer.status), "\(path)")
                #expect(!answer.text.contains("root:") && !answer.text.contains("scrypt"))
            }
        }
    }

    @Test func `nothing of a request becomes a header or a line of an answer`() async throws {
        try await onThread {
            let server = try GuardedServer()
            let cookie = try server.cookie("anna")
            let break_ = "%0d%0aSet-Cookie:%20a=b%0d%0a%0d%0a<script>"
            for path in [
                "/\(break_)", "/api/v1/query?filter=\(break_)", "/api/v1/query?\(break_)=1",
                "/api/v1/intel/export/\(break_)", "/api/v1/intel/export/rpz?set-name=\(break_)",
            ] {
                let answer = try ask(server.port, path, headers: [cookie])
                #expect(answer.headers["set-cookie"] == nil, "\(path)")
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["content-type"] != "text/html; charset=utf-8")
                #expect(
                    answer.headers["content-security-policy"]?.contains("default-src 'none'")
                        == true)
            }
            let login = try server.login("a%0d%0aSet-Cookie:%20a=b")
            #expect(login.status == 401 && login.headers["set-cookie"] == nil)
        }
    }

    @Test func `a name that was rebound, and pages of other sites, are refused`() async throws {
        try await onThread {
            let server = try GuardedServer { $0.names = ["flows.example.org"] }
            let cookie = try server.cookie("anna")
            for path in ["/", "/api/v1/about", "/metrics", "/healthz", "/api/v1/session"] {
                let rebound = try ask(
                    server.port, path, host: "evil.example:\(server.port)", headers: [cookie])
                #expect(rebound.status == 403, "\(path)")
                for header in [
                    "Origin: http://evil.example", "Origin: null", "Sec-Fetch-Site: cross-site",
                    "Sec-Fetch-Site: same-site",
                ] {
                    let crossed = try ask(server.port, path, headers: [cookie, header])
                    #expect(crossed.status == 403, "\(path) \(header)")
                }
            }
            // An address stands in no page of a rebound name: by it others may ask.
            for host in ["192.0.2.7:8055", "[2001:db8::1]", "flows.example.org"] {
                #expect(try ask(server.port, "/healthz", host: host).status == 200)
            }
            #expect(try ask(server.port, "/healthz", host: "192.0.2.7.evil.example").status == 403)
        }
    }

    /// A request that does not come to an end.
    private static let slow: [String] = [
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: ", "GET /", "",
        "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nX-Skein-Request: 1\r\n"
            + "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 99\r\n\r\nuser=",
    ]

    @Test func `whoever sends too slowly is sent away, others are not`() async throws {
        try await onThread {
            let server = try GuardedServer { $0.requestTime = .milliseconds(200) }
            let connections = try Self.slow.map { text in
                let connection = try HTTPConnection(port: server.port)
                try connection.send(text)
                return connection
            }
            // An octet now and then does not help.
            for connection in connections.prefix(2) {
                var text = ""
                for _ in 0..<10_000 {
                    connection.sendAsMuchAsPossible("a")
                    if let piece = try? connection.readNow() {
                        if piece.isEmpty { break }
                        text += String(decoding: piece, as: UTF8.self)
                    }
                }
                #expect(text.isEmpty || text.hasPrefix("HTTP/1.1 4"), "\(text)")
            }
            for connection in connections { _ = try connection.readToEnd() }
            let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let other = try GuardedServer { $0.requestTime = .seconds(3600) }
            let patient = try HTTPConnection(port: other.port)
            try patient.send(request)
            #expect(String(decoding: try patient.read(), as: UTF8.self).hasPrefix("HTTP/1.1 200"))
        }
    }

    @Test func `ten megabytes are refused before they have all come`() async throws {
        try await onThread {
            let server = try GuardedServer { $0.requestTime = .seconds(3600) }
            let much = String(repeating: "a", count: 10 << 20)
            for text in [
                "GET /api/v1/query?filter=\(much) HTTP/1.1\r\nHost: localhost\r\n\r\n",
                "GET /\(much)", "GET / HTTP/1.1\r\nX: \(much)", much,
                "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10485760\r\n\r\n"
                    + much,
                "POST /api/v1/session HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "A00000\r\n" + much,
            ] {
                let connection = try HTTPConnection(port: server.port)
                connection.sendAsMuchAsPossible(text)
                // Ends at once: of so much most has not even been sent.
                _ = try connection.readToEnd()
            }
            let cookie = try server.cookie("ben")
            let filter = String(repeating: "a", count: 90_000)
            let long = try ask(server.port, "/api/v1/query?filter=\(filter)", headers: [cookie])
            #expect(long.status == 400)
        }
    }

    @Test func `requests cannot be smuggled behind each other`() async throws {
        try await onThread {
            let server = try GuardedServer()
            let cookie = try server.cookie("anna")
            let hidden = "GET /api/v1/about HTTP/1.1\r\nHost: localhost\r\nX: y"
            for text in [
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\(cookie)\r\n"
                    + "Content-Length: \(hidden.utf8.count)\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "0\r\n\r\n" + hidden,
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
                    + "Content-Length: 5\r\n\r\n" + hidden,
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding : chunked\r\n\r\n"
                    + "0\r\n\r\n" + hidden,
            ] {
                let connection = try HTTPConnection(port: server.port)
                try connection.send(text)
                connection.endSending()
                let answer = String(decoding: try connection.readToEnd(), as: UTF8.self)
                #expect(!answer.contains("\"fields\""), "\(answer)")
            }
        }
    }

    @Test func `what is said of logins has neither passwords nor sessions in it`() async throws {
        try await onThread { [lines = Lines()] in
            let server = try GuardedServer { $0.say = { lines.add($0) } }
            _ = try server.login("anna", "my+secret")
            _ = try server.login("my-secret", "x")
            let cookie = try server.cookie("anna")
            let text = lines.all.joined(separator: "\n")
            #expect(text.contains("127.0.0.1 got the password of anna wrong"))
            #expect(text.contains("127.0.0.1 got the password of an unknown user wrong"))
            #expect(text.contains("anna logged in from 127.0.0.1"))
            #expect(!text.contains("secret"))
            #expect(!text.contains(cookie.suffix(64)))
        }
    }
}

/// Lines that a server said.
private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    func add(_ line: String) { lines.withLock { $0.append(line) } }
}
