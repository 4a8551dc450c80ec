import Dispatch
import FlowModel
import Glibc
import Synchronization
import Testing

@testable import FlowStore

@Suite struct LiveWriterTests {
    private let scratch = Scratch()
    /// A policy under which nothing is synchronized unless it is asked for.
    private let rarely = JournalPolicy.every(.seconds(1000))

    private func journalFiles() -> [String] {
        Scratch.list(scratch.store + "/journal").sorted().map { scratch.store + "/journal/" + $0 }
    }

    private func live(
        _ policy: JournalPolicy? = nil, _ limits: JournalLimits = JournalLimits(),
        disk: FaultyDisk? = nil
    ) throws -> LiveWriter {
        try LiveWriter(
            StoreDirectory(path: scratch.store, probe: disk), policy: policy ?? rarely,
            journalLimits: limits)
    }

    @Test(arguments: 1...6)
    func `what is in the journal is answered, and what becomes of it is the same`(
        seed: UInt64
    ) throws {
        let batches = (0..<5 as Range<UInt64>).map {
            randomBatch(rows: [1, 64, 65, 300, 7][Int($0)], seed: seed * 10 + $0)
        }
        let expected = batches.flatMap { rows(of: $0) }
        let writer = try live()
        for batch in batches { try writer.append(batch) }
        let before = try StoreReader(directory: scratch.store)
        #expect(before.segments.isEmpty && before.rows == UInt64(expected.count))
        #expect(before.journal.batches == 5 && before.notices.isEmpty && before.damaged.isEmpty)
        #expect(rows(of: before).rows == expected)
        try writer.finish()
        let after = try StoreReader(directory: scratch.store)
        #expect(after.segments.count == 1 && after.journal.rows == 0)
        #expect(rows(of: after).rows == expected)
        #expect(journalFiles().isEmpty)
        for field in [Field.start, .received, .bytes] {
            let range = before.blocks[0].summary(of: field)?.range
            #expect(range == after.blocks[0].summary(of: field)?.range)
        }
    }

    @Test func `a batch is seen at once and acknowledged when it is on the disk`() throws {
        let disk = FaultyDisk()
        let writer = try live(disk: disk)
        let calls = Mutex<[UInt64]>([])
        let called = DispatchSemaphore(value: 0)
        writer.whenAcknowledged { number in
            calls.withLock { $0.append(number) }
            called.signal()
        }
        #expect(try writer.append(numberedBatch(7, rows: 3)) == 1)
        #expect(writer.acknowledged == 0)
        #expect(try numberedRows(of: StoreReader(directory: scratch.store)) == [7: [0, 1, 2]])
        try writer.synchronize()
        #expect(writer.acknowledged == 1)
        // The thread that synchronizes calls when it has let those who wait go on.
        called.wait()
        #expect(calls.withLock { $0 } == [1])
        #expect(try writer.append(numberedBatch(8, rows: 1)) == 2)
        try writer.synchronize(upTo: 1)
        #expect(writer.acknowledged == 1)
        try writer.publish()
        #expect(writer.acknowledged == 2)
        #expect(try writer.append(FlowBatch()) == 2)
    }

    @Test func `with a policy of each batch it is acknowledged when append returns`() throws {
        let writer = try live(.eachBatch)
        for number in 1...20 as ClosedRange<UInt64> {
            #expect(try writer.append(numberedBatch(number, rows: 2)) == number)
            #expect(writer.acknowledged == number)
        }
    }

    @Test func `a journal that is left is recovered once`() throws {
        var writer = try live()
        try writer.append(numberedBatch(1, rows: 100))
        writer.close()
        #expect(throws: StoreError.self) { try writer.append(numberedBatch(9, rows: 1)) }
        writer = try live()
        #expect(writer.recoveredRows == 100 && writer.lastNumber == 1 && writer.acknowledged == 1)
        try writer.append(numberedBatch(2, rows: 50))
        #expect(journalFiles().count == 2)
        writer.close()
        // A writer of another kind leaves the journal alone.
        try StoreWriter(directory: scratch.store).finish()
        writer = try live()
        #expect(writer.recoveredRows == 150)
        #expect(writer.notices.isEmpty)
        try writer.finish()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.segments.count == 1)
        #expect(try numberedRows(of: reader) == [1: Array(0..<100), 2: Array(0..<50)])
        #expect(try live().recoveredRows == 0)
    }

    @Test func `a journal that was sealed and not deleted is not there twice`() throws {
        let writer = try live()
        try writer.append(numberedBatch(1, rows: 10))
        try writer.synchronize()
        let path = try #require(journalFiles().first)
        let octets = contents(of: path)
        try writer.finish()
        write(octets, to: path)
        let reader = try StoreReader(directory: scratch.store)
        #expect(try numberedRows(of: reader) == [1: Array(0..<10)])
        #expect(reader.notices.isEmpty)
        let next = try live()
        #expect(next.recoveredRows == 0 && next.lastNumber == 1)
        try next.append(numberedBatch(2, rows: 1))
        try next.finish()
        #expect(journalFiles().isEmpty)
        #expect(try StoreReader(directory: scratch.store).rows == 11)
    }

    @Test func `small batches make one segment an hour, or one where there are many`() throws {
        let hour: UInt64 = 3_600_000
        let begin = 472_224 * hour
        let writer = try live(nil, JournalLimits(rows: 1000, rowsOfHour: 50))
        for step in 0..<60 as Range<UInt64> {
            try writer.append(numberedBatch(step, rows: 3, received: begin + step * hour / 30))
        }
        writer.settle()
        #expect(try StoreReader(directory: scratch.store).segments.map(\.rows) == [90])
        // Too few for a segment: they wait for the day to end.
        try writer.publish()
        try writer.append(numberedBatch(100, rows: 5, received: begin + 3 * hour))
        try writer.append(numberedBatch(101, rows: 5, received: begin + 4 * hour))
        writer.settle()
        #expect(try StoreReader(directory: scratch.store).segments.count == 2)
        try writer.append(numberedBatch(102, rows: 5, received: begin + 24 * hour))
        writer.settle()
        #expect(try StoreReader(directory: scratch.store).segments.count == 3)
        for step in 0..<9 as Range<UInt64> {
            try writer.append(numberedBatch(200 + step, rows: 200, received: begin + 24 * hour))
        }
        writer.settle()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.segments.map(\.rows) == [90, 90, 10, 1005])
        #expect(reader.journal.rows == 800)
    }

    @Test func `announced rates are as safe as flows`() throws {
        let rate = SamplingRate(
            exporter: IPAddress(v4: 1), domain: 1, subject: .sampler(7), interval: 10, since: 5)
        var writer = try live()
        try writer.note([rate])
        try writer.note([rate])
        #expect(writer.lastNumber == 1)
        #expect(try StoreReader(directory: scratch.store).rates.all == [rate])
        writer.close()
        writer = try live()
        try writer.finish()
        #expect(try StoreReader(directory: scratch.store).rates.all == [rate])
    }

    @Test func `a journal that ends anywhere gives what is whole before`() throws {
        let writer = try live()
        for number in 1...4 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 9))
        }
        writer.close()
        let path = try #require(journalFiles().first)
        let whole = contents(of: path)
        var seen = Set<Int>()
        for length in stride(from: whole.count, through: 0, by: -29) {
            write(Array(whole[..<length]), to: path)
            let reader = try StoreReader(directory: scratch.store)
            let found = try numberedRows(of: reader)
            seen.insert(found.count)
            #expect(found.keys.sorted() == (0..<UInt64(found.count)).map { $0 + 1 })
            #expect(found.values.allSatisfy { $0 == Array(0..<9) })
            #expect(reader.damaged.isEmpty)
        }
        #expect(seen == [0, 1, 2, 3, 4])
        write(Array(whole[..<(whole.count - 5)]), to: path)
        let next = try live()
        #expect(next.recoveredRows == 27)
        try next.append(numberedBatch(5, rows: 1))
        try next.finish()
        let found = try numberedRows(of: StoreReader(directory: scratch.store))
        #expect(found.keys.sorted() == [1, 2, 3, 5])
    }

    @Test(arguments: 1...3)
    func `flipped bits of a journal cost what they hit, and are told`(seed: UInt64) throws {
        let writer = try live()
        for number in 1...20 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 30))
            try writer.synchronize()
        }
        writer.close()
        let path = try #require(journalFiles().first)
        let whole = contents(of: path)
        var random = Seeded(seed)
        for _ in 0..<40 {
            var octets = whole
            let place = Int.random(in: 0..<octets.count, using: &random)
            octets[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            write(octets, to: path)
            let reader = try StoreReader(directory: scratch.store)
            for block in reader.blocks { _ = try? rows(of: block) }
            let contents = try JournalContents(StoreDirectory(path: scratch.store), from: 1)
            let whole = contents.entries.filter { (try? $0.payload()) != nil }
            #expect(whole.count >= 19)
            // Of the last batch nothing says that it had been synchronized.
            let isLast = !whole.contains { $0.frame.number == 20 }
            #expect(
                whole.count == 20 || isLast || contents.entries.count == 20
                    || contents.notices.contains {
                        if case .journalDamaged = $0 { true } else { false }
                    })
        }
        // The one that is opened says what it lost, and goes on with the rest.
        var octets = whole
        octets[whole.count / 2] ^= 1
        write(octets, to: path)
        var next = try live()
        #expect(next.notices.count == 1)
        #expect(next.notices.allSatisfy { if case .journalDamaged = $0 { true } else { false } })
        next.close()
        #expect(try numberedRows(of: StoreReader(directory: scratch.store)).count == 19)
        next = try live()
        #expect(next.notices.isEmpty)
    }

    @Test func `both headers of a journal may not be damaged, one may`() throws {
        let writer = try live()
        try writer.append(numberedBatch(1, rows: 3))
        try writer.synchronize()
        try writer.append(numberedBatch(2, rows: 3))
        writer.close()
        let path = try #require(journalFiles().first)
        var octets = contents(of: path)
        octets[3] ^= 1
        write(octets, to: path)
        #expect(try StoreReader(directory: scratch.store).rows == 6)
        octets[60] ^= 1
        write(octets, to: path)
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.rows == 0)
        let next = try live()
        try next.append(numberedBatch(3, rows: 3))
        try next.finish()
        #expect(try StoreReader(directory: scratch.store).rows == 3)
    }

    @Test func `a full disk takes nothing, loses nothing, and goes on when there is room`() throws {
        let disk = FaultyDisk()
        let writer = try live(nil, JournalLimits(rows: 60), disk: disk)
        try writer.append(numberedBatch(1, rows: 50))
        disk.fail { if case .write = $0 { ENOSPC } else { nil } }
        #expect(throws: StoreError.self) { try writer.append(numberedBatch(2, rows: 5)) }
        disk.fail(nil)
        try writer.append(numberedBatch(3, rows: 5))
        // Room for the journal, not for segments.
        disk.fail {
            guard case .write(let path, _) = $0, path.contains("segments") else { return nil }
            return ENOSPC
        }
        #expect(try writer.append(numberedBatch(4, rows: 10)) == 3)
        writer.settle()
        #expect(writer.trouble != nil)
        try writer.synchronize()
        #expect(writer.acknowledged == 3)
        #expect(try StoreReader(directory: scratch.store).rows == 65)
        #expect(throws: StoreError.self) { try writer.publish() }
        #expect(try StoreReader(directory: scratch.store).rows == 65)
        disk.fail(nil)
        try writer.append(numberedBatch(5, rows: 1))
        try writer.publish()
        #expect(writer.trouble == nil)
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.journal.rows == 0 && reader.damaged.isEmpty)
        let found = try numberedRows(of: reader)
        #expect(found.mapValues(\.count) == [1: 50, 3: 5, 4: 10, 5: 1])
    }

    @Test func `what the disk does not confirm is not acknowledged, and written once more`() throws
    {
        let disk = FaultyDisk()
        let writer = try live(disk: disk)
        try writer.append(numberedBatch(1, rows: 5))
        try writer.synchronize()
        try writer.append(numberedBatch(2, rows: 5))
        disk.fail {
            guard case .synchronize(let path) = $0, path.hasSuffix(".jnl") else { return nil }
            return EIO
        }
        #expect(throws: StoreError.self) { try writer.synchronize() }
        #expect(writer.acknowledged == 1 && writer.trouble != nil)
        try writer.append(numberedBatch(3, rows: 5))
        disk.fail(nil)
        try writer.synchronize()
        #expect(writer.acknowledged == 3 && writer.trouble == nil)
        #expect(journalFiles().count == 2)
        writer.close()
        // The file that failed may have lost what was not confirmed, or not.
        let reader = try StoreReader(directory: scratch.store)
        #expect(try numberedRows(of: reader).mapValues(\.count) == [1: 5, 2: 5, 3: 5])
        let first = journalFiles()[0]
        let whole = contents(of: first)
        var other = whole
        other[whole.count - 20] ^= 1
        for octets in [Array(whole.dropLast(100)), other] {
            write(octets, to: first)
            let found = try StoreReader(directory: scratch.store)
            #expect(try numberedRows(of: found).mapValues(\.count) == [1: 5, 2: 5, 3: 5])
            #expect(found.notices.isEmpty, "\(found.notices)")
        }
        let next = try live()
        #expect(next.recoveredRows == 15 && next.notices.isEmpty)
    }

    @Test func `a file that the disk refuses midway holds no half of a batch`() throws {
        let disk = FaultyDisk()
        let writer = try live(disk: disk)
        try writer.append(numberedBatch(1, rows: 5))
        disk.fail {
            switch $0 {
            case .write, .truncate: ENOSPC
            default: nil
            }
        }
        #expect(throws: StoreError.self) { try writer.append(numberedBatch(2, rows: 5)) }
        disk.fail(nil)
        try writer.append(numberedBatch(3, rows: 5))
        #expect(journalFiles().count == 2)
        try writer.finish()
        let found = try numberedRows(of: StoreReader(directory: scratch.store))
        #expect(found.mapValues(\.count) == [1: 5, 3: 5])
    }

    @Test func `readers that come while it is written see each batch once`() async throws {
        let writer = try live(.every(.milliseconds(1)), JournalLimits(rows: 400))
        let store = scratch.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<2 {
                group.addTask {
                    for _ in 0..<40 {
                        let reader = try StoreReader(directory: store)
                        let found = try numberedRows(of: reader)
                        #expect(found.keys.sorted() == (0..<UInt64(found.count)).map { $0 + 1 })
                        #expect(found.values.allSatisfy { $0 == Array(0..<10) })
                        #expect(reader.damaged.isEmpty && reader.notices.isEmpty)
                    }
                }
            }
            group.addTask {
                for number in 1...400 as ClosedRange<UInt64> {
                    try writer.append(numberedBatch(number, rows: 10))
                }
                try writer.synchronize()
            }
            try await group.waitForAll()
        }
        #expect(writer.acknowledged == 400)
        try writer.finish()
        #expect(try numberedRows(of: StoreReader(directory: store)).count == 400)
    }
}
