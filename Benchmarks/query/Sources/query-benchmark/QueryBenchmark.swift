import FlowModel
import FlowQuery
import FlowStore
import Glibc

/// Times the engine over blocks in memory, and holds every answer against a plain loop.
///
///     swift run -c release query-benchmark [rows] [threads] [part of a case's name]
@main
struct QueryBenchmark {
    struct Case {
        var name: String
        var filter: FlowExpression
        var kind: QueryRequest.Kind
        /// The plain answer: rows of keys and sums as numbers, however the engine names them.
        var expected: ([SyntheticFlow]) -> [[Cell]]
        /// How many leading cells of a row are compared.
        var cells: Int
    }

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
        let count = arguments.first ?? 4_000_000
        let threads = arguments.dropFirst().first ?? 1
        let flows = Array(SyntheticFlows(count: count))
        let blocks: [any BlockSource] = stride(from: 0, to: count, by: 65_536).map {
            MemoryBlock(Array(flows[$0..<min($0 + 65_536, count)]))
        }
        let engine = QueryEngine(blocks: blocks, rates: SamplingRates())
        print("\(count) rows, \(blocks.count) blocks, threads: \(threads)")
        let part = CommandLine.arguments.dropFirst(3).first ?? ""
        for test in cases where part.isEmpty || test.name.contains(part) {
            var request = QueryRequest(filter: test.filter, kind: test.kind)
            request.threads = threads
            var best = Double.infinity
            let answer = Answer()
            for _ in 0..<15 {
                answer.rows.removeAll()
                let before = processorSeconds()
                try engine.run(request, into: answer)
                best = min(best, processorSeconds() - before)
            }
            let found = answer.rows.map { Array($0.prefix(test.cells)) }
            precondition(found == test.expected(flows), "\(test.name): wrong answer")
            let rate = Int(Double(count) / best / 1e6)
            print("\(rate) M rows/s a core  \(test.name)  (\(Int(best * 1e6)) µs)")
        }
    }

    /// Time that the process ran on processors, all threads together: what a busy machine shows too.
    static func processorSeconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    final class Answer: AnswerWriter {
        var rows: [[Cell]] = []
        func begin(columns: [AnswerColumn]) {}
        func row(_ cells: [Cell]) { rows.append(cells) }
        func end(footing: Footing) {}
    }
}

extension QueryBenchmark {
    static var cases: [Case] {
        [
            total(
                "total: dstport 443 and bytes > 100k",
                .and([
                    .test(.field(.dstport), .inRanges([443...443])),
                    .test(.field(.bytes), .inRanges([100_001...UInt64.max])),
                ])
            ) { $0.destinationPort == 443 && $0.bytes > 100_000 },
            total(
                "total: src net 10.2.0.0/16",
                .test(
                    .field(.srcip),
                    .inAddresses([IPAddress(v4: 0x0a02_0000)...IPAddress(v4: 0x0a02_ffff)]))
            ) { $0.source.isV4 && $0.source.low & 0xffff_0000 == 0x0a02_0000 },
            total(
                "total: src net 198.51.0.0/16 (few rows)",
                .test(
                    .field(.srcip),
                    .inAddresses([IPAddress(v4: 0xc633_0000)...IPAddress(v4: 0xc633_ffff)]))
            ) { $0.source.isV4 && $0.source.low & 0xffff_0000 == 0xc633_0000 },
            total("total: any", .constant(true)) { _ in true },
            Case(
                name: "top 20 srcip by bytes", filter: .constant(true),
                kind: .groups(by: [.field(.srcip)], order: .bytes, top: 20),
                expected: { top($0) { [.address($0.source)] } }, cells: 4),
            Case(
                name: "top 20 srcip,dstport by bytes", filter: .constant(true),
                kind: .groups(by: [.field(.srcip), .field(.dstport)], order: .bytes, top: 20),
                expected: {
                    top($0) { [.address($0.source), .number(UInt64($0.destinationPort))] }
                }, cells: 5),
            Case(
                name: "series 1m", filter: .constant(true), kind: .series(step: 60_000, by: []),
                expected: series, cells: 4),
        ]
    }

    private static func total(
        _ name: String, _ filter: FlowExpression, _ passes: @escaping (SyntheticFlow) -> Bool
    ) -> Case {
        Case(
            name: name, filter: filter, kind: .total,
            expected: { flows in
                let found = flows.filter(passes)
                return [
                    sums(found) + [
                        found.map(\.start).min().map { .number($0) } ?? .null,
                        found.map { $0.start + $0.duration }.max().map { .number($0) } ?? .null,
                    ]
                ]
            }, cells: 5)
    }

    private static func sums(_ flows: [SyntheticFlow]) -> [Cell] {
        [
            .number(UInt64(flows.count)), .number(flows.reduce(0) { $0 + $1.packets }),
            .number(flows.reduce(0) { $0 + $1.bytes }),
        ]
    }

    private static func top(
        _ flows: [SyntheticFlow], by key: (SyntheticFlow) -> [Cell]
    ) -> [[Cell]] {
        var groups: [[Cell]: (flows: UInt64, packets: UInt64, bytes: UInt64)] = [:]
        for flow in flows {
            groups[key(flow), default: (0, 0, 0)].flows += 1
            groups[key(flow), default: (0, 0, 0)].packets += flow.packets
            groups[key(flow), default: (0, 0, 0)].bytes += flow.bytes
        }
        return groups.sorted { $0.value.bytes > $1.value.bytes }.prefix(20).map {
            $0.key + [.number($0.value.flows), .number($0.value.packets), .number($0.value.bytes)]
        }
    }

    private static func series(_ flows: [SyntheticFlow]) -> [[Cell]] {
        Dictionary(grouping: flows) { $0.start / 60_000 }.sorted { $0.key < $1.key }.map {
            [.number($0.key * 60_000)] + sums($0.value)
        }
    }
}
