import FlowModel

/// A segment that can be read.
///
/// Keeps the file open while there are few, so that it can be read on after it was deleted.
final class SegmentFile: Sendable {
    let path: String
    private let open: Descriptor?

    /// Opens a segment and reads its footer.
    ///
    /// - Parameter info: what the manifest says of it.
    static func blocks(
        of path: String, info: SegmentInfo, keepOpen: Bool
    ) throws(StoreError) -> [SegmentBlock] {
        let file = try Descriptor(path, .reading)
        let footer = try readFooter(file, info: info)
        let directories = try file.read(
            footer.blocks.reduce(0) { $0 + $1.directoryOctets }, at: footer.directoriesOffset)
        let segment =
            keepOpen
            ? SegmentFile(path: path, open: Optional(consume file))
            : SegmentFile(path: path, open: nil)
        let payload = UInt64(SegmentFooter.headerOctets)..<footer.directoriesOffset
        var blocks: [SegmentBlock] = []
        blocks.reserveCapacity(footer.blocks.count)
        var offset = 0
        for record in footer.blocks {
            let octets = Array(directories[offset..<offset + record.directoryOctets])
            let place = footer.directoriesOffset + UInt64(offset)
            offset += record.directoryOctets
            blocks.append(
                SegmentBlock(
                    segment, rows: record.rows,
                    directory: directory(octets, record, payload, path: path, place: place)))
        }
        return blocks
    }

    /// A segment of which the footer is known.
    convenience init(path: String) {
        self.init(path: path, open: nil)
    }

    private init(path: String, open: consuming Descriptor?) {
        self.path = path
        self.open = open
    }

    /// Reads a chunk and undoes its compression.
    func read(_ chunk: Chunk, part: String) throws(StoreError) -> EncodedBytes {
        let stored = try readOctets(Int(chunk.storedOctets), at: chunk.offset)
        guard unsafe checksum(stored.span.bytes) == chunk.checksum else {
            throw damage(.checksum(part: part), at: chunk.offset)
        }
        let bytes = EncodedBytes(unfilled: Int(chunk.rawOctets))
        var output = bytes.mutableBytes
        let isWhole =
            switch chunk.codec {
            case .raw: unsafe copy(stored.span.bytes, into: &output)
            case .zstd: unsafe Decompressors.shared.decompress(stored.span.bytes, into: &output)
            default: false
            }
        guard isWhole else { throw damage(.compression(part: part), at: chunk.offset) }
        return bytes
    }

    func damage(_ damage: Damage, at offset: UInt64?) -> StoreError {
        StoreError(path: path, offset: offset, cause: .damaged(damage))
    }

    private func readOctets(_ count: Int, at offset: UInt64) throws(StoreError) -> [UInt8] {
        if let octets = try open?.read(count, at: offset) { return octets }
        return try Descriptor(path, .reading).read(count, at: offset)
    }

    private static func readFooter(
        _ file: borrowing Descriptor, info: SegmentInfo
    ) throws(StoreError) -> SegmentFooter {
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
        guard unsafe checksum(head.span.bytes) == trailer.headChecksum else {
            throw damage(.checksum(part: "footer"), at: trailer.headOffset)
        }
        guard trailer.headChecksum == info.checksum else { throw damage(.other) }
        do {
            return try SegmentFooter(head, headOffset: trailer.headOffset)
        } catch {
            throw damage(error, at: trailer.headOffset)
        }
    }

    private static func directory(
        _ octets: [UInt8], _ record: SegmentFooter.BlockRecord, _ payload: Range<UInt64>,
        path: String, place: UInt64
    ) -> Result<BlockDirectory, StoreError> {
        let damage: Damage
        if unsafe checksum(octets.span.bytes) != record.checksum {
            damage = .checksum(part: "block directory")
        } else {
            do {
                let directory = try BlockDirectory(octets, payload: payload)
                if directory.rows == record.rows { return .success(directory) }
                damage = .value(part: "block directory")
            } catch {
                damage = error
            }
        }
        return .failure(StoreError(path: path, offset: place, cause: .damaged(damage)))
    }
}

/// Copies octets; false where there are more or fewer than `output` takes.
private func copy(_ source: RawSpan, into output: inout MutableRawSpan) -> Bool {
    guard source.byteCount == output.byteCount else { return false }
    unsafe output.withUnsafeMutableBytes { output in
        unsafe source.withUnsafeBytes { unsafe output.copyMemory(from: $0) }
    }
    return true
}
