import FlowAlert
import FlowTestSupport
import Foundation
import Testing

/// What swatch answers to series of events, of `threshold-vectors.json`.
struct SinkThresholdTests {
    struct Vector: Decodable {
        struct Event: Decodable {
            var second: UInt64
            var key: String

            init(from decoder: any Decoder) throws {
                var parts = try decoder.unkeyedContainer()
                second = try parts.decode(UInt64.self)
                key = try parts.decode(String.self)
            }
        }
        var type: String
        var count: UInt64
        var seconds: UInt64
        var events: [Event]
        var fired: [Bool]
    }
    struct Vectors: Decodable { var cases: [Vector] }

    static let vectors = SharedData.file("honeypot/threshold-vectors.json")

    @Test(.enabled(if: vectors != nil))
    func `every series of swatch is told as swatch tells it`() throws {
        let octets = try Data(contentsOf: try #require(Self.vectors))
        let vectors = try JSONDecoder().decode(Vectors.self, from: octets).cases
        #expect(vectors.count == 60)
        for (index, vector) in vectors.enumerated() {
            let kind = try #require(SinkThreshold.Kind(rawValue: vector.type))
            var gate = SinkGate(
                SinkThreshold(kind, count: vector.count, seconds: vector.seconds))
            let fired = vector.events.map { gate.passes($0.key, at: $0.second) }
            #expect(fired == vector.fired, "series \(index)")
        }
    }

    @Test func `keys are forgotten before they take memory`() {
        var gate = SinkGate(SinkThreshold(.limit, count: 1, seconds: 10), keysMax: 2)
        // `b` is within its interval at 12, so it stays known; `a` is not.
        let events: [(key: String, second: UInt64)] = [
            ("a", 0), ("b", 9), ("c", 12), ("b", 13), ("a", 14),
        ]
        let told = events.map { gate.passes($0.key, at: $0.second) }
        #expect(told == [true, true, true, false, true])
    }
}
