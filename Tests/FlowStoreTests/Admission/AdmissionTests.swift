import FlowModel
import Glibc
import Synchronization
import Testing

@testable import FlowStore

/// A store that one holds and another adds to.
@Suite struct AdmissionTests {
    private let scratch = Scratch()

    private func rate(_ interval: UInt32, domain: UInt32) -> SamplingRate {
        SamplingRate(
            exporter: IPAddress(v4: 0xc000_0201), domain: domain, subject: .domain,
            interval: interval, since: 1)
    }

    private func names(_ folder: String) -> [String] {
        Scratch.list(scratch.store + "/" + folder).sorted()
    }

    @Test func `what is added is there at once, with its rates, and stays beside what is sealed`()
        throws
    {
        let writer = try LiveWriter(directory: scratch.store)
        let gate = try ImportGate(writer)
        try writer.append(randomBatch(rows: 10, seed: 1))
        try writer.note([rate(10, domain: 1)])

        let importer = try StoreWriter.adding(to: scratch.store)
        try importer.append(randomBatch(rows: 100, seed: 2))
        importer.note([rate(20, domain: 2)])
        importer.noteImport(fingerprint: ImportFingerprint(high: 1, low: 2))
        #expect(try StoreReader(directory: scratch.store).blocks.reduce(0) { $0 + $1.rows } == 10)
        try importer.publish()
        #expect(try StoreReader(directory: scratch.store).blocks.reduce(0) { $0 + $1.rows } == 110)
        try importer.append(randomBatch(rows: 1000, seed: 3))
        try importer.finish()

        // Rates that were noted before, sealed after the import, do not push out its own.
        try writer.append(randomBatch(rows: 10, seed: 4))
        gate.stop()
        try writer.finish()
        let reader = try StoreReader(directory: scratch.store)
        #expect(reader.rows == 1120)
        #expect(Set(reader.rates.all.map(\.interval)) == [10, 20])
        let next = try StoreWriter(directory: scratch.store)
        #expect(next.hasImported(fingerprint: ImportFingerprint(high: 1, low: 2)))
        next.abandon()
        #expect(names("segments").count == reader.segments.count)
    }

    @Test func `what is not published goes, and its numbers are not used again`() throws {
        let writer = try LiveWriter(directory: scratch.store)
        let ended = Mutex(0)
        let gate = try ImportGate(writer) { event in
            if case .ended = event { ended.withLock { $0 += 1 } }
        }
        do {
            let ticket = try #require(try ImportTicket.ask(StoreDirectory(path: scratch.store)))
            let first = ticket.numbers.take()
            for path in ["segments/\(name(first)).seg", "rollups/\(name(first))-1.1m.tmp"] {
                write([1], to: scratch.store + "/" + path)
            }
            #expect(writer.keeper.numbers.next > first + 1000)
            #expect(
                try StoreDirectory(path: scratch.store).readManifest()?.manifest.nextSegment
                    == writer.keeper.numbers.next)
            ticket.close()
        }
        while ended.withLock({ $0 }) == 0 { sched_yield() }
        #expect(names("segments").isEmpty)
        #expect(names("rollups").isEmpty)
        gate.stop()
        writer.close()
    }

    private func name(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    @Test func `segments of others, or that are not what is said of them, are refused`() throws {
        let writer = try LiveWriter(directory: scratch.store)
        let gate = try ImportGate(writer)
        try writer.append(randomBatch(rows: 10, seed: 1))
        try writer.publish()
        let own = try #require(writer.keeper.manifest.segments.first)
        let other = Scratch()
        let elsewhere = try StoreWriter(directory: other.store)
        try elsewhere.append(randomBatch(rows: 50, seed: 2))
        try elsewhere.finish()
        let file = try #require(other.segments().first)
        for damage in 0..<4 {
            let ticket = try #require(try ImportTicket.ask(StoreDirectory(path: scratch.store)))
            let number = ticket.numbers.take()
            write(contents(of: file), to: scratch.store + "/segments/\(name(number)).seg")
            var info = try #require(try StoreReader(directory: other.store).segments.first)
            info = SegmentInfo(
                number: damage == 0 ? own.number : number, rows: info.rows, blocks: info.blocks,
                octets: info.octets, received: info.received, start: info.start,
                lastEnd: info.lastEnd, checksum: damage == 1 ? info.checksum ^ 1 : info.checksum)
            var addition = Manifest()
            addition.segments = damage == 2 ? [info, info] : [info]
            if damage == 3 {
                addition.segments[0] = SegmentInfo(
                    number: number + (2 << 20), rows: info.rows, blocks: info.blocks,
                    octets: info.octets, received: info.received, start: info.start,
                    lastEnd: info.lastEnd, checksum: info.checksum)
            }
            #expect(throws: StoreError.self) { try ticket.publish(addition) }
            ticket.close()
            #expect(writer.keeper.manifest.segments == [own])
        }
        gate.stop()
        #expect(names("segments").count == 1)
        writer.close()
    }

    @Test func `who holds a store looks after it for others, while it goes on`() throws {
        let writer = try LiveWriter(directory: scratch.store, merges: false)
        let gate = try ImportGate(writer)
        for seed in 1...3 as ClosedRange<UInt64> {
            try writer.append(randomBatch(rows: 1000, seed: seed))
            try writer.publish()
        }
        try writer.append(randomBatch(rows: 10, seed: 4))
        let before = writer.keeper.manifest.segments
        let care = try StoreCare(scratch.store)
        let compaction = try care.compact()
        let after = writer.keeper.manifest.segments
        #expect(compaction.segmentsBefore - compaction.segmentsAfter == before.count - after.count)
        #expect(care.unreadable.isEmpty)
        #expect(try care.rollUp().segments == 0)
        #expect(try StoreReader(directory: scratch.store).blocks.reduce(0) { $0 + $1.rows } == 3010)

        // One who imports is no hindrance, nor is one who only connects.
        let ticket = try #require(try ImportTicket.ask(StoreDirectory(path: scratch.store)))
        let idler = try LocalSocket.connected(to: scratch.store + "/GATE")
        let expiry = try care.expire(RetentionPolicy(maxOctets: 0), now: 1)
        #expect(expiry.rows == 3000)
        #expect(expiry.received != nil)
        ticket.close()
        _ = consume idler
        #expect(try StoreReader(directory: scratch.store).blocks.reduce(0) { $0 + $1.rows } == 10)

        gate.stop()
        #expect(throws: StoreError.self) { try care.compact() }
        #expect(throws: StoreError.self) { try StoreCare(scratch.store) }
        writer.close()
    }

    @Test func `what an import learned of exporters reaches who holds the store`() throws {
        let writer = try LiveWriter(directory: scratch.store)
        let learned = Mutex([[UInt8]]())
        let gate = try ImportGate(writer) { _ in
        } learn: { state in
            learned.withLock { $0.append(state) }
        }
        let importer = try StoreWriter.adding(to: scratch.store)
        try importer.append(randomBatch(rows: 10, seed: 1))
        try importer.publish()
        try importer.replaceExporterState([1, 2, 3])
        try importer.finish()
        #expect(learned.withLock { $0 } == [[1, 2, 3]])
        gate.stop()
        writer.close()
    }

    @Test func `messages are read as they are written, and nonsense is not`() throws {
        let messages: [AdmissionMessage] = [
            .hello(version: 7), .admitted(numbers: 5..<(1 << 40)), .publish([1, 2, 3]), .done,
            .refused("no"), .exporters([4, 5]), .task(.compact, version: AdmissionMessage.version),
            .task(
                .expire(
                    RetentionPolicy(maxAge: .seconds(3), maxOctets: .max, maxRollupAge: .zero),
                    now: 17), version: AdmissionMessage.version),
            .task(.rollUp, version: AdmissionMessage.version),
            .answer(StoreTask.Answer(numbers: [1, .max], unreadable: ["", "a line"])),
        ]
        var octets = messages.flatMap(\.encoded)
        for message in messages {
            for count in 0..<message.encoded.count {
                #expect(try AdmissionMessage.first(of: Array(octets[..<count])) == nil)
            }
            let first = try #require(try AdmissionMessage.first(of: octets))
            #expect(first.message == message)
            octets.removeFirst(first.octets)
        }
        for octets: [UInt8] in [
            [1, 0, 0, 0, 0], [1, 12, 0, 0, 0] + Array("SKEINSUB".utf8) + [1, 0, 0, 0],
            [2, 1, 0, 0, 0, 9], [9, 0, 0, 0, 0], [3, 255, 255, 255, 255],
            [2, 16, 0, 0, 0] + [UInt8](repeating: 255, count: 16),
            [7, 13, 0, 0, 0] + Array("SKEINADD".utf8) + [2, 0, 0, 0, 9],
            [8, 4, 0, 0, 0, 255, 255, 255, 255],
        ] {
            #expect(throws: Damage.self, "\(octets)") {
                _ = try AdmissionMessage.first(of: octets)
            }
        }
    }
}
