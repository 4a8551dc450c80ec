import FlowTestSupport
import Foundation
import SkeinServer
import Testing

@Suite struct SwarmAnswerTests {
    @Test func `an answer is compressed for whoever takes it, piece by piece`() async throws {
        let pieces = (0..<40).map { piece in (0..<5000).map { UInt8(($0 * piece) & 0x3F) } }
        let (plain, packed) = try await onThread {
            let source = FakeSource { _, write in for piece in pieces { try write(piece) } }
            let server = try Server(ServerConfiguration(port: 0), source: source)
            defer { server.stop() }
            let plain = try ask(server.port, "/api/v1/swarm")
            let packed = try ask(
                server.port, "/api/v1/swarm", headers: ["Accept-Encoding: br, gzip"])
            return (plain, packed)
        }
        let whole = pieces.flatMap { $0 }
        #expect(plain.body == whole && plain.headers["content-encoding"] == nil)
        #expect(plain.headers["vary"] == "Accept-Encoding, Authorization, Cookie")
        #expect(packed.headers["content-encoding"] == "gzip")
        #expect(packed.body.count < whole.count / 2)
        let folder = try TemporaryFolder()
        try folder.write("body.gz", packed.body)
        let unpacked = try Command.run("/bin/sh", ["-c", "gzip -dc body.gz | cksum"], in: folder)
        try folder.write("body", whole)
        let expected = try Command.run("/bin/sh", ["-c", "cksum < body"], in: folder)
        #expect(unpacked.output == expected.output)
    }

    @Test(arguments: ["by=srcip", "step", "start=1&start=2"])
    func `what means nothing here is refused`(query: String) async throws {
        let answer = try await onThread {
            let server = try Server(ServerConfiguration(port: 0), source: FakeSource())
            defer { server.stop() }
            return try ask(server.port, "/api/v1/swarm?\(query)")
        }
        // A name without a value is the word true, which the source judges.
        #expect(answer.status == (query == "step" ? 200 : 400))
    }
}
