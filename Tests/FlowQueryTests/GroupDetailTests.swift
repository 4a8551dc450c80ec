import FlowModel
import FlowStore
import Testing

@testable import FlowQuery

/// Distinct values, statistics and the memory that groups may take.
@Suite struct GroupDetailTests {
    /// Rows with addresses and octets by number.
    private func batch(
        _ rows: Range<Int>, source: (Int) -> UInt32, destination: (Int) -> UInt32,
        bytes: (Int) -> UInt64 = { UInt64($0) }
    ) -> FlowBatch {
        let batch = FlowBatch()
        for (place, row) in rows.enumerated() {
            batch.columnForWriting(.start).set(EngineWorld.time, at: place)
            batch.columnForWriting(.srcip).set(IPAddress(v4: source(row)), at: place)
            batch.columnForWriting(.dstip).set(
                row % 10 == 0
                    ? IPAddress(high: 0x2001_0db8 << 32, low: UInt64(destination(row)))
                    : IPAddress(v4: destination(row)), at: place)
            batch.columnForWriting(.packets).set(1, at: place)
            batch.columnForWriting(.bytes).set(bytes(row), at: place)
        }
        batch.advance(by: rows.count)
        return batch
    }

    private func engine(_ batches: [FlowBatch]) -> QueryEngine {
        QueryEngine(
            blocks: batches.enumerated().map { EngineBlock($1, seed: UInt64($0)) },
            rates: SamplingRates())
    }

    @Test func `distinct values are exact to 100,000 and estimated beyond, and it says so`() throws
    {
        // Source 1 has 100,000 destinations, twice each; source 2 has 100,001.
        let batches = (0..<5).map { block in
            batch(
                (block * 60_002)..<((block + 1) * 60_002),
                source: { $0 < 200_000 ? 1 : 2 },
                destination: { $0 < 200_000 ? UInt32($0 % 100_000) : UInt32($0) })
        }
        let engine = engine(batches)
        var request = QueryRequest(
            filter: .test(.field(.bytes), .inRanges([0...300_000])),
            kind: .groups(by: [.field(.srcip)], order: .distinct, top: 0))
        request.distinct = [.field(.dstip)]
        var answers: [[[Cell]]] = []
        for (threads, memory) in [(1, 1 << 30), (3, 1 << 30), (2, 1 << 16)] {
            request.threads = threads
            request.memory = memory
            let answer = try engine.answer(request)
            #expect(answer.footing.groupsEstimated == 1)
            #expect(answer.footing.notes.first?.contains("HyperLogLog") == true)
            answers.append(answer.rows)
        }
        #expect(answers[0] == answers[1] && answers[0] == answers[2])
        let rows = answers[0]
        #expect(rows.map { $0[0] } == [.address(IPAddress(v4: 2)), .address(IPAddress(v4: 1))])
        #expect(Array(rows[1][4...5]) == [.number(100_000), .number(0)])
        #expect(rows[0][5] == .number(1))
        guard case .number(let estimate) = rows[0][4] else { return }
        #expect((97_500...102_500).contains(estimate))
    }

    @Test(arguments: [100_001, 500_000, 2_000_000])
    func `an estimate is near the truth`(count: Int) throws {
        var values = SeededNumbers(seed: UInt64(count))
        var estimator = HyperLogLog()
        for _ in 0..<count {
            let words = [values.next() & 0xffff_ffff, values.next()]
            estimator.insert(HyperLogLog.hash(words.span, 0..<2))
        }
        let error = Double(estimator.estimate) / Double(count) - 1
        #expect(abs(error) < 0.025)
    }

    @Test func `the total counts distinct values and describes others`() throws {
        let engine = engine([
            batch(0..<1000, source: { UInt32($0 % 7) }, destination: { UInt32($0 % 3) })
        ])
        var request = QueryRequest(filter: .constant(true), kind: .total)
        request.distinct = [.field(.srcip)]
        request.statistics = [
            ValueStatistics(.field(.bytes)),
            ValueStatistics(.duration, [.percentile(thousandths: 99_900)]),
        ]
        let answer = try engine.answer(request)
        #expect(
            answer.columns.map(\.name).suffix(9) == [
                "distinct", "estimated", "bytes_p50", "bytes_p95", "bytes_p99", "bytes_min",
                "bytes_max", "bytes_mean", "duration_p99.9",
            ])
        #expect(
            answer.rows[0].suffix(9) == [
                .number(7), .number(0), .number(497), .number(947), .number(987), .number(0),
                .number(999), .real(499.5), .null,
            ])
        let none = try self.engine([]).answer(request)
        #expect(none.rows[0].suffix(9).first == .number(0))
        #expect(none.rows[0].suffix(7).allSatisfy { $0 == .null })
    }

    @Test func `groups beyond memory give the same answer from files`() throws {
        let batches = (0..<4).map { block in
            batch(
                (block * 50_000)..<((block + 1) * 50_000), source: { UInt32($0 * 7 % 90_001) },
                destination: { UInt32($0 % 11) })
        }
        let engine = engine(batches)
        for kind: QueryRequest.Kind in [
            .groups(by: [.field(.srcip)], order: .bytes, top: 0),
            .groups(by: [.field(.srcip), .field(.dstip)], order: .pps, top: 50),
            .series(step: 1000, by: [.field(.srcip)]),
        ] {
            var request = QueryRequest(filter: .constant(true), kind: kind)
            let whole = try engine.answer(request).rows
            for memory in [1 << 20, 1 << 16] {
                request.memory = memory
                let rows = try engine.answer(request).rows
                #expect(rows == whole)
            }
        }
    }

    @Test func `what makes no sense is refused`() throws {
        let engine = engine([])
        #expect(throws: QueryError.nothingDistinct) {
            try engine.answer(
                QueryRequest(
                    filter: .constant(true),
                    kind: .groups(by: [.field(.srcip)], order: .distinct, top: 0)))
        }
        var list = QueryRequest(
            filter: .constant(true),
            kind: .flows(fields: [.quantity(.duration)], sort: nil, limit: 0))
        list.distinct = [.field(.srcip)]
        #expect(throws: QueryError.notOfFlows) { try engine.answer(list) }
    }

    @Test func `statistics are read from text`() throws {
        #expect(
            try [ValueStatistics](parsing: "bytes,duration")
                == [ValueStatistics(.field(.bytes)), ValueStatistics(.duration)])
        #expect(
            try [ValueStatistics](parsing: "bytes:p50,p99.9, max,bps:mean") == [
                ValueStatistics(
                    .field(.bytes),
                    [.percentile(thousandths: 50_000), .percentile(thousandths: 99_900), .greatest]),
                ValueStatistics(.bps, [.mean]),
            ])
        for text in [
            "", "p50", "bytes,p50", "bytes:", "bytes:p101", "bytes:p", "bytes:p1.", "srcip",
            "bytes,bytes", "bytes:p50,", "bytes:p99.1234", "other",
        ] {
            #expect(throws: ValueStatisticsError.self) { try [ValueStatistics](parsing: text) }
        }
        #expect(ValueStatistics.Statistic.percentile(thousandths: 99_950).name == "p99.95")
    }
}

/// What a series shows where flows lie far apart.
@Suite struct SeriesBucketTests {
    private func series(
        _ starts: [UInt64], step: UInt64, _ change: (inout QueryRequest) -> Void
    )
        throws -> EngineAnswer
    {
        let batch = FlowBatch()
        for (row, start) in starts.enumerated() {
            batch.columnForWriting(.start).set(start, at: row)
            batch.columnForWriting(.end).set(EngineWorld.time + 5000, at: row)
        }
        batch.advance(by: starts.count)
        let engine = QueryEngine(blocks: [EngineBlock(batch, seed: 1)], rates: SamplingRates())
        var request = QueryRequest(filter: .constant(true), kind: .series(step: step, by: []))
        change(&request)
        return try engine.answer(request)
    }

    @Test func `one wild clock does not bury the answer`() throws {
        let time = EngineWorld.time
        let starts = [1000, time, time + 120_000, UInt64.max - 1]
        let answer = try series(starts, step: 60_000) { _ in }
        #expect(
            answer.rows.map { $0[1] } == [1, 1, 0, 1, 1].map { .number($0) })
        #expect(answer.rows.map { $0[0] }[2] == .number(time + 60_000 - time % 60_000))
        #expect(
            answer.footing.bucketsLeftOut
                == (UInt64.max - 1) / 60_000 + 1 - UInt64(answer.rows.count))
        #expect(answer.footing.notes.contains { $0.contains("left out") })
    }

    @Test func `a window is shown whole, what overlaps it from far away too`() throws {
        let time = EngineWorld.time
        let answer = try series([1000, time], step: 1) { request in
            request.from = time - 150_000
            request.to = time + 1
            request.overlap = true
        }
        #expect(answer.rows.count == 150_002)
        #expect(answer.footing.bucketsLeftOut == time - 150_000 - 1001)
    }

    @Test func `a window of too many buckets is refused`() throws {
        #expect(throws: QueryError.tooManyBuckets(10_000_001)) {
            try series([1000], step: 1) { request in
                request.from = 0
                request.to = 10_000_001
            }
        }
    }

    @Test func `a quiet year of hours is whole`() throws {
        let answer = try series([0, 86_400_000 * 365], step: 3_600_000) { _ in }
        #expect(answer.rows.count == 8761)
        #expect(answer.footing.bucketsLeftOut == 0)
    }
}
