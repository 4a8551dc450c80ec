import FlowModel
import FlowStore
import FlowTestSupport
import Testing

@testable import FlowQuery

/// Sorted lists that fit into memory, and those that do not.
@Suite struct SortedFlowsTests {
    @Test(arguments: 0..<6)
    func `a sort by way of temporary files is the sort in memory`(seed: Int) throws {
        var world = EngineWorld(seed: 7000 + UInt64(seed))
        let engine = QueryEngine(blocks: world.blocks, rates: world.rates)
        let reference = EngineReference(world.batches, rates: world.rates)
        for number in 0..<8 {
            let fields = (0..<(1 + world.random.below(5))).map { _ in
                world.random.chance(20) ? FlowOutput.other : .quantity(world.quantity())
            }
            var quantity = number == 0 ? Quantity.field(.srcip) : world.quantity()
            if quantity == .field(.other) { quantity = .pps }
            let sort = FlowSort(quantity, descending: world.random.chance(50))
            for limit in [0, 7, 100_000] {
                var request = QueryRequest(
                    filter: .constant(true), kind: .flows(fields: fields, sort: sort, limit: limit))
                request.raw = world.random.chance(30)
                let expected = reference.flows(request, fields, sort, limit)
                for (memory, threads) in [(1 << 30, 1), (1 << 30, 3), (1, 1), (1, 3)] {
                    request.memory = memory
                    request.threads = threads
                    let rows = try engine.answer(request).rows
                    let isEqual = rows == expected
                    #expect(isEqual, "\(sort), \(fields), limit \(limit), memory \(memory)")
                    if !isEqual { return }
                }
            }
        }
    }

    @Test func `runs beyond the buffers are merged to fewer first`() throws {
        var random = SeededNumbers(seed: 5)
        let layout = RowLayout([.quantity(.field(.bytes))], sortedBy: .field(.bytes))
        let sorter = RowSorter(layout, memory: 1)
        var values: [UInt64] = []
        for block in 0..<40 {
            let numbers = (0..<900).map { _ in UInt64(random.below(50_000)) }
            values += numbers
            let ranks = numbers.enumerated().map { row, value in
                FlowRank(
                    isAbsent: 0, high: 0, low: value, position: UInt64(block) << 16 | UInt64(row))
            }
            let flags = [UInt8](repeating: 1, count: 900)
            try sorter.append(
                ranks.span,
                FlowRows(count: 900, columns: [.numbers(numbers, present: flags)]))
        }
        #expect(sorter.runs.count > 16)
        var found: [Cell] = []
        try RunMerge([sorter], layout, memory: 1).forEach { cells in
            found += cells
            return true
        }
        #expect(found == values.sorted().map { .number($0) })
    }

    @Test func `positions order what is equal, in whatever order they come`() throws {
        let layout = RowLayout([.quantity(.field(.proto))], sortedBy: nil)
        let sorter = RowSorter(layout, memory: 1 << 20)
        let ranks = [5, 3, 9, 1].map {
            FlowRank(isAbsent: 0, high: 0, low: 0, position: $0)
        }
        try sorter.append(
            ranks.span,
            FlowRows(count: 4, columns: [.numbers([5, 3, 9, 1], present: [1, 1, 1, 1])]))
        var found: [[Cell]] = []
        try RunMerge([sorter], layout, memory: 1).forEach { cells in
            found.append(cells)
            return true
        }
        #expect(found == [1, 3, 5, 9].map { [.number($0)] })
    }

    @Test func `elements survive the way through a file`() {
        let elements = [
            OtherElements.Named(
                element: OtherElement(enterprise: 9, id: 12_172, length: 65_535),
                octets: (0..<200).map { UInt8($0) }),
            OtherElements.Named(
                element: OtherElement(enterprise: 0, id: 371, length: 4), octets: [1, 2, 3, 4]),
        ]
        var octets: [UInt8] = []
        ElementOctets.write(elements, to: &octets)
        #expect(ElementOctets.read(octets.span.bytes) == elements)
        #expect(ElementOctets.read([UInt8]().span.bytes).isEmpty)
    }

    @Test func `a block that cannot be decoded is left out whole`() throws {
        var world = EngineWorld(seed: 4)
        let whole = EngineBlock(world.batches[0], seed: 1)
        let damaged = EngineBlock(world.batches[0], damaged: [.proto], seed: 1)
        let engine = QueryEngine(blocks: [whole, damaged, whole], rates: world.rates)
        var request = QueryRequest(
            filter: .constant(true),
            kind: .flows(
                fields: [.quantity(.field(.proto))],
                sort: FlowSort(.field(.bytes), descending: true), limit: 0))
        for memory in [1, 1 << 30] {
            request.memory = memory
            let answer = try engine.answer(request)
            #expect(answer.rows.count == whole.rows * 2)
            #expect(answer.footing.blocksDamaged == 1)
            #expect(answer.footing.rowsDamaged == UInt64(whole.rows))
        }
        _ = world.random.next()
    }

    @Test func `a folder that takes no file is named, with what to do`() throws {
        let folder = try TemporaryFolder().path("missing")
        do {
            _ = try TemporaryFile(folder: folder)
            Issue.record("made a file")
        } catch {
            #expect(
                error.description == "cannot make a temporary file in \(folder): No such file or "
                    + "directory; make room there, name another folder with TMPDIR, or let the "
                    + "query have more memory with --memory")
        }
    }
}
