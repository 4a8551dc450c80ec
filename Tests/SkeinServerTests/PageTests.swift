import Foundation
import SkeinServer
import Testing

/// The page's files, and that nobody gets at others.
@Suite struct PageTests {
    private static func served<Value: Sendable>(
        _ body: @escaping @Sendable (UInt16) throws -> Value
    ) async throws -> Value {
        try await onThread {
            let server = try Server(ServerConfiguration(port: 0), source: FakeSource())
            defer { server.stop() }
            return try body(server.port)
        }
    }

    /// What a document names: `src="…"` and `href="…"`.
    private static func names(in text: String) -> [String] {
        text.matches(of: /(?:src|href)="(\/assets\/[^"]+)"/).map { String($0.1) }
    }

    @Test(arguments: ["/", "/map", "/flows", "/alerts", "/exporters", "/intel"])
    func `each view is the same document, which may run only what this server sends`(
        path: String
    ) async throws {
        let answer = try await Self.served { try ask($0, path + "?filter=proto+tcp&from=-1h") }
        #expect(answer.status == 200)
        #expect(answer.headers["content-type"] == "text/html; charset=utf-8")
        #expect(answer.headers["cache-control"] == "no-cache")
        let policy = try #require(answer.headers["content-security-policy"])
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'; style-src 'self'; "))
        #expect(!policy.contains("unsafe"))
        #expect(answer.headers["x-content-type-options"] == "nosniff")
        #expect(answer.headers["referrer-policy"] == "no-referrer")
        #expect(!answer.text.contains("<style") && !answer.text.contains(" style="))
        #expect(!answer.text.contains("onload=") && !answer.text.contains("<script>"))
    }

    @Test func `all that the page is made of is served, for ever, and weighs little`() async throws
    {
        try await Self.served { port in
            let names = Self.names(in: try ask(port, "/").text)
            // The style, the icon twice, and all modules, so that none waits for another.
            #expect(Set(names).count > 20)
            let script = try #require(names.first { $0.hasSuffix("/main.js") })
            let folder = script.dropLast("main.js".count)
            var waiting = names + [folder + "world.txt"]
            var weights: [String: Int] = [:]
            while let path = waiting.popLast() {
                if weights[path] != nil { continue }
                let answer = try ask(port, path)
                try #require(answer.status == 200, "\(path)")
                #expect(
                    answer.headers["cache-control"] == "public, max-age=31536000, immutable")
                if path.hasSuffix(".js") {
                    #expect(answer.headers["content-type"] == "text/javascript; charset=utf-8")
                    #expect(answer.text.hasPrefix("// @ts-check\n"), "\(path)")
                    for name in answer.text.matches(of: /from "\.\/([a-z]+\.js)"/).map({ $0.1 }) {
                        waiting.append(String(folder + name))
                    }
                }
                let packed = try ask(port, path, headers: ["Accept-Encoding: br, gzip;q=0.8"])
                #expect(packed.headers["content-encoding"] == "gzip", "\(path)")
                #expect(packed.headers["vary"] == "Accept-Encoding")
                #expect(packed.body.starts(with: [0x1f, 0x8b]))
                #expect(packed.body.count < answer.body.count)
                let refused = try ask(port, path, headers: ["Accept-Encoding: gzip;q=0"])
                #expect(refused.body == answer.body)
                weights[path] = packed.body.count
                let head = try ask(port, path, method: "HEAD")
                #expect(head.status == 200 && head.body.isEmpty)
            }
            #expect(weights.count > 20)
            #expect(weights.values.reduce(0, +) < 300_000)
        }
    }

    @Test(arguments: [
        "/assets/", "/assets/app.css", "/assets/0/app.css", "/assets/../../../../etc/passwd",
        "/assets/%2e%2e/%2e%2e/etc/passwd", "//etc/passwd", "/index.html", "/flows/", "/Flows",
        "/assets/0/..%2fapp.css", "/static/app.css", "/.git/config",
    ])
    func `no other path leads to a file`(path: String) async throws {
        let answer = try await Self.served { try ask($0, path) }
        #expect(answer.status == 404, "\(path)")
        #expect(answer.headers["content-type"] == "application/json")
    }

    @Test func `the page is for those who mean this server`() async throws {
        let answers = try await Self.served { port in
            let linked = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"]
            let included = ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"]
            return [
                try ask(port, "/", host: "evil.example"), try ask(port, "/", headers: linked),
                try ask(port, "/", headers: included),
            ]
        }
        #expect(answers.map(\.status) == [403, 200, 403])
    }

    private static let acknowledgement = "/api/v1/alerts/acknowledge?id=1&note=known"

    @Test func `an alert is acknowledged by the own page and by programs`() async throws {
        let path = Self.acknowledgement
        let answers = try await Self.served { port in
            let own = ["Origin: http://127.0.0.1:\(port)", "Sec-Fetch-Site: same-origin"]
            return [
                try ask(port, path), try ask(port, path, method: "POST"),
                try ask(port, path, method: "POST", headers: own),
                try ask(port, "/api/v1/alerts/acknowledge?id=2", method: "POST"),
            ]
        }
        #expect(answers.map(\.status) == [405, 200, 200, 400])
        #expect(answers[0].headers["allow"] == "POST")
    }

    @Test(arguments: [
        ["Origin: https://evil.example"], ["Origin: null"], ["Origin: http://127.0.0.1:1"],
        ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors"],
        ["Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"],
        ["Sec-Fetch-Site: same-origin", "Sec-Fetch-Mode: navigate"],
    ])
    func `no other page, no link and no form acknowledges an alert`(
        headers: [String]
    ) async throws {
        let path = Self.acknowledgement
        let answer = try await Self.served {
            try ask($0, path, method: "POST", headers: headers)
        }
        #expect(answer.status == 403)
    }

    @Test(arguments: [1 << 17, 10 << 20])
    func `a filter of megabytes is refused, and the server goes on`(octets: Int) async throws {
        try await Self.served { port in
            let connection = try HTTPConnection(port: port)
            let filter = String(repeating: "a", count: octets)
            connection.sendAsMuchAsPossible(
                "GET /api/v1/query?filter=\(filter) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n"
                    + "Connection: close\r\n\r\n")
            let after = try ask(port, "/healthz")
            #expect(after.status == 200)
        }
    }

    @Test(arguments: [
        "/flows%0d%0aSet-Cookie:%20a=b", "/api/v1/query?output=%0d%0aX-Evil:1",
        "/api/v1/intel/lookup?value=%0d%0aX-Evil:1",
    ])
    func `what is asked never becomes a header`(path: String) async throws {
        let answer = try await Self.served { try ask($0, path) }
        #expect(answer.headers["x-evil"] == nil && answer.headers["set-cookie"] == nil)
    }
}
