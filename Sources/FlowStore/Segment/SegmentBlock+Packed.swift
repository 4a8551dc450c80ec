import FlowModel

extension SegmentBlock {
    /// Octets of a block that are held at once.
    private static let octetsMax = 64 << 20

    /// The block as it lies on disk, for another place; nil where it has to be encoded anew.
    ///
    /// Every chunk is held against its checksum.
    func packed(at place: UInt64) throws(StoreError) -> BlockPacker.PackedBlock? {
        let directory = try wholeDirectory()
        let chunks = directory.columns.flatMap(\.chunks) + directory.extras
        guard segment.isOfThisVersion, let first = chunks.map(\.offset).min(),
            let end = chunks.map({ $0.offset + UInt64($0.storedOctets) }).max(),
            end - first <= UInt64(Self.octetsMax)
        else { return nil }
        let octets = try segment.octets(Int(end - first), at: first)
        for chunk in chunks {
            let start = Int(chunk.offset - first)
            try check(chunk, octets.span.extracting(start..<start + Int(chunk.storedOctets)))
        }
        var moved = directory
        for column in moved.columns.indices {
            for chunk in moved.columns[column].chunks.indices {
                moved.columns[column].chunks[chunk].offset &+= place &- first
            }
        }
        for extra in moved.extras.indices { moved.extras[extra].offset &+= place &- first }
        let lists = try ColumnReader(block: self, directory: directory).addressLists()
        return BlockPacker.PackedBlock(
            octets: octets, directory: moved, filter: AddressFilter(lists))
    }

    /// Holds a chunk, or its table and frames, against the checksums.
    private func check(_ chunk: Chunk, _ octets: Span<UInt8>) throws(StoreError) {
        let table = min(chunk.codec.tableOctets(rows: rows), octets.count)
        let part = octets.extracting(0..<(table > 0 ? table : octets.count))
        guard unsafe fastChecksum(part.bytes) == chunk.checksum else {
            throw segment.damage(.checksum(part: "chunk"), at: chunk.offset)
        }
        guard table > 0 else { return }
        let entries = part.indices.map { part[$0] }
        guard let frames = FrameTable(entries, of: chunk, rows: rows)?.frames else {
            throw segment.damage(.compression(part: "chunk"), at: chunk.offset)
        }
        for frame in frames {
            guard unsafe fastChecksum(octets.extracting(frame.stored).bytes) == frame.checksum
            else { throw segment.damage(.checksum(part: "chunk"), at: chunk.offset) }
        }
    }
}
