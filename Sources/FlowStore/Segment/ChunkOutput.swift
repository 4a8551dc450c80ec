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
        let octets = output
        return Chunk(
            role: role, codec: codec, arrangement: arrangement,
            storedOctets: UInt32(octets.count - start), rawOctets: UInt32(rawOctets),
            checksum: unsafe fastChecksum(octets.span.bytes.extracting(start..<octets.count)),
            offset: place + UInt64(start))
    }
}
