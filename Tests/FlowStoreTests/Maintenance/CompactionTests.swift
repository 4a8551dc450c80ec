import FlowModel
import Glibc
import Testing

@testable import FlowStore

@Suite struct CompactionTests {
    private let scratch = Scratch()
    private let hour: UInt64 = 3_600_000
    private let begin: UInt64 = 472_224 * 3_600_000

    /// Publishes each batch as a segment of its own.
    private func fill(_ batches: [FlowBatch]) throws {
        for batch in batches {
            let writer = try StoreWriter(directory: scratch.store)
            try writer.append(batch)
            try writer.finish()
        }
    }

    private func compact() throws -> CompactionSummary {
        let writer = try LiveWriter(directory: scratch.store, merges: false)
        defer { writer.close() }
        return try writer.compact()
    }

    @Test(arguments: 1...6)
    func `the flows are the same, in the same order`(seed: UInt64) throws {
        try fill(
            (0..<4).map {
                randomBatch(
                    rows: [1, 63, 130, 500][Int($0)], seed: seed * 7 + $0,
                    received: begin + $0 * 1000)
            })
        let open = try StoreReader(directory: scratch.store)
        let before = rows(of: open).rows
        let summary = try compact()
        #expect(summary.segmentsBefore == 4 && summary.segmentsAfter == 1 && summary.rows == 694)
        let after = try StoreReader(directory: scratch.store)
        #expect(after.segments.count == 1 && after.blocks.count == 1)
        #expect(rows(of: after).rows == before)
        // Who had it open reads on, though the files have no name any more.
        #expect(scratch.segments().count == 1)
        let still = rows(of: open)
        #expect(still.damaged == 0 && still.rows == before)
    }

    @Test func `full blocks are taken over as they are, wherever they then lie`() throws {
        let batches = (0..<3).map { (step: UInt64) in
            let rows = [FlowBatch.capacity, 500, FlowBatch.capacity / 16 * 15][Int(step)]
            return randomBatch(rows: rows, seed: step + 90, received: begin + step * 1000)
        }
        try fill(batches)
        let open = try StoreReader(directory: scratch.store)
        let before = rows(of: open).rows
        #expect(try compact().segmentsAfter == 1)
        let after = try StoreReader(directory: scratch.store)
        #expect(after.blocks.map(\.rows) == batches.map(\.count))
        #expect(rows(of: after).rows == before)
        for (old, new) in zip(open.blocks, after.blocks) {
            // What it has is found by the summary of addresses.
            for address in [batches[0], batches[2]].map({ $0.column(.srcip)?.address(at: 7) }) {
                guard let address else { continue }
                #expect(
                    !old.mayContain([address...address]) || new.mayContain([address...address]))
            }
        }
        #expect(try StoreVerifier.verify(directory: scratch.store).problems.isEmpty)
    }

    @Test func `a full block that is damaged is not taken over`() throws {
        try fill(
            (0..<2).map {
                numberedBatch($0, rows: FlowBatch.capacity, received: begin + $0 * 1000)
            })
        let path = scratch.segments()[0]
        var octets = contents(of: path)
        octets[40] ^= 1
        write(octets, to: path)
        let summary = try compact()
        #expect(summary.unreadable.map(\.info.number) == [1] && summary.segmentsAfter == 0)
        #expect(contents(of: path) == octets)
    }

    @Test func `rollups are made of what is settled, and before it expires`() throws {
        let writer = try LiveWriter(directory: scratch.store, policy: .eachBatch, rowsMax: 40)
        defer { writer.close() }
        func rollups() throws -> [UInt64] {
            try StoreReader(directory: scratch.store).rollups.map(\.flows)
        }
        for number in 0..<8 as Range<UInt64> {
            try writer.append(numberedBatch(number, rows: 10, received: begin + number))
        }
        try writer.publish()
        _ = try writer.rollUpSettled()
        #expect(try rollups().isEmpty)
        // The next hour begins.
        try writer.append(numberedBatch(8, rows: 10, received: begin + hour))
        try writer.publish()
        while try writer.rollUpSettled() > 0 {}
        #expect(try rollups().reduce(0, +) == 2 * 80)
        _ = try writer.expire(RetentionPolicy(maxOctets: 0), now: begin + 2 * hour)
        #expect(try StoreReader(directory: scratch.store).segments.isEmpty)
        #expect(try rollups().reduce(0, +) == 2 * 90)
    }

    @Test func `hours stay apart unless they are small, and days always do`() throws {
        let batches = [0, 0, 1, 5, 24, 25, 48].map { (step: UInt64) in
            numberedBatch(step, rows: 10, received: begin + step * hour)
        }
        try fill(batches)
        #expect(try compact().segmentsAfter == 2)
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.segments.map(\.rows) == [40, 20, 10])
        #expect(
            try numberedRows(of: reader).mapValues(\.count) == [
                0: 20, 1: 10, 5: 10, 24: 10, 25: 10, 48: 10,
            ])
        #expect(try compact().segmentsBefore == 0)
    }

    @Test func `waiting merges grow, so that no flow is written over and over`() {
        func segment(_ number: UInt64, octets: UInt64) -> SegmentInfo {
            SegmentInfo(
                number: number, rows: 1, blocks: 1, octets: octets,
                received: begin...begin + number, start: nil, checksum: 0)
        }
        let limits = SegmentSet.Limits(segmentOctets: 1000, smallOctets: 10)
        func runs(_ octets: [UInt64], isEager: Bool = false) -> [[UInt64]] {
            let segments = octets.enumerated().map { segment(UInt64($0), octets: $1) }
            return CompactionPlan(segments, limits: limits, isEager: isEager).runs
                .map { $0.map(\.octets) }
        }
        #expect(runs([100, 10]).isEmpty)
        #expect(runs([100, 10], isEager: true) == [[100, 10]])
        #expect(runs([100, 90, 100]).isEmpty)
        #expect(runs([100, 90, 100, 10]) == [[100, 90, 100, 10]])
        #expect(runs([900, 200, 200, 200]) == [[200, 200, 200]])
        #expect(runs([1000, 1000]).isEmpty && runs([50]).isEmpty)
    }

    @Test func `a damaged segment is left as it is, and the others are merged`() throws {
        try fill((0..<4).map { numberedBatch($0, rows: 10, received: begin + $0) })
        let path = scratch.segments()[1]
        var octets = contents(of: path)
        octets[20] ^= 1
        write(octets, to: path)
        let summary = try compact()
        #expect(summary.unreadable.map(\.info.number) == [2])
        #expect(contents(of: path) == octets)
        let reader = try StoreReader(directory: scratch.store)
        #expect(rows(of: reader).rows.count == 30)
        #expect(reader.segments.count == 2)
    }

    @Test(arguments: ["write", "synchronize", "rename", "MANIFEST"])
    func `where the disk refuses, the store stays as it was`(what: String) throws {
        try fill((0..<3).map { numberedBatch($0, rows: 10, received: begin + $0) })
        let disk = FaultyDisk()
        let writer = try LiveWriter(
            StoreDirectory(path: scratch.store, probe: disk), policy: .eachBatch)
        disk.fail { operation in
            switch operation {
            case .write(let path, _) where what == "write": path.contains("segments") ? ENOSPC : nil
            case .synchronize where what == "synchronize": EIO
            case .rename(_, let to) where what == "rename": to.hasSuffix(".seg") ? EIO : nil
            case .write(let path, _) where what == "MANIFEST": path.contains(what) ? ENOSPC : nil
            default: nil
            }
        }
        #expect(throws: StoreError.self) { _ = try writer.compact() }
        disk.fail(nil)
        #expect(try StoreReader(directory: scratch.store).segments.count == 3)
        #expect(scratch.segments().count == 3)
        #expect(try writer.compact().segmentsAfter == 1)
        #expect(try numberedRows(of: StoreReader(directory: scratch.store)).count == 3)
    }

    @Test func `policies take the oldest first, whole segments`() throws {
        try fill((0..<5).map { numberedBatch($0, rows: 10, received: begin + $0 * 24 * hour) })
        let segments = try StoreReader(directory: scratch.store).segments
        func expired(_ policy: RetentionPolicy, journal: UInt64 = 0, day: UInt64) -> [UInt64] {
            policy.expired(segments, journalOctets: journal, now: begin + day * 24 * hour)
                .map(\.number)
        }
        #expect(expired(RetentionPolicy(), day: 1000).isEmpty)
        #expect(expired(RetentionPolicy(maxAge: .seconds(86_400)), day: 3) == [1, 2])
        #expect(expired(RetentionPolicy(maxAge: .seconds(Int64.max)), day: 3).isEmpty)
        let size = segments[0].octets
        let total = segments.reduce(0) { $0 + $1.octets }
        #expect(expired(RetentionPolicy(maxOctets: total), day: 0).isEmpty)
        #expect(expired(RetentionPolicy(maxOctets: total), journal: 1, day: 0) == [1])
        #expect(expired(RetentionPolicy(maxOctets: total - size - 1), day: 0) == [1, 2])
        #expect(expired(RetentionPolicy(maxOctets: 0), day: 0) == [1, 2, 3, 4, 5])
        let both = RetentionPolicy(maxAge: .seconds(86_400), maxOctets: total - size)
        #expect(expired(both, day: 4) == [1, 2, 3])
    }

    @Test func `a live writer merges what it makes by itself`() throws {
        let writer = try LiveWriter(directory: scratch.store, policy: .eachBatch, rowsMax: 40)
        for number in 0..<40 as Range<UInt64> {
            try writer.append(numberedBatch(number, rows: 10, received: begin + number))
        }
        writer.settle()
        // The thread has begun by now or will not be needed: the call waits for it.
        _ = try writer.compact()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.segments.count == 1 && reader.rows == 400)
        #expect(try numberedRows(of: reader).values.allSatisfy { $0 == Array(0..<10) })
        try writer.finish()
    }
}
