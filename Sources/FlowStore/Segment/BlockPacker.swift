import FlowModel

/// Turns an encoded block into the octets and the directory that a segment has of it.
///
/// Not shared between threads.
final class BlockPacker {
    private let compressor = Compressor()
    private var output: [UInt8] = []
    private var planes = EncodedBytes(count: 0)

    /// Rows below which a frame for each plane costs more than it saves.
    private static let planeRowsMin = 1024
    /// Blocks between two trials of a column.
    private static let trialBlocks = 31

    private struct Trial {
        var usesPlanes: Bool
        var blocksLeft: Int
    }
    private var trials: [Field: Trial] = [:]

    struct PackedBlock {
        let octets: [UInt8]
        let directory: BlockDirectory
    }

    /// - Parameters:
    ///   - place: where in the file the octets will stand.
    ///   - path: the file, for the error.
    func pack(
        _ block: EncodedBlock, at place: UInt64, path: String
    ) throws(StoreError) -> PackedBlock {
        output.removeAll(keepingCapacity: true)
        var columns: [ColumnEntry] = []
        for (column, summary) in zip(block.columns, block.summaries) {
            columns.append(pack(column, summary, at: place))
        }
        if let summary = block.other.summary {
            columns.append(try pack(block.other, summary, block.rows, at: place, path))
        }
        return PackedBlock(
            octets: output, directory: BlockDirectory(rows: block.rows, columns: columns))
    }

    private func pack(
        _ column: EncodedColumn, _ summary: ColumnSummary, at place: UInt64
    ) -> ColumnEntry {
        let codes: Codes
        let encoding: ColumnEntry.Encoding
        var dictionary: PackedDictionary?
        var dictionaryCount = 0
        switch column.values {
        case .frame(_, let own):
            codes = own
            encoding = .frame
        case .afterStart(let own):
            codes = own
            encoding = .afterStart
        case .dictionary(let values, let own):
            codes = own
            encoding = .dictionary
            dictionary = FlowStore.pack(values)
            dictionaryCount = values.count
        case .addresses(let values, let own):
            codes = own
            encoding = .addresses
            dictionary = FlowStore.pack(values)
            dictionaryCount = values.count
        }
        var chunks: [Chunk] = []
        if let dictionary {
            chunks.append(
                append(dictionary.octets, .dictionary, cutAt: dictionary.cuts, at: place))
        }
        if case .some(let bits) = column.presence {
            chunks.append(append(bits, .presence, at: place))
        }
        if codes.width > 0 {
            chunks.append(append(codes, of: column.field, at: place))
        }
        let extent: ColumnEntry.Extent =
            if let range = summary.addressRange {
                .addresses(range)
            } else if let range = summary.range {
                .numbers(range)
            } else {
                .none
            }
        return ColumnEntry(
            field: column.field, encoding: encoding, width: codes.width,
            presentRows: summary.presentRows, dictionaryCount: dictionaryCount, extent: extent,
            chunks: chunks)
    }

    private func pack(
        _ other: OtherElements, _ summary: ColumnSummary, _ rows: Int, at place: UInt64,
        _ path: String
    ) throws(StoreError) -> ColumnEntry {
        let packed = FlowStore.pack(other, rows: rows)
        var chunks: [Chunk] = []
        for (role, octets) in [
            (Chunk.Role.layouts, packed.layouts), (.rows, packed.rows), (.octets, packed.octets),
        ] {
            guard octets.count <= otherOctetsMax else {
                throw StoreError(path: path, cause: .tooLarge(octets: octets.count))
            }
            chunks.append(unsafe append(octets.span.bytes, role, at: place))
        }
        return ColumnEntry(
            field: .other, encoding: .elements, width: 0, presentRows: summary.presentRows,
            dictionaryCount: 0, extent: .none, chunks: chunks)
    }

    /// Appends codes, wide ones of many rows in byte planes where that takes less room.
    ///
    /// Mostly it does, by a tenth of a segment: the upper octets of a time, a length or a count say
    /// little, the lowest say much, and a plane's frame has statistics of its own. But whole values
    /// that repeat are lost to it. Which it is depends on the column and changes slowly, so both are
    /// tried now and then.
    private func append(_ codes: Codes, of field: Field, at place: UInt64) -> Chunk {
        let rows = codes.storage.count / codes.width
        guard codes.width > 1, rows >= Self.planeRowsMin else {
            return append(codes.storage, .codes, at: place)
        }
        var trial = trials[field] ?? Trial(usesPlanes: true, blocksLeft: 0)
        defer { trials[field] = trial }
        guard trial.blocksLeft == 0 else {
            trial.blocksLeft -= 1
            return trial.usesPlanes
                ? appendPlanes(codes, rows: rows, at: place)
                : append(codes.storage, .codes, at: place)
        }
        let start = output.count
        let plain = append(codes.storage, .codes, at: place)
        let middle = output.count
        let planes = appendPlanes(codes, rows: rows, at: place)
        trial = Trial(
            usesPlanes: planes.storedOctets < plain.storedOctets, blocksLeft: Self.trialBlocks)
        guard trial.usesPlanes else {
            output.removeSubrange(middle...)
            return plain
        }
        output.removeSubrange(start..<middle)
        var moved = planes
        moved.offset -= UInt64(middle - start)
        return moved
    }

    private func appendPlanes(_ codes: Codes, rows: Int, at place: UInt64) -> Chunk {
        let storage = codes.storage
        if planes.count < storage.count { planes = EncodedBytes(unfilled: storage.count) }
        let planes = planes
        var output = planes.mutableValues(as: UInt8.self)
        switch codes.width {
        case 2: split(storage.values(as: UInt16.self), into: &output)
        case 4: split(storage.values(as: UInt32.self), into: &output)
        default: split(storage.values(as: UInt64.self), into: &output)
        }
        var chunk = append(
            planes.bytes.extracting(0..<storage.count), .codes,
            cutAt: (1..<codes.width).map { $0 * rows }, at: place)
        chunk.isPlanes = true
        return chunk
    }

    private func append(
        _ bytes: EncodedBytes, _ role: Chunk.Role, cutAt cuts: [Int] = [], at place: UInt64
    ) -> Chunk {
        append(bytes.bytes, role, cutAt: cuts, at: place)
    }

    private func append(
        _ bytes: RawSpan, _ role: Chunk.Role, cutAt cuts: [Int] = [], at place: UInt64
    ) -> Chunk {
        let start = output.count
        let codec = compressor.append(bytes, cutAt: cuts, to: &output)
        let stored = output.count - start
        let octets = output
        return Chunk(
            role: role, codec: codec, isPlanes: false, storedOctets: UInt32(stored),
            rawOctets: UInt32(bytes.byteCount),
            checksum: unsafe checksum(octets.span.bytes.extracting(start..<octets.count)),
            offset: place + UInt64(start))
    }
}
