import FlowTestSupport
import Foundation
import SkeinServer
import Testing

/// What arrives, for those who watch it.
@Suite struct LiveAnswerTests {
    private static let path = "/api/v1/swarm/live"

    private static func watch(_ port: UInt16, _ query: String = "") throws -> HTTPConnection {
        let connection = try HTTPConnection(port: port, receiveBuffer: 4096)
        try connection.send(
            "GET \(path)\(query) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
        return connection
    }

    @Test func `what is told comes as it is, or compressed`() async throws {
        let (plain, packed) = try await onThread {
            let server = try Server(ServerConfiguration(port: 0), source: FakeSource())
            defer { server.stop() }
            return (
                try ask(server.port, "\(Self.path)?seed=3"),
                try ask(
                    server.port, "\(Self.path)?seed=3", headers: ["Accept-Encoding: gzip"])
            )
        }
        #expect(plain.status == 200 && plain.isWhole)
        #expect(plain.body == [UInt8](repeating: 7, count: 15_000))
        #expect(plain.headers["content-type"] == "application/octet-stream")
        #expect(packed.headers["content-encoding"] == "gzip" && packed.isWhole)
        #expect(packed.body.count < 1000)
        let folder = try TemporaryFolder()
        try folder.write("body.gz", packed.body)
        let unpacked = try Command.run("/bin/sh", ["-c", "gzip -dc body.gz | wc -c"], in: folder)
        #expect(unpacked.output == "15000\n")
    }

    @Test(arguments: [
        ("?filter=nonsense", 400, "is no filter"), ("?filter=full", 503, "32 watch"),
        ("?from=-1h", 400, "no parameter ‘from’"), ("?raw=maybe", 400, "neither true nor false"),
    ])
    func `what cannot be watched is refused`(
        query: String, status: Int, words: String
    ) async throws {
        let answer = try await onThread {
            let server = try Server(ServerConfiguration(port: 0), source: FakeSource())
            defer { server.stop() }
            return try ask(server.port, Self.path + query)
        }
        #expect(answer.status == status && answer.text.contains(words), "\(answer.text)")
        #expect((answer.headers["retry-after"] != nil) == (status == 503))
    }

    @Test func `it ends when whoever watches goes away, and when the server ends`() async throws {
        try await onThread {
            let source = FakeSource()
            let server = try Server(ServerConfiguration(port: 0), source: source)
            var connection: HTTPConnection? = try Self.watch(server.port)
            _ = try connection?.read()
            connection = nil
            #expect(source.gone.wait())
            let other = try Self.watch(server.port, "?seed=1000000")
            _ = try other.read()
            server.stop(within: .milliseconds(200))
        }
    }

    @Test func `who does not read takes no memory, and holds nobody up`() async throws {
        try await onThread {
            let source = FakeSource()
            let server = try Server(ServerConfiguration(port: 0), source: source)
            defer { server.stop(within: .milliseconds(200)) }
            let idle = try Self.watch(server.port, "?raw=true&start=100000")
            _ = try idle.read(1)
            // In few and large pieces: each waits for its turn, which is long where all tests run. Far more
            // than the kernel's buffers hold goes to somebody else meanwhile.
            let answer = try ask(server.port, "\(Self.path)?seed=200&start=100000")
            #expect(answer.isWhole && answer.body.count == 20_000_000)
            #expect(source.rawTaken.value < 100)
        }
    }
}
