import FlowModel
import Glibc
import Testing

@testable import FlowStore

/// 200 power cuts, most of them followed by another during recovery.
@Suite struct PowerCutTests {
    /// Rows of a batch, by its number.
    private func rows(of number: UInt64) -> Int { Int(number % 7) + 1 }

    private let limits = SegmentSet.Limits(segmentOctets: 1 << 16, smallOctets: 1 << 12)

    /// A store in memory: what would be slow is waiting for a disk that is only played.
    private func scratch() -> Scratch {
        Scratch(in: access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp")
    }

    private func live(
        _ path: String, _ disk: ForgetfulDisk, _ policy: JournalPolicy = .every(.seconds(1000))
    ) throws -> LiveWriter {
        try LiveWriter(
            StoreDirectory(path: path, probe: disk), policy: policy, limits: limits,
            journalLimits: JournalLimits(rows: 60, rowsOfHour: 20, spareOctets: 0))
    }

    private func append(_ number: UInt64, to writer: LiveWriter) throws {
        // About twenty batches an hour.
        let received = 1_700_000_000_000 + number * 180_000
        try writer.append(numberedBatch(number, rows: rows(of: number), received: received))
    }

    /// Works for a while and answers what it did.
    private func record(seed: UInt64) throws -> (events: [ForgetfulDisk.Event], store: String) {
        let scratch = scratch()
        let disk = ForgetfulDisk()
        var random = Seeded(seed)
        var next: UInt64 = 1
        for _ in 0..<Int.random(in: 1...3, using: &random) {
            let policy: JournalPolicy =
                Bool.random(using: &random) ? .eachBatch : .every(.seconds(1000))
            let writer = try live(scratch.store, disk, policy)
            for _ in 0..<Int.random(in: 5...40, using: &random) {
                switch Int.random(in: 0..<20, using: &random) {
                case 0: try writer.publish()
                case 1: _ = try writer.compact()
                case 2...4: try writer.synchronize()
                default:
                    disk.note(.appended(next))
                    try append(next, to: writer)
                    next += 1
                }
                disk.note(.acknowledged(writer.acknowledged))
            }
            Bool.random(using: &random) ? writer.close() : try writer.finish()
            disk.note(.acknowledged(writer.acknowledged))
        }
        return (disk.events, scratch.store)
    }

    /// Makes files of an image, below another directory than they were recorded in.
    private func lay(
        _ image: (files: [String: [UInt8]], directories: Set<String>), from old: String,
        to new: String
    ) {
        func moved(_ path: String) -> String { new + path.dropFirst(old.count) }
        for path in image.directories.sorted() where path.hasPrefix(old) {
            mkdir(moved(path), 0o750)
        }
        for (path, octets) in image.files { write(octets, to: moved(path)) }
    }

    /// Holds a store against what was acknowledged and what was appended.
    private func check(
        _ store: String, acknowledged: UInt64, appended: UInt64, _ note: Comment
    ) throws {
        let reader: StoreReader
        do {
            reader = try StoreReader(directory: store)
        } catch {
            // It may not have come to be; then nobody was told anything.
            #expect(error.cause == .notAStore || error.cause == .missing, note)
            #expect(acknowledged == 0, note)
            return
        }
        #expect(reader.damaged.isEmpty, "\(note) \(reader.damaged)")
        for notice in reader.notices {
            if case .journalCut = notice { continue }
            Issue.record("\(note) \(notice)")
        }
        let found = try numberedRows(of: reader)
        for (number, rows) in found {
            #expect(rows == Array(0..<UInt64(self.rows(of: number))), "\(note) batch \(number)")
            #expect(number <= appended, note)
        }
        let lost = (1...max(acknowledged, 1)).filter { $0 <= acknowledged && found[$0] == nil }
        #expect(lost.isEmpty, "\(note) lost \(lost) of \(acknowledged)")
    }

    @Test(arguments: 1...20)
    func `after a power cut everything acknowledged is there once`(seed: UInt64) throws {
        let recorded = try record(seed: seed)
        var random = Seeded(seed &* 1000)
        for turn in 0..<10 {
            let end = Int.random(in: 1...recorded.events.count, using: &random)
            let note: Comment = "seed \(seed) turn \(turn) event \(end)"
            var image = DiskImage(directory: recorded.store)
            var acknowledged: UInt64 = 0
            var appended: UInt64 = 0
            for event in recorded.events[..<end] {
                switch event {
                case .operation(let operation): image.apply(operation)
                case .acknowledged(let number): acknowledged = max(acknowledged, number)
                case .appended(let number): appended = number
                }
            }
            let left = image.crashed(using: &random)
            let scratch = scratch()
            lay(left, from: recorded.store, to: scratch.store)
            try check(scratch.store, acknowledged: acknowledged, appended: appended, note)

            let disk = ForgetfulDisk()
            let writer = try live(scratch.store, disk)
            let recovered = writer.acknowledged
            #expect(recovered >= acknowledged, note)
            let next = max(appended, recovered) + 1
            try append(next, to: writer)
            try writer.finish()
            try check(scratch.store, acknowledged: acknowledged, appended: next, note)
            #expect(try StoreReader(directory: scratch.store).notices.isEmpty, note)
            #expect(try numberedRows(of: StoreReader(directory: scratch.store))[next] != nil, note)

            // The same once more, while recovering.
            let operations = disk.events.compactMap {
                if case .operation(let operation) = $0 { operation } else { nil }
            }
            let again = self.scratch()
            var second = DiskImage(
                directory: scratch.store,
                files: Dictionary(
                    uniqueKeysWithValues: left.files.map {
                        (scratch.store + $0.key.dropFirst(recorded.store.count), $0.value)
                    }),
                directories: Set(
                    left.directories.map {
                        scratch.store + $0.dropFirst(recorded.store.count)
                    }))
            for operation in operations.prefix(
                Int.random(in: 0...operations.count, using: &random))
            {
                second.apply(operation)
            }
            lay(second.crashed(using: &random), from: scratch.store, to: again.store)
            try check(again.store, acknowledged: acknowledged, appended: next, note)
            try live(again.store, ForgetfulDisk()).finish()
            try check(again.store, acknowledged: acknowledged, appended: next, note)
        }
    }
}
