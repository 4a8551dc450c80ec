import FlowModel
import FlowStore
import FlowTestSupport
import Testing

@testable import FlowQuery

/// Sampling rates that the user knows better, against the plain evaluator over flows that bear them.
@Suite struct RateOverrideTests {
    private static func overrides(_ random: inout SeededNumbers) -> RateOverrides {
        let exporters = [
            "10.0.0.0/8", "10.0.0.0/16", "10.1.0.8/32", "10.0.0.1/32", "::/128", "0.0.0.0/0",
            "::/0",
            "192.0.2.0/24",
        ]
        return RateOverrides(
            (0..<(1 + random.below(4))).compactMap { _ in
                guard let prefix = IPPrefix(random.pick(exporters)) else { return nil }
                return RateOverrides.Rule(
                    exporters: prefix, domain: random.chance(40) ? UInt32(random.below(3)) : nil,
                    interval: UInt32(1 + random.below(500)))
            })
    }

    /// Writes into the flows what the rules say, row by row.
    private static func apply(_ overrides: RateOverrides, to batch: FlowBatch) {
        for row in 0..<batch.count {
            let domain = UInt32(truncatingIfNeeded: batch.number(.domain, at: row) ?? 0)
            guard
                let interval = overrides.interval(
                    exporter: batch.address(.exporter, at: row) ?? .v6Zero, domain: domain)
            else { continue }
            batch.columnForWriting(.sampling).set(UInt64(interval), at: row)
        }
    }

    private static func requests() -> [QueryRequest] {
        let tests: [FlowExpression] = [
            .constant(true), .test(.field(.bytes), .inRanges([1000...1_000_000])),
            .test(.field(.sampling), .inRanges([2...100])),
            .not(.test(.field(.packets), .inRanges([0...50]))),
        ]
        var requests: [QueryRequest] = []
        for test in tests {
            requests.append(QueryRequest(filter: test, kind: .total))
            for key in [Field.sampling, .exporter, .proto] {
                requests.append(
                    QueryRequest(
                        filter: test,
                        kind: .groups(by: [.field(key)], order: .bytes, top: 0)))
            }
            requests.append(
                QueryRequest(
                    filter: test,
                    kind: .flows(
                        fields: [.exporter, .domain, .sampling, .bytes, .packets].map {
                            .quantity(.field($0))
                        }, sort: FlowSort(.field(.bytes), descending: true), limit: 9)))
        }
        for index in requests.indices {
            requests[index].threads = 1 + index % 3
            requests[index].raw = index % 7 == 3
        }
        return requests
    }

    @Test(arguments: 0..<25)
    func `answers are those of flows that bore these rates from the start`(seed: Int) throws {
        var world = EngineWorld(seed: UInt64(3000 + seed))
        let twin = EngineWorld(seed: UInt64(3000 + seed))
        let overrides = Self.overrides(&world.random)
        for batch in twin.batches { Self.apply(overrides, to: batch) }
        let engine = QueryEngine(blocks: world.blocks, rates: world.rates)
            .overridden(by: overrides)
        var reference = EngineReference(twin.batches, rates: twin.rates)
        for request in Self.requests() {
            let answer = try engine.answer(request)
            reference.hasReverse = answer.columns.contains { $0.name == "rpackets" }
            let expected: [[Cell]]
            switch request.kind {
            case .total: expected = reference.total(request)
            case .groups(let keys, let order, let top):
                expected = reference.groups(request, keys, order, top)
            case .flows(let fields, let sort, let limit):
                expected = reference.flows(request, fields, sort, limit)
            case .series: continue
            }
            #expect(answer.rows == expected, "\(request) \(overrides)")
        }
    }

    @Test func `the longest prefix counts, and of equal ones that of the domain`() throws {
        func rule(
            _ text: String, _ domain: UInt32?, _ interval: UInt32
        ) throws
            -> RateOverrides.Rule
        {
            RateOverrides.Rule(
                exporters: try #require(IPPrefix(text)), domain: domain, interval: interval)
        }
        let overrides = RateOverrides([
            try rule("10.0.0.0/8", 7, 2), try rule("10.0.0.1", nil, 3),
            try rule("10.0.0.0/8", nil, 1), try rule("10.0.0.1", 7, 4),
        ])
        func interval(_ text: String, _ domain: UInt32) throws -> UInt32? {
            overrides.interval(exporter: try #require(IPAddress(text)), domain: domain)
        }
        #expect(try interval("10.0.0.1", 7) == 4)
        #expect(try interval("10.0.0.1", 8) == 3)
        #expect(try interval("10.0.0.2", 7) == 2)
        #expect(try interval("10.0.0.2", 8) == 1)
        #expect(try interval("192.0.2.1", 7) == nil)
    }

    /// A store of flows of one exporter that says a rate of 10.
    private func store(_ folder: TemporaryFolder) throws -> String {
        let directory = folder.path("store")
        let batch = FlowBatch()
        for row in 0..<60 {
            let start = EngineWorld.time + UInt64(row) * 60_000
            batch.columnForWriting(.exporter).set(EngineWorld.v4[0], at: row)
            batch.columnForWriting(.start).set(start, at: row)
            batch.columnForWriting(.end).set(start, at: row)
            batch.columnForWriting(.received).set(start, at: row)
            batch.columnForWriting(.packets).set(1, at: row)
            batch.columnForWriting(.bytes).set(100, at: row)
            batch.columnForWriting(.sampling).set(10, at: row)
        }
        batch.advance(by: 60)
        let writer = try StoreWriter(directory: directory)
        try writer.append(batch)
        try writer.finish()
        return directory
    }

    @Test func `rollups do not answer for exporters whose rates were changed`() throws {
        let folder = try TemporaryFolder()
        let directory = try store(folder)
        let request = QueryRequest(
            filter: .constant(true), kind: .groups(by: [.field(.proto)], order: .bytes, top: 0))
        func bytes(_ overrides: RateOverrides?) throws -> (UInt64?, footing: RollupFooting) {
            let answer = try QueryEngine(StoreReader(directory: directory))
                .overridden(by: overrides).answer(request)
            let place = try #require(answer.columns.firstIndex { $0.name == "bytes" })
            guard case .number(let bytes)? = answer.rows.first?[place] else {
                return (nil, answer.footing.rollups)
            }
            return (bytes, answer.footing.rollups)
        }
        let ours = RateOverrides([
            .init(exporters: IPPrefix(EngineWorld.v4[0]), interval: 1000)
        ])
        let others = RateOverrides([
            .init(exporters: IPPrefix(EngineWorld.v4[1]), interval: 1000)
        ])
        let stored = try bytes(nil)
        #expect(stored.0 == 60_000)
        #expect(!stored.footing.uses.isEmpty)
        let mended = try bytes(ours)
        #expect(mended.0 == 6_000_000)
        #expect(mended.footing.uses.isEmpty)
        #expect(mended.footing.outOfDate == 0)
        // Those of other exporters are as they were, and their rollups answer.
        let same = try bytes(others)
        #expect(same.0 == 60_000)
        #expect(same.footing.uses == stored.footing.uses)

        // Of flows that are gone rollups are all there is: the footing says that they know no better.
        let writer = try LiveWriter(directory: directory)
        _ = try writer.expire(
            RetentionPolicy(maxOctets: 0), now: EngineWorld.time + 100_000_000)
        writer.close()
        let expired = try bytes(ours)
        #expect(expired.0 == 60_000)
        #expect(expired.footing.ofOtherRates > 0)
    }
}
