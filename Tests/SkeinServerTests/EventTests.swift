import Foundation
import SkeinServer
import Testing

/// Server-sent events.
@Suite struct EventTests {
    private static func server(_ source: FakeSource = FakeSource()) throws -> Server {
        var configuration = ServerConfiguration(port: 0)
        configuration.pulse = .milliseconds(5)
        return try Server(configuration, source: source)
    }

    /// Opens a stream of events, and reads until there are so many octets.
    private static func listen(_ port: UInt16, octets: Int) throws -> (HTTPConnection, String) {
        let connection = try HTTPConnection(port: port)
        try connection.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
        var read: [UInt8] = []
        while read.count < octets {
            let piece = try connection.read()
            if piece.isEmpty { break }
            read += piece
        }
        return (connection, String(decoding: read, as: UTF8.self))
    }

    @Test func `those who listen are told again and again how things stand`() async throws {
        try await onThread {
            let server = try Self.server()
            defer { server.stop() }
            let (_, text) = try Self.listen(server.port, octets: 1200)
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("Content-Type: text/event-stream\r\n"))
            #expect(text.components(separatedBy: "event: pulse\ndata: {\"time\":1}\n\n").count > 3)
        }
    }

    @Test func `the end of the server ends the events at once`() async throws {
        try await onThread {
            let server = try Self.server()
            let (connection, _) = try Self.listen(server.port, octets: 600)
            server.stop(within: .seconds(20))
            let rest = String(decoding: try connection.readToEnd(), as: UTF8.self)
            #expect(rest.hasSuffix("0\r\n\r\n"))
        }
    }

    @Test func `nobody is asked how things stand while nobody listens`() async throws {
        try await onThread {
            let looks = Tally()
            let server = try Self.server(FakeSource(looks: looks))
            defer { server.stop() }
            _ = try ask(server.port, "/healthz")
            #expect(looks.value == 0)
            let (connection, _) = try Self.listen(server.port, octets: 600)
            #expect(looks.value > 0)
            _ = connection
        }
    }
}
