import FlowTestSupport
import Foundation
import Glibc
import Testing

/// `skein serve`, watched while flows arrive.
@Suite struct LiveProgramTests {
    /// What of the stream tests look at; docs/swarm.md has every field.
    private struct Live {
        var numbers: [UInt64] = []
        var hashes: [UInt64] = []
        var flows: UInt64 = 0
        var dropped: UInt64 = 0
        var viewers: UInt64 = 0

        init(_ body: [UInt8]) {
            var rest = body.dropFirst(5)
            while rest.count >= 5 {
                let kind = rest[rest.startIndex]
                let count = rest.dropFirst().prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
                guard rest.count >= 5 + count else { return }
                var payload = rest.dropFirst(5).prefix(count)
                rest = rest.dropFirst(5 + count)
                if kind == 4 {
                    _ = Self.varint(&payload)
                    dropped = Self.varint(&payload)
                    _ = Self.varint(&payload)
                    viewers = Self.varint(&payload)
                } else if kind == 2 {
                    scene(&payload)
                }
            }
        }

        private mutating func scene(_ payload: inout ArraySlice<UInt8>) {
            payload.removeFirst()
            numbers.append(Self.varint(&payload))
            hashes.append(payload.prefix(8).reversed().reduce(0) { $0 << 8 | UInt64($1) })
            payload = payload.dropFirst(8)
            for _ in 0..<Self.varint(&payload) {
                if Self.varint(&payload) & 1 == 1 { Self.skipName(&payload) }
                payload = payload.dropFirst(4)
                _ = Self.varint(&payload)
                payload = payload.dropFirst(1)
                for _ in 0..<3 { _ = Self.varint(&payload) }
            }
            for _ in 0..<Self.varint(&payload) * 3 { _ = Self.varint(&payload) }
            flows += Self.varint(&payload)
        }

        private static func skipName(_ payload: inout ArraySlice<UInt8>) {
            let kind = payload.removeFirst()
            // Read before what is dropped: a slice is taken as it was when the line began.
            let count = kind < 2 ? Int(payload.removeFirst()) + Int(kind) : kind == 2 ? 2 : 0
            payload = payload.dropFirst(count)
        }

        private static func varint(_ payload: inout ArraySlice<UInt8>) -> UInt64 {
            var (number, shift): (UInt64, UInt64) = (0, 0)
            while let octet = payload.popFirst() {
                number |= UInt64(octet & 0x7F) << shift
                if octet < 0x80 { break }
                shift += 7
            }
            return number
        }
    }

    /// One who watches, and what came so far.
    private final class Watcher {
        private let connection: HTTPConnection
        private var octets: [UInt8] = []

        init(_ port: UInt16, _ query: String = "") throws {
            connection = try HTTPConnection(port: port)
            try connection.send(
                "GET /api/v1/swarm/live\(query) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\r\n")
        }

        /// Reads until it is so.
        func read(until holds: (Live) -> Bool) throws -> Live {
            while true {
                if octets.contains(13), let answer = try? answer(in: octets) {
                    try #require(answer.status == 200, "\(answer.text)")
                    let live = Live(answer.body)
                    if holds(live) { return live }
                    // It is not so after two minutes: it never will be.
                    try #require(live.numbers.count < 240, "\(live.flows) flows")
                }
                let piece = try connection.read()
                try #require(!piece.isEmpty)
                octets += piece
            }
        }
    }

    @Test func `those who watch see every flow that arrives, and the same scenes`() async throws {
        try await onThread {
            let folder = try TemporaryFolder()
            try folder.write("skein.yaml", Array("listen: [udp://127.0.0.1:0]\n".utf8))
            let program = try RunningProgram(
                [
                    Command.skein, "serve", "--config", folder.path("skein.yaml"), "--http",
                    "127.0.0.1:0",
                    "--set", "receive-buffer=1Mi", "--store", folder.path("store"),
                ], in: folder)
            try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
            func port(_ beginning: String) throws -> UInt16 {
                let line = program.errors.split(separator: "\n").first { $0.hasPrefix(beginning) }
                return try #require(line.flatMap { UInt16($0.dropFirst(beginning.count)) })
            }
            let page = try port("skein: serving http://127.0.0.1:")
            let all = try Watcher(page)
            let names = try Watcher(page, "?filter=proto+udp")
            _ = try all.read { !$0.numbers.isEmpty }
            _ = try names.read { !$0.numbers.isEmpty }
            let sent = try Command.run(
                Command.skein,
                [
                    "generate", "--as", "ipfix", "--flows", "3000", "--to",
                    "127.0.0.1:\(try port("skein: listening at udp://127.0.0.1:"))",
                ])
            #expect(sent.status == 0, "\(sent.errors)")
            let early = try all.read { $0.flows >= 3000 }
            #expect(early.flows == 3000 && early.dropped == 0)
            // One who comes late sees the same scenes under the same numbers.
            let late = try Watcher(page, "?start=0").read {
                $0.numbers.count >= early.numbers.count
            }
            let hashes = Dictionary(uniqueKeysWithValues: zip(late.numbers, late.hashes))
            for (number, hash) in zip(early.numbers, early.hashes) {
                #expect(hashes[number] == hash)
            }
            #expect(late.viewers == 2)
            let metrics = try ask(page, "/metrics").text
            #expect(metrics.contains("\nskein_live_swarms 2\n"))
            #expect(metrics.contains("\nskein_live_dropped_flows_total 0\n"))
            // What was seen is stored a moment later.
            try program.wait(for: "storing") {
                try ask(page, "/api/v1/query?total").text.contains("\"flows\":3000,")
            }
            let total = try ask(page, "/api/v1/query?total&filter=proto+udp").text
            let udp = try names.read { total.contains("\"flows\":\($0.flows),") }
            #expect(udp.flows > 0 && udp.flows < 3000)

            let third = try Watcher(page, "?filter=port+53")
            let fourth = try Watcher(page, "?filter=port+80")
            _ = try third.read { !$0.numbers.isEmpty }
            _ = try fourth.read { !$0.numbers.isEmpty }
            let fifth = try ask(page, "/api/v1/swarm/live?filter=port+81")
            #expect(fifth.status == 503 && fifth.text.contains("by 4 filters already"))
            for (query, word) in [
                ("filter=protoo+tcp", "proto"), ("filter=src+ip+in+/etc/passwd", "file"),
                ("seed=-1", "seed"), ("start=x", "start"),
            ] {
                let refused = try ask(page, "/api/v1/swarm/live?\(query)")
                #expect(refused.status == 400 && refused.text.contains(word), "\(query)")
            }
            #expect(program.end(SIGTERM) == 0)
        }
    }
}
