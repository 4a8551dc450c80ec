import Foundation
import SkeinServer
import Testing

/// Server-sent events.
@Suite struct EventTests {
    private static func server(
        _ source: FakeSource = FakeSource(), pulse: Duration = .milliseconds(5)
    ) throws -> Server {
        var configuration = ServerConfiguration(port: 0)
        configuration.pulse = pulse
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
            // Whoever is a few behind is sent away: where all tests run, a turn can be long in coming.
            let server = try Self.server(pulse: .milliseconds(300))
            defer { server.stop() }
            let (connection, beginning) = try Self.listen(server.port, octets: 1)
            var text = beginning
            let pulse = "event: pulse\ndata: {\"time\":1}\n\n"
            while text.components(separatedBy: pulse).count <= 3 {
                let piece = try connection.read()
                try #require(!piece.isEmpty, "\(text)")
                text += String(decoding: piece, as: UTF8.self)
            }
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n"))
            #expect(text.contains("Content-Type: text/event-stream\r\n"))
        }
    }

    @Test func `the end of the server ends the events at once`() async throws {
        try await onThread {
            let server = try Self.server()
            let (connection, _) = try Self.listen(server.port, octets: 600)
            server.stop(within: .seconds(60))
            // Nobody waits for the end of the limit, here or there.
            _ = try connection.readToEnd()
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

    @Test func `a client that does not read is sent away, and the others are not`() async throws {
        let (looked, isDone) = (Signal(), Tally())
        let message = String(repeating: "x", count: 1 << 19)
        let looksMost = 40
        let source = FakeSource(standing: { look in
            if look == looksMost { looked.say() }
            return message
        })
        let server = try await onThread { try Self.server(source) }
        let port = server.port
        // Reads as fast as it can, and comes back should that not be fast enough.
        async let reading: Void = onThread {
            while isDone.value == 0 {
                let (quick, _) = try Self.listen(port, octets: 600)
                while isDone.value == 0, try !quick.read(1 << 18).isEmpty {}
            }
        }
        let rest = try await onThread {
            let slow = try HTTPConnection(port: port, receiveBuffer: 4096)
            try slow.send("GET /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
            #expect(looked.wait())
            // It ends, though the server tells on.
            return try slow.readToEnd()
        }
        #expect(rest.count < looksMost << 19)
        isDone.add()
        try await reading
        try await onThread { server.stop() }
    }
}
