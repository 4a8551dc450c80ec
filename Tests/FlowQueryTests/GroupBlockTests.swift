import FlowModel
import FlowStore
import Testing

@testable import FlowQuery

/// Groups of blocks as the store writes them, each made for what grouping does apart.
@Suite struct GroupBlockTests {
    enum Trait: CaseIterable {
        case oneBucket, unsorted, startsMissing, noStarts, days, sampledRows, sampled
        case bothDirections, flowCounts, wideCounters, manyHosts, fewSources
    }

    private static let time = EngineWorld.time

    private func batch(_ trait: Trait, _ random: inout SeededNumbers) -> FlowBatch {
        let batch = FlowBatch()
        let count = 3000
        for row in 0..<count {
            func set(_ field: Field, _ value: UInt64) {
                batch.columnForWriting(field).set(value, at: row)
            }
            let span: Int =
                switch trait {
                case .oneBucket: 50_000
                case .days: 1_000_000_000
                case .unsorted: 3_600_000
                default: 300_000
                }
            let start = Self.time + UInt64(random.below(span))
            let hasStart =
                trait == .noStarts ? false : trait == .startsMissing ? random.chance(60) : true
            if hasStart {
                set(.start, start)
                set(.end, start + UInt64(random.below(9000)))
            }
            set(.received, Self.time + UInt64(random.below(400_000)))
            let hosts = trait == .manyHosts ? 1_000_000 : 700
            let host = UInt32(random.below(hosts))
            if trait != .fewSources || random.chance(70) {
                batch.columnForWriting(.srcip).set(
                    host % 5 == 0
                        ? IPAddress(high: 0x2001_0db8 << 32 | UInt64(host % 9), low: UInt64(host))
                        : IPAddress(v4: 0x0a00_0000 + host &* 77), at: row)
            }
            set(.srcport, UInt64(random.below(60_000)))
            set(.dstport, UInt64(random.pick([53, 80, 443])))
            set(.proto, UInt64(random.pick([6, 17])))
            let isWide = trait == .wideCounters && random.chance(3)
            set(.packets, isWide ? 1 << 33 : UInt64(1 + random.below(3000)))
            set(.bytes, isWide ? random.next() : UInt64(40 + random.below(1_000_000)))
            if trait == .bothDirections, random.chance(80) {
                set(.rpackets, UInt64(random.below(300)))
                set(.rbytes, UInt64(random.below(300_000)))
            }
            if trait == .flowCounts { set(.flows, UInt64(1 + random.below(4))) }
            if trait == .sampledRows { set(.sampling, UInt64(random.pick([1, 10, 100]))) }
            if trait == .sampled { set(.sampling, 500) }
        }
        batch.advance(by: count)
        return batch
    }

    @Test(arguments: Trait.allCases)
    func `blocks of the store are grouped as the plain evaluator does`(trait: Trait) throws {
        var random = SeededNumbers(seed: 5)
        let batches = (0..<2).map { _ in batch(trait, &random) }
        let encoder = BlockEncoder()
        let engine = QueryEngine(
            blocks: batches.map { encoder.encode($0) }, rates: SamplingRates())
        var reference = EngineReference(batches, rates: SamplingRates())
        reference.hasReverse = trait == .bothDirections
        let minutes = GroupKey.bucket(.start, step: 60_000)
        let groupings: [[GroupKey]] = [
            [.field(.srcip)], [.prefix(.srcip, v4: 16, v6: 64)], [.field(.srcport)],
            [.field(.proto), .field(.dstport)], [minutes], [minutes, .field(.dstport)],
            [.field(.dstport), .prefix(.srcip, v4: 8, v6: nil), .field(.proto)],
            [.field(.srcip), .field(.srcport)], [.bucket(.srcport, step: 100)],
        ]
        let kinds: [QueryRequest.Kind] =
            groupings.map { .groups(by: $0, order: .bytes, top: 0) } + [
                .series(step: 60_000, by: [.field(.proto)]), .series(step: 3_600_000, by: []),
                .groups(by: [.field(.srcip)], order: .bps, top: 5),
            ]
        let some = FlowExpression.test(.field(.srcport), .inRanges([0...20_000]))
        // Of so few rows only the addresses are read.
        let few = FlowExpression.test(.field(.srcport), .inRanges([0...2000]))
        for (index, kind) in kinds.enumerated() {
            for filter in [.constant(true), some, few] {
                var request = QueryRequest(filter: filter, kind: kind)
                request.raw = index % 3 == 2
                let expected =
                    switch kind {
                    case .groups(let keys, let order, let top):
                        reference.groups(request, keys, order, top)
                    case .series(let step, let keys): reference.series(request, step, keys)
                    default: [[Cell]]()
                    }
                for (memory, threads) in [(1 << 30, 1), (1, 2)] {
                    request.memory = memory
                    request.threads = threads
                    let isEqual = try engine.answer(request).rows == expected
                    #expect(isEqual, "\(request)")
                    if !isEqual { return }
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 7, 1000, 59_999, 60_000, 65_536, 3_600_000, 86_400_000, 1 << 31 - 1])
    func `division by a step is exact`(step: UInt64) {
        var random = SeededNumbers(seed: step)
        let last = min(StepDivision.valueMax, step * 65_535)
        var values = [0, 1, step - 1, step, step + 1, last - 1, last].map { min($0, last) }
        for _ in 0..<200 {
            let multiple = random.next() % (last / step + 1) * step
            values += [random.next() % (last + 1), multiple, multiple == 0 ? 0 : multiple - 1]
        }
        for offset in [0, min(step / 2, last)] {
            let codes = values.map { UInt32($0 - min($0, offset)) }
            var numbers = [UInt16](repeating: 0, count: codes.count)
            var output = numbers.mutableSpan
            StepDivision(by: step).divide(
                codes.span, plus: offset, atMost: last, count: codes.count, into: &output)
            let expected = codes.map { UInt16(min(UInt64($0) + offset, last) / step) }
            #expect(numbers == expected)
        }
    }
}
