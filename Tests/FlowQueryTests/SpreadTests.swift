import FlowModel
import FlowStore
import Testing

@testable import FlowQuery

/// Series over whose buckets flows are divided.
@Suite struct SpreadTests {
    private static let counters: [Field] = [.packets, .bytes, .rpackets, .rbytes]

    @Test(arguments: 0..<15)
    func `buckets are what a plain evaluator divides`(seed: Int) throws {
        var world = EngineWorld(seed: 3000 + UInt64(seed))
        let engine = QueryEngine(blocks: world.blocks, rates: world.rates)
        let reference = EngineReference(world.batches, rates: world.rates)
        for _ in 0..<8 {
            let keys: [GroupKey] = world.random.pick([
                [], [], [.field(.proto)], [.prefix(.srcip, v4: 16, v6: 48), .field(.srcvlan)],
                [.bucket(.srcport, step: 100)],
            ])
            let step: UInt64 = world.random.pick([1000, 7000, 60_000, 86_400_000])
            var request = world.request()
            request.kind = .series(step: step, by: keys)
            request.distinct = []
            request.statistics = []
            request.spread = true
            request.distinct = []
            request.statistics = []
            let rows = reference.matching(request)
            // Longer flows are divided by way of higher levels; see below.
            if rows.contains(where: { reference.length($0) / step >= 200 }) { continue }
            let expected = reference.spread(request, step, keys)
            for (memory, threads) in [(1 << 30, 1), (1 << 30, 3), (1, 2)] {
                request.memory = memory
                request.threads = threads
                let answer = try engine.answer(request)
                let hasReverse = answer.columns.contains { $0.name == "rpackets" }
                let sums = hasReverse ? expected : expected.map { Array($0.dropLast(2)) }
                let isEqual = answer.rows == sums
                #expect(isEqual, "\(request), memory \(memory)")
                if !isEqual { return }
            }
        }
    }

    /// Random flows of up to `length` ms.
    private func flows(
        _ count: Int, length: UInt64, _ random: inout SeededNumbers
    ) -> FlowBatch {
        let batch = FlowBatch()
        for row in 0..<count {
            let start = EngineWorld.time + random.next() % 100_000
            if random.chance(95) { batch.columnForWriting(.start).set(start, at: row) }
            if random.chance(95) {
                let end = start + random.next() % (length + 1)
                batch.columnForWriting(.end).set(end, at: row)
            }
            batch.columnForWriting(.received).set(start + 5, at: row)
            batch.columnForWriting(.proto).set(UInt64(random.below(3)), at: row)
            for field in Self.counters {
                let value = random.chance(2) ? random.next() >> 20 : UInt64(random.below(100_000))
                batch.columnForWriting(field).set(value, at: row)
            }
        }
        batch.advance(by: count)
        return batch
    }

    private func sums(_ answer: EngineAnswer) -> [UInt64] {
        answer.rows.reduce(into: [0, 0, 0, 0, 0]) { sums, row in
            for (index, cell) in row.suffix(5).enumerated() {
                if case .number(let number) = cell { sums[index] += number }
            }
        }
    }

    @Test(arguments: [0, 1, 999, 40_000, 3_000_000] as [UInt64], [false, true])
    func `sums are conserved exactly`(length: UInt64, isGrouped: Bool) throws {
        var random = SeededNumbers(seed: length)
        let batch = flows(isGrouped ? 100 : 200, length: length, &random)
        let engine = QueryEngine(blocks: [EngineBlock(batch, seed: 3)], rates: SamplingRates())
        let keys: [GroupKey] = isGrouped ? [.field(.proto)] : []
        var request = QueryRequest(
            filter: .constant(true), kind: .series(step: 100, by: keys))
        request.spread = true
        let whole = sums(try engine.answer(request))
        request.spread = false
        request.kind = .series(step: 86_400_000, by: [])
        #expect(whole == sums(try engine.answer(request)))

        // Windows beside each other take everything once, wherever they are cut.
        request.spread = true
        request.overlap = true
        request.kind = .series(step: 1000, by: keys)
        let cuts = [0, EngineWorld.time + 33_333, EngineWorld.time + 70_001, UInt64.max]
        var parts: [UInt64] = [0, 0, 0, 0]
        for (from, to) in zip(cuts, cuts.dropFirst()) {
            request.from = from == 0 ? nil : from
            request.to = to == .max ? nil : to
            let part = sums(try engine.answer(request)).dropFirst()
            for (index, sum) in part.enumerated() { parts[index] += sum }
        }
        #expect(parts == Array(whole.dropFirst()))
    }

    @Test func `flows over ten thousand buckets cost no ten thousand additions`() throws {
        let batch = FlowBatch()
        for row in 0..<2000 {
            batch.columnForWriting(.start).set(EngineWorld.time + UInt64(row), at: row)
            batch.columnForWriting(.end).set(EngineWorld.time + 500_000_000, at: row)
            batch.columnForWriting(.bytes).set(500_000_000 * 3, at: row)
            batch.columnForWriting(.packets).set(1, at: row)
        }
        batch.advance(by: 2000)
        let engine = QueryEngine(blocks: [EngineBlock(batch, seed: 3)], rates: SamplingRates())
        var request = QueryRequest(
            filter: .constant(true), kind: .series(step: 50_000, by: []))
        request.spread = true
        let answer = try engine.answer(request)
        #expect(answer.rows.count == 10_000)
        var bytes: UInt64 = 0
        var packets: UInt64 = 0
        for row in answer.rows {
            guard case .number(let part) = row[3], case .number(let count) = row[2] else { return }
            bytes += part
            packets += count
            // 50 s of 2,000 flows of 3 octets a millisecond; a node rounds by less than one a level.
            let difference = abs(Int(part) - 300_000_000)
            if row != answer.rows[0] { #expect(difference < 500_000) }
        }
        #expect(bytes == 2000 * 500_000_000 * 3 && packets == 2000)
    }

    @Test func `more buckets than an answer may have are refused`() {
        let batch = FlowBatch()
        batch.columnForWriting(.start).set(0, at: 0)
        batch.columnForWriting(.end).set(.max, at: 0)
        batch.columnForWriting(.bytes).set(.max, at: 0)
        batch.advance(by: 1)
        let engine = QueryEngine(blocks: [EngineBlock(batch, seed: 3)], rates: SamplingRates())
        var request = QueryRequest(filter: .constant(true), kind: .series(step: 1, by: []))
        request.spread = true
        #expect(throws: QueryError.tooManyBuckets(.max)) { try engine.answer(request) }
        request.kind = .series(step: .max / 3, by: [])
        #expect(throws: Never.self) {
            let rows = try engine.answer(request).rows
            let third = UInt64.max / 3
            #expect(rows.map { $0[3] } == Array(repeating: Cell.number(third), count: 3))
        }
    }

    @Test func `one packet lies in the middle of its flow`() {
        let span = SpreadSpan(begin: 1000, end: 2000, window: nil)
        let parts = (10..<20).map { span.part(of: 1, from: $0 * 100, to: ($0 + 1) * 100) }
        #expect(parts == [0, 0, 0, 0, 1, 0, 0, 0, 0, 0])
        #expect(portion(of: .max, before: UInt64.max - 1, of: .max) == UInt64.max - 1)
        #expect(portion(of: .max, before: 1, of: .max) == 1)
    }

    @Test(arguments: [0..<1, 1..<17, 15..<16, 16..<32, 5..<100_000, 255..<65_537, 3..<16_777_300])
    func `nodes cover buckets once`(range: Range<UInt64>) {
        var nodes: [Range<UInt64>] = []
        SpreadNode.cover(range) { nodes.append($0.time(1)) }
        nodes.sort { $0.lowerBound < $1.lowerBound }
        #expect(nodes.count < 200)
        #expect(nodes.first?.lowerBound == range.lowerBound)
        #expect(nodes.last?.upperBound == range.upperBound)
        for (a, b) in zip(nodes, nodes.dropFirst()) { #expect(a.upperBound == b.lowerBound) }
    }

    @Test func `spreading is for series`() {
        var request = QueryRequest(filter: .constant(true), kind: .total)
        request.spread = true
        #expect(throws: QueryError.notTogether("--spread", "--series")) {
            try QueryEngine(blocks: [], rates: SamplingRates()).answer(request)
        }
        // A flow that is divided has no values of its own in a bucket.
        request.kind = .series(step: 1000, by: [])
        request.distinct = [.field(.dstip)]
        let place = "groups, totals and series without --spread"
        #expect(throws: QueryError.notTogether("--distinct", place)) {
            try QueryEngine(blocks: [], rates: SamplingRates()).answer(request)
        }
    }
}

extension EngineReference {
    /// How long a flow is.
    func length(_ row: Row) -> UInt64 {
        let end = number(.end, row, raw: true) ?? 0
        return end > place(row) ? end - place(row) : 0
    }

    /// A series with reverse counters over whose buckets flows are divided, a bucket at a time.
    func spread(_ request: QueryRequest, _ step: UInt64, _ keys: [GroupKey]) -> [[Cell]] {
        var groups: [[Cell]: [UInt64]] = [:]
        for row in matching(request) {
            let begin = place(row)
            let length = length(row)
            let lower = request.overlap ? max(begin, request.from ?? 0) : begin
            let upper =
                request.overlap ? min(begin + length, request.to ?? .max) : begin + length
            func before(_ time: UInt64, _ count: UInt64) -> UInt64 {
                let time = max(time, begin) - begin
                if time >= length { return count }
                return UInt64(
                    (UInt128(count) * UInt128(time) + UInt128(length / 2)) / UInt128(length))
            }
            for bucket in lower / step...max(lower, upper > lower ? upper - 1 : lower) / step {
                var parts: [UInt64] = [bucket == lower / step ? 1 : 0]
                for field in [Field.packets, .bytes, .rpackets, .rbytes] {
                    let count = number(field, row, raw: request.raw) ?? 0
                    let (from, to) = (
                        max(lower, bucket * step), min(max(upper, lower), (bucket + 1) * step)
                    )
                    parts.append(length == 0 ? count : before(to, count) - before(from, count))
                }
                if parts.allSatisfy({ $0 == 0 }) { continue }
                let key =
                    [.number(bucket * step)] + keys.map { self.key($0, row, raw: request.raw) }
                for (index, part) in parts.enumerated() {
                    let sum = groups[key, default: [0, 0, 0, 0, 0]][index]
                        .addingReportingOverflow(part)
                    groups[key, default: [0, 0, 0, 0, 0]][index] =
                        sum.overflow ? .max : sum.partialValue
                }
            }
        }
        var rows = groups.map { $0.key + $0.value.map { Cell.number($0) } }
        if keys.isEmpty {
            // The buckets that a series shows do not depend on how flows are divided over them.
            let places = groups.keys.compactMap { key -> UInt64? in
                if case .number(let number) = key[0] { number / step } else { nil }
            }
            var (first, last) = (places.min(), places.max())
            if let from = request.from, let end = last ?? request.to.map({ ($0 - 1) / step }) {
                first = min(first ?? .max, from / step)
                last = end
            }
            if let to = request.to, let known = first { last = max(last ?? known, (to - 1) / step) }
            if let first, let last, first <= last {
                for bucket in first...last where groups[[.number(bucket * step)]] == nil {
                    rows.append([.number(bucket * step)] + Array(repeating: .number(0), count: 5))
                }
            }
        }
        return rows.sorted { precedes($0, $1) }
    }
}
