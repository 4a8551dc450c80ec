import FlowModel
import Glibc
import Testing

@testable import FlowStore

@Suite struct StoreTests {
    @Test func `what is missing or no store says so`() throws {
        let scratch = Scratch()
        #expect(throws: StoreError(path: scratch.store, cause: .missing)) {
            _ = try StoreReader(directory: scratch.store)
        }
        #expect(throws: StoreError(path: scratch.path, cause: .notAStore)) {
            _ = try StoreReader(directory: scratch.path)
        }
        write([1], to: scratch.path + "/letter.txt")
        #expect(throws: StoreError(path: scratch.path, cause: .notAStore)) {
            _ = try StoreWriter(directory: scratch.path)
        }
    }

    @Test func `nothing is seen before it is published, and abandoning leaves nothing`() throws {
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        #expect(try StoreReader(directory: scratch.store).blocks.isEmpty)
        try writer.append(randomBatch(rows: 100, seed: 1))
        #expect(try StoreReader(directory: scratch.store).blocks.isEmpty)
        try writer.publish()
        #expect(try StoreReader(directory: scratch.store).rows == 100)
        try writer.append(randomBatch(rows: 50, seed: 2))
        writer.abandon()
        #expect(try StoreReader(directory: scratch.store).rows == 100)
        #expect(scratch.segments().count == 1)
        #expect(throws: StoreError(path: scratch.store, cause: .closed)) {
            try writer.append(randomBatch(rows: 1, seed: 3))
        }
    }

    @Test func `a second writer is told who the first is`() throws {
        let scratch = Scratch()
        let first = try StoreWriter(directory: scratch.store)
        #expect(throws: StoreError(path: scratch.store, cause: .locked(owner: getpid()))) {
            _ = try StoreWriter(directory: scratch.store)
        }
        first.abandon()
        try StoreWriter(directory: scratch.store).finish()
    }

    @Test func `what a killed writer left is swept away`() throws {
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(randomBatch(rows: 10, seed: 1))
        try writer.finish()
        let named = scratch.segments()
        write([1, 2, 3], to: scratch.store + "/segments/00000000000000aa.tmp")
        write([1, 2, 3], to: scratch.store + "/segments/00000000000000ab.seg")
        write([1, 2, 3], to: scratch.store + "/segments/notes.txt")
        #expect(try StoreReader(directory: scratch.store).rows == 10)
        try StoreWriter(directory: scratch.store).finish()
        #expect(scratch.segments() == named + [scratch.store + "/segments/notes.txt"])
    }

    @Test func `rates and fingerprints are kept`() throws {
        let scratch = Scratch()
        let exporter = IPAddress(high: 1, low: 2)
        let rates = [
            SamplingRate(exporter: exporter, domain: 1, subject: .domain, interval: 10, since: 5),
            SamplingRate(
                exporter: exporter, domain: 1, subject: .sampler(7), interval: 20, since: 5),
            SamplingRate(
                exporter: exporter, domain: 1, subject: .sampler(7), interval: 40, since: 9),
            SamplingRate(
                exporter: exporter, domain: 1, subject: .interface(3), interval: 30, since: 5),
        ]
        let mark = ImportFingerprint(high: 3, low: 4)
        let writer = try StoreWriter(directory: scratch.store)
        writer.note(rates)
        #expect(!writer.hasImported(fingerprint: mark))
        writer.noteImport(fingerprint: mark)
        try writer.finish()
        #expect(Set(try StoreReader(directory: scratch.store).rates.all) == Set(rates))
        let again = try StoreWriter(directory: scratch.store)
        #expect(again.hasImported(fingerprint: mark))
        #expect(!again.hasImported(fingerprint: ImportFingerprint(high: 4, low: 3)))
    }

    @Test func `batches that are exchanged are all written, once`() throws {
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        let appender = BatchAppender { try writer.exchange($0) }
        let rows = 5 * FlowBatch.capacity + 100
        for row in 0..<rows {
            try appender.reserve(1)
            let batch = appender.batch
            batch.columnForWriting(.bytes).set(UInt64(row), at: batch.count)
            batch.advance(by: 1)
        }
        try appender.flush()
        try writer.finish()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.rows == UInt64(rows))
        var next: UInt64 = 0
        for block in reader.blocks {
            let column = try #require(try block.column(.bytes))
            for row in stride(from: 0, to: block.rows, by: 99) {
                #expect(column.number(at: row) == next + UInt64(row))
            }
            next += UInt64(block.rows)
        }
    }

    @Test func `many threads read one store`() async throws {
        let scratch = Scratch()
        let writer = try StoreWriter(directory: scratch.store)
        var expected: [[Row]] = []
        for seed in 1...4 as ClosedRange<UInt64> {
            let batch = randomBatch(rows: 100, seed: seed)
            expected.append(rows(of: batch))
            try writer.append(batch)
        }
        try writer.finish()
        let reader = try StoreReader(directory: scratch.store)
        let all = expected
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for turn in 0..<16 {
                group.addTask { try rows(of: reader.blocks[turn % 4]) == all[turn % 4] }
            }
            for try await isEqual in group { #expect(isEqual) }
        }
    }

    @Test func `a batch with much in other becomes several blocks`() throws {
        let scratch = Scratch()
        let batch = FlowBatch()
        let found = batch.other.layout([OtherElement(enterprise: 9, id: 1, length: 100)])
        let layout = try #require(found)
        for row in 0..<300 {
            let octets = [UInt8](repeating: UInt8(row & 0xff), count: 100)
            batch.other.set(row: row, layout: layout, octets: octets.span.bytes)
            batch.columnForWriting(.bytes).set(UInt64(row), at: row)
        }
        batch.advance(by: 300)
        let writer = try StoreWriter(
            directory: scratch.store, limits: SegmentSet.Limits(otherOctets: 8000))
        try writer.append(batch)
        try writer.finish()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.blocks.count == 5)
        #expect(rows(of: reader).rows == rows(of: batch))
    }

    @Test func `a fingerprint is the content's, however it comes`() {
        let text = Array("The quick brown fox jumps over the lazy dog".utf8)
        // From the reference implementation of MurmurHash3 x64 128.
        let known = ImportFingerprint(high: 0xe34b_bc7b_bc07_1b6c, low: 0x7a43_3ca9_c49a_9347)
        for cut in 0...text.count {
            var hasher = FingerprintHasher()
            hasher.update(text.span.bytes.extracting(0..<cut))
            hasher.update(text.span.bytes.extracting(cut..<text.count))
            #expect(hasher.finish() == known)
        }
        #expect(FingerprintHasher().finish() == ImportFingerprint(high: 0, low: 0))
    }

    @Test func `segments are an hour where there is enough, and never thousands`() throws {
        let scratch = Scratch()
        let hour: UInt64 = 3_600_000
        let limits = SegmentSet.Limits(segmentOctets: 1 << 20, smallOctets: 1 << 10, openMax: 4)
        let writer = try StoreWriter(directory: scratch.store, limits: limits)
        let batch = FlowBatch()
        func fill(rows: Int, at time: UInt64) {
            batch.reset()
            var random = Seeded(time)
            for row in 0..<rows {
                batch.columnForWriting(.received).set(470_000 * hour + time, at: row)
                batch.columnForWriting(.bytes).set(random.next(), at: row)
            }
            batch.advance(by: rows)
        }
        // Two exporters a few hours apart, then one row a month.
        for step in 0..<40 as Range<UInt64> {
            fill(rows: 200, at: (step % 2 * 5 + step / 10) * hour)
            try writer.append(batch)
        }
        try writer.finish()
        let dense = try StoreReader(directory: scratch.store).segments
        #expect(dense.count == 8)
        for info in dense {
            #expect(info.received.lowerBound / hour == info.received.upperBound / hour)
        }
        let sparse = try StoreWriter(directory: scratch.store)
        for month in 0..<100 as Range<UInt64> {
            fill(rows: 5, at: month * 720 * hour)
            try sparse.append(batch)
        }
        try sparse.finish()
        #expect(try StoreReader(directory: scratch.store).segments.count <= 12)
    }

    /// Whether this process may mount, which a small disk to fill takes.
    static let mayMount: Bool = {
        let scratch = Scratch()
        guard mount("tmpfs", scratch.path, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount(scratch.path) == 0
    }()

    @Test(.enabled(if: mayMount, "needs the right to mount"))
    func `a full disk is named, and the store is as it was`() throws {
        let scratch = Scratch()
        try #require(mount("tmpfs", scratch.path, "tmpfs", 0, "size=512k") == 0)
        defer { umount2(scratch.path, Int32(MNT_DETACH)) }
        let writer = try StoreWriter(directory: scratch.store)
        try writer.append(randomBatch(rows: 100, seed: 1))
        try writer.publish()
        let error = #expect(throws: StoreError.self) {
            for seed in 0..<50 as Range<UInt64> {
                _ = try writer.exchange(randomBatch(rows: 3000, seed: seed))
            }
            try writer.finish()
        }
        #expect(error?.cause == .system(operation: "write", code: ENOSPC))
        #expect(error?.description.contains("the store is as it was") == true)
        writer.abandon()
        #expect(try StoreReader(directory: scratch.store).rows == 100)
        let next = try StoreWriter(directory: scratch.store)
        try next.append(randomBatch(rows: 10, seed: 3))
        try next.finish()
        #expect(try StoreReader(directory: scratch.store).rows == 110)
    }

    @Test(.enabled(if: geteuid() != 0, "root may read everything"))
    func `a store that may not be read says so`() throws {
        let scratch = Scratch()
        try StoreWriter(directory: scratch.store).finish()
        chmod(scratch.store + "/MANIFEST", 0)
        #expect(throws: StoreError.self) { _ = try StoreReader(directory: scratch.store) }
    }
}
