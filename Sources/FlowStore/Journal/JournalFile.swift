import FlowModel

/// A file of a journal that can be read; keeps it open, so that it can be read on after it was
/// deleted.
final class JournalFile: Sendable {
    let path: String
    let header: JournalHeader
    private let file: Descriptor

    init(path: String) throws(StoreError) {
        let file = try Descriptor(path, .reading)
        // While it is open nobody writes other frames over it.
        file.share()
        let have = Int(clamping: min(try file.length(), JournalHeader.framesOffset))
        let octets = try file.read(have, at: 0)
        do {
            header = try JournalHeader(octets)
        } catch {
            switch error {
            case .damage(let damage):
                throw StoreError(path: path, offset: 0, cause: .damaged(damage))
            case .version(let version):
                throw StoreError(
                    path: path,
                    cause: .newerVersion(found: version, known: JournalHeader.version))
            }
        }
        self.path = path
        self.file = file
    }

    /// A frame and where its payload is.
    struct Place: Sendable {
        let frame: JournalFrame
        let offset: UInt64
    }

    /// Octets that are no frame.
    struct Gap: Sendable {
        let offset: UInt64
        let octets: UInt64
        /// The frames before and behind; nil at the begin and end of the file.
        let before: UInt64?
        let behind: UInt64?
        /// Whether it is the begin of a frame that the file ends within, as it looks when the writer
        /// is at it, or was killed at it; or, where it is written over another, that is all behind it.
        let isUnfinished: Bool
    }

    /// What the file holds.
    struct Content: Sendable {
        var places: [Place] = []
        var gaps: [Gap] = []
        var octets: UInt64 = 0
    }

    /// Finds the frames by their heads; payloads are not read.
    func scan() throws(StoreError) -> Content {
        var content = Content()
        let end = try file.length()
        content.octets = end
        var offset = JournalHeader.framesOffset
        let headOctets = UInt64(JournalFrame.headOctets)
        while offset < end {
            let before = content.places.last?.frame.number
            if let frame = try frame(at: offset, end: end) {
                let payload = offset + headOctets
                if UInt64(frame.payloadOctets) <= end - payload {
                    content.places.append(Place(frame: frame, offset: payload))
                    offset = payload + UInt64(frame.payloadOctets)
                    continue
                }
                content.gaps.append(
                    Gap(
                        offset: offset, octets: end - offset, before: before, behind: nil,
                        isUnfinished: true))
                return content
            }
            if header.isReused, try isEnd(at: offset, end: end) { break }
            let next = try nextFrame(from: offset + 1, end: end)
            content.gaps.append(
                Gap(
                    offset: offset, octets: (next?.offset ?? end) - offset, before: before,
                    behind: next?.frame.number,
                    isUnfinished: next == nil && (header.isReused || end - offset < headOctets)))
            offset = next?.offset ?? end
        }
        return content
    }

    /// Reads a frame's payload.
    func payload(_ place: Place) throws(StoreError) -> [UInt8] {
        let octets = try file.read(place.frame.payloadOctets, at: place.offset)
        let found =
            header.version == 1
            ? unsafe checksum(octets.span.bytes) : unsafe fastChecksum(octets.span.bytes)
        guard found == place.frame.payloadChecksum else {
            throw damage(.checksum(part: "batch \(place.frame.number)"), at: place.offset)
        }
        return octets
    }

    func damage(_ damage: Damage, at offset: UInt64) -> StoreError {
        StoreError(path: path, offset: offset, cause: .damaged(damage))
    }

    private func frame(at offset: UInt64, end: UInt64) throws(StoreError) -> JournalFrame? {
        let headOctets = UInt64(JournalFrame.headOctets)
        guard offset <= end, end - offset >= headOctets else { return nil }
        let head = try file.read(JournalFrame.headOctets, at: offset)
        return try? JournalFrame(head, salt: header.salt)
    }

    /// Whether the frames end there, in a file that others had before.
    private func isEnd(at offset: UInt64, end: UInt64) throws(StoreError) -> Bool {
        guard end - offset >= UInt64(JournalFrame.headOctets) else { return false }
        let found = try file.read(JournalFrame.headOctets, at: offset)
        return found == JournalFrame.end(at: offset, salt: header.salt)
    }

    /// Looks for the next frame behind damaged octets.
    private func nextFrame(
        from start: UInt64, end: UInt64
    ) throws(StoreError) -> (frame: JournalFrame, offset: UInt64)? {
        let headOctets = UInt64(JournalFrame.headOctets)
        let pieceOctets: UInt64 = 1 << 20
        let first = UInt8(truncatingIfNeeded: JournalFrame.magic)
        let second = UInt8(truncatingIfNeeded: JournalFrame.magic >> 8)
        var offset = start
        while offset < end, end - offset >= headOctets {
            let count = min(pieceOctets, end - offset)
            let piece = try file.read(Int(count), at: offset)
            for index in 0..<piece.count - 1
            where piece[index] == first && piece[index + 1] == second {
                let place = offset + UInt64(index)
                if let frame = try frame(at: place, end: end) { return (frame, place) }
            }
            // The last octet is looked at again, as the first of the next piece.
            offset += max(count - 1, 1)
        }
        return nil
    }
}
