import FlowModel

/// What stands at the end of a segment.
///
///     header | chunks … | summary of addresses | directories … | head | trailer
///
/// A reader reads the trailer, which says where the head is; the head says where each block's
/// directory is, and a directory where the chunks are. Each has the checksum of the next.
struct SegmentFooter: Hashable, Sendable {
    /// Format version that this build writes, and the newest that it reads.
    static let version = 3
    static let headerOctets = 16
    static let trailerOctets = 32
    static let startMagic = Array("SKEINSEG".utf8)
    static let endMagic = Array("SKEINEND".utf8)
    static let blockRecordOctets = 16

    struct BlockRecord: Hashable, Sendable {
        var rows: Int
        var directoryOctets: Int
        var checksum: UInt32
        /// In a rollup what the block's rows are sums of; nil in a segment.
        var mark: Mark?
    }

    /// What the rows of a rollup's block are sums of.
    struct Mark: Hashable, Sendable {
        var dimension: UInt16
        var part: RollupPart
    }

    /// Where the directories begin and the chunks end.
    var directoriesOffset: UInt64
    /// Where the summary of addresses is; nil where there is none, as in version 1.
    var summary: AddressSummary.Place?
    var blocks: [BlockRecord]
    /// What a rollup says of itself; nil in a segment.
    var rollup: RollupHead?

    static var header: [UInt8] {
        var output = startMagic
        output.put(UInt16(version))
        output.put(UInt16(0))
        output.put(UInt32(0))
        return output
    }

    /// The head.
    func encoded() -> [UInt8] {
        var output: [UInt8] = []
        output.put(directoriesOffset)
        output.put(UInt32(blocks.count))
        output.put(UInt32(Self.blockRecordOctets))
        output.put(summary?.offset ?? 0)
        output.put(UInt32(summary.map { 1 << $0.slotBits } ?? 0))
        output.put(UInt32(0))
        for block in blocks {
            output.put(UInt32(block.rows))
            output.put(UInt32(block.directoryOctets))
            output.put(block.checksum)
            output.put(block.mark?.dimension ?? 0)
            output.put(block.mark?.part.rawValue ?? 0)
            output.put(UInt8(0))
        }
        return output + (rollup?.encoded() ?? [])
    }

    init(directoriesOffset: UInt64, blocks: [BlockRecord]) {
        self.directoriesOffset = directoriesOffset
        self.blocks = blocks
    }

    /// Reads a head that ends where the trailer begins.
    init(_ octets: [UInt8], headOffset: UInt64, version: Int) throws(Damage) {
        var reader = ByteReader(octets)
        directoriesOffset = try reader.next(UInt64.self)
        let count = Int(try reader.next(UInt32.self))
        let recordOctets = Int(try reader.next(UInt32.self))
        guard directoriesOffset >= UInt64(Self.headerOctets), directoriesOffset <= headOffset
        else { throw .value(part: "footer") }
        if version >= 2 {
            summary = try Self.summary(&reader, blocks: count, before: directoriesOffset)
        }
        guard recordOctets >= Self.blockRecordOctets, count <= reader.remaining / recordOctets
        else { throw .value(part: "footer") }
        blocks = []
        blocks.reserveCapacity(count)
        var need: UInt64 = 0
        for _ in 0..<count {
            var record = try reader.part(recordOctets)
            var block = BlockRecord(
                rows: Int(try record.next(UInt32.self)),
                directoryOctets: Int(try record.next(UInt32.self)),
                checksum: try record.next(UInt32.self))
            let dimension = try record.next(UInt16.self)
            let part = RollupPart(rawValue: try record.next(UInt8.self))
            if dimension > 0 { block.mark = Mark(dimension: dimension, part: part) }
            guard (1...FlowBatch.capacity).contains(block.rows) else {
                throw .value(part: "footer")
            }
            need += UInt64(block.directoryOctets)
            blocks.append(block)
        }
        guard need == headOffset - directoriesOffset else { throw .value(part: "footer") }
        if reader.remaining >= RollupHead.octets { rollup = try RollupHead(&reader) }
    }

    private static func summary(
        _ reader: inout ByteReader, blocks: Int, before end: UInt64
    ) throws(Damage) -> AddressSummary.Place? {
        let offset = try reader.next(UInt64.self)
        let slots = Int(try reader.next(UInt32.self))
        _ = try reader.next(UInt32.self)
        if slots == 0 { return nil }
        let place = AddressSummary.Place(
            offset: offset, slotBits: slots.trailingZeroBitCount, blocks: blocks)
        guard slots.nonzeroBitCount == 1, place.slotBits <= AddressFilter.slotBitsMax,
            offset >= UInt64(headerOctets), offset <= end, place.octets <= end - offset
        else { throw .value(part: "footer") }
        return place
    }

    /// The last octets of a segment.
    struct Trailer: Hashable, Sendable {
        var headOffset: UInt64
        var headOctets: UInt32
        var headChecksum: UInt32
        var version = SegmentFooter.version

        func encoded() -> [UInt8] {
            var output: [UInt8] = []
            output.put(headOffset)
            output.put(headOctets)
            output.put(headChecksum)
            output.put(UInt16(version))
            output.put(UInt16(0))
            unsafe output.put(checksum(output.span.bytes))
            return output + SegmentFooter.endMagic
        }

        init(headOffset: UInt64, headOctets: UInt32, headChecksum: UInt32) {
            self.headOffset = headOffset
            self.headOctets = headOctets
            self.headChecksum = headChecksum
        }

        /// Reads a trailer; where ``version`` is too new, nothing else of it can be relied on.
        init(_ octets: [UInt8], fileOctets: UInt64) throws(Damage) {
            guard octets.count == SegmentFooter.trailerOctets,
                Array(octets.suffix(8)) == SegmentFooter.endMagic
            else { throw .magic }
            var reader = ByteReader(octets)
            headOffset = try reader.next(UInt64.self)
            headOctets = try reader.next(UInt32.self)
            headChecksum = try reader.next(UInt32.self)
            version = Int(try reader.next(UInt16.self))
            _ = try reader.next(UInt16.self)
            let covered = Array(octets.prefix(reader.offset))
            guard unsafe checksum(covered.span.bytes) == (try reader.next(UInt32.self)) else {
                throw .checksum(part: "trailer")
            }
            if version > SegmentFooter.version { return }
            let end = fileOctets - UInt64(SegmentFooter.trailerOctets)
            guard headOffset <= end, UInt64(headOctets) == end - headOffset else {
                throw .value(part: "trailer")
            }
        }
    }
}
