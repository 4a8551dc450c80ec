import FlowModel
import FlowStore
import FlowTestSupport
import Testing

@testable import FlowQuery

/// Flows that touch a window, and which blocks and segments are looked at for them.
@Suite struct OverlapTests {
    private static let time = EngineWorld.time

    /// Rows of (start, end, received), relative to the world's time; nil where there is none.
    private func batch(
        _ rows: [(start: UInt64?, end: UInt64?, received: UInt64)]
    ) -> FlowBatch {
        let batch = FlowBatch()
        for (row, times) in rows.enumerated() {
            if let start = times.start {
                batch.columnForWriting(.start).set(Self.time + start, at: row)
            }
            if let end = times.end {
                batch.columnForWriting(.end).set(Self.time + end, at: row)
            }
            batch.columnForWriting(.received).set(Self.time + times.received, at: row)
            batch.columnForWriting(.bytes).set(UInt64(1) << UInt64(row), at: row)
        }
        batch.advance(by: rows.count)
        return batch
    }

    private func request(_ from: UInt64?, _ to: UInt64?) -> QueryRequest {
        var request = QueryRequest(filter: .constant(true), kind: .total)
        request.from = from.map { Self.time + $0 }
        request.to = to.map { Self.time + $0 }
        request.overlap = true
        return request
    }

    @Test func `a flow touches a window where it began before its end and lasted into it`() throws {
        let batch = batch([
            (100, 199, 300),  // 1: over before it
            (100, 200, 300),  // 2: ends as it begins
            (100, 900, 950),  // 4: around it
            (250, 260, 300),  // 8: within
            (399, 500, 600),  // 16: begins at its last moment
            (400, 500, 600),  // 32: after it
            (250, nil, 900),  // 64: a moment within
            (100, nil, 250),  // 128: a moment before, received within
            (nil, 500, 250),  // 256: placed within
            (nil, 500, 100),  // 512: placed before, ends after
            (nil, nil, 399),  // 1024: placed within
            (nil, nil, 199),  // 2048: placed before
            (300, 250, 300),  // 4096: ends before it begins, within
        ])
        let engine = QueryEngine(blocks: [EngineBlock(batch, seed: 2)], rates: SamplingRates())
        let answer = try engine.answer(request(200, 400))
        let touching: UInt64 = 2 + 4 + 8 + 16 + 64 + 256 + 512 + 1024 + 4096
        #expect(answer.rows[0][2] == .number(touching))
        // Those that are placed by `received`.
        #expect(answer.footing.flowsWithoutStart == 3)
        let before = try engine.answer(request(nil, 400))
        #expect(before.rows[0][2] == .number(8191 - 32))
        let after = try engine.answer(request(200, nil))
        #expect(after.rows[0][2] == .number(touching + 32))
    }

    @Test func `blocks are spared where all flows ended before, and no others`() throws {
        let blocks: [(rows: [(start: UInt64?, end: UInt64?, received: UInt64)], isSpared: Bool)] = [
            ([(10, 20, 30), (50, 199, 210)], true),  // ended, received within
            ([(10, 20, 30), (50, 200, 210)], false),  // one lasts into it
            ([(10, 5000, 30)], false),  // around it
            ([(10, 20, 30), (50, nil, 60)], true),  // ended, and a moment before
            ([(10, nil, 30), (50, nil, 60)], true),  // moments before
            ([(10, 20, 30), (250, nil, 260)], false),  // one is a moment within
            ([(nil, nil, 250)], false),  // a moment within
            ([(nil, nil, 30)], true),  // a moment before
            ([(400, 500, 600)], true),  // begins after
            ([(nil, 600, 400)], true),  // placed after
            ([(399, 500, 600)], false),
        ]
        for (rows, isSpared) in blocks {
            for seed in UInt64(0)..<6 {
                let engine = QueryEngine(
                    blocks: [EngineBlock(batch(rows), seed: seed)], rates: SamplingRates())
                let answer = try engine.answer(request(200, 400))
                #expect(answer.footing.blocksPruned == (isSpared ? 1 : 0), "\(rows)")
            }
        }
    }

    /// Random windows over a store of many segments, opened for the window, against all rows.
    @Test(arguments: [1, 2, 3] as [UInt64])
    func `a store opened for a window answers as one opened whole`(seed: UInt64) throws {
        var random = SeededNumbers(seed: seed)
        let folder = try TemporaryFolder()
        let hour: UInt64 = 3_600_000
        let first = Self.time / hour * hour
        var batches: [FlowBatch] = []
        for number in 0..<20 {
            let batch = FlowBatch()
            let noStart = random.chance(20)
            let noEnd = random.chance(20)
            for row in 0..<30 {
                let received = first + UInt64(number) * 2 * hour + random.next() % hour
                // Some clocks are wrong, and some flows last for hours.
                let start =
                    random.chance(5)
                    ? first + random.next() % (40 * hour) : received - random.next() % 600_000
                let length = random.chance(5) ? random.next() % (6 * hour) : random.next() % 60_000
                if !noStart, !random.chance(3) {
                    batch.columnForWriting(.start).set(start, at: row)
                }
                if !noEnd, !random.chance(3) {
                    batch.columnForWriting(.end).set(start + length, at: row)
                }
                batch.columnForWriting(.received).set(received, at: row)
                batch.columnForWriting(.bytes).set(random.next() % 10_000, at: row)
            }
            batch.advance(by: 30)
            batches.append(batch)
            // A writer for each, so that each is a segment.
            let writer = try StoreWriter(directory: folder.path("store"))
            try writer.append(batch)
            try writer.finish()
        }
        let reference = EngineReference(batches, rates: SamplingRates())
        var passedOver = 0
        for _ in 0..<60 {
            var request = QueryRequest(filter: .constant(true), kind: .total)
            request.overlap = random.chance(50)
            if random.chance(85) { request.from = first + random.next() % (42 * hour) }
            if random.chance(85) {
                request.to = (request.from ?? first) + random.next() % (5 * hour)
            }
            let reader = try StoreReader(
                directory: folder.path("store"), window: request.window)
            let answer = try QueryEngine(reader).answer(request)
            #expect(answer.rows == reference.total(request), "\(request)")
            #expect(answer.footing.blocks == 20)
            #expect(answer.footing.blocksPruned >= reader.passedOver.count)
            passedOver += reader.passedOver.count
        }
        #expect(passedOver > 300)
    }
}
