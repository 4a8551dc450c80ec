import FlowModel
import Testing

@testable import FlowStore

/// What a block's codes look like in the file, and that they come back.
@Suite struct ArrangementTests {
    /// Hosts of two families that talk to each other, with what routing says of them.
    static func conversations(rows: Int, hosts: Int, seed: UInt64) -> FlowBatch {
        var random = Seeded(seed)
        let batch = FlowBatch()
        let addresses = (0..<hosts).map { address($0, &random) }
        func routed(_ place: Int, _ field: Field, _ modulus: Int, at row: Int) {
            // Now and then a route has changed.
            let odd = Int.random(in: 0..<500, using: &random) == 0
            batch.columnForWriting(field).set(
                UInt64((place * 31 + (odd ? 1 : 0)) % modulus), at: row)
        }
        for row in 0..<rows {
            let source = Int.random(in: 0..<hosts, using: &random)
            let destination = Int.random(in: 0..<hosts, using: &random)
            batch.columnForWriting(.srcip).set(addresses[source], at: row)
            batch.columnForWriting(.dstip).set(addresses[destination], at: row)
            routed(source, .srcas, 3000, at: row)
            routed(source, .srcmask, 17, at: row)
            routed(destination, .dstas, 3000, at: row)
            // Unknown for some hosts.
            if source % 16 > 0 { routed(source, .srcgeo, 120, at: row) }
            routed(destination, .outif, 9, at: row)
            batch.columnForWriting(.nexthop).set(addresses[destination % 12], at: row)
            let isServer = Bool.random(using: &random)
            let port = Int.random(in: 1024...65_535, using: &random)
            let known = [53, 80, 443, 993].randomElement(using: &random) ?? 443
            batch.columnForWriting(.srcport).set(UInt64(isServer ? known : port), at: row)
            batch.columnForWriting(.dstport).set(UInt64(isServer ? port : known), at: row)
            batch.columnForWriting(.proto).set(known == 53 ? 17 : 6, at: row)
            batch.columnForWriting(.packets).set(random.next() >> 57, at: row)
            batch.columnForWriting(.bytes).set(random.next() >> 44, at: row)
            if row % 3 > 0 {
                batch.columnForWriting(.rbytes).set(random.next() >> 50, at: row)
            }
        }
        batch.advance(by: rows)
        return batch
    }

    private static func address(_ number: Int, _ random: inout Seeded) -> IPAddress {
        if number % 5 == 0 {
            let network = 0x2001_0db8 << 32 | UInt64(number / 50 % 40)
            return IPAddress(high: network, low: random.next() >> 3)
        }
        if number % 97 == 1 { return IPAddress(high: 0, low: UInt64(number)) }
        let network = 10 << 24 | UInt32(number % 7) << 16
        return IPAddress(v4: network | UInt32(truncatingIfNeeded: random.next() & 0xffff))
    }

    private func directory(
        of batch: FlowBatch
    ) throws -> BlockDirectory {
        try BlockPacker().pack(BlockEncoder().encode(batch), at: 16, path: "").directory
    }

    @Test func `columns that routing decides follow from addresses, ports are ranked`() throws {
        let directory = try directory(of: Self.conversations(rows: 9000, hosts: 700, seed: 1))
        func roles(_ field: Field) -> Set<Chunk.Role> {
            Set(directory.entry(field)?.chunks.map(\.role) ?? [])
        }
        #expect(roles(.srcas).contains(.codesOfSource))
        #expect(roles(.srcmask).isSuperset(of: [.codesOfSource, .exceptions]))
        #expect(roles(.dstas).contains(.codesOfDestination))
        #expect(roles(.outif).contains(.codesOfDestination))
        #expect(roles(.nexthop).contains(.codesOfDestination))
        #expect(roles(.srcip) == [.members, .codes] && roles(.dstip) == [.members, .codes])
        #expect(directory.extras.map(\.role) == [.sharedPrefixes, .sharedSuffixes])
        #expect(directory.entry(.dstport)?.chunk(.codes)?.arrangement == .few)
        #expect(directory.entry(.proto)?.chunk(.codes)?.arrangement == .packed)
        #expect(directory.entry(.exporter)?.chunks.isEmpty == true)
    }

    @Test func `countries cost a small part of an octet`() throws {
        let batch = FlowBatch()
        var random = Seeded(7)
        let countries = (0..<4000).map { _ in UInt64.random(in: 0x4141...0x5a5a, using: &random) }
        for row in 0..<FlowBatch.capacity {
            let host = Int.random(in: 0..<4000, using: &random)
            batch.columnForWriting(.srcip).set(IPAddress(v4: UInt32(host) << 12), at: row)
            batch.columnForWriting(.srcgeo).set(countries[host], at: row)
        }
        batch.advance(by: FlowBatch.capacity)
        let entry = try #require(try directory(of: batch).entry(.srcgeo))
        let octets = entry.chunks.reduce(0) { $0 + Int($1.storedOctets) }
        #expect(octets < FlowBatch.capacity / 5)
    }

    @Test(arguments: [(1024, 3), (1025, 700), (4095, 20_000), (9000, 700), (20_000, 9000)])
    func `conversations come back, column by column and scan by scan`(
        rows: Int, hosts: Int
    ) throws {
        let batch = Self.conversations(rows: rows, hosts: hosts, seed: UInt64(rows + hosts))
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(batch)
        try writer.finish()
        let cache = BlockCache(octetsMax: 64 << 20)
        let plain = try #require(StoreReader(directory: scratch.store).blocks.first)
        let kept = try #require(
            StoreReader(directory: scratch.store, cache: cache).blocks.first)
        let scanned = plain.scanning()
        for field in batch.fields {
            let source = try #require(batch.column(field))
            for block in [plain, scanned, kept, kept] {
                let column = try #require(try block.column(field))
                for row in 0..<rows {
                    if column.number(at: row) != source.number(at: row)
                        || column.address(at: row) != source.address(at: row)
                    {
                        Issue.record("\(field.name) of row \(row) is another")
                        break
                    }
                }
            }
        }
        #expect(cache.octets > 0)
    }

    @Test(arguments: [3, 700, 6000])
    func `addresses are found by their prefixes as by their dictionary`(hosts: Int) throws {
        let batch = Self.conversations(rows: 9000, hosts: hosts, seed: 3)
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(batch)
        try writer.finish()
        let block = try #require(StoreReader(directory: scratch.store).blocks.first)
        var random = Seeded(9)
        for _ in 0..<200 {
            let row = Int.random(in: 0..<batch.count, using: &random)
            let field: Field = [.srcip, .dstip, .exporter].randomElement(using: &random) ?? .srcip
            let some = try #require(batch.address(.srcip, at: row))
            let bits = Int.random(in: 0...128, using: &random)
            let mask = IPAddress.mask(bits)
            let low = some.masked(to: bits)
            let high = IPAddress(high: low.high | ~mask.high, low: low.low | ~mask.low)
            var ranges = [low...high]
            if high < IPAddress(high: .max, low: 0) {
                ranges.append(IPAddress(high: .max, low: 5)...IPAddress(high: .max, low: .max))
            }
            let dictionary = try #require(try block.addressDictionary(field))
            let expected = dictionary.matches(ranges)
            for source in [block, block.scanning()] {
                let found = try #require(try source.addressCodes(field, in: ranges))
                #expect(found.ranges == expected.ranges && found.entries == expected.entries)
            }
            let inside = dictionary.storage.values(as: IPAddress.self)
            for range in expected.ranges {
                #expect(ranges.contains { $0.contains(inside[Int(range.lowerBound)]) })
            }
        }
        let codes = try #require(try block.codes(.dstip))
        let column = try #require(try block.column(.dstip))
        for row in stride(from: 0, to: 9000, by: 61) {
            #expect(codes.codes.code(at: row) == column.values.codes.code(at: row))
        }
    }

    @Test func `ranks name the frequent ports and no others`() throws {
        let batch = Self.conversations(rows: 9000, hosts: 100, seed: 4)
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(batch)
        try writer.finish()
        let block = try #require(StoreReader(directory: scratch.store).blocks.first)
        let ranked = try #require(try block.ranks(.dstport))
        #expect(ranked.values.count == 15)
        #expect([53, 80, 443, 993].allSatisfy(ranked.values.contains))
        for row in 0..<9000 {
            let rank = Int(ranked.ranks.code(at: row))
            let port = try #require(batch.number(.dstport, at: row))
            #expect(rank == 255 ? !ranked.values.contains(port) : ranked.values[rank] == port)
        }
    }

    @Test(arguments: 1...6)
    func `a flipped bit of a large block is an error or changes nothing`(seed: Int) throws {
        let scratch = Scratch()
        let batch = Self.conversations(rows: 2000, hosts: 600, seed: 5)
        let expected = rows(of: batch)
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(batch)
        try writer.finish()
        let segment = scratch.segments()[0]
        let whole = contents(of: segment)
        var random = Seeded(UInt64(seed))
        for _ in 0..<8 {
            var octets = whole
            octets[Int.random(in: 0..<octets.count, using: &random)] ^=
                1 << UInt8.random(in: 0..<8, using: &random)
            write(octets, to: segment)
            let reader = try StoreReader(directory: scratch.store)
            guard let block = reader.blocks.first else { continue }
            if let found = try? rows(of: block) { #expect(found == expected) }
            let address = try #require(batch.address(.srcip, at: 7))
            // What is damaged hides no address.
            #expect(block.mayContain([address...address]))
        }
    }

    @Test(arguments: 1...10)
    func `large chunks of any octets are refused or read, never a crash`(seed: Int) throws {
        var random = Seeded(UInt64(seed))
        let batch = Self.conversations(rows: 1500, hosts: 500, seed: 6)
        let packed = try BlockPacker().pack(BlockEncoder().encode(batch), at: 16, path: "")
        let scratch = Scratch()
        let path = scratch.path + "/x"
        var octets = [UInt8](repeating: 0, count: 16) + packed.octets
        var directory = packed.directory
        // One chunk in four is others' octets, with a checksum that fits.
        func spoil(_ chunk: inout Chunk) {
            guard Int.random(in: 0..<4, using: &random) == 0 else { return }
            let top = [1, 3, 60, 255].randomElement(using: &random) ?? 255
            let noise = (0..<chunk.rawOctets).map { _ in
                UInt8(Int.random(in: 0...top, using: &random))
            }
            chunk.codec = .raw
            chunk.storedOctets = chunk.rawOctets
            chunk.offset = UInt64(octets.count)
            chunk.checksum = fastChecksum(noise.span.bytes)
            octets += noise
        }
        for column in directory.columns.indices {
            for index in directory.columns[column].chunks.indices {
                spoil(&directory.columns[column].chunks[index])
            }
        }
        for index in directory.extras.indices { spoil(&directory.extras[index]) }
        write(octets, to: path)
        let block = SegmentBlock(
            SegmentFile(path: path), rows: 1500, directory: .parsed(.success(directory)))
        _ = try? rows(of: block)
        let scan = block.scanning()
        for info in Field.table {
            let all = IPAddress(v4: 0)...IPAddress(v4: .max)
            if let matches = try? scan.addressCodes(info.field, in: [all]) {
                #expect(matches.ranges.allSatisfy { Int($0.upperBound) < matches.entries })
            }
            if let ranked = try? scan.ranks(info.field) {
                #expect(
                    (0..<1500).allSatisfy { row in
                        let rank = Int(ranked.ranks.code(at: row))
                        return rank == 255 || rank < ranked.values.count
                    })
            }
            guard let column = try? scan.column(info.field) else { continue }
            for row in 0..<1500 {
                if let value = column.number(at: row) {
                    #expect(block.summary(of: info.field)?.range?.contains(value) == true)
                }
                _ = column.address(at: row)
            }
        }
    }
}

/// Ranks that lie packed.
@Suite struct PackedRankTests {
    /// Any part of them, eight at once and one by one.
    @Test(arguments: [1, 2, 4], [1, 7, 64, 1000, 4096])
    func `ranks are counted`(bits: Int, rows: Int) {
        var random = Seeded(UInt64(rows * 10 + bits))
        let ranks = (0..<rows).map { _ in UInt8.random(in: 0..<1 << bits, using: &random) }
        let head = 5
        var packed = [UInt8](
            repeating: 0, count: head + PackedCoding.octets(rows: rows, bits: bits))
        var output = packed.mutableSpan
        packBits(ranks.span, bits: bits, into: &output, at: head)
        for _ in 0..<60 {
            let first = Int.random(in: 0...rows, using: &random)
            let last = Int.random(in: first...rows, using: &random)
            let rank = UInt8.random(in: 0..<1 << bits, using: &random)
            #expect(
                countRanks(
                    packed.span, head: head, bits: bits, rows: first..<last, equalTo: rank)
                    == ranks[first..<last].count { $0 == rank })
        }
    }
}
