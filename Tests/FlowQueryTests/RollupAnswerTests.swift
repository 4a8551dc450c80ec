import FlowModel
import FlowQuery
import FlowStore
import FlowTestSupport
import Testing

/// Answers of rollups against answers of the flows that they count.
@Suite struct RollupAnswerTests {
    private let folder: TemporaryFolder
    private var store: String { folder.path("store") }
    private static let minute: UInt64 = 60_000
    private static let hour: UInt64 = 3_600_000
    /// A minute's start shortly before the flows'.
    private static let begin = EngineWorld.time / minute * minute

    init() throws { folder = try TemporaryFolder() }

    private func fill(_ world: EngineWorld) throws {
        for batch in world.batches {
            let writer = try StoreWriter(directory: store)
            writer.note(world.rates.all)
            try writer.append(batch)
            try writer.finish()
        }
    }

    private func expire(_ policy: RetentionPolicy = RetentionPolicy(maxOctets: 0)) throws {
        let writer = try LiveWriter(directory: store)
        _ = try writer.expire(policy, now: EngineWorld.time + 1_000_000)
        writer.close()
    }

    private func answer(_ request: QueryRequest, rollups: Bool = true) throws -> EngineAnswer {
        var request = request
        request.rollups = rollups
        return try QueryEngine(StoreReader(directory: store, window: request.window))
            .answer(request)
    }

    private static let keys: [[GroupKey]] = [
        [.field(.exporter)], [.field(.exporter), .field(.inif)], [.field(.inif)],
        [.field(.outif)], [.field(.proto)], [.field(.service)], [.field(.service), .field(.proto)],
        [.field(.srcas)], [.field(.dstas)], [.field(.srcip)], [.field(.dstip)],
        [.field(.srcgeo)], [.field(.dstgeo)], [.field(.srcgeo), .field(.dstgeo)],
        [.prefix(.srcip, v4: 16, v6: 32)], [.field(.proto), .bucket(.start, step: 2 * minute)],
        [.bucket(.start, step: hour)],
    ]

    /// Questions that rollups answer.
    private static func requests(_ world: inout EngineWorld) -> [QueryRequest] {
        let filters: [(fields: [GroupKey], FlowExpression)] = [
            ([], .constant(true)),
            ([.field(.proto)], .test(.field(.proto), .inRanges([0...100]))),
            ([.field(.proto)], .not(.test(.field(.proto), .inRanges([3...3])))),
            (
                [.field(.exporter)],
                .test(.field(.exporter), .inAddresses([EngineWorld.v4[0]...EngineWorld.v4[1]]))
            ),
            ([.field(.inif)], .test(.field(.inif), .isPresent)),
            ([.field(.srcas)], .not(.test(.field(.srcas), .inRanges([0...1])))),
            (
                [.field(.dstgeo)],
                .or([
                    .test(.field(.srcgeo), .inRanges([0...0x4554])),
                    .test(.field(.dstgeo), .isPresent),
                ])
            ),
            (
                [.field(.srcip)],
                .test(.field(.srcip), .inAddresses([EngineWorld.v4[0]...EngineWorld.v4[10]]))
            ),
        ]
        var requests: [QueryRequest] = []
        for by in keys {
            requests.append(
                QueryRequest(
                    filter: .constant(true),
                    kind: .groups(
                        by: by, order: world.random.pick([.bytes, .flows, .packets, .bpp]), top: 0))
            )
            requests.append(
                QueryRequest(filter: .constant(true), kind: .series(step: 5 * minute, by: by)))
        }
        for (fields, filter) in filters {
            requests.append(
                QueryRequest(filter: filter, kind: .series(step: minute, by: [])))
            if !fields.isEmpty {
                requests.append(
                    QueryRequest(filter: filter, kind: .groups(by: fields, order: .bytes, top: 3)))
            }
        }
        requests.append(QueryRequest(filter: .constant(true), kind: .total))
        for index in requests.indices {
            switch world.random.below(4) {
            case 0: requests[index].from = begin + UInt64(world.random.below(8)) * minute
            case 1: requests[index].to = begin + UInt64(world.random.below(12)) * minute
            case 2:
                requests[index].from = begin + UInt64(world.random.below(6)) * minute
                requests[index].to = (requests[index].from ?? 0) + 4 * minute
            default: break
            }
        }
        return requests
    }

    /// What of a footing does not tell how the answer came about.
    private func said(_ answer: EngineAnswer) -> [UInt64] {
        [answer.footing.flowsOfUnknownRate, answer.footing.flowsWithoutStart]
    }

    @Test(arguments: 0..<6 as Range<UInt64>)
    func `rollups answer as the flows do, and also when the flows are gone`(seed: UInt64) throws {
        var world = EngineWorld(seed: 9000 + seed)
        try fill(world)
        let requests = Self.requests(&world)
        var used = 0
        var before: [EngineAnswer] = []
        for request in requests {
            let flows = try answer(request, rollups: false)
            let found = try answer(request)
            #expect(found.columns == flows.columns, "\(request)")
            #expect(found.rows == flows.rows, "\(request)")
            #expect(said(found) == said(flows), "\(request)")
            #expect(found.footing.rollups.damaged == 0 && found.footing.rollups.outOfDate == 0)
            #expect(flows.footing.rollups == RollupFooting())
            used += found.footing.rollups.uses.count
            before.append(flows)
        }
        #expect(used > requests.count / 2)
        try expire()
        let reader = try StoreReader(directory: store)
        #expect(reader.segments.isEmpty && !reader.rollups.isEmpty && reader.expired != nil)
        for (request, flows) in zip(requests, before) {
            let found = try answer(request)
            #expect(found.rows == flows.rows, "\(request)")
            #expect(said(found) == said(flows))
            #expect(found.footing.rollups.flowsMissing == 0)
            if !flows.rows.isEmpty, request.from == nil, request.to == nil {
                #expect(found.footing.rollups.uses.contains { $0.isOfExpired })
            }
        }
    }

    @Test func `what has expired and no rollup can answer is said`() throws {
        try fill(EngineWorld(seed: 77))
        try expire()
        let list = try answer(
            QueryRequest(
                filter: .constant(true),
                kind: .flows(fields: [.quantity(.field(.srcip))], sort: nil, limit: 0)))
        #expect(list.rows.isEmpty && list.footing.rollups.flowsMissing > 0)
        #expect(list.footing.rollups.missing != nil)
        #expect(
            list.footing.notes.contains { $0.contains("have expired and are not in the answer") })
        let ports = try answer(
            QueryRequest(
                filter: .constant(true),
                kind: .groups(by: [.field(.dstport)], order: .bytes, top: 0)))
        #expect(ports.rows.isEmpty && ports.footing.rollups.hasOthers)
        // An end within a bucket: whole buckets, and a word about it.
        var total = QueryRequest(filter: .constant(true), kind: .total)
        total.from = Self.begin + 90_000
        let rounded = try answer(total)
        #expect(rounded.footing.rollups.isRounded)
        total.from = Self.begin + 120_000
        let whole = try answer(total)
        #expect(whole.rows == rounded.rows && !whole.footing.rollups.isRounded)
    }

    @Test func `a rate that comes late is never ignored, and counting anew mends it`() throws {
        let world = EngineWorld(seed: 5)
        var late = SamplingRates()
        for exporter in EngineWorld.v4[0..<3] {
            for domain in 0..<2 as Range<UInt32> {
                late.note(
                    SamplingRate(
                        exporter: exporter, domain: domain, subject: .domain, interval: 512,
                        since: EngineWorld.time + 900_000))
            }
        }
        for batch in world.batches {
            let writer = try StoreWriter(directory: store)
            try writer.append(batch)
            try writer.finish()
        }
        let request = QueryRequest(
            filter: .constant(true), kind: .groups(by: [.field(.proto)], order: .bytes, top: 0))
        let before = try answer(request)
        #expect(before.footing.rollups.outOfDate == 0 && !before.footing.rollups.uses.isEmpty)
        let writer = try StoreWriter(directory: store)
        writer.note(late.all)
        try writer.finish()
        let told = try answer(request)
        #expect(told.rows != before.rows && told.footing.rollups.outOfDate > 0)
        #expect(told.rows == (try answer(request, rollups: false)).rows)
        let keeper = try LiveWriter(directory: store, merges: false)
        #expect(try keeper.rollUp().segments == world.batches.count)
        #expect(try keeper.rollUp().segments == 0)
        keeper.close()
        let mended = try answer(request)
        #expect(mended.rows == told.rows && mended.footing.rollups.outOfDate == 0)
        #expect(!mended.footing.rollups.uses.isEmpty)
    }

    @Test func `a rate that comes behind the first flows of an import is in its rollups`() throws {
        let world = EngineWorld(seed: 5)
        let writer = try StoreWriter(directory: store)
        for batch in world.batches { try writer.append(batch) }
        writer.note([
            SamplingRate(
                exporter: EngineWorld.v4[0], domain: 0, subject: .domain, interval: 100,
                since: EngineWorld.time)
        ])
        try writer.finish()
        let request = QueryRequest(
            filter: .constant(true), kind: .series(step: Self.minute, by: [.field(.exporter)]))
        let found = try answer(request)
        #expect(found.footing.rollups.outOfDate == 0 && !found.footing.rollups.uses.isEmpty)
        #expect(found.rows == (try answer(request, rollups: false)).rows)
    }

    @Test(arguments: [QueryRequest.Kind.total, .series(step: 60_000, by: [.field(.proto)])])
    func `where nothing can pass nothing is read, and no rollup named`(
        kind: QueryRequest.Kind
    ) throws {
        let world = EngineWorld(seed: 6)
        let writer = try StoreWriter(directory: store)
        for batch in world.batches { try writer.append(batch) }
        try writer.finish()
        let request = QueryRequest(filter: .constant(false), kind: kind)
        let found = try answer(request)
        #expect(found.footing.rollups.uses.isEmpty && found.footing.rowsScanned == 0)
        #expect(found.rows == (try answer(request, rollups: false)).rows)
    }

    @Test func `addresses beyond those listed are told, with what one can have`() throws {
        let batch = FlowBatch()
        for row in 0..<3000 {
            batch.columnForWriting(.received).set(Self.begin + 5, at: row)
            batch.columnForWriting(.start).set(Self.begin + UInt64(row % 60_000), at: row)
            batch.columnForWriting(.srcip).set(IPAddress(v4: UInt32(row)), at: row)
            batch.columnForWriting(.bytes).set(row < 10 ? 5000 : 7, at: row)
        }
        batch.advance(by: 3000)
        let writer = try StoreWriter(directory: store)
        try writer.append(batch)
        try writer.finish()
        let request = QueryRequest(
            filter: .constant(true), kind: .groups(by: [.field(.srcip)], order: .bytes, top: 10))
        // While the flows are there they answer.
        let flows = try answer(request)
        #expect(flows.footing.rollups.uses.isEmpty)
        try expire()
        let found = try answer(request)
        #expect(found.rows.map { $0.prefix(4) } == flows.rows.map { $0.prefix(4) })
        // One for sixteen flows is listed.
        #expect(found.footing.rollups.flowsUnlisted == 3000 - 187)
        #expect(found.footing.rollups.bytesUnlisted == 7 * (3000 - 187))
        #expect(found.footing.rollups.bytesBound == 7)
    }
}
