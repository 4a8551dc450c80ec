import FlowModel
import FlowStore
import Testing

@testable import FlowQuery

/// Lists of conversations against a plain reading of what they are.
@Suite struct ConversationTests {
    private static let fields = Quantity.ofConversations.map { FlowOutput.quantity($0) }

    @Test(arguments: 0..<10)
    func `conversations are what a plain evaluator joins`(seed: Int) throws {
        var world = ConversationWorld(seed: UInt64(seed))
        for _ in 0..<6 {
            var request = world.request(Self.fields)
            let expected = world.conversations(request)
            for (memory, threads) in [(1 << 30, 1), (1 << 30, 3), (1, 2)] {
                request.memory = memory
                request.threads = threads
                let answer = try world.engine.answer(request)
                let isEqual = answer.rows == expected
                #expect(isEqual, "\(request.kind), memory \(memory)")
                if !isEqual { return }
                #expect(answer.columns.map(\.name) == Quantity.ofConversations.map(\.name))
            }
        }
    }

    /// Flows of one conversation, each (start, from the client, packets, bytes).
    private func answer(
        _ flows: [(start: UInt64, forward: Bool, packets: UInt64)], ports: (UInt64, UInt64),
        _ fields: [Quantity]
    ) throws -> [[Cell]] {
        let batch = FlowBatch()
        let (a, b) = (IPAddress(v4: 0xc000_0201), IPAddress(v4: 0x0a00_0001))
        for (row, flow) in flows.enumerated() {
            batch.columnForWriting(.srcip).set(flow.forward ? a : b, at: row)
            batch.columnForWriting(.dstip).set(flow.forward ? b : a, at: row)
            batch.columnForWriting(.srcport).set(flow.forward ? ports.0 : ports.1, at: row)
            batch.columnForWriting(.dstport).set(flow.forward ? ports.1 : ports.0, at: row)
            batch.columnForWriting(.proto).set(6, at: row)
            batch.columnForWriting(.packets).set(flow.packets, at: row)
            batch.columnForWriting(.bytes).set(flow.packets * 100, at: row)
            batch.columnForWriting(.start).set(flow.start, at: row)
            batch.columnForWriting(.end).set(flow.start + 50, at: row)
        }
        batch.advance(by: flows.count)
        var request = QueryRequest(
            filter: .constant(true),
            kind: .flows(fields: fields.map { .quantity($0) }, sort: nil, limit: 0))
        request.bidirectional = true
        return try QueryEngine(blocks: [EngineBlock(batch, seed: 1)], rates: SamplingRates())
            .answer(request).rows
    }

    @Test func `the flow that began first says who is the client`() throws {
        let fields: [Quantity] = [
            .field(.srcport), .field(.packets), .field(.rpackets), .field(.start), .field(.end),
            .field(.flows),
        ]
        let rows = try answer(
            [(200, false, 7), (100, true, 5), (300, true, 1)], ports: (80, 5000), fields)
        #expect(rows == [[80, 6, 7, 100, 350, 3].map { .number($0) }])
        // At once: from the higher port to the lower.
        let tied = try answer([(100, true, 5), (100, false, 7)], ports: (80, 5000), fields)
        #expect(tied == [[5000, 7, 5, 100, 150, 2].map { .number($0) }])
        // At once between equal ports: the one stored first.
        let equal = try answer([(100, true, 5), (100, false, 7)], ports: (123, 123), fields)
        #expect(equal == [[123, 5, 7, 100, 150, 2].map { .number($0) }])
    }

    @Test func `fields that a conversation does not have are refused`() {
        let engine = QueryEngine(blocks: [], rates: SamplingRates())
        var request = QueryRequest(
            filter: .constant(true),
            kind: .flows(fields: [.quantity(.field(.tos))], sort: nil, limit: 0))
        request.bidirectional = true
        #expect(throws: QueryError.notOfConversations("tos")) { try engine.answer(request) }
        request.kind = .groups(by: [.field(.tos)], order: .bytes, top: 0)
        #expect(throws: QueryError.notOfConversations("tos")) { try engine.answer(request) }
        request.kind = .total
        request.distinct = [.field(.nexthop)]
        #expect(throws: QueryError.notOfConversations("nexthop")) { try engine.answer(request) }
        request.distinct = []
        request.kind = .series(step: 1000, by: [])
        request.spread = true
        #expect(throws: QueryError.notTogether("--bidirectional", "series without --spread")) {
            try engine.answer(request)
        }
    }
}

/// Flows between few hosts and ports, so that many are of one conversation.
struct ConversationWorld {
    var random: SeededNumbers
    let batches: [FlowBatch]
    let engine: QueryEngine
    let reference: EngineReference

    init(seed: UInt64) {
        random = SeededNumbers(seed: seed &+ 900)
        var batches: [FlowBatch] = []
        var blocks: [any BlockSource] = []
        for _ in 0..<(1 + random.below(4)) {
            let batch = Self.batch(&random)
            batches.append(batch)
            blocks.append(EngineBlock(batch, seed: random.next()))
        }
        var rates = SamplingRates()
        if random.chance(50) {
            rates.note(
                SamplingRate(
                    exporter: .v6Zero, domain: 0, subject: .domain, interval: 100,
                    since: EngineWorld.time))
        }
        self.batches = batches
        engine = QueryEngine(blocks: blocks, rates: rates)
        reference = EngineReference(batches, rates: rates)
    }

    private static func batch(_ random: inout SeededNumbers) -> FlowBatch {
        let batch = FlowBatch()
        let count = random.pick([1, 60, 400, 3000])
        let hosts = random.pick([2, 5, 30])
        let isBiflow = random.chance(50)
        let hasGaps = random.chance(40)
        for row in 0..<count {
            func address() -> IPAddress {
                let number = random.below(hosts)
                return number % 3 == 2
                    ? IPAddress(high: 0x2001_0db8 << 32, low: UInt64(number))
                    : IPAddress(v4: 0x0a00_0000 + UInt32(number))
            }
            func set(_ field: Field, _ value: UInt64, gap: Int = 0) {
                if gap > 0, hasGaps, random.chance(gap) { return }
                batch.columnForWriting(field).set(value, at: row)
            }
            if !(hasGaps && random.chance(5)) {
                batch.columnForWriting(.srcip).set(address(), at: row)
            }
            if !(hasGaps && random.chance(5)) {
                batch.columnForWriting(.dstip).set(address(), at: row)
            }
            set(.proto, random.pick([1, 6, 17]))
            set(.srcport, random.pick([53, 80, 40_000]))
            set(.dstport, random.pick([53, 80, 40_000]))
            set(.packets, UInt64(random.below(50)))
            set(.bytes, random.chance(2) ? .max / 2 : UInt64(random.below(5000)))
            if isBiflow {
                set(.rpackets, UInt64(random.below(50)), gap: 30)
                set(.rbytes, UInt64(random.below(5000)), gap: 30)
            }
            let start = EngineWorld.time + UInt64(random.below(40))
            set(.start, start, gap: 20)
            set(.end, start + UInt64(random.below(40)), gap: 20)
            set(.flags, UInt64(random.below(64)), gap: 20)
            set(.received, EngineWorld.time + UInt64(random.below(80)))
        }
        batch.advance(by: count)
        return batch
    }

    mutating func request(_ fields: [FlowOutput]) -> QueryRequest {
        let sort =
            random.chance(70)
            ? FlowSort(random.pick(Quantity.ofConversations), descending: random.chance(50)) : nil
        let filter: FlowExpression =
            random.chance(50)
            ? .constant(true) : .test(.field(.proto), .inRanges([6...6]))
        var request = QueryRequest(
            filter: filter,
            kind: .flows(fields: fields, sort: sort, limit: random.pick([0, 0, 1, 20])))
        request.bidirectional = true
        request.raw = random.chance(30)
        return request
    }

    // MARK: Plainly

    /// A side: its address, nil where there is none, and port.
    private struct Side: Hashable {
        var address: IPAddress?
        var port: UInt64
    }

    private struct Flow {
        var source: Side
        var destination: Side
        var row: EngineReference.Row
        var position: Int
    }

    func conversations(_ request: QueryRequest) -> [[Cell]] {
        guard case .flows(_, let sort, let limit) = request.kind else { return [] }
        var rows = join(request).map { cells($0, raw: request.raw) }
        if let sort, let place = Quantity.ofConversations.firstIndex(of: sort.quantity) {
            rows = rows.enumerated().sorted { a, b in
                let (x, y) = (a.element[place], b.element[place])
                if x == y { return a.offset < b.offset }
                if x == .null || y == .null { return y == .null }
                return sort.descending
                    ? reference.precedes([y], [x]) : reference.precedes([x], [y])
            }.map(\.element)
        }
        return limit == 0 ? rows : Array(rows.prefix(limit))
    }

    /// The conversations as flows of a kind of their own, for who groups them.
    func batch(_ request: QueryRequest) -> FlowBatch {
        let batch = FlowBatch()
        for (row, flows) in join(request).enumerated() {
            for (quantity, cell) in zip(Quantity.ofConversations, cells(flows, raw: request.raw)) {
                guard case .field(let field) = quantity else { continue }
                switch cell {
                case .number(let number): batch.columnForWriting(field).set(number, at: row)
                case .address(let address): batch.columnForWriting(field).set(address, at: row)
                default: break
                }
            }
            let places = flows.map { reference.place($0.row) }
            batch.columnForWriting(.received).set(places.min() ?? 0, at: row)
            batch.advance(by: 1)
        }
        return batch
    }

    private func join(_ request: QueryRequest) -> [[Flow]] {
        var found: [[Flow]] = []
        var placeOfKey: [[AnyHashable]: Int] = [:]
        for (position, row) in reference.matching(request).enumerated() {
            func side(_ address: Field, _ port: Field) -> Side {
                Side(
                    address: row.batch.address(address, at: row.row),
                    port: row.batch.number(port, at: row.row) ?? 0)
            }
            let flow = Flow(
                source: side(.srcip, .srcport), destination: side(.dstip, .dstport), row: row,
                position: position)
            let proto = row.batch.number(.proto, at: row.row) ?? 0
            let there: [AnyHashable] = [proto, flow.source, flow.destination]
            let back: [AnyHashable] = [proto, flow.destination, flow.source]
            let isWhole = flow.source.address != nil && flow.destination.address != nil
            let isAlone = flow.source.address == nil && flow.destination.address == nil
            if !isAlone, let place = placeOfKey[there] ?? (isWhole ? placeOfKey[back] : nil) {
                found[place].append(flow)
            } else {
                if !isAlone { placeOfKey[there] = found.count }
                found.append([flow])
            }
        }
        return found
    }

    private func cells(_ flows: [Flow], raw: Bool) -> [Cell] {
        func number(_ field: Field, _ flow: Flow) -> UInt64? {
            reference.number(field, flow.row, raw: raw)
        }
        let first = flows.sorted { a, b in
            let (x, y) = (reference.place(a.row), reference.place(b.row))
            if x != y { return x < y }
            let (up, down) = (
                a.source.port > a.destination.port, b.source.port > b.destination.port
            )
            return up != down ? up : a.position < b.position
        }[0]
        func isForward(_ flow: Flow) -> Bool {
            flow.source == first.source && flow.destination == first.destination
        }
        func sum(_ forward: Field, _ reverse: Field) -> UInt64 {
            flows.reduce(0) { sum, flow in
                let field = isForward(flow) ? forward : reverse
                let (next, overflow) = sum.addingReportingOverflow(number(field, flow) ?? 0)
                return overflow ? .max : next
            }
        }
        let start = flows.compactMap { number(.start, $0) }.min()
        let end = flows.compactMap { number(.end, $0) }.max()
        let duration = start.flatMap { start in end.map { $0 < start ? 0 : $0 - start } }
        let flags = flows.filter(isForward).compactMap { number(.flags, $0) }
        let (packets, bytes) = (sum(.packets, .rpackets), sum(.bytes, .rbytes))
        func cell(_ value: UInt64?) -> Cell { value.map { .number($0) } ?? .null }
        func address(_ side: Side) -> Cell { side.address.map { .address($0) } ?? .null }
        return [
            cell(start), cell(end), cell(number(.proto, first)), address(first.source),
            cell(first.source.port), address(first.destination), cell(first.destination.port),
            flags.isEmpty ? .null : .number(flags.reduce(0, |)), cell(packets), cell(bytes),
            cell(sum(.rpackets, .packets)), cell(sum(.rbytes, .bytes)),
            cell(UInt64(flows.count)), cell(duration),
            cell(duration.map { reference.ratio(packets, 1000, $0) }),
            cell(duration.map { reference.ratio(bytes, 8000, $0) }),
            cell(reference.ratio(bytes, 1, packets)),
        ]
    }
}
