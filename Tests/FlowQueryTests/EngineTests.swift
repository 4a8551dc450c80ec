import FlowModel
import FlowQuery
import FlowStore
import Testing

/// What the engine promises, one promise a test.
@Suite struct EngineTests {
    static let time = EngineWorld.time

    /// `count` flows a second apart from `first` on, to port 80 from a host each.
    private func batch(_ count: Int, from first: UInt64 = time, bytes: UInt64 = 100) -> FlowBatch {
        let batch = FlowBatch()
        for row in 0..<count {
            let start = first + UInt64(row) * 1000
            batch.columnForWriting(.start).set(start, at: row)
            batch.columnForWriting(.end).set(start + 500, at: row)
            batch.columnForWriting(.received).set(start + 600, at: row)
            batch.columnForWriting(.srcip).set(IPAddress(v4: 0x0a00_0000 + UInt32(row)), at: row)
            batch.columnForWriting(.dstport).set(80, at: row)
            batch.columnForWriting(.srcport).set(UInt64(row * 7 % 65_536), at: row)
            batch.columnForWriting(.packets).set(1, at: row)
            batch.columnForWriting(.bytes).set(bytes + UInt64(row), at: row)
        }
        batch.advance(by: count)
        return batch
    }

    private func engine(_ blocks: [EngineBlock]) -> QueryEngine {
        QueryEngine(blocks: blocks, rates: SamplingRates())
    }

    @Test(arguments: [Field.bytes, .dstport, .srcip, .end, .other])
    func `a damaged block is left out whole and counted`(damaged: Field) throws {
        let batches = (0..<3).map { batch(100, from: Self.time + UInt64($0) * 1_000_000) }
        let engine = engine([
            EngineBlock(batches[0], seed: 1), EngineBlock(batches[1], damaged: [damaged], seed: 2),
            EngineBlock(batches[2], seed: 3),
        ])
        let port = FlowExpression.test(.field(.bytes), .inRanges([0...150]))
        let fields: [FlowOutput] = [.quantity(.field(.srcip)), .quantity(.field(.end)), .other]
        let reads: [(QueryRequest.Kind, Set<Field>, Int)] = [
            // Of the block in the middle no time can be the first or the last.
            (.total, [.bytes], 1),
            (.groups(by: [.field(.srcip)], order: .flows, top: 0), [.bytes, .srcip], 102),
            (.flows(fields: fields, sort: nil, limit: 0), [.bytes, .srcip, .end, .other], 102),
            (
                .flows(
                    fields: fields, sort: FlowSort(.field(.bytes), descending: true), limit: 60),
                [.bytes, .srcip, .end, .other], 60
            ),
        ]
        for (kind, read, rows) in reads {
            let answer = try engine.answer(QueryRequest(filter: port, kind: kind))
            #expect(answer.footing.blocksDamaged == (read.contains(damaged) ? 1 : 0))
            #expect(answer.footing.rowsDamaged == (read.contains(damaged) ? 100 : 0))
            if read.contains(damaged) {
                var undamaged = QueryRequest(filter: port, kind: kind)
                undamaged.threads = 1
                let rest = self.engine([
                    EngineBlock(batches[0], seed: 1), EngineBlock(batches[2], seed: 3),
                ])
                #expect(try rest.answer(undamaged).rows == answer.rows)
                if case .groups = kind {} else { #expect(answer.rows.count == rows) }
            }
        }
    }

    @Test(arguments: [0, 2], [1, 2, 8])
    func `a total reads the times of the first and the last block, for any number of threads`(
        damaged: Int, threads: Int
    ) throws {
        let batches = (0..<3).map { batch(100, from: Self.time + UInt64($0) * 1_000_000) }
        let blocks = batches.enumerated().map { place, batch in
            EngineBlock(
                batch, damaged: place == damaged ? [.start, .end] : [], seed: UInt64(place + 1))
        }
        let filter = FlowExpression.test(.field(.bytes), .inRanges([0...150]))
        var request = QueryRequest(filter: filter, kind: .total)
        request.threads = threads
        let answer = try engine(blocks).answer(request)
        let rest = try engine(blocks.enumerated().filter { $0.offset != damaged }.map(\.element))
            .answer(request)
        #expect(answer.footing.blocksDamaged == 1 && answer.footing.rowsDamaged == 100)
        #expect(answer.rows == rest.rows && rest.footing.blocksDamaged == 0)
    }

    @Test func `summaries spare blocks outside the window`() throws {
        let engine = engine(
            (0..<8).map {
                EngineBlock(batch(50, from: Self.time + UInt64($0) * 1_000_000), seed: 9)
            })
        var request = QueryRequest(filter: .constant(true), kind: .total)
        request.from = Self.time + 3_000_000
        request.to = Self.time + 4_000_000
        let answer = try engine.answer(request)
        #expect(answer.rows[0][0] == .number(50))
        #expect(answer.footing.blocks == 8)
        #expect(answer.footing.blocksPruned == 7)
        #expect(answer.footing.rowsScanned == 50)
    }

    @Test(arguments: [true, false])
    func `an empty window has no flows`(overlap: Bool) throws {
        let engine = engine([EngineBlock(batch(50), seed: 9)])
        for kind in [
            QueryRequest.Kind.total, .series(step: 1000, by: []),
            .groups(by: [.field(.proto)], order: .bytes, top: 5),
        ] {
            var request = QueryRequest(filter: .constant(true), kind: kind)
            request.from = Self.time + 30_000
            request.to = Self.time + 30_000
            request.overlap = overlap
            let answer = try engine.answer(request)
            if case .total = kind {
                #expect(answer.rows.count == 1)
            } else {
                #expect(answer.rows.isEmpty)
            }
            request.to = 0
            #expect(try engine.answer(request).footing.rowsScanned == 0)
        }
    }

    @Test func `no blocks give empty answers`() throws {
        let engine = engine([])
        let total = try engine.answer(QueryRequest(filter: .constant(true), kind: .total))
        #expect(total.rows == [[.number(0), .number(0), .number(0), .null, .null]])
        #expect(total.columns.map(\.name) == ["flows", "packets", "bytes", "first", "last"])
        let groups = try engine.answer(
            QueryRequest(
                filter: .constant(true),
                kind: .groups(
                    by: [.prefix(.srcip, v4: 24, v6: nil), .bucket(.start, step: 300_000)],
                    order: .pps, top: 1)))
        #expect(groups.rows.isEmpty)
        #expect(
            groups.columns.map(\.name) == [
                "srcip/24", "start/5m", "flows", "packets", "bytes", "pps", "share",
            ])
    }

    @Test func `reverse counters have columns where a searched block has them`() throws {
        let biflows = batch(10, from: Self.time + 1_000_000)
        for row in 0..<10 where row != 3 {
            biflows.columnForWriting(.rpackets).set(2, at: row)
            biflows.columnForWriting(.rbytes).set(1000 + UInt64(row), at: row)
        }
        let engine = engine([EngineBlock(batch(10), seed: 1), EngineBlock(biflows, seed: 2)])
        let forward = ["flows", "packets", "bytes"]
        let both = forward + ["rpackets", "rbytes"]
        let reads: [(QueryRequest.Kind, before: [String], after: [String])] = [
            (.total, [], ["first", "last"]),
            (.groups(by: [.field(.dstport)], order: .bytes, top: 1), ["dstport"], ["share"]),
            (.groups(by: [.field(.srcip)], order: .bps, top: 1), ["srcip"], ["bps", "share"]),
            (.series(step: 86_400_000, by: []), ["start"], []),
        ]
        for (kind, before, after) in reads {
            var request = QueryRequest(filter: .constant(true), kind: kind)
            request.to = Self.time + 500_000
            let one = try engine.answer(request)
            #expect(one.columns.map(\.name) == before + forward + after)
            request.to = nil
            let two = try engine.answer(request)
            #expect(two.columns.map(\.name) == before + both + after)
            #expect(two.rows[0].count == two.columns.count)
            if before != ["srcip"] {
                let expected: [UInt64] = [20, 20, 2090, 18, 9042]
                #expect(
                    Array(two.rows[0].dropFirst(before.count).prefix(5))
                        == expected.map { .number($0) })
            }
        }
    }

    @Test func `many keys and many IPv6 addresses are told apart`() throws {
        let batch = FlowBatch()
        for row in 0..<5000 {
            let number = UInt64(row % 2500)
            batch.columnForWriting(.srcip).set(
                IPAddress(high: 0x2001_0db8 << 32, low: number), at: row)
            batch.columnForWriting(.dstip).set(
                row % 2 == 0 ? IPAddress(v4: UInt32(number)) : IPAddress(high: 0, low: number),
                at: row)
            batch.columnForWriting(.bytes).set(number + 1, at: row)
            if row % 5 == 0 { batch.columnForWriting(.srcmac).set(.max, at: row) }
        }
        batch.advance(by: 5000)
        let engine = engine((0..<4).map { EngineBlock(batch, seed: $0) })
        let pair: [GroupKey] = [.field(.srcip), .field(.dstip)]
        let pairs = try engine.answer(
            QueryRequest(
                filter: .constant(true), kind: .groups(by: pair, order: .bytes, top: 0)))
        #expect(pairs.footing.groups == 2500)
        #expect(pairs.rows.count == 2500)
        for (place, row) in pairs.rows.enumerated() {
            let number = UInt64(2499 - place)
            let other =
                number % 2 == 0 ? IPAddress(v4: UInt32(number)) : IPAddress(high: 0, low: number)
            #expect(
                Array(row.prefix(5)) == [
                    .address(IPAddress(high: 0x2001_0db8 << 32, low: number)), .address(other),
                    .number(8), .number(0), .number(8 * (number + 1)),
                ])
        }
        let all: [GroupKey] = (0..<8).flatMap { _ in pair + [.field(.srcmac), .field(.proto)] }
        let wide = try engine.answer(
            QueryRequest(filter: .constant(true), kind: .groups(by: all, order: .bytes, top: 3)))
        #expect(wide.footing.groups == 2500)
        #expect(
            wide.rows[0][28..<32] == [
                .address(IPAddress(high: 0x2001_0db8 << 32, low: 2499)),
                .address(IPAddress(high: 0, low: 2499)), .null, .number(0),
            ])
    }

    @Test func `requests that make no sense are refused`() {
        let engine = engine([EngineBlock(batch(5), seed: 9)])
        func refuse(_ kind: QueryRequest.Kind, _ error: QueryError, to: UInt64? = nil) {
            var request = QueryRequest(filter: .constant(true), kind: kind)
            if let to {
                request.from = 0
                request.to = to
            }
            #expect(throws: error) { try engine.answer(request) }
        }
        refuse(.groups(by: [.field(.other)], order: .bytes, top: 0), .notAKey("other"))
        refuse(
            .groups(by: [.prefix(.srcip, v4: 33, v6: nil)], order: .bytes, top: 0),
            .prefixImpossible("srcip/33"))
        refuse(
            .groups(by: [.prefix(.proto, v4: 8, v6: nil)], order: .bytes, top: 0),
            .prefixImpossible("proto/8"))
        refuse(
            .groups(by: [.bucket(.srcip, step: 1000)], order: .bytes, top: 0),
            .stepImpossible("srcip/1s"))
        refuse(.series(step: 0, by: []), .stepImpossible("start"))
        refuse(.groups(by: [], order: .bytes, top: 0), .tooManyKeys(0))
        refuse(.series(step: 1, by: []), .tooManyBuckets(20_000_000), to: 20_000_000)
    }

    @Test func `counters beyond 64 bits stop at the largest number`() throws {
        let batch = batch(3, bytes: .max - 10)
        let rates: SamplingRates = {
            var rates = SamplingRates()
            rates.note(
                SamplingRate(
                    exporter: .v6Zero, domain: 0, subject: .domain, interval: 1000,
                    since: Self.time))
            return rates
        }()
        let engine = QueryEngine(blocks: [EngineBlock(batch, seed: 4)], rates: rates)
        for kind in [
            QueryRequest.Kind.total, .groups(by: [.field(.dstport)], order: .bytes, top: 1),
        ] {
            let answer = try engine.answer(QueryRequest(filter: .constant(true), kind: kind))
            let sums = answer.rows[0].filter { $0 != .number(80) }
            #expect(Array(sums[0..<3]) == [.number(3), .number(3000), .number(.max)])
        }
    }

    @Test func `a whole block of distinct pairs is grouped`() throws {
        let batch = batch(65_536)
        let engine = engine([EngineBlock(batch, seed: 5), EngineBlock(batch, seed: 6)])
        let answer = try engine.answer(
            QueryRequest(
                filter: .constant(true),
                kind: .groups(
                    by: [.field(.srcip), .field(.srcport), .field(.start), .field(.end)],
                    order: .bytes, top: 2)))
        #expect(answer.footing.groups == 65_536)
        let expected: [[Cell]] = [131_270, 131_268].map { bytes in
            [.number(2), .number(2), .number(bytes)]
        }
        #expect(answer.rows.map { Array($0[4..<7]) } == expected)
    }

    @Test func `a list with a limit reads no further than it must`() throws {
        let engine = engine((0..<100).map { EngineBlock(batch(64), seed: UInt64($0)) })
        for threads in [1, 2, 5] {
            var request = QueryRequest(
                filter: .constant(true),
                kind: .flows(fields: [.quantity(.field(.bytes))], sort: nil, limit: 70))
            request.threads = threads
            let answer = try engine.answer(request)
            #expect(answer.rows.count == 70)
            #expect(answer.footing.rowsScanned == 128)
        }
    }

    @Test func `what a writer throws ends the answer`() throws {
        struct Closed: Error {}
        final class ClosedPipe: AnswerWriter {
            func begin(columns: [AnswerColumn]) {}
            func row(_ cells: [Cell]) throws { throw Closed() }
            func end(footing: Footing) {}
        }
        let engine = engine([EngineBlock(batch(5), seed: 9)])
        #expect(throws: Closed.self) {
            try engine.run(
                QueryRequest(
                    filter: .constant(true),
                    kind: .flows(fields: [.quantity(.duration)], sort: nil, limit: 0)),
                into: ClosedPipe())
        }
    }

    @Test func `a list of thousands of addresses is merged with the dictionary`() throws {
        let batch = batch(5000)
        let engine = engine([EngineBlock(batch, seed: 5)])
        let listed = stride(from: UInt32(0), to: 40_000, by: 3).map { number in
            let address = IPAddress(v4: 0x09ff_f000 + number)
            return address...address
        }
        let expected = (0..<5000).count { (0x0a00_0000 + $0 - 0x09ff_f000) % 3 == 0 }
        let answer = try engine.answer(
            QueryRequest(filter: .test(.field(.srcip), .inAddresses(listed)), kind: .total))
        #expect(answer.rows[0][0] == .number(UInt64(expected)))
    }

    @Test func `the plan says what is spared and what is read`() {
        let engine = engine(
            (0..<4).map {
                EngineBlock(batch(50, from: Self.time + UInt64($0) * 1_000_000), seed: 9)
            })
        var request = QueryRequest(
            filter: .and([
                .test(.field(.dstport), .inRanges([80...80])),
                .test(.field(.bytes), .inRanges([120...UInt64.max])),
            ]), kind: .groups(by: [.prefix(.srcip, v4: 24, v6: nil)], order: .bytes, top: 20))
        request.from = Self.time + 1_000_000
        request.threads = 1
        #expect(
            engine.explain(request) == """
                filter   ((start [≥ 1780001000000] or (not start present and received \
                [≥ 1780001000000])) and (dstport [80] and bytes [≥ 120]))
                answer   groups by srcip/24, largest bytes first, 20 of them
                blocks   4: 1 spared by their summaries, 0 taken whole, 3 to be filtered
                rows     150 to be filtered
                columns  start, received, srcip, dstport, packets, bytes
                threads  1
                """)
    }
}
