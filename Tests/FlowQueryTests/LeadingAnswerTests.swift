import FlowModel
import FlowTestSupport
import Testing

@testable import FlowQuery
@testable import FlowStore

/// The largest addresses as rollups tell them, against those of the flows.
@Suite struct LeadingAnswerTests {
    private let folder: TemporaryFolder
    private var store: String { folder.path("store") }
    private static let hour: UInt64 = 3_600_000
    private static let begin: UInt64 = 1_780_000_000_000 / hour * hour

    init() throws { folder = try TemporaryFolder() }

    /// Flows of three hours; a few addresses have most of the octets, and some only in one hour.
    private static func batch(_ random: inout SeededNumbers, hasReverse: Bool) -> FlowBatch {
        let batch = FlowBatch()
        let count = 6000
        let bursts = UInt32(random.below(3000))
        for row in 0..<count {
            let start = begin + UInt64(random.below(3 * Int(hour)))
            batch.columnForWriting(.received).set(start + UInt64(random.below(200_000)), at: row)
            if !random.chance(2) { batch.columnForWriting(.start).set(start, at: row) }
            // A third of the flows is of ten addresses.
            let number =
                random.chance(33) ? UInt32(random.below(10)) : UInt32(10 + random.below(3000))
            if !random.chance(1) {
                let address =
                    number % 3 == 0
                    ? IPAddress(high: 0x2001_0db8_0000_0000, low: UInt64(number))
                    : IPAddress(v4: 0x0a00_0000 + number)
                batch.columnForWriting(.srcip).set(address, at: row)
            }
            var bytes = UInt64(1 + random.below(100))
            if number < 10 { bytes *= 30 }
            if number == bursts { bytes += 20_000 }
            batch.columnForWriting(.bytes).set(bytes, at: row)
            batch.columnForWriting(.packets).set(1 + bytes / 50, at: row)
            if hasReverse, number % 2 == 0 {
                batch.columnForWriting(.rbytes).set(bytes * 2, at: row)
            }
            if random.chance(3) { batch.columnForWriting(.sampling).set(0, at: row) }
        }
        batch.advance(by: count)
        return batch
    }

    private func fill(_ batches: [FlowBatch]) throws {
        for batch in batches {
            let writer = try StoreWriter(directory: store)
            try writer.append(batch)
            try writer.finish()
        }
    }

    private func answers(
        _ request: QueryRequest
    ) throws -> (leaders: EngineAnswer, flows: EngineAnswer) {
        var engine = try QueryEngine(StoreReader(directory: store, window: request.window))
        engine.leadingFlowsMin = 0
        var plain = request
        plain.rollups = false
        return (try engine.answer(request), try engine.answer(plain))
    }

    private static func request(top: Int) -> QueryRequest {
        QueryRequest(
            filter: .constant(true),
            kind: .groups(by: [.field(.srcip)], order: .bytes, top: top))
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `rollups find the largest addresses that the flows have`(seed: UInt64) throws {
        var random = SeededNumbers(seed: 400 + seed)
        try fill((0..<3).map { _ in Self.batch(&random, hasReverse: seed % 3 == 1) })
        if seed % 2 == 1 {
            let writer = try LiveWriter(directory: store, merges: false)
            try writer.append(Self.batch(&random, hasReverse: false))
            writer.settle()
            writer.close()
        }
        var used = 0
        for top in [1, 3, 8, 20, 500] {
            for window in [0...3, 1...2, 1...3, 0...1] {
                var request = Self.request(top: top)
                if window.lowerBound > 0 {
                    request.from = Self.begin + UInt64(window.lowerBound) * Self.hour
                }
                if window.upperBound < 3 {
                    request.to = Self.begin + UInt64(window.upperBound) * Self.hour
                }
                let (leaders, flows) = try answers(request)
                #expect(leaders.columns == flows.columns, "\(top) \(window)")
                #expect(leaders.rows == flows.rows, "\(top) \(window)")
                #expect(
                    leaders.footing.flowsOfUnknownRate == flows.footing.flowsOfUnknownRate
                        && leaders.footing.flowsWithoutStart == flows.footing.flowsWithoutStart)
                // Rollups by the minute list all keys, and so their number.
                guard leaders.footing.groups == nil else { continue }
                used += 1
                #expect(!leaders.footing.rollups.uses.isEmpty)
            }
        }
        // 500 are more than rollups tell of.
        #expect(used >= 10 && used < 20, "\(used)")
    }

    @Test func `what is to be counted is counted in the flows`() throws {
        // In the second hour the address that was large in the first is too small to be listed.
        let batch = FlowBatch()
        for row in 0..<4000 {
            let isFirst = row < 2000
            batch.columnForWriting(.received).set(Self.begin + (isFirst ? 5 : Self.hour), at: row)
            batch.columnForWriting(.start).set(Self.begin + (isFirst ? 5 : Self.hour), at: row)
            batch.columnForWriting(.srcip).set(IPAddress(v4: UInt32(row % 2000)), at: row)
            batch.columnForWriting(.bytes).set(row == 7 ? 90_000 : row == 2007 ? 1 : 50, at: row)
        }
        batch.advance(by: 4000)
        try fill([batch])
        let (leaders, flows) = try answers(Self.request(top: 1))
        #expect(leaders.rows == flows.rows)
        #expect(leaders.rows[0][3] == .number(90_001))
        #expect(leaders.footing.rollups.uses.map(\.flows) == [4000])
        // All others are alike: any of them may be the second.
        let second = try answers(Self.request(top: 2))
        #expect(second.leaders.rows == second.flows.rows)
        #expect(second.leaders.footing.rollups.uses.isEmpty)
        #expect(second.leaders.footing.groups == 2000)
    }

    @Test func `other questions, and those about few flows, are answered by the flows`() throws {
        var random = SeededNumbers(seed: 11)
        try fill([Self.batch(&random, hasReverse: false)])
        let kinds: [QueryRequest.Kind] = [
            .groups(by: [.field(.srcip)], order: .flows, top: 3),
            .groups(by: [.field(.srcip)], order: .bytes, top: 0),
            .groups(by: [.prefix(.srcip, v4: 24, v6: 64)], order: .bytes, top: 3),
            .groups(by: [.field(.srcip), .field(.dstip)], order: .bytes, top: 3),
        ]
        for kind in kinds {
            let (leaders, flows) = try answers(QueryRequest(filter: .constant(true), kind: kind))
            #expect(leaders.rows == flows.rows)
            #expect(leaders.footing.groups != nil)
        }
        var filtered = Self.request(top: 3)
        filtered.filter = .test(.field(.packets), .inRanges([2...UInt64.max]))
        #expect(try answers(filtered).leaders.footing.groups != nil)
        let few = try QueryEngine(StoreReader(directory: store)).answer(Self.request(top: 3))
        #expect(few.footing.groups != nil)
    }
}
