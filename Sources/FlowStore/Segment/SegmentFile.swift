import FlowModel

/// A segment that can be read.
///
/// Keeps the file open while there are few, so that it can be read on after it was deleted.
final class SegmentFile: Sendable {
    let path: String
    private let open: Descriptor?
    private let version: Int

    /// Opens a segment and reads its footer.
    ///
    /// - Parameters:
    ///   - info: what the manifest says of it.
    ///   - cache: what keeps columns that were read.
    static func blocks(
        of path: String, info: SegmentInfo, keepOpen: Bool, cache: BlockCache? = nil
    ) throws(StoreError) -> [SegmentBlock] {
        try open(path, info: info, keepOpen: keepOpen, cache: cache).blocks
    }

    /// Opens a segment or a rollup, and answers its footer too.
    static func open(
        _ path: String, info: SegmentInfo, keepOpen: Bool, cache: BlockCache?
    ) throws(StoreError) -> (blocks: [SegmentBlock], footer: SegmentFooter) {
        let file = try Descriptor(path, .reading)
        let (footer, version) = try readFooter(file, info: info)
        let directories = try file.read(
            footer.blocks.reduce(0) { $0 + $1.directoryOctets }, at: footer.directoriesOffset)
        let segment =
            keepOpen
            ? SegmentFile(path: path, open: Optional(consume file), version: version)
            : SegmentFile(path: path, open: nil, version: version)
        let addresses = footer.summary.map { AddressSummary(segment, $0) }
        let payload = UInt64(SegmentFooter.headerOctets)..<footer.directoriesOffset
        var blocks: [SegmentBlock] = []
        blocks.reserveCapacity(footer.blocks.count)
        var offset = 0
        for (number, record) in footer.blocks.enumerated() {
            let octets = DirectoryOctets(
                octets: directories, range: offset..<offset + record.directoryOctets,
                place: footer.directoriesOffset + UInt64(offset), payload: payload,
                rows: record.rows)
            let isSound = octets.isSound(record.checksum, version)
            let damage = StoreError(
                path: path, offset: octets.place,
                cause: .damaged(.checksum(part: "block directory")))
            offset += record.directoryOctets
            blocks.append(
                SegmentBlock(
                    segment, rows: record.rows,
                    directory: isSound ? .octets(octets) : .parsed(.failure(damage)),
                    number: number, addresses: addresses,
                    cache: cache.map { BlockCache.Shelf($0, segment: path, block: number) }))
        }
        return (blocks, footer)
    }

    /// A segment of this build's version of which the footer is known.
    convenience init(path: String) {
        self.init(path: path, open: nil, version: SegmentFooter.version)
    }

    /// Whether its octets are as this build writes them.
    var isOfThisVersion: Bool { version == SegmentFooter.version }

    private init(path: String, open: consuming Descriptor?, version: Int) {
        self.path = path
        self.open = open
        self.version = version
    }

    /// Reads a chunk that is not in frames and undoes its compression.
    func read(_ chunk: Chunk, part: @autoclosure () -> String) throws(StoreError) -> EncodedBytes {
        let stored = try readStored(chunk, part: part())
        switch chunk.codec {
        case .raw where stored.count == Int(chunk.rawOctets): return stored
        case .zstd:
            let output = EncodedBytes(unfilled: Int(chunk.rawOctets))
            guard Decompressors.shared.decompress(stored.bytes, into: output, 0..<output.count)
            else { break }
            return output
        default: break
        }
        throw damage(.compression(part: part()), at: chunk.offset)
    }

    /// Reads the first zstd frame of a chunk; nil where it is the only one.
    func readFirst(
        _ chunk: Chunk, part: @autoclosure () -> String
    ) throws(StoreError) -> EncodedBytes? {
        guard chunk.codec == .zstd else { return nil }
        let stored = try readStored(chunk, part: part())
        // Less than all octets, or it would be the only one.
        return Decompressors.shared.decompressFirst(
            stored.bytes, atMost: max(Int(chunk.rawOctets) - 1, 0))
    }

    private func readStored(
        _ chunk: Chunk, part: @autoclosure () -> String
    ) throws(StoreError) -> EncodedBytes {
        let stored = EncodedBytes(unfilled: Int(chunk.storedOctets))
        var room = stored.mutableBytes
        try fill(&room, at: chunk.offset)
        guard Self.checksum(stored.bytes, version) == chunk.checksum else {
            throw damage(.checksum(part: part()), at: chunk.offset)
        }
        return stored
    }

    /// Fills `output` with the octets at `offset`.
    func fill(_ output: inout MutableRawSpan, at offset: UInt64) throws(StoreError) {
        if open != nil {
            try open?.read(into: &output, at: offset)
        } else {
            try Descriptor(path, .reading).read(into: &output, at: offset)
        }
    }

    /// Reads octets that are not a chunk.
    func octets(_ count: Int, at offset: UInt64) throws(StoreError) -> [UInt8] {
        if let octets = try open?.read(count, at: offset) { return octets }
        return try Descriptor(path, .reading).read(count, at: offset)
    }

    func damage(_ damage: Damage, at offset: UInt64?) -> StoreError {
        StoreError(path: path, offset: offset, cause: .damaged(damage))
    }

    /// The checksum of chunks and directories.
    fileprivate static func checksum(_ octets: RawSpan, _ version: Int) -> UInt32 {
        version == 1 ? FlowStore.checksum(octets) : fastChecksum(octets)
    }

    private static func readFooter(
        _ file: borrowing Descriptor, info: SegmentInfo
    ) throws(StoreError) -> (SegmentFooter, version: Int) {
        let path = file.path
        func damage(_ damage: Damage, at offset: UInt64? = nil) -> StoreError {
            StoreError(path: path, offset: offset, cause: .damaged(damage))
        }
        let length = try file.length()
        let trailerOctets = UInt64(SegmentFooter.trailerOctets)
        guard length >= max(info.octets, trailerOctets) else {
            throw damage(.truncated(need: info.octets, have: length))
        }
        guard length == info.octets else { throw damage(.other) }
        let trailerOffset = length - trailerOctets
        let end = try file.read(SegmentFooter.trailerOctets, at: trailerOffset)
        let trailer: SegmentFooter.Trailer
        do {
            trailer = try SegmentFooter.Trailer(end, fileOctets: length)
        } catch {
            throw damage(error, at: trailerOffset)
        }
        guard trailer.version <= SegmentFooter.version else {
            throw StoreError(
                path: path,
                cause: .newerVersion(found: trailer.version, known: SegmentFooter.version))
        }
        let head = try file.read(Int(trailer.headOctets), at: trailer.headOffset)
        guard unsafe FlowStore.checksum(head.span.bytes) == trailer.headChecksum else {
            throw damage(.checksum(part: "footer"), at: trailer.headOffset)
        }
        guard trailer.headChecksum == info.checksum else { throw damage(.other) }
        do {
            let footer = try SegmentFooter(
                head, headOffset: trailer.headOffset, version: trailer.version)
            return (footer, trailer.version)
        } catch {
            throw damage(error, at: trailer.headOffset)
        }
    }
}

extension DirectoryOctets {
    /// Whether the octets have this checksum.
    fileprivate func isSound(_ checksum: UInt32, _ version: Int) -> Bool {
        unsafe SegmentFile.checksum(octets.span.bytes.extracting(range), version) == checksum
    }
}
