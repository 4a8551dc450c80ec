import FlowModel
import Synchronization
import Testing

@testable import FlowStore

/// What becomes of flows that arrive while segments are made of those before.
@Suite struct LiveSealingTests {
    private let scratch = Scratch()

    private func live(rows: Int = 1000, disk: FaultyDisk? = nil) throws -> LiveWriter {
        try LiveWriter(
            StoreDirectory(path: scratch.store, probe: disk), policy: .every(.seconds(1000)),
            journalLimits: JournalLimits(rows: rows))
    }

    private func journalFiles() -> [String] {
        Scratch.list(scratch.store + "/journal").sorted()
    }

    /// A door that the thread which seals stops at, until it is opened.
    private final class Door: Sendable {
        private let monitor = Monitor()
        private let state = Mutex((isOpen: false, isReached: false))

        func stop() {
            monitor.lock()
            state.withLock { $0.isReached = true }
            monitor.signal()
            while !state.withLock({ $0.isOpen }) { monitor.wait() }
            monitor.unlock()
        }

        func waitUntilReached() {
            monitor.lock()
            while !state.withLock({ $0.isReached }) { monitor.wait() }
            monitor.unlock()
        }

        func open() {
            monitor.lock()
            state.withLock { $0.isOpen = true }
            monitor.signal()
            monitor.unlock()
        }
    }

    /// A writer of a hundred rows a segment, whose segments wait for the disk behind a door.
    private func liveStoppedAtSegments() throws -> (writer: LiveWriter, door: Door) {
        let disk = FaultyDisk()
        let door = Door()
        disk.fail { operation in
            if case .synchronize(let path) = operation, path.contains("/segments/") { door.stop() }
            return nil
        }
        return (try live(rows: 100, disk: disk), door)
    }

    @Test func `flows are taken and acknowledged while a segment waits for the disk`() throws {
        let (writer, door) = try liveStoppedAtSegments()
        for number in 1...10 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 10))
        }
        door.waitUntilReached()
        for number in 11...15 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 10))
        }
        try writer.synchronize()
        #expect(writer.acknowledged == 15)
        let during = try StoreReader(directory: scratch.store)
        #expect(during.segments.isEmpty && during.journal.rows == 150)
        #expect(journalFiles().count == 2)
        door.open()
        writer.settle()
        let after = try StoreReader(directory: scratch.store)
        #expect(after.segments.map(\.rows) == [100] && after.journal.rows == 50)
        #expect(journalFiles().count == 1)
        #expect(try numberedRows(of: after).mapValues(\.count).count == 15)
        writer.close()
        let next = try live()
        #expect(next.recoveredRows == 50 && next.notices.isEmpty)
        try next.finish()
        let found = try numberedRows(of: StoreReader(directory: scratch.store))
        #expect(found.count == 15 && found.values.allSatisfy { $0 == Array(0..<10) })
    }

    @Test
    func `what the disk loses of the file before, and of the one behind, is written once more`()
        throws
    {
        let disk = FaultyDisk()
        let door = Door()
        let writer = try live(rows: 100, disk: disk)
        disk.fail { operation in
            guard case .synchronize(let path) = operation else { return nil }
            if path.contains("/segments/") { door.stop() }
            return path.hasSuffix(".jnl") ? 5 : nil
        }
        for number in 1...12 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 10))
        }
        door.waitUntilReached()
        #expect(throws: StoreError.self) { try writer.synchronize() }
        #expect(writer.acknowledged == 0 && writer.trouble != nil)
        disk.fail(nil)
        try writer.synchronize()
        #expect(writer.acknowledged == 12)
        // All twelve are in the third file; the first two are not trusted.
        #expect(journalFiles().count == 3)
        door.open()
        try writer.finish()
        #expect(journalFiles().isEmpty)
        let found = try numberedRows(of: StoreReader(directory: scratch.store))
        #expect(found.count == 12 && found.values.allSatisfy { $0 == Array(0..<10) })
    }

    @Test func `what a crash cut of the file before is never taken for damage`() throws {
        let (writer, door) = try liveStoppedAtSegments()
        for number in 1...15 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 10))
            if number == 10 { door.waitUntilReached() }
        }
        // Nothing of either file was synchronized: of each, any part may be there after a power cut.
        #expect(writer.acknowledged == 0)
        let names = journalFiles()
        let files = names.map { contents(of: "\(scratch.store)/journal/\($0)") }
        #expect(files.count == 2)
        door.open()
        try writer.finish()
        for length in stride(from: files[0].count, through: 0, by: -37) {
            let left = Scratch()
            try LiveWriter(directory: left.store).close()
            write(Array(files[0][..<length]), to: "\(left.store)/journal/\(names[0])")
            write(files[1], to: "\(left.store)/journal/\(names[1])")
            let next = try LiveWriter(directory: left.store)
            #expect(next.lastNumber == 15)
            try next.append(numberedBatch(16, rows: 10))
            try next.synchronize()
            next.close()
            let reader = try StoreReader(directory: left.store)
            #expect(reader.damaged.isEmpty && reader.notices.isEmpty, "\(length) octets")
            let found = try numberedRows(of: reader)
            #expect(found.keys.filter { $0 > 10 }.sorted() == Array(11...16))
            #expect(found.values.allSatisfy { $0 == Array(0..<10) })
        }
    }

    @Test func `a full batch that is handed over is there like one that is copied`() throws {
        let writer = try live(rows: 10 * FlowBatch.capacity)
        let full = numberedBatch(2, rows: FlowBatch.capacity)
        try writer.append(numberedBatch(1, rows: 70))
        let empty = try writer.exchange(full)
        #expect(empty.count == 0 && empty !== full)
        let small = numberedBatch(3, rows: 70)
        #expect(try writer.exchange(small) === small)
        #expect(small.count == 0)
        #expect(try writer.exchange(small) === small)
        let expected: [UInt64: Int] = [1: 70, 2: FlowBatch.capacity, 3: 70]
        let before = try StoreReader(directory: scratch.store)
        #expect(try numberedRows(of: before).mapValues(\.count) == expected)
        try writer.publish()
        let after = try StoreReader(directory: scratch.store)
        #expect(after.journal.rows == 0 && after.segments.count == 1)
        #expect(try numberedRows(of: after) == numberedRows(of: before))
        try writer.finish()
    }

    @Test func `a journal of version 1 is recovered`() throws {
        let writer = try live()
        for number in 1...3 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 20))
        }
        writer.close()
        let path = scratch.store + "/journal/" + (try #require(journalFiles().first))
        let file = try JournalFile(path: path)
        #expect(file.header.version == 2)
        var header = file.header
        header.version = 1
        var octets = header.encoded()
        for place in try file.scan().places {
            let payload = try file.payload(place)
            var frame = place.frame
            frame.payloadChecksum = unsafe checksum(payload.span.bytes)
            octets += frame.encoded(salt: header.salt) + payload
        }
        write(octets, to: path)
        let expected = Dictionary(
            uniqueKeysWithValues: (1...3 as ClosedRange<UInt64>).map {
                ($0, Array(0..<20 as Range<UInt64>))
            })
        #expect(try numberedRows(of: StoreReader(directory: scratch.store)) == expected)
        // A payload is still held against its checksum.
        octets[octets.count - 1] ^= 1
        write(octets, to: path)
        #expect(try StoreReader(directory: scratch.store).rows == 40)
        octets[octets.count - 1] ^= 1
        write(octets, to: path)
        let next = try live()
        #expect(next.recoveredRows == 60 && next.notices.isEmpty)
        try next.finish()
        #expect(try numberedRows(of: StoreReader(directory: scratch.store)) == expected)
    }
}
