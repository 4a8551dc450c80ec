import FlowModel
import FlowStore
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: [1, 2, 63, 64, 65, 700, 3000], [1, 2, 3, 4, 5, 6] as [UInt64])
    func `rows come back as they were, from memory and from disk`(count: Int, seed: UInt64) throws {
        let batch = randomBatch(rows: count, seed: seed &* 1000 &+ UInt64(count))
        let expected = rows(of: batch)
        #expect(try rows(of: BlockEncoder().encode(batch)) == expected)

        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(batch)
        try writer.finish()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.rows == UInt64(count) && reader.damaged.isEmpty)
        #expect(try rows(of: reader.blocks[0]) == expected)
    }

    @Test func `a full block comes back, in order of its blocks`() throws {
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        let batch = FlowBatch()
        var random = Seeded(7)
        let source = batch.columnForWriting(.srcip)
        for row in 0..<FlowBatch.capacity {
            source.set(IPAddress(v4: UInt32(row) &* 2_654_435_761), at: row)
            batch.columnForWriting(.bytes).set(random.next() >> 33, at: row)
            batch.columnForWriting(.srcas).set(UInt64(row % 3000) * 60, at: row)
        }
        batch.advance(by: FlowBatch.capacity)
        try writer.append(batch)
        try writer.finish()
        let block = try #require(StoreReader(directory: scratch.store).blocks.first)
        let addresses = try #require(try block.column(.srcip))
        let bytes = try #require(try block.column(.bytes))
        let systems = try #require(try block.column(.srcas))
        guard case .dictionary(let values, let codes) = systems.values else {
            Issue.record("3,000 AS numbers are a dictionary")
            return
        }
        #expect(values.count == 3000 && codes.width == 2)
        for row in stride(from: 0, to: FlowBatch.capacity, by: 37) {
            #expect(addresses.address(at: row) == batch.address(.srcip, at: row))
            #expect(bytes.number(at: row) == batch.number(.bytes, at: row))
            #expect(systems.number(at: row) == batch.number(.srcas, at: row))
        }
        let dictionary = try #require(try block.addressDictionary(.srcip))
        #expect(dictionary.count == FlowBatch.capacity)
    }

    @Test(arguments: [0, 200, 60_000, 1 << 20, 1 << 40] as [UInt64])
    func `numbers get the least width, and bulk decoding gives them back`(top: UInt64) throws {
        let batch = FlowBatch()
        var random = Seeded(top)
        for row in 0..<1000 {
            let start = 1_700_000_000_000 + UInt64.random(in: 0...top, using: &random)
            batch.columnForWriting(.start).set(row == 0 ? 1_700_000_000_000 + top : start, at: row)
            batch.columnForWriting(.end).set(start + top, at: row)
        }
        batch.advance(by: 1000)
        let block = BlockEncoder().encode(batch)
        let start = try #require(block.column(.start))
        guard case .frame(_, let codes) = start.values else {
            Issue.record("start is a frame")
            return
        }
        #expect(codes.width == [0: 0, 200: 1, 60_000: 2, 1 << 20: 4][top] ?? 8)
        let end = try #require(block.column(.end))
        var decoded = [UInt64](repeating: 0, count: 1000)
        var output = decoded.mutableSpan
        end.decodeNumbers(into: &output, start: start)
        for row in 0..<1000 { #expect(decoded[row] == batch.number(.end, at: row)) }
    }

    @Test func `an end before its start, or without one, makes end a frame`() throws {
        for isWithout in [true, false] {
            let batch = FlowBatch()
            for row in 0..<10 {
                if row != 4 || !isWithout { batch.columnForWriting(.start).set(1000, at: row) }
                batch.columnForWriting(.end).set(row == 4 ? 900 : 1100, at: row)
            }
            batch.advance(by: 10)
            let end = try #require(BlockEncoder().encode(batch).column(.end))
            guard case .frame = end.values else {
                Issue.record("end must not be relative to start")
                return
            }
            #expect(end.number(at: 4) == 900)
        }
    }

    @Test func `a part of a batch is encoded like a batch of its own`() throws {
        let batch = randomBatch(rows: 1000, seed: 11)
        let expected = rows(of: batch)
        let encoder = BlockEncoder()
        #expect(try rows(of: encoder.encode(batch, rows: 0..<128)) == Array(expected[0..<128]))
        #expect(try rows(of: encoder.encode(batch, rows: 128..<1000)) == Array(expected[128...]))
    }

    @Test func `summaries hold what the rows that have a value hold`() throws {
        let batch = FlowBatch()
        let vlan = batch.columnForWriting(.srcvlan)
        vlan.set(20, at: 3)
        vlan.set(10, at: 5)
        batch.columnForWriting(.dstip).set(IPAddress(v4: 9), at: 1)
        batch.advance(by: 8)
        let block = BlockEncoder().encode(batch)
        #expect(block.summary(of: .srcvlan)?.range == 10...20)
        #expect(block.summary(of: .srcvlan)?.presentRows == 2)
        #expect(block.summary(of: .dstip)?.addressRange == IPAddress(v4: 9)...IPAddress(v4: 9))
        #expect(block.summary(of: .srcip) == nil && block.summary(of: .bytes)?.range == 0...0)
    }
}
