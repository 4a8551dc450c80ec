import Foundation
import SkeinServer
import Testing

/// Answers that others got a moment ago.
@Suite struct AnswerCacheTests {
    private static let accepts = ["Cache-Control: max-age=60"]

    /// Counts how often the store is asked, and answers with the count.
    private static func source(
        _ asked: Tally, _ begun: Signal? = nil, _ go: Signal? = nil
    )
        -> FakeSource
    {
        FakeSource { _, write in
            asked.add()
            let count = asked.value
            begun?.say()
            if let go { _ = go.wait() }
            try write(Array("{\"rows\":[{\"n\":\(count)}],".utf8))
            try write(Array("\"footing\":{}}\n".utf8))
        }
    }

    @Test func `who takes an answer of others gets it, all others a new one`() async throws {
        let asked = Tally()
        let answers = try await onThread {
            let server = try Server(ServerConfiguration(port: 0), source: Self.source(asked))
            defer { server.stop() }
            func query(_ query: String, _ headers: [String]) throws -> HTTPAnswer {
                try ask(server.port, "/api/v1/query?\(query)", headers: headers)
            }
            return [
                try query("top=1", Self.accepts), try query("top=1", Self.accepts),
                try query("top=1", []), try query("top=1", ["Cache-Control: max-age=0"]),
                try query("top=2", Self.accepts), try query("top=1", Self.accepts),
            ]
        }
        let numbers = answers.map { $0.text.firstMatch(of: /"n":(\d+)/).map { String($0.1) } }
        #expect(numbers == ["1", "1", "2", "3", "4", "1"])
        #expect(answers.allSatisfy { $0.status == 200 && $0.isWhole })
        #expect(
            answers.map { $0.headers["age"] != nil } == [false, true, false, false, false, true])
        #expect(answers.allSatisfy { $0.headers["content-type"] == "application/json" })
        #expect(asked.value == 4)
    }

    @Test func `those who come while it is made wait for it`() async throws {
        let (asked, begun, go) = (Tally(), Signal(), Signal())
        let server = try await onThread {
            try Server(ServerConfiguration(port: 0), source: Self.source(asked, begun, go))
        }
        let port = server.port
        async let first = onThread { try ask(port, "/api/v1/query", headers: Self.accepts) }
        _ = try await onThread { begun.wait() }
        async let second = onThread { try ask(port, "/api/v1/query", headers: Self.accepts) }
        async let third = onThread { try ask(port, "/api/v1/query", headers: Self.accepts) }
        // Should they not wait, the second would be let go by the same word.
        go.say()
        go.say()
        go.say()
        let texts = try await [first.text, second.text, third.text]
        #expect(Set(texts) == ["{\"rows\":[{\"n\":1}],\"footing\":{}}\n"])
        #expect(asked.value == 1)
        try await onThread { server.stop() }
    }

    @Test func `an answer that breaks off is nobody else's`() async throws {
        struct Trouble: Error {}
        let asked = Tally()
        let source = FakeSource { _, write in
            asked.add()
            try write(Array("{\"rows\":[".utf8))
            throw Trouble()
        }
        let answers = try await onThread {
            let server = try Server(ServerConfiguration(port: 0), source: source)
            defer { server.stop() }
            return [
                try ask(server.port, "/api/v1/query", headers: Self.accepts),
                try ask(server.port, "/api/v1/query", headers: Self.accepts),
            ]
        }
        #expect(answers.allSatisfy { !$0.isWhole })
        #expect(asked.value == 2)
    }
}
