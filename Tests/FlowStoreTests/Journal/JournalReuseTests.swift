import FlowModel
import Testing

@testable import FlowStore

/// Files of the journal that are written over when their frames are in segments.
@Suite struct JournalReuseTests {
    private let scratch = Scratch()

    private func live() throws -> LiveWriter {
        try LiveWriter(
            StoreDirectory(path: scratch.store), policy: .every(.seconds(1000)),
            journalLimits: JournalLimits(spareOctets: 0))
    }

    private var files: [String] { Scratch.list(scratch.store + "/journal").sorted() }

    private func path() throws -> String {
        scratch.store + "/journal/" + (try #require(files.last { $0 != "SPARE" }))
    }

    private func counts(_ reader: StoreReader) throws -> [UInt64: Int] {
        try numberedRows(of: reader).mapValues(\.count)
    }

    /// A writer whose journal lies where another was that had more: frame 4, and what is left of 1 to 3.
    private func reused() throws -> LiveWriter {
        let writer = try live()
        for number in 1...3 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 500))
        }
        try writer.publish()
        #expect(files == ["SPARE"])
        try writer.append(numberedBatch(4, rows: 40))
        return writer
    }

    @Test func `what is in segments is written over`() throws {
        let writer = try reused()
        #expect(files.count == 1)
        #expect(try JournalFile(path: path()).header.isReused)
        let length = try JournalFile(path: path()).scan().octets
        try writer.append(numberedBatch(5, rows: 40))
        // Nothing is appended, and what lies behind the frames is not looked at.
        let content = try JournalFile(path: path()).scan()
        #expect(content.octets == length)
        #expect(content.places.map(\.frame.number) == [4, 5] && content.gaps.isEmpty)
        let expected: [UInt64: Int] = [1: 500, 2: 500, 3: 500, 4: 40, 5: 40]
        let reader = try StoreReader(directory: scratch.store)
        #expect(try counts(reader) == expected)
        #expect(reader.notices.isEmpty && reader.damaged.isEmpty)
        writer.close()
        let next = try live()
        #expect(next.recoveredRows == 80 && next.notices.isEmpty)
        try next.finish()
        #expect(files.isEmpty)
        #expect(try counts(StoreReader(directory: scratch.store)) == expected)
    }

    @Test func `it grows beyond what was there`() throws {
        let writer = try reused()
        try writer.append(numberedBatch(5, rows: 5000))
        try writer.append(numberedBatch(6, rows: 10))
        writer.close()
        let content = try JournalFile(path: path()).scan()
        #expect(content.places.map(\.frame.number) == [4, 5, 6] && content.gaps.isEmpty)
        let next = try live()
        #expect(next.recoveredRows == 5050 && next.notices.isEmpty)
        try next.finish()
    }

    @Test func `whoever reads a file keeps it from being written over`() throws {
        let writer = try live()
        try writer.append(numberedBatch(1, rows: 500))
        let before = try StoreReader(directory: scratch.store)
        try writer.publish()
        try writer.append(numberedBatch(2, rows: 500))
        #expect(try !JournalFile(path: path()).header.isReused)
        #expect(files.count == 1)
        #expect(try counts(before) == [1: 500])
        try writer.finish()
    }

    @Test func `a frame that is only half there is as if it were not`() throws {
        let writer = try reused()
        let before = contents(of: try path())
        try writer.append(numberedBatch(5, rows: 30))
        writer.close()
        let after = contents(of: try path())
        let frame = try #require(JournalFile(path: path()).scan().places.last)
        let head = Int(frame.offset) - JournalFrame.headOctets
        let end = Int(frame.offset) + frame.frame.payloadOctets
        for cut in [head + 1, head + 40, head + 80, head + 81, end - 1, end] {
            // Up to there it was written when the machine stopped; behind it lies what was there before.
            write(Array(after[..<cut] + before[cut...]), to: try path())
            let reader = try StoreReader(directory: scratch.store)
            #expect(reader.notices.isEmpty && reader.damaged.isEmpty, "\(cut)")
            #expect(try counts(reader)[4] == 40, "\(cut)")
            #expect(try counts(reader)[5] == (cut == end ? 30 : nil), "\(cut)")
        }
        write(Array(after[..<(end - 1)] + before[(end - 1)...]), to: try path())
        let next = try live()
        #expect(next.recoveredRows == 40)
        try next.append(numberedBatch(5, rows: 20))
        try next.finish()
        let reader = try StoreReader(directory: scratch.store)
        #expect(try counts(reader)[5] == 20 && reader.damaged.isEmpty)
    }

    @Test func `damage is told as in any other`() throws {
        let writer = try reused()
        try writer.synchronize()
        try writer.append(numberedBatch(5, rows: 30))
        writer.close()
        var octets = contents(of: try path())
        octets[Int(JournalHeader.framesOffset) + 10] ^= 1
        write(octets, to: try path())
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.damaged.count == 1)
        #expect(try counts(reader)[4] == nil && counts(reader)[5] == 30)
    }

    @Test func `octets that the disk lost are no end`() throws {
        let writer = try reused()
        try writer.append(numberedBatch(5, rows: 30))
        try writer.synchronize()
        try writer.append(numberedBatch(6, rows: 20))
        writer.close()
        var octets = contents(of: try path())
        let second = try #require(JournalFile(path: path()).scan().places.dropFirst().first)
        let head = Int(second.offset) - JournalFrame.headOctets
        for index in head..<Int(second.offset) { octets[index] = 0 }
        write(octets, to: try path())
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.damaged.count == 1)
        let found = try counts(reader)
        #expect(found[4] == 40 && found[5] == nil && found[6] == 20)
    }

    @Test func `what a writer that was killed kept goes`() throws {
        let writer = try live()
        try writer.append(numberedBatch(1, rows: 500))
        try writer.publish()
        write([1, 2, 3], to: scratch.store + "/journal/SPARE")
        writer.close()
        write([1, 2, 3], to: scratch.store + "/journal/SPARE")
        let next = try live()
        #expect(files.isEmpty)
        try next.finish()
    }
}
