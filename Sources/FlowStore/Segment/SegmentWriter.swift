import FlowModel

/// Writes one segment: blocks as they come, then the footer.
///
/// Until it is closed the file has a draft's name, and nobody reads it.
final class SegmentWriter {
    /// The segment's number.
    let number: UInt64
    /// Octets written.
    private(set) var octets: UInt64
    /// `received` of all rows; before the first block what was said to come.
    var received: ClosedRange<UInt64> { span ?? 0...0 }
    private var span: ClosedRange<UInt64>?

    private let directory: StoreDirectory
    private let file: Descriptor
    private var footer = SegmentFooter(directoriesOffset: 0, blocks: [])
    private var directories: [UInt8] = []
    private var filters: FilterStack
    private var rows: UInt64 = 0
    private var start: ClosedRange<UInt64>?
    private var lastEnd: UInt64 = 0
    private let name: String
    private let draft: String

    /// Begins a segment, or a rollup, which differs in where it lies and in its marks.
    ///
    /// - Parameters:
    ///   - received: of the first block; nil where that is not known.
    ///   - rollup: the path of a rollup's file.
    init(
        _ directory: StoreDirectory, number: UInt64, received: ClosedRange<UInt64>?,
        rollup: String? = nil
    ) throws(StoreError) {
        self.directory = directory
        self.number = number
        name = rollup ?? directory.segment(number)
        draft = rollup.map { $0 + ".tmp" } ?? directory.draft(number)
        filters = FilterStack(path: StoreDirectory.filters(ofDraft: draft))
        span = received
        file = try Descriptor(draft, .creating, probe: directory.probe)
        octets = 0
        do throws(StoreError) {
            try write(SegmentFooter.header)
        } catch {
            discard()
            throw error
        }
    }

    /// Appends a block, whose chunks `packer` compresses.
    ///
    /// - Parameter mark: what its rows are sums of, in a rollup.
    func append(
        _ block: EncodedBlock, packer: BlockPacker, mark: SegmentFooter.Mark? = nil
    ) throws(StoreError) {
        try append(packer.pack(block, at: octets, path: file.path), mark: mark, of: block)
    }

    /// Appends a block of another segment as it is; false where it has to be encoded anew.
    func append(copyOf block: SegmentBlock) throws(StoreError) -> Bool {
        guard let packed = try block.packed(at: octets) else { return false }
        try append(packed, mark: nil, of: block)
        return true
    }

    private func append(
        _ packed: BlockPacker.PackedBlock, mark: SegmentFooter.Mark?, of block: any BlockSource
    ) throws(StoreError) {
        try write(packed.octets)
        let record = packed.directory.encoded()
        footer.blocks.append(
            SegmentFooter.BlockRecord(
                rows: block.rows, directoryOctets: record.count,
                checksum: unsafe fastChecksum(record.span.bytes), mark: mark))
        directories += record
        try filters.append(packed.filter)
        rows += UInt64(block.rows)
        if let range = block.summary(of: .received)?.range { span = span?.union(range) ?? range }
        if let range = block.summary(of: .start)?.range {
            start = start?.union(range) ?? range
        }
        if let range = block.summary(of: .end)?.range { lastEnd = max(lastEnd, range.upperBound) }
    }

    /// Writes the footer, waits for the disk, and gives the file its name.
    ///
    /// - Parameter rollup: what a rollup says of itself.
    func close(rollup: RollupHead? = nil) throws(StoreError) -> SegmentInfo {
        let summary = AddressSummary.Place(filters, at: octets)
        try summary.lay(filters) { octets throws(StoreError) in try write(octets) }
        footer.summary = summary
        footer.directoriesOffset = octets
        footer.rollup = rollup
        let head = footer.encoded()
        let headChecksum = unsafe checksum(head.span.bytes)
        let trailer = SegmentFooter.Trailer(
            headOffset: octets + UInt64(directories.count), headOctets: UInt32(head.count),
            headChecksum: headChecksum)
        try write(directories)
        try write(head + trailer.encoded())
        try file.synchronize()
        try directory.move(draft, to: name)
        return SegmentInfo(
            number: number, rows: rows, blocks: footer.blocks.count, octets: octets,
            received: received, start: start, lastEnd: lastEnd, checksum: headChecksum)
    }

    /// Deletes the draft.
    func discard() {
        // What cannot be deleted now is swept by the next writer.
        try? directory.remove(draft)
    }

    private func write(_ bytes: [UInt8]) throws(StoreError) {
        try unsafe file.write(bytes.span.bytes)
        octets += UInt64(bytes.count)
    }
}

extension ClosedRange {
    /// The smallest range that holds both.
    func union(_ other: ClosedRange) -> ClosedRange {
        Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
    }
}
