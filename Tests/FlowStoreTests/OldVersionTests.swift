import FlowModel
import FlowStore
import Testing

/// The store in Tests/Fixtures that an older build wrote.
@Suite struct OldVersionTests {
    private static let store: String = {
        let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
        return "/\(folder)/Fixtures/store-version-1"
    }()

    @Test func `a store of version 1 is read`() throws {
        let reader = try StoreReader(directory: Self.store)
        #expect(reader.damaged.isEmpty && reader.rows == 1300)
        let block = try #require(reader.blocks.first)
        // What the build that wrote it answered.
        #expect(try sum(.packets, block) == 202_425)
        #expect(try sum(.bytes, block) == 130_379_554)
        #expect(block.summary(of: .start)?.range?.lowerBound == 1_772_409_835_288)
        #expect(block.summary(of: .end)?.range?.upperBound == 1_772_495_999_341)
        #expect(block.summary(of: .bytes)?.sum == nil)
    }

    @Test func `its addresses are found, and nothing is passed over for want of a summary`() throws
    {
        let block = try #require(StoreReader(directory: Self.store).blocks.first)
        let column = try #require(try block.column(.srcip))
        for row in stride(from: 0, to: block.rows, by: 97) {
            let address = try #require(column.address(at: row))
            #expect(block.mayContain([address...address]))
            let found = try #require(
                try block.addressCodes(.srcip, in: [address...address])?.ranges)
            #expect(found.count == 1 && found[0].contains(column.values.codes.code(at: row)))
        }
        #expect(block.mayContain([IPAddress(v4: 1)...IPAddress(v4: 1)]))
        #expect(try block.ranks(.dstport) == nil)
    }

    private func sum(_ field: Field, _ block: any BlockSource) throws -> UInt64 {
        let column = try #require(try block.column(field))
        return (0..<block.rows).reduce(0) { $0 + (column.number(at: $1) ?? 0) }
    }
}
