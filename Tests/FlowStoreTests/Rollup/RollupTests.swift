import FlowModel
import Glibc
import Testing

@testable import FlowStore

@Suite struct RollupTests {
    private let scratch = Scratch()
    private let hour: UInt64 = 3_600_000
    private let begin: UInt64 = 472_224 * 3_600_000

    private func rollupFiles() -> [String] { Scratch.list(scratch.store + "/rollups").sorted() }

    private func fill(_ batches: [FlowBatch], limits: SegmentSet.Limits = .init()) throws {
        for batch in batches {
            let writer = try StoreWriter(directory: scratch.store, limits: limits)
            try writer.append(batch)
            try writer.finish()
        }
    }

    /// Flows of two addresses a minute each, with so many others of one octet.
    private func batch(minutes: Int, others: Int, received: UInt64? = nil) -> FlowBatch {
        let batch = FlowBatch()
        var row = 0
        for minute in 0..<minutes {
            for place in 0..<(others + 2) {
                let start = begin + UInt64(minute) * 60_000 + UInt64(place % 60_000)
                batch.columnForWriting(.received).set(received ?? start + 5, at: row)
                batch.columnForWriting(.start).set(start, at: row)
                batch.columnForWriting(.end).set(start + 100, at: row)
                batch.columnForWriting(.srcip).set(IPAddress(v4: UInt32(place)), at: row)
                batch.columnForWriting(.bytes).set(place < 2 ? 1000 : 1, at: row)
                batch.columnForWriting(.packets).set(1, at: row)
                row += 1
            }
        }
        batch.advance(by: row)
        return batch
    }

    /// Sums of a part of a dimension by bucket.
    private func sums(
        _ number: UInt16, _ part: RollupPart, _ step: RollupStep
    ) throws -> [UInt64: (rows: Int, flows: UInt64, bytes: UInt64)] {
        let reader = try StoreReader(directory: scratch.store)
        var sums: [UInt64: (rows: Int, flows: UInt64, bytes: UInt64)] = [:]
        for rollup in reader.rollups where rollup.step == step {
            for block in try reader.blocks(of: rollup)
            where block.dimension.number == number && block.part == part {
                let (received, flows) = (try block.column(.received), try block.column(.flows))
                let bytes = try block.column(.bytes)
                for row in 0..<block.rows {
                    let bucket = (received?.number(at: row) ?? 0) - begin
                    var sum = sums[bucket] ?? (0, 0, 0)
                    sum.rows += 1
                    sum.flows += flows?.number(at: row) ?? 0
                    sum.bytes += bytes?.number(at: row) ?? 0
                    sums[bucket] = sum
                }
            }
        }
        return sums
    }

    @Test func `a bucket lists a thousand addresses, a remainder, and what one of it can have`()
        throws
    {
        try fill([batch(minutes: 3, others: 15_998)])
        for minute in 0..<3 as Range<UInt64> {
            let listed = try #require(try sums(11, .keys, .minute)[minute * 60_000])
            #expect(listed == (1000, 1000, 2000 + 998))
            #expect(
                try #require(try sums(11, .remainder, .minute)[minute * 60_000])
                    == (1, 15_000, 15_000))
            #expect(try #require(try sums(11, .bounds, .minute)[minute * 60_000]) == (1, 0, 1))
        }
        #expect(try #require(try sums(11, .keys, .hour)[0]) == (1000, 3000, 6000 + 3 * 998))
        #expect(try #require(try sums(11, .bounds, .hour)[0]) == (1, 0, 3))
        #expect(try #require(try sums(1, .keys, .hour)[0]) == (1, 48_000, 6000 + 3 * 15_998))
        #expect(try sums(1, .remainder, .hour).isEmpty)
    }

    @Test(arguments: [(100, 100), (1998, 125), (1600, 100)])
    func `a bucket of few flows lists a sixteenth as many keys, but a hundred`(
        others: Int, listed: Int
    ) throws {
        try fill([batch(minutes: 1, others: others)])
        #expect(try #require(try sums(11, .keys, .minute)[0]).rows == listed)
        let rest = try #require(try sums(11, .remainder, .minute)[0])
        #expect(rest.flows == UInt64(others + 2 - listed))
    }

    @Test func `rollups outlive their segments, as long as the policy says`() throws {
        try fill(
            (0..<3).map { batch(minutes: 2, others: 5, received: begin + $0 * 24 * hour) })
        let writer = try LiveWriter(directory: scratch.store, merges: false)
        defer { writer.close() }
        func expire(_ policy: RetentionPolicy) throws -> ExpirySummary {
            try writer.expire(policy, now: begin + 72 * hour)
        }
        let first = try expire(RetentionPolicy(maxAge: .seconds(36 * 3600)))
        #expect(first.segments == 2 && first.rollups == 0)
        var reader = try StoreReader(directory: scratch.store)
        #expect(reader.segments.count == 1 && reader.rollups.count == 6)
        #expect(reader.expired == begin + 24 * hour)
        let second = try expire(
            RetentionPolicy(
                maxMinuteAge: .seconds(36 * 3600), maxRollupAge: .seconds(60 * 3600)))
        #expect(second.segments == 0 && second.rollups == 3)
        reader = try StoreReader(directory: scratch.store)
        #expect(
            reader.rollups.map(\.step).sorted { $0.rawValue < $1.rawValue } == [
                .minute, .hour, .hour,
            ])
        #expect(rollupFiles().count == 3)
        // Those of flows that are still there stay.
        let third = try expire(RetentionPolicy(maxMinuteAge: .zero, maxRollupAge: .zero))
        #expect(third.segments == 0 && third.rollups == 1)
        reader = try StoreReader(directory: scratch.store)
        #expect(reader.rollups.count == 2)
        #expect(Set(reader.rollups.map(\.segment)) == Set(reader.segments.map(\.number)))
        #expect(try StoreVerifier.verify(directory: scratch.store).problems.isEmpty)
    }

    @Test func `merged segments have one rollup, that counts each flow once`() throws {
        try fill((0..<4).map { batch(minutes: 2, others: 3, received: begin + $0) })
        let writer = try LiveWriter(directory: scratch.store, merges: false)
        #expect(try writer.compact().segmentsAfter == 1)
        writer.close()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.rollups.count == 2 && rollupFiles().count == 2)
        #expect(Set(reader.rollups.map(\.segment)) == Set(reader.segments.map(\.number)))
        #expect(try #require(try sums(1, .keys, .minute)[0]) == (1, 20, 4 * 2003))
    }

    @Test func `what a writer left that was killed is swept, and nothing else`() throws {
        try fill([batch(minutes: 1, others: 1)])
        let kept = rollupFiles()
        for name in ["0000000000000009.1m", "0000000000000009.1h.tmp", "notes.txt"] {
            write([1, 2, 3], to: scratch.store + "/rollups/" + name)
        }
        let writer = try StoreWriter(directory: scratch.store)
        try writer.finish()
        #expect(rollupFiles() == (kept + ["notes.txt"]).sorted())
    }

    @Test(arguments: [20, -40, -3])
    func `a damaged rollup is told by verify and costs no flow`(offset: Int) throws {
        try fill([batch(minutes: 2, others: 100)])
        let path = scratch.store + "/rollups/" + rollupFiles()[0]
        var octets = contents(of: path)
        octets[offset < 0 ? octets.count + offset : offset] ^= 1
        write(octets, to: path)
        let report = try StoreVerifier.verify(directory: scratch.store)
        #expect(report.problems.count >= 1 && report.problems.allSatisfy { $0.path == path })
        #expect(report.rollups == 2 && report.rows == 204)
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.damaged.isEmpty && rows(of: reader).rows.count == 204)
    }

    @Test(arguments: 1...4)
    func `any batch can be counted, whatever its clocks and counters say`(seed: UInt64) throws {
        try fill([randomBatch(rows: 700, seed: seed), randomBatch(rows: 64, seed: seed + 50)])
        #expect(try StoreVerifier.verify(directory: scratch.store).problems.isEmpty)
        let reader = try StoreReader(directory: scratch.store)
        for step in RollupStep.allCases {
            for number in [1, 2, 6, 11] as [UInt16] {
                var flows: UInt64 = 0
                for rollup in reader.rollups where rollup.step == step {
                    for block in try reader.blocks(of: rollup)
                    where block.dimension.number == number && block.part != .bounds {
                        let column = try block.column(.flows)
                        for row in 0..<block.rows { flows += column?.number(at: row) ?? 0 }
                    }
                }
                #expect(flows == 764)
            }
        }
    }
}
