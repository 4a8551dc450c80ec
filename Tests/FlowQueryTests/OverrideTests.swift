import FlowEnrichment
import FlowModel
import FlowStore
import Testing

@testable import FlowQuery

/// Countries that the user knows better, against the plain evaluator over flows that have them.
@Suite struct OverrideTests {
    private static func overrides(_ random: inout SeededNumbers) -> GeoOverrides {
        let codes: [CountryCode?] = [
            CountryCode("CH"), CountryCode("DE"), .privateSpace, CountryCode(rawValue: 3), nil,
        ]
        let networks = [
            "10.0.0.0/8", "10.1.0.0/16", "10.0.0.1/32", "10.2.0.14/31", "0.0.0.0/0",
            "2001:db8::/32", "2001:db8:0:100::/56", "::/0", "192.0.2.0/24", "2001:db8::3e8/128",
        ]
        return GeoOverrides(
            (0..<(1 + random.below(6))).compactMap { _ in
                guard let network = IPPrefix(random.pick(networks)) else { return nil }
                var rule = GeoOverrides.Rule(network: network, country: random.pick(codes))
                if random.chance(40) {
                    rule.from = EngineWorld.time + UInt64(random.below(600_000))
                }
                if random.chance(40) { rule.to = EngineWorld.time + UInt64(random.below(600_000)) }
                return rule
            })
    }

    /// Writes into the flows what the rules say, row by row.
    private static func apply(_ overrides: GeoOverrides, to batch: FlowBatch) {
        for (side, field) in [(Field.srcip, Field.srcgeo), (.dstip, .dstgeo)] {
            for row in 0..<batch.count {
                let time =
                    batch.number(.start, at: row) ?? batch.number(.received, at: row) ?? 0
                guard let address = batch.address(side, at: row),
                    let rule = overrides.rule(for: address, at: time)
                else { continue }
                let column = batch.columnForWriting(field)
                column.set(UInt64(rule.country?.rawValue ?? 0), at: row)
                if rule.country == nil { column.markAbsent(row) }
            }
        }
    }

    private static func requests(_ world: inout EngineWorld) -> [QueryRequest] {
        let sides: [Field] = [.srcgeo, .dstgeo]
        var requests: [QueryRequest] = []
        for field in sides {
            let quantity = Quantity.field(field)
            let tests: [FlowExpression] = [
                .test(quantity, .inRanges([0x4348...0x4348])), .test(quantity, .isPresent),
                .not(.test(quantity, .inRanges([0...0x4400, 0x5a5a...0x5a5a]))),
                .constant(true),
            ]
            for test in tests {
                requests.append(QueryRequest(filter: test, kind: .total))
                requests.append(
                    QueryRequest(
                        filter: test,
                        kind: .groups(by: [.field(field), .field(.proto)], order: .bytes, top: 0)))
                requests.append(
                    QueryRequest(
                        filter: test,
                        kind: .flows(
                            fields: (sides + [.srcip, .start]).map { .quantity(.field($0)) },
                            sort: world.random.chance(50)
                                ? FlowSort(quantity, descending: true) : nil,
                            limit: world.random.pick([0, 7]))))
            }
        }
        for index in requests.indices { requests[index].threads = 1 + index % 3 }
        return requests
    }

    @Test(arguments: 0..<25)
    func `answers are those of flows that had these countries from the start`(seed: Int) throws {
        var world = EngineWorld(seed: UInt64(1000 + seed))
        let twin = EngineWorld(seed: UInt64(1000 + seed))
        let overrides = Self.overrides(&world.random)
        for batch in twin.batches { Self.apply(overrides, to: batch) }
        let engine = QueryEngine(blocks: world.blocks, rates: world.rates)
            .overridden(by: overrides)
        var reference = EngineReference(twin.batches, rates: twin.rates)
        for request in Self.requests(&world) {
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

    @Test func `the longest prefix that is valid counts, and of equal ones the last`() throws {
        let overrides = try GeoOverrides(
            parsing: """
                # ours
                10.0.0.0/8 CH
                10.1.0.0/16 DE from 2024-01-01 to 2024-07-01T12  the old office  # moved
                10.1.0.0/16 FR from 2024-07-01

                10.1.2.3 - nobody knows
                2001:db8::/32\tprivate
                """, times: TimeText(now: 0, zone: .utc))
        func country(_ text: String, _ time: UInt64) throws -> String? {
            let rule = overrides.rule(for: try #require(IPAddress(text)), at: time)
            return rule.map { $0.country?.description ?? "-" }
        }
        let (before, spring, noon) = (
            UInt64(1_700_000_000_000), UInt64(1_704_067_200_000), UInt64(1_719_835_200_000)
        )
        #expect(try country("10.1.0.1", before) == "CH")
        #expect(try country("10.1.0.1", spring) == "DE")
        #expect(try country("10.1.0.1", noon - 1) == "FR")
        #expect(try country("10.1.0.1", noon) == "FR")
        #expect(try country("10.1.2.3", spring) == "-")
        #expect(try country("11.0.0.0", spring) == nil)
        #expect(try country("2001:db8::1", 0) == "ZZ")
        #expect(overrides.rules.map(\.label).contains("the old office"))
    }

    @Test(arguments: [
        ("10.0.0.0/33 CH", "line 1: ‘10.0.0.0/33’ is not a network such as 10.0.0.0/8"),
        ("\n\n10.0.0.0/8", "line 3: a country is missing behind ‘10.0.0.0/8’"),
        ("10.0.0.0/8 CHE", "line 1: ‘CHE’ is not a country of two letters, nor -"),
        ("10.0.0.0/8 CH from", "line 1: behind ‘from’ comes a time such as 2024-01-01T12"),
        ("10.0.0.0/8 CH to noon", "line 1: behind ‘to’ comes a time such as 2024-01-01T12"),
        ("10.0.0.0/8 CH from 2024 to 2023", "line 1: it ends before it begins"),
    ])
    func `a line that cannot be read is named`(text: String, message: String) {
        let error = #expect(throws: GeoOverrides.TextError.self) {
            try GeoOverrides(parsing: text)
        }
        #expect(error?.description == message)
    }
}
