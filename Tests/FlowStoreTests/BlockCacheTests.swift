import FlowModel
import FlowStore
import Testing

@Suite struct BlockCacheTests {
    @Test func `a cache keeps to its limit, and what it gives back is what was read`() throws {
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        let batches = (1...4).map {
            ArrangementTests.conversations(rows: 1500, hosts: 400, seed: UInt64($0))
        }
        for batch in batches { try writer.append(batch) }
        try writer.finish()
        for octetsMax in [0, 10_000, 60_000, 1 << 24] {
            let cache = BlockCache(octetsMax: octetsMax)
            for _ in 0..<2 {
                // What one reader read serves the next.
                let reader = try StoreReader(directory: scratch.store, cache: cache)
                for (block, batch) in zip(reader.blocks, batches) {
                    for field in [.srcas, .srcip, .dstport, .bytes] as [Field] {
                        let column = try #require(try block.scanning().column(field))
                        for row in stride(from: 0, to: batch.count, by: 41) {
                            #expect(column.number(at: row) == batch.number(field, at: row))
                            #expect(column.address(at: row) == batch.address(field, at: row))
                        }
                        #expect(cache.octets <= octetsMax)
                    }
                    let ranked = try #require(try block.ranks(.proto))
                    #expect(ranked.values == [6, 17] && !ranked.hasOthers)
                }
            }
            #expect(octetsMax > 0 ? cache.octets > 0 : cache.octets == 0)
        }
    }

    @Test func `what is damaged is not kept`() throws {
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(ArrangementTests.conversations(rows: 1500, hosts: 400, seed: 1))
        try writer.finish()
        let segment = scratch.segments()[0]
        let whole = contents(of: segment)
        var octets = whole
        for place in 100..<20_000 { octets[place] ^= 0x55 }
        write(octets, to: segment)
        let cache = BlockCache(octetsMax: 1 << 24)
        let damaged = try #require(
            StoreReader(directory: scratch.store, cache: cache).blocks.first)
        #expect(throws: StoreError.self) { _ = try damaged.column(.srcip) }
        write(whole, to: segment)
        let mended = try #require(
            StoreReader(directory: scratch.store, cache: cache).blocks.first)
        #expect(try mended.column(.srcip) != nil)
    }
}
