import FlowQuery
import Foundation
import SkeinServer
import Synchronization
import Testing

/// A server at a port of its own, asked over real connections.
@Suite struct ServerTests {
    private static func server(
        _ source: FakeSource = FakeSource(),
        _ change: (inout ServerConfiguration) -> Void = { _ in }
    ) throws -> Server {
        var configuration = ServerConfiguration(port: 0)
        change(&configuration)
        return try Server(configuration, source: source)
    }

    @Test func `each endpoint answers in its form`() async throws {
        try await onThread {
            let source = FakeSource(metrics: [MetricFamily("skein_one", .gauge, "One.", 1)])
            let server = try Self.server(source)
            defer { server.stop() }
            for (path, type, body) in [
                ("/healthz", "application/json", "{\"well\":true,\"troubles\":[]}\n"),
                (
                    "/metrics", "text/plain; version=0.0.4; charset=utf-8",
                    "# HELP skein_one One.\n# TYPE skein_one gauge\nskein_one 1\n"
                ),
                (
                    "/api/v1/counters", "application/json",
                    "{\"metrics\":[{\"name\":\"skein_one\",\"kind\":\"gauge\",\"help\":\"One.\","
                        + "\"samples\":[{\"labels\":{},\"value\":1}]}]}\n"
                ),
                ("/api/v1/exporters", "application/json", "{\"rows\":[{}],\"footing\":{}}\n"),
                ("/api/v1/openapi.json", "application/json", OpenAPIDocument.text),
                (
                    "/api/v1/query?filter=any&top=3", "application/json",
                    "{\"rows\":[],\"footing\":{}}\n"
                ),
            ] {
                let answer = try ask(server.port, path)
                #expect(answer.status == 200, "\(path)")
                #expect(answer.headers["content-type"] == type, "\(path)")
                #expect(answer.text == body, "\(path)")
                #expect(answer.isWhole, "\(path)")
                #expect(answer.headers["cache-control"] == "no-store")
                #expect(answer.headers["x-content-type-options"] == "nosniff")
                #expect(answer.headers["cross-origin-resource-policy"] == "same-origin")
                #expect(answer.headers["access-control-allow-origin"] == nil)
                let head = try ask(server.port, path, method: "HEAD")
                #expect(head.status == 200, "\(path)")
                #expect(head.body.isEmpty, "\(path)")
            }
        }
    }

    @Test func `trouble is unavailability, in words`() async throws {
        try await onThread {
            let server = try Self.server(FakeSource(troubles: ["the \"disk\" is full"]))
            defer { server.stop() }
            let answer = try ask(server.port, "/healthz")
            #expect(answer.status == 503)
            #expect(answer.text == "{\"well\":false,\"troubles\":[\"the \\\"disk\\\" is full\"]}\n")
        }
    }

    @Test func `wrong paths, methods and parameters are refused in words`() async throws {
        try await onThread {
            let server = try Self.server()
            defer { server.stop() }
            let absent = try ask(server.port, "/etc/passwd")
            #expect(absent.status == 404)
            #expect(
                absent.text.hasPrefix("{\"error\":\"there is nothing here; there are /healthz, "))
            let posted = try ask(server.port, "/healthz", method: "POST")
            #expect(posted.status == 405)
            #expect(posted.headers["allow"] == "GET, HEAD")
            for (query, message) in [
                ("store=x", "there is no parameter ‘store’; there are filter, from, to, "),
                ("total=2", "total: ‘2’ is neither true nor false"),
                ("filter=bad", "‘bad’ is no filter"),
                ("filter=%ff", "‘%ff’ is not text in UTF-8 with % escapes"),
            ] {
                let answer = try ask(server.port, "/api/v1/query?\(query)")
                #expect(answer.status == 400, "\(query)")
                #expect(answer.headers["content-type"] == "application/json")
                #expect(answer.text.contains(message), "\(answer.text)")
            }
        }
    }

    @Test func `other names, other sites and requests without a name are refused everywhere`()
        async throws
    {
        try await onThread {
            let server = try Self.server(FakeSource()) { $0.names = ["flows.example.org"] }
            defer { server.stop() }
            for path in ["/healthz", "/metrics", "/api/v1/query", "/absent"] {
                #expect(try ask(server.port, path, host: "evil.example").status == 403)
                #expect(
                    try ask(server.port, path, headers: ["Origin: http://evil.example"]).status
                        == 403)
                #expect(
                    try ask(server.port, path, headers: ["Sec-Fetch-Site: cross-site"]).status
                        == 403)
                #expect(try ask(server.port, path, host: "").status == 400)
            }
            #expect(try ask(server.port, "/healthz", host: "flows.example.org").status == 200)
            #expect(
                try ask(
                    server.port, "/healthz", headers: ["Origin: http://127.0.0.1:\(server.port)"]
                ).status == 200)
        }
    }

    @Test func `an answer streams in pieces`() async throws {
        try await onThread {
            let pieces = 300
            let source = FakeSource { _, write in
                for number in 0..<pieces {
                    try write([UInt8](repeating: UInt8(truncatingIfNeeded: number), count: 65_536))
                }
            }
            let server = try Self.server(source)
            defer { server.stop() }
            let answer = try ask(server.port, "/api/v1/query")
            #expect(answer.status == 200)
            #expect(answer.isWhole)
            #expect(answer.body.count == pieces * 65_536)
            #expect(answer.body.last == UInt8(truncatingIfNeeded: pieces - 1))
        }
    }

    @Test func `a query that fails at once has a status, later its answer breaks off`() async throws
    {
        try await onThread {
            struct Failure: Error, CustomStringConvertible { let description = "the disk is gone" }
            let early = try Self.server(FakeSource { _, _ in throw Failure() })
            defer { early.stop() }
            let refused = try ask(early.port, "/api/v1/query")
            #expect(refused.status == 500)
            #expect(refused.text == "{\"error\":\"the disk is gone\"}\n")
            let late = try Self.server(
                FakeSource { _, write in
                    try write(Array("{\"rows\":[".utf8))
                    throw Failure()
                })
            defer { late.stop() }
            let broken = try ask(late.port, "/api/v1/query")
            #expect(broken.status == 200)
            #expect(!broken.isWhole)
        }
    }

    @Test func `a query that takes too long is ended`() async throws {
        try await onThread {
            let ended = Signal()
            let source = FakeSource { stop, _ in
                while !stop.isRequested { _ = stop.remaining }
                ended.say()
                throw QueryStopped()
            }
            let server = try Self.server(source) { $0.queryTime = .milliseconds(50) }
            defer { server.stop() }
            let answer = try ask(server.port, "/api/v1/query")
            #expect(answer.status == 504)
            #expect(answer.text.contains("http.query-time"))
            #expect(ended.wait())
        }
    }

    @Test func `a query whose client goes away is ended`() async throws {
        try await onThread {
            let begun = Signal()
            let ended = Signal()
            let source = FakeSource { stop, _ in
                begun.say()
                while !stop.isRequested { _ = stop.remaining }
                ended.say()
                throw QueryStopped()
            }
            let server = try Self.server(source) { $0.queryTime = .seconds(3600) }
            defer { server.stop() }
            var connection: HTTPConnection? = try HTTPConnection(port: server.port)
            try connection?.send("GET /api/v1/query HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(begun.wait())
            connection = nil
            #expect(ended.wait())
        }
    }

    @Test func `a client that does not read makes the query wait, not the memory grow`()
        async throws
    {
        try await onThread {
            let written = Tally()
            let ended = Signal()
            let source = FakeSource { _, write in
                defer { ended.say() }
                let piece = [UInt8](repeating: 32, count: 65_536)
                for _ in 0..<4096 {
                    try write(piece)
                    written.add()
                }
            }
            let server = try Self.server(source) { $0.queryTime = .seconds(1) }
            defer { server.stop() }
            let connection = try HTTPConnection(port: server.port)
            try connection.send("GET /api/v1/query HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(ended.wait())
            // What lies in the sockets' buffers, some MB, was written; 256 MiB were wanted.
            #expect(written.value < 512)
        }
    }

    @Test func `few queries run at once, some wait, more are told to come back`() async throws {
        try await onThread {
            let running = Tally()
            let begun = Signal()
            let proceed = Signal()
            let source = FakeSource { _, write in
                running.add()
                begun.say()
                _ = proceed.wait()
                try write([65])
            }
            let server = try Self.server(source) {
                $0.queries = 1
                $0.queriesWaiting = 1
            }
            defer { server.stop() }
            let request =
                "GET /api/v1/query HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            let first = try HTTPConnection(port: server.port)
            try first.send(request)
            #expect(begun.wait())
            // Two more: one waits, one is refused, whichever comes first; the refused one ends first.
            let others = [
                try HTTPConnection(port: server.port), try HTTPConnection(port: server.port),
            ]
            let answers = Mutex<[HTTPAnswer]>([])
            let refused = Signal()
            let all = Signal()
            for other in others {
                nonisolated(unsafe) let connection = other
                Thread.detachNewThread {
                    defer { all.say() }
                    guard (try? connection.send(request)) != nil,
                        let octets = try? connection.readToEnd(),
                        let found = try? answer(in: octets)
                    else { return }
                    answers.withLock { $0.append(found) }
                    if found.status == 503 { refused.say() }
                }
            }
            #expect(refused.wait())
            #expect(running.value == 1)
            proceed.say()
            proceed.say()
            #expect(all.wait())
            #expect(all.wait())
            #expect(answers.withLock { $0.map(\.status).sorted() } == [200, 503])
            #expect(
                answers.withLock { $0.first { $0.status == 503 }?.headers["retry-after"] } == "5")
            #expect(try answer(in: first.readToEnd()).text == "A")
            #expect(running.value == 2)
        }
    }

    @Test func `a port that is taken is said`() async throws {
        try await onThread {
            let server = try Self.server()
            defer { server.stop() }
            do {
                let second = try Server(
                    ServerConfiguration(port: server.port), source: FakeSource())
                second.stop()
                Issue.record("the port was given twice")
            } catch {
                #expect(
                    "\(error)"
                        == "cannot serve HTTP at 127.0.0.1:\(server.port): Address already in use; "
                        + "another program listens there")
            }
        }
    }

    @Test func `stopping ends what runs`() async throws {
        try await onThread {
            let begun = Signal()
            let source = FakeSource { stop, _ in
                begun.say()
                while !stop.isRequested { _ = stop.remaining }
                throw QueryStopped()
            }
            let server = try Self.server(source) { $0.queryTime = .seconds(3600) }
            let connection = try HTTPConnection(port: server.port)
            try connection.send("GET /api/v1/query HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(begun.wait())
            server.stop()
            #expect(try connection.readToEnd().count >= 0)
        }
    }

    @Test func `broken requests do no harm`() async throws {
        try await onThread {
            let server = try Self.server()
            defer { server.stop() }
            for text in [
                "\r\n\r\n", "GET\r\n\r\n", "GET / HTTP/9.9\r\n\r\n", "\u{0}\u{1}\u{2}\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
                    + String(repeating: "a", count: 200_000) + "\r\n\r\n",
                "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
            ] {
                let connection = try HTTPConnection(port: server.port)
                try? connection.send(text)
                connection.endSending()
                _ = try connection.readToEnd()
            }
            #expect(try ask(server.port, "/healthz").status == 200)
        }
    }
}
