import FlowModel
import FlowStore
import Testing

/// The stores in Tests/Fixtures that older builds wrote.
@Suite struct OldVersionTests {
    /// A fixture and what the build that wrote it answered.
    struct Fixture: Sendable, CustomTestStringConvertible {
        let version: Int
        let rows: UInt64
        let packets: UInt64
        let bytes: UInt64
        let start: UInt64
        let end: UInt64

        var testDescription: String { "version \(version)" }

        func block() throws -> any BlockSource {
            let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
            let reader = try StoreReader(directory: "/\(folder)/Fixtures/store-version-\(version)")
            #expect(reader.damaged.isEmpty && reader.rows == rows)
            return try #require(reader.blocks.first)
        }
    }

    static let first = Fixture(
        version: 1, rows: 1300, packets: 202_425, bytes: 130_379_554, start: 1_772_409_835_288,
        end: 1_772_495_999_341)
    static let second = Fixture(
        version: 2, rows: 5000, packets: 3_301_582, bytes: 3_127_870_533,
        start: 1_772_409_661_288, end: 1_772_495_938_772)

    @Test(arguments: [first, second])
    func `a store of an older version is read`(fixture: Fixture) throws {
        let block = try fixture.block()
        #expect(try sum(.packets, block) == fixture.packets)
        #expect(try sum(.bytes, block) == fixture.bytes)
        #expect(block.summary(of: .start)?.range?.lowerBound == fixture.start)
        #expect(block.summary(of: .end)?.range?.upperBound == fixture.end)
        #expect(block.summary(of: .bytes)?.sum == (fixture.version == 1 ? nil : fixture.bytes))
    }

    @Test(arguments: [first, second])
    func `its addresses are found`(fixture: Fixture) throws {
        let block = try fixture.block()
        let column = try #require(try block.column(.srcip))
        for row in stride(from: 0, to: block.rows, by: 97) {
            let address = try #require(column.address(at: row))
            #expect(block.mayContain([address...address]))
            let found = try #require(
                try block.addressCodes(.srcip, in: [address...address])?.ranges)
            #expect(found.count == 1 && found[0].contains(column.values.codes.code(at: row)))
        }
        // Version 1 has no summary: nothing is passed over for want of one.
        let nowhere = IPAddress(v4: 1)...IPAddress(v4: 1)
        #expect(block.mayContain([nowhere]) == (fixture.version == 1))
    }

    @Test func `ranks of an octet are read`() throws {
        #expect(try Self.first.block().ranks(.dstport) == nil)
        let block = try Self.second.block()
        let ranked = try #require(try block.ranks(.srcport))
        let column = try #require(try block.column(.srcport))
        #expect(ranked.values.count > 15 && ranked.hasOthers)
        for row in 0..<block.rows {
            let rank = Int(ranked.ranks.code(at: row))
            let port = try #require(column.number(at: row))
            #expect(rank == 255 ? !ranked.values.contains(port) : ranked.values[rank] == port)
        }
    }

    @Test(arguments: [first, second])
    func `a few of its rows are read by themselves`(fixture: Fixture) throws {
        try expectPicks(of: try fixture.block(), [0, 1, 63, 64, 700, UInt16(fixture.rows - 1)])
    }

    private func sum(_ field: Field, _ block: any BlockSource) throws -> UInt64 {
        let column = try #require(try block.column(field))
        return (0..<block.rows).reduce(0) { $0 + (column.number(at: $1) ?? 0) }
    }
}
