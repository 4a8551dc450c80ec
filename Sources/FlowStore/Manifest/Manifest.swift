import FlowModel

/// What belongs to a store; what it does not name does not exist.
struct Manifest: Sendable {
    /// Format version that this build writes, and the newest that it reads.
    static let version = 1

    /// How often it was replaced.
    var generation: UInt64 = 0
    /// The number that the next segment gets.
    var nextSegment: UInt64 = 1
    /// The segments, in no particular order.
    var segments: [SegmentInfo] = []
    /// The rollups, in no particular order.
    var rollups: [RollupInfo] = []
    /// The largest `received` of flows that have expired; nil where none have.
    var expired: UInt64?
    /// The sampling rates that exporters announced.
    var rates = SamplingRates()
    /// The first number of the journal that is not in ``segments`` and ``rates``.
    var journalStart: UInt64 = 1
    /// The files that were imported.
    var imports: Set<ImportFingerprint> = []
    /// Sections that this build does not know, kept as they are.
    var unknown: [Section] = []

    /// A part of the manifest, named by a number that is never reused.
    struct Section: Hashable, Sendable {
        var kind: UInt16
        /// Bit 0: who does not know the kind must not touch the store.
        var flags: UInt16
        var records: UInt32
        var octets: [UInt8]

        static let segments: UInt16 = 1
        static let rates: UInt16 = 2
        static let imports: UInt16 = 3
        static let journal: UInt16 = 4
        static let ends: UInt16 = 16
        static let rollups: UInt16 = 17
        static let expired: UInt16 = 18
    }

    /// Why a manifest cannot be read.
    enum Unreadable: Error {
        case damage(Damage)
        case version(Int)
    }
}

extension Manifest {
    private static let magic = Array("SKEINMAN".utf8)

    /// The file's octets.
    func encoded() -> [UInt8] {
        var sections =
            [segmentSection, rateSection, importSection, journalSection, endSection] + unknown
        // Who does not know rollups must not merge the segments beneath them.
        if !rollups.isEmpty { sections.append(rollupSection) }
        if let expired { sections.append(Self.expiredSection(expired)) }
        sections.sort { $0.kind < $1.kind }
        var output = Self.magic
        output.put(UInt16(Self.version))
        output.put(UInt16(sections.count))
        output.put(UInt32(0))
        output.put(generation)
        output.put(nextSegment)
        for section in sections {
            output.put(section.kind)
            output.put(section.flags)
            output.put(section.records)
            output.put(UInt64(section.octets.count))
            output += section.octets
        }
        unsafe output.put(checksum(output.span.bytes))
        return output
    }

    /// Reads a file's octets.
    init(_ octets: [UInt8]) throws(Unreadable) {
        guard octets.starts(with: Self.magic) else { throw .damage(.magic) }
        let body = octets.dropLast(4)
        var tail = ByteReader(octets, body.endIndex..<octets.count)
        do {
            let sum = try tail.next(UInt32.self)
            var reader = ByteReader(octets, Self.magic.count..<max(body.endIndex, Self.magic.count))
            let covered = Array(body)
            guard unsafe checksum(covered.span.bytes) == sum else {
                throw Unreadable.damage(.checksum(part: "manifest"))
            }
            let version = Int(try reader.next(UInt16.self))
            guard version <= Self.version else { throw Unreadable.version(version) }
            let sectionCount = Int(try reader.next(UInt16.self))
            _ = try reader.next(UInt32.self)
            var lastEnds: [UInt64: UInt64] = [:]
            generation = try reader.next(UInt64.self)
            nextSegment = try reader.next(UInt64.self)
            for _ in 0..<sectionCount {
                let kind = try reader.next(UInt16.self)
                let flags = try reader.next(UInt16.self)
                let records = try reader.next(UInt32.self)
                let length = Int(clamping: try reader.next(UInt64.self))
                var part = try reader.part(length)
                switch kind {
                case Section.segments: try readSegments(&part, Int(records))
                case Section.rates: try readRates(&part, Int(records))
                case Section.imports: try readImports(&part, Int(records))
                case Section.journal: journalStart = try part.next(UInt64.self)
                case Section.rollups: try readRollups(&part, Int(records))
                case Section.expired: expired = try part.next(UInt64.self)
                case Section.ends: try Self.readEnds(&part, Int(records), into: &lastEnds)
                case _ where flags & 1 != 0: throw Unreadable.version(version + 1)
                default:
                    unknown.append(
                        Section(
                            kind: kind, flags: flags, records: records,
                            octets: try part.take(part.remaining)))
                }
            }
            for index in segments.indices {
                segments[index].lastEnd = lastEnds[segments[index].number]
            }
        } catch let error as Unreadable {
            throw error
        } catch let error as Damage {
            throw .damage(error)
        } catch {
            throw .damage(.value(part: "manifest"))
        }
    }

    private var segmentSection: Section {
        var octets: [UInt8] = []
        for segment in segments {
            octets.put(segment.number)
            octets.put(segment.rows)
            octets.put(segment.octets)
            octets.put(segment.received.lowerBound)
            octets.put(segment.received.upperBound)
            octets.put(segment.start?.lowerBound ?? .max)
            octets.put(segment.start?.upperBound ?? 0)
            octets.put(UInt32(segment.blocks))
            octets.put(segment.checksum)
        }
        return Section(
            kind: Section.segments, flags: 1, records: UInt32(segments.count), octets: octets)
    }

    private mutating func readSegments(_ reader: inout ByteReader, _ count: Int) throws(Damage) {
        for _ in 0..<count {
            let number = try reader.next(UInt64.self)
            let rows = try reader.next(UInt64.self)
            let octets = try reader.next(UInt64.self)
            let received = (try reader.next(UInt64.self), try reader.next(UInt64.self))
            let start = (try reader.next(UInt64.self), try reader.next(UInt64.self))
            let blocks = Int(try reader.next(UInt32.self))
            let checksum = try reader.next(UInt32.self)
            guard received.0 <= received.1 else { throw .value(part: "manifest") }
            segments.append(
                SegmentInfo(
                    number: number, rows: rows, blocks: blocks, octets: octets,
                    received: received.0...received.1,
                    start: start.0 <= start.1 ? start.0...start.1 : nil, checksum: checksum))
        }
        if reader.remaining > 0 { throw .value(part: "manifest") }
    }

    /// Largest ends, in a section of their own: the segments' records have a fixed length.
    private var endSection: Section {
        var octets: [UInt8] = []
        var records: UInt32 = 0
        for segment in segments {
            guard let lastEnd = segment.lastEnd else { continue }
            octets.put(segment.number)
            octets.put(lastEnd)
            records += 1
        }
        return Section(kind: Section.ends, flags: 0, records: records, octets: octets)
    }

    private static func readEnds(
        _ reader: inout ByteReader, _ count: Int, into ends: inout [UInt64: UInt64]
    ) throws(Damage) {
        for _ in 0..<count {
            let number = try reader.next(UInt64.self)
            ends[number] = try reader.next(UInt64.self)
        }
        if reader.remaining > 0 { throw .value(part: "manifest") }
    }

    private var rollupSection: Section {
        var octets: [UInt8] = []
        for rollup in rollups { rollup.write(to: &octets) }
        return Section(
            kind: Section.rollups, flags: 1, records: UInt32(rollups.count), octets: octets)
    }

    private mutating func readRollups(_ reader: inout ByteReader, _ count: Int) throws(Damage) {
        for _ in 0..<count { rollups.append(try RollupInfo(&reader)) }
        if reader.remaining > 0 { throw .value(part: "manifest") }
    }

    private static func expiredSection(_ time: UInt64) -> Section {
        var octets: [UInt8] = []
        octets.put(time)
        return Section(kind: Section.expired, flags: 0, records: 1, octets: octets)
    }

    private var rateSection: Section {
        let records = rates.all.map(Self.record).sorted { $0.lexicographicallyPrecedes($1) }
        return Section(
            kind: Section.rates, flags: 1, records: UInt32(records.count),
            octets: Array(records.joined()))
    }

    private static func record(_ rate: SamplingRate) -> [UInt8] {
        var octets: [UInt8] = []
        octets.put(rate)
        return octets
    }

    private mutating func readRates(_ reader: inout ByteReader, _ count: Int) throws(Damage) {
        for _ in 0..<count { rates.note(try reader.nextRate()) }
        if reader.remaining > 0 { throw .value(part: "manifest") }
    }

    private var importSection: Section {
        var octets: [UInt8] = []
        // In order, so that equal stores are equal octet by octet.
        for fingerprint in imports.sorted(by: { ($0.high, $0.low) < ($1.high, $1.low) }) {
            octets.put(fingerprint.high)
            octets.put(fingerprint.low)
        }
        return Section(
            kind: Section.imports, flags: 0, records: UInt32(imports.count), octets: octets)
    }

    private var journalSection: Section {
        var octets: [UInt8] = []
        octets.put(journalStart)
        return Section(kind: Section.journal, flags: 1, records: 1, octets: octets)
    }

    private mutating func readImports(_ reader: inout ByteReader, _ count: Int) throws(Damage) {
        for _ in 0..<count {
            imports.insert(
                ImportFingerprint(
                    high: try reader.next(UInt64.self), low: try reader.next(UInt64.self)))
        }
        if reader.remaining > 0 { throw .value(part: "manifest") }
    }
}
