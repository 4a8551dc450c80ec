import FlowModel
import Glibc
import Testing

@testable import FlowStore

/// A writer of arriving flows on disks that are full, or may only be read for a while.
@Suite struct FullDiskTests {
    @Test(.enabled(if: StoreTests.mayMount, "needs the right to mount"))
    func `a full disk stops nothing for good`() throws {
        let scratch = Scratch()
        try #require(mount("tmpfs", scratch.path, "tmpfs", 0, "size=1m") == 0)
        defer { umount2(scratch.path, Int32(MNT_DETACH)) }
        let writer = try LiveWriter(
            StoreDirectory(path: scratch.store), policy: .eachBatch,
            journalLimits: JournalLimits(rows: 3000))
        write([UInt8](repeating: 1, count: 600_000), to: scratch.path + "/other")
        var taken: [UInt64: Int] = [:]
        var random = Seeded(1)
        func append(_ number: UInt64) throws {
            let rows = Int.random(in: 100...900, using: &random)
            try writer.append(numberedBatch(number, rows: rows))
            taken[number] = rows
        }
        var refused: StoreError?
        var number: UInt64 = 0
        while refused == nil, number < 1000 {
            number += 1
            do {
                try append(number)
            } catch let error as StoreError {
                refused = error
            }
        }
        #expect(refused?.cause == .system(operation: "write", code: ENOSPC))
        #expect(refused?.description.contains("make room and try again") == true)
        #expect(writer.acknowledged == writer.lastNumber)
        let full = try StoreReader(directory: scratch.store)
        #expect(try numberedRows(of: full).mapValues(\.count) == taken && full.damaged.isEmpty)
        unlink(scratch.path + "/other")
        for more in number + 1...number + 8 { try append(more) }
        try writer.finish()
        let reader = try StoreReader(directory: scratch.store)
        #expect(try numberedRows(of: reader).mapValues(\.count) == taken)
        #expect(reader.journal.octets == 0 && reader.damaged.isEmpty && reader.notices.isEmpty)
        #expect(scratch.segments().allSatisfy { $0.hasSuffix(".seg") })
    }

    @Test(arguments: [EROFS, EIO, EDQUOT])
    func `a disk that refuses everything for a while loses nothing`(code: Int32) throws {
        let scratch = Scratch()
        let disk = FaultyDisk()
        let writer = try LiveWriter(
            StoreDirectory(path: scratch.store, probe: disk), policy: .eachBatch,
            journalLimits: JournalLimits(rows: 50))
        for number in 1...4 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 10))
        }
        disk.fail { _ in code }
        for _ in 0..<3 {
            let error = #expect(throws: StoreError.self) {
                try writer.append(numberedBatch(9, rows: 10))
            }
            #expect(error?.cause == .system(operation: "write", code: code))
        }
        #expect(throws: StoreError.self) { try writer.publish() }
        #expect(try numberedRows(of: StoreReader(directory: scratch.store)).count == 4)
        disk.fail(nil)
        for number in 5...8 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 10))
        }
        #expect(writer.acknowledged == 8)
        try writer.finish()
        let found = try numberedRows(of: StoreReader(directory: scratch.store))
        #expect(found.keys.sorted() == Array(1...8))
        #expect(found.values.allSatisfy { $0 == Array(0..<10) })
    }

    @Test(arguments: 1...4)
    func `random octets anywhere in a store are told, and the rest answers`(seed: UInt64) throws {
        let scratch = Scratch()
        let writer = try LiveWriter(
            StoreDirectory(path: scratch.store), policy: .eachBatch,
            journalLimits: JournalLimits(rows: 100))
        for number in 1...27 as ClosedRange<UInt64> {
            try writer.append(numberedBatch(number, rows: 20))
        }
        writer.close()
        var random = Seeded(seed)
        let names =
            ["MANIFEST", "MANIFEST.copy"]
            + Scratch.list(scratch.store + "/segments").map { "segments/" + $0 }
            + Scratch.list(scratch.store + "/journal").map { "journal/" + $0 }
        let whole = names.sorted().map { ($0, contents(of: scratch.store + "/" + $0)) }
        for _ in 0..<15 {
            // One of the two manifests stays, as it would.
            let spared = Bool.random(using: &random) ? "MANIFEST" : "MANIFEST.copy"
            var hit = 0
            for (name, octets) in whole where name != spared && Bool.random(using: &random) {
                var octets = octets
                for _ in 0..<Int.random(in: 1...3, using: &random) {
                    octets[Int.random(in: 0..<octets.count, using: &random)] ^=
                        UInt8.random(in: 1...255, using: &random)
                }
                write(octets, to: scratch.store + "/" + name)
                hit += 1
            }
            let reader = try StoreReader(directory: scratch.store)
            var found = 0
            var damaged = reader.damaged.count
            for block in reader.blocks {
                do {
                    found += try FlowStoreTests.rows(of: block).count
                } catch {
                    damaged += 1
                }
            }
            // What is missing was told of: as damage, or as the end of the journal that was cut off.
            #expect(found == 540 || damaged > 0 || !reader.notices.isEmpty)
            #expect(found <= 540)
            let report = try StoreVerifier.verify(directory: scratch.store)
            #expect(found == 540 || !report.problems.isEmpty || !report.notices.isEmpty)
            if hit > 0 {
                let next = try LiveWriter(
                    StoreDirectory(path: scratch.store), policy: .eachBatch)
                _ = try next.compact()
                next.close()
                #expect(
                    try StoreReader(directory: scratch.store).blocks.reduce(0) { $0 + $1.rows }
                        >= found)
            }
            for name in Scratch.list(scratch.store + "/segments") {
                unlink(scratch.store + "/segments/" + name)
            }
            for name in Scratch.list(scratch.store + "/journal") {
                unlink(scratch.store + "/journal/" + name)
            }
            for (name, octets) in whole { write(octets, to: scratch.store + "/" + name) }
        }
    }
}
