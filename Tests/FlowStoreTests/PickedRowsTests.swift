import FlowModel
import Testing

@testable import FlowStore

/// Expects that some rows by themselves have what whole columns have in these rows.
func expectPicks(of block: any BlockSource, _ rows: [UInt16]) throws {
    let picked = try #require(block.scanning().picking(rows))
    #expect(picked.rows == rows.count)
    for info in Field.table where info.storage != .elements {
        let whole = try block.column(info.field)
        let part = try picked.column(info.field)
        #expect((whole == nil) == (part == nil))
        guard let whole, let part else { continue }
        let (starts, partStarts) = (try block.column(.start), try picked.column(.start))
        var present = 0
        for (place, row) in rows.enumerated() {
            let number = whole.number(at: Int(row), start: starts)
            let address = whole.address(at: Int(row))
            if part.number(at: place, start: partStarts) != number
                || part.address(at: place) != address
            {
                Issue.record("\(info.name) of row \(row) is another")
            }
            if whole.isPresent(Int(row)) { present += 1 }
        }
        if case .addresses(let dictionary, let codes) = whole.values {
            let places = Set(rows.map { Int(codes.code(at: Int($0))) }).sorted()
            let found = try #require(try block.scanning().addresses(info.field, at: places))
            let (all, some) = (dictionary.storage, found.storage)
            for (index, place) in places.enumerated() {
                #expect(
                    some.values(as: IPAddress.self)[index] == all.values(as: IPAddress.self)[place])
            }
        }
        #expect(picked.summary(of: info.field)?.presentRows ?? 0 == present)
    }
    let (all, some) = (try block.otherElements(), try picked.otherElements())
    for (place, row) in rows.enumerated() {
        #expect(
            all.elements(at: Int(row)).map { Array($0.octets) }
                == some.elements(at: place).map { Array($0.octets) })
    }
}

/// A few rows of a block, read without the others.
@Suite struct PickedRowsTests {
    private static func store(_ batch: FlowBatch, _ scratch: Scratch) throws -> any BlockSource {
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(batch)
        try writer.finish()
        return try #require(StoreReader(directory: scratch.store).blocks.first)
    }

    @Test(arguments: [(1024, 3), (4096, 700), (4097, 700), (17_000, 9000), (40_000, 12_000)])
    func `picked rows are those of whole columns`(rows: Int, hosts: Int) throws {
        let batch = ArrangementTests.conversations(rows: rows, hosts: hosts, seed: UInt64(rows))
        let scratch = Scratch()
        let block = try Self.store(batch, scratch)
        var random = Seeded(UInt64(hosts))
        var some = Set([0, rows - 1, rows / 2, min(4095, rows - 1), min(4096, rows - 1)])
        try expectPicks(of: block, some.sorted().map { UInt16($0) })
        for _ in 0..<150 { some.insert(Int.random(in: 0..<rows, using: &random)) }
        try expectPicks(of: block, some.sorted().map { UInt16($0) })
        try expectPicks(of: block, [UInt16(rows - 1)])
    }

    @Test func `rows of every kind of column are picked, elements too`() throws {
        let scratch = Scratch()
        let block = try Self.store(randomBatch(rows: 3000, seed: 11), scratch)
        try expectPicks(of: block, [0, 7, 64, 65, 1023, 1024, 2048, 2999])
    }

    @Test func `codes lie in frames, and a counter's lower octets as they are`() throws {
        let batch = ArrangementTests.conversations(rows: 40_000, hosts: 12_000, seed: 2)
        let directory = try BlockPacker().pack(BlockEncoder().encode(batch), at: 16, path: "")
            .directory
        func codes(_ field: Field) -> Chunk? { directory.entry(field)?.chunk(.codes) }
        #expect(codes(.srcip)?.codec == .frames && codes(.srcip)?.arrangement == .plain)
        #expect(codes(.dstport)?.codec == .raw && codes(.dstport)?.arrangement == .few)
        #expect(directory.entry(.dstport)?.chunk(.others)?.codec == .frames)
        #expect(codes(.packets)?.codec == .frames)
    }

    @Test func `a counter with large values has them as exceptions`() throws {
        let batch = FlowBatch()
        var random = Seeded(8)
        for row in 0..<9000 {
            batch.columnForWriting(.bytes).set(random.next() >> 49, at: row)
            batch.columnForWriting(.packets).set(random.next() >> 57, at: row)
            if row % 600 == 5 {
                batch.columnForWriting(.bytes).set(5_000_000_000 + UInt64(row), at: row)
                batch.columnForWriting(.packets).set(90_000 + UInt64(row), at: row)
            }
        }
        batch.advance(by: 9000)
        let directory = try BlockPacker().pack(BlockEncoder().encode(batch), at: 16, path: "")
            .directory
        #expect(directory.entry(.bytes)?.chunk(.codes)?.arrangement == .low)
        #expect(directory.entry(.bytes)?.chunk(.exceptions) != nil)
        let scratch = Scratch()
        let block = try Self.store(batch, scratch)
        let bytes = try #require(try block.column(.bytes))
        for row in 0..<9000 { #expect(bytes.number(at: row) == batch.number(.bytes, at: row)) }
        try expectPicks(of: block, [0, 5, 6, 605, 4999, 8999])
    }

    @Test func `a damaged frame costs its rows, and the column where all are asked for`() throws {
        let scratch = Scratch()
        let batch = ArrangementTests.conversations(rows: 40_000, hosts: 12_000, seed: 3)
        _ = try Self.store(batch, scratch)
        let segment = scratch.segments()[0]
        let packed = try BlockPacker().pack(BlockEncoder().encode(batch), at: 16, path: "")
        let chunk = try #require(packed.directory.entry(.srcip)?.chunk(.codes))
        var octets = contents(of: segment)
        // The chunk's last octets are of its last frame.
        octets[Int(chunk.offset) + Int(chunk.storedOctets) - 3] ^= 0x20
        write(octets, to: segment)
        let block = try #require(StoreReader(directory: scratch.store).blocks.first)
        #expect(throws: StoreError.self) { _ = try block.column(.srcip) }
        try #expect(
            block.picking([0, 4095])?.column(.srcip)?.address(at: 1)
                == batch.address(.srcip, at: 4095))
        #expect(throws: StoreError.self) { _ = try block.picking([39_999])?.column(.srcip) }
        // The table in front has a checksum of its own.
        octets[Int(chunk.offset) + 1] ^= 1
        write(octets, to: segment)
        let other = try #require(StoreReader(directory: scratch.store).blocks.first)
        #expect(throws: StoreError.self) { _ = try other.picking([0])?.column(.srcip) }
    }

    @Test(arguments: 1...8)
    func `frames of any octets are refused or read, never a crash`(seed: Int) throws {
        var random = Seeded(UInt64(seed))
        let batch = ArrangementTests.conversations(rows: 9000, hosts: 900, seed: 4)
        let packed = try BlockPacker().pack(BlockEncoder().encode(batch), at: 16, path: "")
        let scratch = Scratch()
        let path = scratch.path + "/x"
        var octets = [UInt8](repeating: 0, count: 16) + packed.octets
        var directory = packed.directory
        // Tables and frames are spoiled, and most checksums mended, so that what comes after is tried.
        func spoil(_ chunk: inout Chunk) {
            let table = chunk.codec.tableOctets(rows: 9000)
            guard chunk.storedOctets > 0, Int.random(in: 0..<3, using: &random) == 0 else { return }
            let start = Int(chunk.offset)
            for _ in 0..<3 {
                let last = Bool.random(using: &random) ? max(table, 8) : Int(chunk.storedOctets)
                octets[
                    start + Int.random(in: 0..<min(last, Int(chunk.storedOctets)), using: &random)] =
                    UInt8(truncatingIfNeeded: random.next())
            }
            if table == 0 {
                let whole = Array(octets[start..<start + Int(chunk.storedOctets)])
                chunk.checksum = fastChecksum(whole.span.bytes)
                return
            }
            var place = start + table
            for entry in stride(from: start, to: start + table, by: 8) {
                let length = (0..<4).reduce(0) { $0 | Int(octets[entry + $1]) << (8 * $1) }
                let end = place + (length & 0x7fff_ffff)
                guard end <= start + Int(chunk.storedOctets) else { break }
                let frame = Array(octets[place..<end])
                let sum = fastChecksum(frame.span.bytes)
                for index in 0..<4 {
                    octets[entry + 4 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * index))
                }
                place = end
            }
            let words = Array(octets[start..<start + table])
            chunk.checksum = fastChecksum(words.span.bytes)
        }
        for column in directory.columns.indices {
            for index in directory.columns[column].chunks.indices {
                spoil(&directory.columns[column].chunks[index])
            }
        }
        write(octets, to: path)
        let block = SegmentBlock(
            SegmentFile(path: path), rows: 9000, directory: .parsed(.success(directory)))
        let rows: [UInt16] = [0, 4095, 4096, 5000, 8999]
        let picked = try #require(block.picking(rows))
        for info in Field.table {
            for (source, count) in [(block as any BlockSource, 9000), (picked, 5)] {
                guard let column = try? source.column(info.field) else { continue }
                for row in 0..<count {
                    if let value = column.number(at: row) {
                        #expect(block.summary(of: info.field)?.range?.contains(value) == true)
                    }
                    _ = column.address(at: row)
                }
            }
        }
    }
}
