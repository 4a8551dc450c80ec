// A chunk in frames, each of which holds so many rows and can be read without the others. A table in
// front of them says where each ends:
//
//     octets 4 | checksum 4 | octets 4 | checksum 4 | … | frame 0 | frame 1 | …
//
// The uppermost bit of octets is set where the frame is compressed. The chunk's checksum is the table's.

/// Where the frames of a chunk lie.
struct FrameTable: Sendable {
    struct Frame: Hashable, Sendable {
        /// Octets in the chunk.
        var stored: Range<Int>
        /// Octets among those of all frames after decompression.
        var raw: Range<Int>
        var isCompressed: Bool
        var checksum: UInt32
    }

    /// Octets of the table for each frame.
    static let entryOctets = 8
    static let compressedBit: UInt32 = 1 << 31

    let frames: [Frame]

    /// Octets of all frames after decompression.
    var rawOctets: Int { frames.last?.raw.upperBound ?? 0 }
    var isCompressed: Bool { frames.contains(where: \.isCompressed) }

    /// Takes a table apart; nil where it does not fit the chunk.
    ///
    /// A compressed frame has octets of equal number for each of its rows.
    init?(_ octets: [UInt8], of chunk: Chunk, rows: Int) {
        guard let rowsOfFrame = chunk.codec.rowsOfFrame else { return nil }
        let content = chunk.contentOctets(rows: rows)
        var reader = ByteReader(octets)
        var stored = octets.count
        var raw = 0
        var frames: [Frame] = []
        for first in stride(from: 0, to: rows, by: rowsOfFrame) {
            guard let word = try? reader.next(UInt32.self),
                let checksum = try? reader.next(UInt32.self)
            else { return nil }
            let isCompressed = word & Self.compressedBit != 0
            let length = Int(word & ~Self.compressedBit)
            guard length <= Int(chunk.storedOctets) - stored else { return nil }
            var rawLength = length
            if isCompressed {
                guard content % rows == 0 else { return nil }
                rawLength = content / rows * min(rowsOfFrame, rows - first)
            }
            guard rawLength <= content - raw else { return nil }
            frames.append(
                Frame(
                    stored: stored..<stored + length, raw: raw..<raw + rawLength,
                    isCompressed: isCompressed, checksum: checksum))
            stored += length
            raw += rawLength
        }
        guard stored == Int(chunk.storedOctets), raw == content, reader.remaining == 0 else {
            return nil
        }
        self.frames = frames
    }
}

extension Codec {
    /// Rows that a frame holds, the last one perhaps fewer; nil for chunks that are not in frames.
    var rowsOfFrame: Int? {
        switch self {
        case .frames: 4096
        case .largeFrames: 16_384
        default: nil
        }
    }

    /// Octets of the table of frames of so many rows.
    func tableOctets(rows: Int) -> Int {
        guard let rowsOfFrame else { return 0 }
        return (rows + rowsOfFrame - 1) / rowsOfFrame * FrameTable.entryOctets
    }
}

extension Chunk {
    /// Octets after decompression, without a table; less than 0 where a table would not fit.
    func contentOctets(rows: Int) -> Int { Int(rawOctets) - codec.tableOctets(rows: rows) }
}

extension SegmentFile {
    /// Reads the table of a chunk in frames.
    func frames(
        of chunk: Chunk, rows: Int, part: @autoclosure () -> String
    ) throws(StoreError) -> FrameTable {
        let octets = chunk.codec.tableOctets(rows: rows)
        guard octets > 0, octets <= Int(chunk.storedOctets) else {
            throw damage(.compression(part: part()), at: chunk.offset)
        }
        let table = try self.octets(octets, at: chunk.offset)
        guard unsafe fastChecksum(table.span.bytes) == chunk.checksum else {
            throw damage(.checksum(part: part()), at: chunk.offset)
        }
        guard let frames = FrameTable(table, of: chunk, rows: rows) else {
            throw damage(.compression(part: part()), at: chunk.offset)
        }
        return frames
    }

    /// Reads one frame of a chunk.
    func read(
        _ frame: FrameTable.Frame, of chunk: Chunk, part: @autoclosure () -> String
    ) throws(StoreError) -> EncodedBytes {
        let stored = EncodedBytes(unfilled: frame.stored.count)
        var room = stored.mutableBytes
        try fill(&room, at: chunk.offset + UInt64(frame.stored.lowerBound))
        guard fastChecksum(stored.bytes) == frame.checksum else {
            throw damage(.checksum(part: part()), at: chunk.offset)
        }
        if !frame.isCompressed { return stored }
        let output = EncodedBytes(unfilled: frame.raw.count)
        guard Decompressors.shared.decompress(stored.bytes, into: output, 0..<output.count) else {
            throw damage(.compression(part: part()), at: chunk.offset)
        }
        return output
    }

    /// Reads all frames of a chunk; answers their octets one behind the other.
    func readFrames(
        _ chunk: Chunk, rows: Int, part: @autoclosure () -> String
    ) throws(StoreError) -> EncodedBytes {
        let table = try frames(of: chunk, rows: rows, part: part())
        let start = chunk.codec.tableOctets(rows: rows)
        let stored = EncodedBytes(unfilled: Int(chunk.storedOctets) - start)
        var room = stored.mutableBytes
        try fill(&room, at: chunk.offset + UInt64(start))
        for frame in table.frames {
            let place = frame.stored.lowerBound - start..<frame.stored.upperBound - start
            guard fastChecksum(stored.bytes.extracting(place)) == frame.checksum else {
                throw damage(.checksum(part: part()), at: chunk.offset)
            }
        }
        if !table.isCompressed { return stored }
        let output = EncodedBytes(unfilled: table.rawOctets)
        for frame in table.frames {
            let place = frame.stored.lowerBound - start..<frame.stored.upperBound - start
            let source = stored.bytes.extracting(place)
            if !frame.isCompressed {
                copy(source, to: output, at: frame.raw.lowerBound)
            } else if !Decompressors.shared.decompress(source, into: output, frame.raw) {
                throw damage(.compression(part: part()), at: chunk.offset)
            }
        }
        return output
    }
}

private func copy(_ source: RawSpan, to output: EncodedBytes, at offset: Int) {
    precondition(offset >= 0 && source.byteCount <= output.count - offset)
    var octets = output.mutableBytes
    unsafe octets.withUnsafeMutableBytes { octets in
        unsafe source.withUnsafeBytes { source in
            unsafe UnsafeMutableRawBufferPointer(rebasing: octets[offset...])
                .copyMemory(from: source)
        }
    }
}
