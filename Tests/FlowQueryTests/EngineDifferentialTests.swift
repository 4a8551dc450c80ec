import FlowModel
import FlowQuery
import FlowStore
import Testing

/// The engine against the plain evaluator, over random rows in every encoding.
@Suite struct EngineDifferentialTests {
    @Test(arguments: 0..<50)
    func `the engine answers as the plain evaluator does`(seed: Int) throws {
        var world = EngineWorld(seed: UInt64(seed))
        let engine = QueryEngine(blocks: world.blocks, rates: world.rates)
        var reference = EngineReference(world.batches, rates: world.rates)
        for _ in 0..<40 {
            var request = world.request()
            reference.hasReverse = try hasReverse(world, request)
            let expected: [[Cell]]
            switch request.kind {
            case .total: expected = reference.total(request)
            case .groups(let keys, let order, let top):
                expected = reference.groups(request, keys, order, top)
            case .series(let step, let keys): expected = reference.series(request, step, keys)
            case .flows(let fields, let sort, let limit):
                expected = reference.flows(request, fields, sort, limit)
            }
            var footings: Set<Footing> = []
            // The last with so little memory that all groups go through a file.
            for (threads, memory) in [(1, 1 << 30), (3, 1 << 30), (2, 1)] {
                request.threads = threads
                request.memory = memory
                let answer = try engine.answer(request)
                footings.insert(answer.footing)
                #expect(answer.rows.allSatisfy { $0.count == answer.columns.count })
                if case .flows = request.kind {
                } else {
                    let reverse = answer.columns.count { ["rpackets", "rbytes"].contains($0.name) }
                    let byReverse = request.kind.keys.count {
                        [.field(.rpackets), .field(.rbytes)].contains($0)
                    }
                    #expect(reverse - byReverse == (reference.hasReverse ? 2 : 0), "\(request)")
                }
                #expect(answer.rows == expected, "\(request)")
                if answer.rows != expected { return }
            }
            #expect(footings.count == 1, "\(request)")
            try checkFooting(footings.first, request, reference)
        }
    }

    /// Whether a block that its summaries do not spare has reverse counters.
    private func hasReverse(_ world: EngineWorld, _ request: QueryRequest) throws -> Bool {
        var alone = request
        alone.kind = .total
        return try zip(world.batches, world.blocks).contains { batch, block in
            let isBiflow = (0..<batch.count).contains { row in
                batch.number(.rpackets, at: row) != nil || batch.number(.rbytes, at: row) != nil
            }
            let engine = QueryEngine(blocks: [block], rates: world.rates)
            return try isBiflow && engine.answer(alone).footing.blocksPruned == 0
        }
    }

    private func checkFooting(
        _ footing: Footing?, _ request: QueryRequest, _ reference: EngineReference
    ) throws {
        let footing = try #require(footing)
        #expect(footing.blocksDamaged == 0)
        if case .flows = request.kind { return }
        let rows = reference.matching(request)
        let unknown = request.raw ? 0 : rows.count { reference.rate($0) == 0 }
        #expect(footing.flowsOfUnknownRate == UInt64(unknown), "\(request)")
        var placed = request.from != nil || request.to != nil
        if case .series = request.kind { placed = true }
        let without = rows.count { $0.batch.number(.start, at: $0.row) == nil }
        #expect(footing.flowsWithoutStart == UInt64(placed ? without : 0), "\(request)")
    }
}

extension QueryRequest.Kind {
    fileprivate var keys: [GroupKey] {
        switch self {
        case .groups(let keys, _, _), .series(_, let keys): keys
        case .total, .flows: []
        }
    }
}
