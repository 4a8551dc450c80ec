import FlowModel

/// The octets of a block's chunks as they are compressed one behind the other.
final class ChunkOutput {
    private let compressor = Compressor()
    private(set) var output: [UInt8] = []
    /// Whose chunks follow; ``Field/other`` also for those of no column.
    var column = Field.other
    private var place: UInt64 = 0

    /// Forgets the last block.
    ///
    /// - Parameter place: where in the file the octets will stand.
    func begin(at place: UInt64) {
        output.removeAll(keepingCapacity: true)
        self.place = place
    }

    /// Appends a chunk, compressed where that is worth it.
    ///
    /// - Parameter cuts: where frames end besides at the end; each has statistics of its own.
    func append(
        _ bytes: RawSpan, _ role: Chunk.Role, _ arrangement: Chunk.Arrangement = .plain,
        cutAt cuts: [Int] = []
    ) -> Chunk {
        let start = output.count
        let piece = FrameChoices.Piece(
            field: column, role: role, arrangement: arrangement, number: 0)
        let codec = compressor.append(bytes, of: piece, cutAt: cuts, to: &output)
        return chunk(from: start, role, codec, arrangement, rawOctets: bytes.byteCount)
    }

    /// Appends a chunk in frames of rows.
    ///
    /// - Parameters:
    ///   - codec: which frames; ``Codec/frames`` are never compressed.
    ///   - ends: where each frame ends.
    ///   - planes: equal parts of a frame that have statistics of their own.
    func appendFrames(
        _ bytes: RawSpan, _ role: Chunk.Role, _ arrangement: Chunk.Arrangement, _ codec: Codec,
        ends: [Int], planes: Int = 1
    ) -> Chunk {
        let start = output.count
        let table = ends.count * FrameTable.entryOctets
        for _ in 0..<table { output.append(0) }
        var entries: [UInt8] = []
        entries.reserveCapacity(table)
        var from = 0
        var piece = FrameChoices.Piece(
            field: column, role: role, arrangement: arrangement, number: 0)
        for end in ends {
            let place = output.count
            let frame = bytes.extracting(from..<end)
            var word: UInt32 = 0
            if codec == .largeFrames {
                let cuts = (1..<planes).map { $0 * frame.byteCount / planes }
                let found = compressor.append(frame, of: piece, cutAt: cuts, to: &output)
                word = found == .zstd ? FrameTable.compressedBit : 0
                piece.number += planes
            } else {
                output.put(frame)
            }
            entries.put(word | UInt32(output.count - place))
            entries.put(checksum(from: place))
            from = end
        }
        for index in entries.indices { output[start + index] = entries[index] }
        return Chunk(
            role: role, codec: codec, arrangement: arrangement,
            storedOctets: UInt32(output.count - start), rawOctets: UInt32(table + from),
            checksum: unsafe fastChecksum(entries.span.bytes), offset: place + UInt64(start))
    }

    /// Octets compressed so far that take time to get back.
    var slowOctets: Int { compressor.slowOctets }

    /// Appends a chunk as it is.
    func appendRaw(
        _ bytes: RawSpan, _ role: Chunk.Role, _ arrangement: Chunk.Arrangement
    ) -> Chunk {
        let start = output.count
        output.put(bytes)
        return chunk(from: start, role, .raw, arrangement, rawOctets: bytes.byteCount)
    }

    /// Appends a dictionary of numbers.
    func append(_ dictionary: PackedDictionary, _ role: Chunk.Role) -> Chunk {
        append(dictionary.octets.bytes, role, cutAt: dictionary.cuts)
    }

    /// Octets so far.
    var count: Int { output.count }

    /// Takes back what was appended after the first `count` octets.
    func truncate(to count: Int) { output.removeSubrange(count...) }

    private func chunk(
        from start: Int, _ role: Chunk.Role, _ codec: Codec, _ arrangement: Chunk.Arrangement,
        rawOctets: Int
    ) -> Chunk {
        return Chunk(
            role: role, codec: codec, arrangement: arrangement,
            storedOctets: UInt32(output.count - start), rawOctets: UInt32(rawOctets),
            checksum: checksum(from: start), offset: place + UInt64(start))
    }

    /// The checksum of what was appended after the first `start` octets.
    private func checksum(from start: Int) -> UInt32 {
        let octets = output
        return unsafe fastChecksum(octets.span.bytes.extracting(start..<octets.count))
    }
}
