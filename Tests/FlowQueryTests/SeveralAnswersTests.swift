import FlowModel
import FlowStore
import FlowTestSupport
import Testing

@testable import FlowQuery

/// Several questions at once against each of them alone.
@Suite struct SeveralAnswersTests {
    /// Questions about the same flows, or nearly: some of them differ in what counts.
    private static func requests(_ world: inout EngineWorld) -> [QueryRequest] {
        let first = world.request()
        return (0..<(2 + world.random.below(5))).map { _ in
            var request = world.request()
            if world.random.chance(15) { return request }
            request.filter = first.filter
            (request.from, request.to) = (first.from, first.to)
            (request.overlap, request.raw) = (first.overlap, first.raw)
            if world.random.chance(20) {
                request.kind = .groups(by: [.field(.service)], order: .bytes, top: 5)
            }
            return request
        }
    }

    private static func check(_ requests: [QueryRequest], _ engine: QueryEngine) throws {
        let answers = requests.map { _ in EngineAnswer() }
        try engine.run(requests, into: answers)
        for (request, found) in zip(requests, answers) {
            let alone = try engine.answer(request)
            #expect(found.columns == alone.columns, "\(request)")
            #expect(found.rows == alone.rows, "\(request)")
            #expect(found.footing == alone.footing, "\(request)")
        }
    }

    @Test(arguments: 0..<40)
    func `each is answered as if it were asked alone`(seed: Int) throws {
        var world = EngineWorld(seed: UInt64(seed))
        let engine = QueryEngine(blocks: world.blocks, rates: world.rates)
        for round in 0..<8 {
            var requests = Self.requests(&world)
            for place in requests.indices {
                requests[place].threads = 1 + round % 3
                // With so little memory all groups go through files.
                if round == 7 { requests[place].memory = 1 }
            }
            try Self.check(requests, engine)
        }
    }

    @Test(arguments: 0..<6)
    func `those that rollups answer are answered by them`(seed: Int) throws {
        let folder = try TemporaryFolder()
        let store = folder.path("store")
        var world = EngineWorld(seed: UInt64(seed))
        for batch in world.batches {
            let writer = try StoreWriter(directory: store)
            writer.note(world.rates.all)
            try writer.append(batch)
            try writer.finish()
        }
        var engine = QueryEngine(try StoreReader(directory: store, window: StoreWindow()))
        engine.leadingFlowsMin = 1
        func top(_ field: Field, _ filter: FlowExpression = .constant(true)) -> QueryRequest {
            QueryRequest(
                filter: filter, kind: .groups(by: [.field(field)], order: .bytes, top: 3))
        }
        let proto = FlowExpression.test(.field(.srcport), .inRanges([0...100]))
        try Self.check(
            [
                top(.proto), top(.srcip), top(.dstip), top(.service), top(.srcip, proto),
                top(.service, proto), top(.dstip, proto),
                QueryRequest(filter: proto, kind: .series(step: 60_000, by: [.field(.proto)])),
            ], engine)
        for _ in 0..<4 { try Self.check(Self.requests(&world), engine) }
    }

    @Test func `a query over rollups and flows ends when it is asked to`() throws {
        let folder = try TemporaryFolder()
        let store = folder.path("store")
        let world = EngineWorld(seed: 1)
        let writer = try StoreWriter(directory: store)
        for batch in world.batches { try writer.append(batch) }
        try writer.finish()
        let stop = QueryStop(after: .seconds(3600))
        let engine = QueryEngine(try StoreReader(directory: store, window: StoreWindow()))
            .stopped(by: stop)
        for by in [Field.proto, .srcport] {
            let request = QueryRequest(
                filter: .constant(true), kind: .groups(by: [.field(by)], order: .bytes, top: 0))
            let prepared = engine.prepared(for: request)
            #expect(prepared.rollups.uses.isEmpty == (by == .srcport))
            #expect(!prepared.blocks.isEmpty)
            for block in prepared.blocks { #expect(throws: Never.self) { try block.column(by) } }
        }
        stop.request()
        for by in [Field.proto, .srcport] {
            let request = QueryRequest(
                filter: .constant(true), kind: .groups(by: [.field(by)], order: .bytes, top: 0))
            for block in engine.prepared(for: request).blocks {
                #expect(throws: QueryStopped()) { try block.scanning().column(by) }
            }
        }
    }
}
