import FlowModel
import FlowQuery
import FlowStore
import Testing

/// Groups, series and totals of conversations: what a plain evaluator makes of rows that are joined
/// plainly.
@Suite struct ConversationGroupTests {
    private static let keys: [GroupKey] = [
        .field(.srcip), .prefix(.srcip, v4: 30, v6: 48), .field(.dstip), .field(.dstport),
        .field(.srcport), .field(.proto), .field(.flags), .bucket(.start, step: 10),
        .bucket(.end, step: 7),
    ]

    private func kind(_ world: inout ConversationWorld) -> QueryRequest.Kind {
        let keys = (0..<(1 + world.random.below(3))).map { _ in world.random.pick(Self.keys) }
        switch world.random.below(4) {
        case 0: return .total
        case 1: return .series(step: world.random.pick([1, 10, 1000]), by: [])
        case 2: return .series(step: 10, by: keys)
        default:
            return .groups(
                by: keys, order: world.random.pick([.flows, .packets, .bytes, .bps, .bpp]),
                top: world.random.pick([0, 0, 1, 5]))
        }
    }

    @Test(arguments: 0..<12)
    func `conversations are grouped as flows are`(seed: Int) throws {
        var world = ConversationWorld(seed: UInt64(seed))
        for _ in 0..<6 {
            var request = world.request([])
            request.kind = kind(&world)
            if world.random.chance(40) { request.distinct = [world.random.pick(Self.keys)] }
            if world.random.chance(40) {
                request.statistics = [ValueStatistics(world.random.pick([.duration, .bps]))]
            }
            var plain = EngineReference([world.batch(request)], rates: SamplingRates())
            plain.hasReverse = true
            var joined = request
            joined.filter = .constant(true)
            joined.raw = true
            let expected: [[Cell]]
            switch request.kind {
            case .total: expected = plain.total(joined)
            case .groups(let keys, let order, let top):
                expected = plain.groups(joined, keys, order, top)
            case .series(let step, let keys): expected = plain.series(joined, step, keys)
            case .flows: return
            }
            for (memory, threads) in [(1 << 30, 1), (1 << 30, 3), (1, 2)] {
                request.memory = memory
                request.threads = threads
                let answer = try world.engine.answer(request)
                let isEqual = answer.rows == expected
                #expect(isEqual, "\(request), memory \(memory)")
                if !isEqual { return }
                let names = answer.columns.map(\.name)
                #expect(names.contains("conversations") && !names.contains("flows"))
            }
        }
    }

    @Test func `a total of conversations counts each once and both of its directions`() throws {
        var world = ConversationWorld(seed: 3)
        var list = world.request(Quantity.ofConversations.map { .quantity($0) })
        list.kind = .flows(fields: [.quantity(.field(.bytes))], sort: nil, limit: 0)
        list.filter = .constant(true)
        var total = list
        total.kind = .total
        let answer = try world.engine.answer(total)
        let listed = try world.engine.answer(list).rows.count
        #expect(listed > 0 && answer.rows[0][0] == .number(UInt64(listed)))
        #expect(
            answer.columns.map(\.name) == [
                "conversations", "packets", "bytes", "rpackets", "rbytes", "first", "last",
            ])
    }
}
