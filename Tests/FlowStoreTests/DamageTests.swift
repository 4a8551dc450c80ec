import FlowModel
import Glibc
import Testing

@testable import FlowStore

@Suite struct DamageTests {
    /// A store with a segment of three blocks.
    private func makeStore(
        _ scratch: Scratch, rowsOfBlock: Int = 60
    ) throws -> (segment: String, rows: [Row]) {
        let writer = try StoreWriter(directory: scratch.store)
        var all: [Row] = []
        for seed in 1...3 as ClosedRange<UInt64> {
            let batch = randomBatch(rows: rowsOfBlock, seed: seed)
            all += rows(of: batch)
            try writer.append(batch)
        }
        writer.note([
            SamplingRate(
                exporter: IPAddress(v4: 1), domain: 1, subject: .domain, interval: 10, since: 5)
        ])
        try writer.finish()
        return (scratch.segments()[0], all)
    }

    @Test(arguments: 1...8)
    func `a flipped bit of a segment is an error or changes nothing`(seed: Int) throws {
        let scratch = Scratch()
        let (segment, expected) = try makeStore(scratch, rowsOfBlock: 20)
        let blocks = stride(from: 0, to: 60, by: 20).map { Array(expected[$0..<$0 + 20]) }
        let whole = contents(of: segment)
        var random = Seeded(UInt64(seed))
        for _ in 0..<250 {
            var octets = whole
            let place = Int.random(in: 0..<octets.count, using: &random)
            octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            write(octets, to: segment)
            let reader = try StoreReader(directory: scratch.store)
            if !reader.damaged.isEmpty { continue }
            #expect(reader.blocks.count == 3)
            for (block, rowsOfBlock) in zip(reader.blocks, blocks) {
                for info in Field.table { _ = block.summary(of: info.field) }
                if let found = try? rows(of: block) { #expect(found == rowsOfBlock) }
            }
        }
    }

    @Test func `one damaged octet costs one block, and a message says where`() throws {
        let scratch = Scratch()
        let (segment, expected) = try makeStore(scratch)
        var octets = contents(of: segment)
        octets[20] ^= 0xff
        write(octets, to: segment)
        let reader = try StoreReader(directory: scratch.store)
        let found = rows(of: reader)
        #expect(found.damaged == 1 && found.rows == Array(expected[60...]))
        let error = #expect(throws: StoreError.self) { _ = try rows(of: reader.blocks[0]) }
        #expect(error?.path == segment && error?.offset == 16)
    }

    @Test func `a damaged block directory hides no block`() throws {
        let scratch = Scratch()
        let (segment, _) = try makeStore(scratch)
        var octets = contents(of: segment)
        // The head begins where the trailer says; the directories lie before it.
        let trailer = octets.suffix(32)
        let head = trailer.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        octets[head - 5] ^= 4
        write(octets, to: segment)
        let reader = try StoreReader(directory: scratch.store)
        let last = try #require(reader.blocks.last)
        #expect(reader.blocks.count == 3 && last.rows == 60)
        #expect(last.summary(of: .bytes)?.range == 0...UInt64.max)
        #expect(last.summary(of: .dstip)?.addressRange != nil)
        #expect(throws: StoreError.self) { _ = try last.column(.bytes) }
        #expect(rows(of: reader).rows.count == 120)
    }

    @Test(arguments: 1...4)
    func `a flipped bit of the manifest is told, and its copy is used`(seed: Int) throws {
        let scratch = Scratch()
        _ = try makeStore(scratch)
        let path = scratch.store + "/MANIFEST"
        let copy = path + ".copy"
        let whole = contents(of: path)
        #expect(contents(of: copy) == whole)
        var random = Seeded(UInt64(seed))
        func flipped() -> [UInt8] {
            var octets = whole
            let place = Int.random(in: 0..<octets.count, using: &random)
            octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            return octets
        }
        for _ in 0..<50 {
            write(flipped(), to: path)
            let reader = try StoreReader(directory: scratch.store)
            #expect(reader.rows == 180 && reader.notices.count == 1)
            write(flipped(), to: copy)
            #expect(throws: StoreError.self) { _ = try StoreReader(directory: scratch.store) }
            #expect(throws: StoreError.self) { _ = try StoreWriter(directory: scratch.store) }
            write(whole, to: path)
            let other = try StoreReader(directory: scratch.store)
            #expect(other.rows == 180 && other.notices.isEmpty)
            write(whole, to: copy)
        }
        write(flipped(), to: path)
        let writer = try StoreWriter(directory: scratch.store)
        #expect(writer.notices.count == 1)
        try writer.finish()
        #expect(contents(of: path) == whole && contents(of: copy) == whole)
        write(flipped(), to: copy)
        try StoreWriter(directory: scratch.store).finish()
        #expect(contents(of: copy) == whole)
    }

    @Test func `what a stale copy of the manifest does not know is put aside`() throws {
        let scratch = Scratch()
        _ = try makeStore(scratch)
        let copy = contents(of: scratch.store + "/MANIFEST.copy")
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(randomBatch(rows: 7, seed: 9))
        try writer.finish()
        write(copy, to: scratch.store + "/MANIFEST.copy")
        unlink(scratch.store + "/MANIFEST")
        let next = try StoreWriter(directory: scratch.store)
        guard case .manifestCopyUsed(_, 1)? = next.notices.first else {
            Issue.record("\(next.notices)")
            return
        }
        try next.finish()
        #expect(Scratch.list(scratch.store + "/aside").count == 1)
        #expect(try StoreReader(directory: scratch.store).rows == 180)
    }

    @Test func `cut files are damaged, whatever their length`() throws {
        let scratch = Scratch()
        let (segment, _) = try makeStore(scratch)
        let whole = contents(of: segment)
        for length in stride(from: 0, to: whole.count, by: 211) {
            write(Array(whole[0..<length]), to: segment)
            let reader = try StoreReader(directory: scratch.store)
            #expect(reader.damaged.count == 1 && reader.blocks.isEmpty)
            #expect(reader.damaged.first?.info.rows == 180)
        }
        unlink(scratch.store + "/MANIFEST.copy")
        let manifest = contents(of: scratch.store + "/MANIFEST")
        for length in 0..<manifest.count {
            write(Array(manifest[0..<length]), to: scratch.store + "/MANIFEST")
            #expect(throws: StoreError.self) { _ = try StoreReader(directory: scratch.store) }
        }
    }

    @Test func `a segment that is gone or another's is damaged`() throws {
        let scratch = Scratch()
        let (segment, _) = try makeStore(scratch)
        let whole = contents(of: segment)
        unlink(segment)
        let gone = try StoreReader(directory: scratch.store)
        #expect(gone.damaged.first?.error.cause == .system(operation: "open", code: ENOENT))
        write(whole + whole, to: segment)
        let longer = try StoreReader(directory: scratch.store)
        #expect(longer.damaged.first?.error.cause == .damaged(.other))
    }

    @Test func `a newer version says so`() throws {
        let scratch = Scratch()
        _ = try makeStore(scratch)
        var octets = Array(contents(of: scratch.store + "/MANIFEST").dropLast(4))
        octets[8] = 2
        octets.put(checksum(octets.span.bytes))
        write(octets, to: scratch.store + "/MANIFEST")
        let error = #expect(throws: StoreError.self) {
            _ = try StoreReader(directory: scratch.store)
        }
        #expect(error?.cause == .newerVersion(found: 2, known: 1))
    }

    @Test(arguments: 1...20)
    func `chunks of any octets are refused or read, never a crash`(seed: Int) throws {
        var random = Seeded(UInt64(seed))
        let packed = try BlockPacker().pack(
            BlockEncoder().encode(randomBatch(rows: 64, seed: UInt64(seed))), at: 16, path: "")
        let scratch = Scratch()
        let path = scratch.path + "/x"
        for top in [1, 3, 60, 255] as [UInt8] {
            var octets = [UInt8](repeating: 0, count: 16)
            var directory = packed.directory
            // The checksums fit, so that what comes after them is tried.
            func fill(_ chunk: inout Chunk) {
                let noise = (0..<chunk.rawOctets).map { _ in
                    UInt8.random(in: 0...top, using: &random)
                }
                chunk.codec = .raw
                chunk.storedOctets = chunk.rawOctets
                chunk.offset = UInt64(octets.count)
                chunk.checksum = fastChecksum(noise.span.bytes)
                octets += noise
            }
            for column in directory.columns.indices {
                for index in directory.columns[column].chunks.indices {
                    fill(&directory.columns[column].chunks[index])
                }
            }
            for index in directory.extras.indices { fill(&directory.extras[index]) }
            write(octets, to: path)
            let block = SegmentBlock(
                SegmentFile(path: path), rows: 64, directory: .parsed(.success(directory)))
            for info in Field.table {
                guard let column = try? block.column(info.field) else { continue }
                for row in 0..<64 {
                    if let value = column.number(at: row) {
                        #expect(block.summary(of: info.field)?.range?.contains(value) == true)
                    }
                    _ = column.address(at: row)
                }
            }
            _ = try? block.otherElements()
        }
    }

    @Test(arguments: 1...20)
    func `a directory of any numbers is refused or read, never a crash`(seed: Int) throws {
        var random = Seeded(UInt64(seed))
        let packed = try BlockPacker().pack(
            BlockEncoder().encode(randomBatch(rows: 64, seed: UInt64(seed))), at: 16, path: "")
        let whole = packed.directory.encoded()
        let payload = 16..<16 + UInt64(packed.octets.count)
        #expect(try BlockDirectory(whole, payload: payload) == packed.directory)
        let scratch = Scratch()
        let path = scratch.path + "/x"
        write([UInt8](repeating: 0, count: 16) + packed.octets, to: path)
        for _ in 0..<300 {
            var octets = whole
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 0..<octets.count, using: &random)
                octets[place] = UInt8(truncatingIfNeeded: random.next())
            }
            guard let directory = try? BlockDirectory(octets, payload: payload) else { continue }
            let block = SegmentBlock(
                SegmentFile(path: path), rows: directory.rows,
                directory: .parsed(.success(directory)))
            _ = try? rows(of: block)
        }
    }
}
