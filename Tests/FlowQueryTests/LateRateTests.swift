import FlowModel
import FlowStore
import FlowTestSupport
import Testing

@testable import FlowQuery

/// Rates that come after the flows which they are of (design: they are kept beside the segments).
@Suite struct LateRateTests {
    private static let time = EngineWorld.time
    private static let exporter = IPAddress(v4: 0xc000_0201)

    /// Three flows of sampler 7, one of no sampler, one that says its rate itself.
    private func batch() -> FlowBatch {
        let batch = FlowBatch()
        for row in 0..<5 {
            let start = Self.time + UInt64(row) * 1000
            batch.columnForWriting(.exporter).set(Self.exporter, at: row)
            batch.columnForWriting(.start).set(start, at: row)
            // The last has no duration.
            batch.columnForWriting(.end).set(start + (row == 4 ? 0 : 2000), at: row)
            batch.columnForWriting(.received).set(start + 2000, at: row)
            batch.columnForWriting(.srcport).set(UInt64(row), at: row)
            batch.columnForWriting(.packets).set(UInt64(row) + 1, at: row)
            batch.columnForWriting(.bytes).set((UInt64(row) + 1) * 100, at: row)
            batch.columnForWriting(.rpackets).set(1, at: row)
            batch.columnForWriting(.rbytes).set(60, at: row)
            if row < 3 { batch.columnForWriting(.samplerid).set(7, at: row) }
            if row == 4 { batch.columnForWriting(.sampling).set(2, at: row) }
        }
        batch.advance(by: 5)
        return batch
    }

    private func rate(_ interval: UInt32, since: UInt64) -> SamplingRate {
        SamplingRate(
            exporter: Self.exporter, domain: 0, subject: .sampler(7), interval: interval,
            since: since)
    }

    /// A store of the flows, before and after the rate of sampler 7 was noted by a later import.
    private func stores(
        _ folder: TemporaryFolder
    ) throws -> (before: QueryEngine, after: QueryEngine) {
        let directory = folder.path("store")
        let writer = try StoreWriter(directory: directory)
        try writer.append(batch())
        try writer.finish()
        let before = QueryEngine(try StoreReader(directory: directory))
        let later = try StoreWriter(directory: directory)
        later.note([rate(10, since: Self.time + 900_000_000)])
        try later.finish()
        return (before, QueryEngine(try StoreReader(directory: directory)))
    }

    private func numbers(_ rows: [[Cell]]) -> [[UInt64]] {
        rows.map { row in
            row.compactMap { cell in if case .number(let number) = cell { number } else { nil } }
        }
    }

    @Test func `a late rate mends answers of every kind`() throws {
        let folder = try TemporaryFolder()
        let (before, after) = try stores(folder)
        func answers(
            _ kind: QueryRequest.Kind, _ filter: FlowExpression = .constant(true)
        ) throws
            -> (before: [[UInt64]], after: [[UInt64]], raw: [[UInt64]])
        {
            var request = QueryRequest(filter: filter, kind: kind)
            let first = try before.answer(request)
            let second = try after.answer(request)
            #expect(second.footing.flowsOfUnknownRate == 0)
            request.raw = true
            let (raw, rawBefore) = (try after.answer(request), try before.answer(request))
            // But for `sampling` itself, which is the rate, raw answers know nothing of rates.
            if case .flows = kind {} else { #expect(raw.rows == rawBefore.rows) }
            if case .flows = kind {} else { #expect(rawBefore.footing.flowsOfUnknownRate == 0) }
            return (numbers(first.rows), numbers(second.rows), numbers(raw.rows))
        }
        let end = Self.time + 5000
        // Sums: 1 + 2 + 3 of sampler 7, 4, and 5 × 2.
        let total = try answers(.total)
        #expect(total.before == [[5, 20, 2000, 6, 360, Self.time, end]])
        #expect(total.after == [[5, 74, 7400, 33, 1980, Self.time, end]])
        #expect(total.raw == [[5, 15, 1500, 5, 300, Self.time, end]])

        let groups = try answers(.groups(by: [.field(.srcport)], order: .bytes, top: 2))
        #expect(groups.before == [[4, 1, 10, 1000, 2, 120], [3, 1, 4, 400, 1, 60]])
        #expect(groups.after == [[2, 1, 30, 3000, 10, 600], [1, 1, 20, 2000, 10, 600]])
        #expect(groups.raw == [[4, 1, 5, 500, 1, 60], [3, 1, 4, 400, 1, 60]])

        let minute = Self.time / 60_000 * 60_000
        let series = try answers(.series(step: 60_000, by: []))
        #expect(series.before == [[minute, 5, 20, 2000, 6, 360]])
        #expect(series.after == [[minute, 5, 74, 7400, 33, 1980]])

        let fields: [Quantity] = [
            .field(.srcport), .field(.bytes), .field(.rbytes), .field(.sampling), .pps, .bps, .bpp,
        ]
        let sorted = try answers(
            .flows(
                fields: fields.map { .quantity($0) },
                sort: FlowSort(.field(.bytes), descending: true), limit: 3))
        #expect(
            sorted.before == [
                [4, 1000, 120, 2, 0, 0, 100], [3, 400, 60, 1, 2, 1600, 100],
                [2, 300, 60, 0, 1, 1200, 100],
            ])
        #expect(
            sorted.after == [
                [2, 3000, 600, 10, 15, 12_000, 100], [1, 2000, 600, 10, 10, 8000, 100],
                // Of equal ones the first stored; it had the fewest before.
                [0, 1000, 600, 10, 5, 4000, 100],
            ])
        #expect(sorted.raw.map { $0[0] } == [4, 3, 2])
    }

    @Test(
        arguments: [
            (Quantity.field(.bytes), 2000...UInt64.max, [1, 2]),
            (.field(.packets), 5...10, [0, 4]), (.field(.rbytes), 600...600, [0, 1, 2]),
            (.pps, 10...15, [1, 2]), (.bps, 4000...8000, [0, 1]), (.pps, 0...0, [4]),
            (.field(.sampling), 10...10, [0, 1, 2]), (.field(.sampling), 0...0, []),
            (.bpp, 100...100, [0, 1, 2, 3, 4]),
        ] as [(Quantity, ClosedRange<UInt64>, [UInt64])])
    func `filters see a late rate`(
        quantity: Quantity, range: ClosedRange<UInt64>, ports: [UInt64]
    ) throws {
        let folder = try TemporaryFolder()
        let (_, after) = try stores(folder)
        let request = QueryRequest(
            filter: .test(quantity, .inRanges([range])),
            kind: .flows(fields: [.quantity(.field(.srcport))], sort: nil, limit: 0))
        #expect(numbers(try after.answer(request).rows).flatMap { $0 } == ports)
    }

    @Test func `flows of an unknown rate are said in every footing`() throws {
        let folder = try TemporaryFolder()
        let (before, _) = try stores(folder)
        let bytes: [FlowOutput] = [.quantity(.field(.bytes))]
        let sort = FlowSort(.field(.bytes), descending: true)
        let kinds: [QueryRequest.Kind] = [
            .total, .groups(by: [.field(.proto)], order: .flows, top: 0),
            .series(step: 1000, by: []), .flows(fields: bytes, sort: nil, limit: 0),
            .flows(fields: bytes, sort: sort, limit: 0),
            .flows(fields: bytes, sort: sort, limit: 5),
        ]
        for kind in kinds {
            var request = QueryRequest(filter: .constant(true), kind: kind)
            #expect(try before.answer(request).footing.flowsOfUnknownRate == 3)
            if case .series = kind {
                request.spread = true
                #expect(try before.answer(request).footing.flowsOfUnknownRate == 3)
            }
            if case .flows = kind {
                request.bidirectional = true
                #expect(try before.answer(request).footing.flowsOfUnknownRate == 3)
            }
            request.spread = false
            request.bidirectional = false
            request.raw = true
            let raw = try before.answer(request).footing
            #expect(raw.flowsOfUnknownRate == 0)
        }
        // What the counters do not matter for does not depend on rates.
        let ports = QueryRequest(
            filter: .constant(true),
            kind: .flows(fields: [.quantity(.field(.srcport))], sort: nil, limit: 0))
        #expect(try before.answer(ports).footing.flowsOfUnknownRate == 0)
        var total = QueryRequest(filter: .constant(true), kind: .total)
        total.rollups = false
        #expect(try before.answer(total).footing.notes.count == 1)
    }

    @Test func `conversations and divided flows see a late rate`() throws {
        let folder = try TemporaryFolder()
        let (_, after) = try stores(folder)
        var request = QueryRequest(
            filter: .constant(true), kind: .series(step: 86_400_000, by: []))
        request.spread = true
        #expect(
            numbers(try after.answer(request).rows).map { Array($0.dropFirst()) } == [
                [5, 74, 7400, 33, 1980]
            ])
        request.spread = false
        request.bidirectional = true
        request.kind = .flows(
            fields: [.quantity(.field(.bytes)), .quantity(.field(.rbytes))], sort: nil, limit: 0)
        // No addresses: nobody can say what belongs together.
        #expect(
            numbers(try after.answer(request).rows) == [
                [1000, 600], [2000, 600], [3000, 600], [400, 60], [1000, 120],
            ])
    }
}
