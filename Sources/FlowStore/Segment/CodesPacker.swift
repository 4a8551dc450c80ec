import FlowModel

/// Chooses how a column's codes lie in the file.
///
/// What is best depends on the column and changes slowly: all that fit are tried now and then, and the
/// one that was best serves the blocks between. Not shared between threads.
final class CodesPacker {
    let chunks = ChunkOutput()
    private let ranking = RankedCoding()
    private let derivation = DerivedCoding()
    private var scratch = EncodedBytes(count: 0)
    private var trials: [Field: Trial] = [:]
    /// Rollups are so much smaller than flows that time does not matter in reading them.
    private let isForRollups: Bool
    private var source: Origin?
    private var destination: Origin?

    private enum Form: Hashable {
        case raw, compressed, planes, packed, ranked, low, bySource, byDestination
    }

    private struct Trial {
        var form: Form
        var blocksLeft: Int
    }

    /// An address column that others may follow from.
    private struct Origin {
        let codes: Codes
        let entries: Int
    }

    /// Rows below which codes are always plain: a frame for each plane costs more than it saves.
    private static let formRowsMin = 1024
    /// Blocks between two trials of a column; fewer where the last form did not fit a block, which may
    /// have been an odd one.
    private static let trialBlocks = 31
    private static let trialBlocksOfOdd = 1

    init(forRollups isForRollups: Bool) { self.isForRollups = isForRollups }

    /// Takes the address columns of the next block.
    func begin(_ block: EncodedBlock) {
        func origin(_ field: Field) -> Origin? {
            guard case .addresses(let dictionary, let codes)? = block.column(field)?.values else {
                return nil
            }
            return Origin(codes: codes, entries: dictionary.count)
        }
        source = origin(.srcip)
        destination = origin(.dstip)
    }

    /// What is asked of most often: worth more room for less time.
    private static let hot: Set<Field> = [
        .srcip, .dstip, .srcport, .dstport, .proto, .flags, .packets, .bytes,
    ]

    /// What reading an octet of a zstd frame is worth, in octets of room; it takes about 0.5 ns.
    private func price(of field: Field) -> Double {
        isForRollups || !Self.hot.contains(field) ? 0.2 : 0.75
    }

    /// What putting codes together takes, in octets of a zstd frame: 1 ns a row for ranks and others,
    /// a third of one for each two planes.
    private static func joining(_ form: Form, _ rows: Int, _ width: Int) -> Int {
        switch form {
        case .ranked: rows / 4
        case .planes: rows * width / 4
        case .raw, .compressed, .packed, .low, .bySource, .byDestination: 0
        }
    }

    /// Appends codes of at least one octet.
    func append(_ codes: Codes, of field: Field, mayBeRanked: Bool) -> [Chunk] {
        let rows = codes.storage.count / codes.width
        guard rows >= Self.formRowsMin else {
            return [chunks.append(codes.storage.bytes, .codes)]
        }
        var isOdd = false
        if var trial = trials[field], trial.blocksLeft > 0 {
            if let found = append(codes, rows, trial.form) {
                trial.blocksLeft -= 1
                trials[field] = trial
                return found
            }
            isOdd = true
        }
        let start = chunks.count
        var best = (form: Form.raw, cost: Double.infinity)
        for form in forms(of: codes, field, mayBeRanked) {
            let slow = chunks.slowOctets
            guard let found = append(codes, rows, form) else { continue }
            let octets = found.reduce(0) { $0 + Chunk.recordOctets + Int($1.storedOctets) }
            let slowOctets = chunks.slowOctets - slow + Self.joining(form, rows, codes.width)
            let cost = Double(octets) + Double(slowOctets) * price(of: field)
            if cost < best.cost { best = (form, cost) }
            chunks.truncate(to: start)
        }
        trials[field] = Trial(
            form: best.form, blocksLeft: isOdd ? Self.trialBlocksOfOdd : Self.trialBlocks)
        return append(codes, rows, best.form) ?? appendRaw(codes.storage.bytes, rows)
    }

    private func forms(of codes: Codes, _ field: Field, _ mayBeRanked: Bool) -> [Form] {
        var forms: [Form] = [.raw, .compressed]
        if codes.width > 1 { forms += [.planes, .low] }
        if codes.width == 1 { forms.append(.packed) }
        if codes.width == 2, mayBeRanked { forms.append(.ranked) }
        if codes.width <= 2, field != .srcip, field != .dstip {
            forms += [.bySource, .byDestination]
        }
        return forms
    }

    /// Appends codes in a form; nil where they have it not.
    private func append(_ codes: Codes, _ rows: Int, _ form: Form) -> [Chunk]? {
        switch form {
        case .raw: return appendRaw(codes.storage.bytes, rows)
        case .compressed:
            let start = chunks.count
            let chunk = appendCompressed(codes.storage.bytes, rows, .plain)
            // Where nothing got smaller smaller frames are better.
            if Int(chunk.storedOctets) < codes.storage.count { return [chunk] }
            chunks.truncate(to: start)
            return nil
        case .planes:
            guard codes.width > 1 else { return nil }
            return [appendPlanes(codes, rows)]
        case .packed: return appendPacked(codes)
        case .ranked:
            guard codes.width == 2 else { return nil }
            let packed = ranking.pack(codes.storage.values(as: UInt16.self))
            let others = packed.others.bytes
            return [
                chunks.appendRaw(packed.ranks.bytes, .codes, .few),
                packed.othersOfFrames.count == 1
                    ? chunks.appendRaw(others, .others, .plain)
                    : chunks.appendFrames(
                        others, .others, .plain, .frames, ends: packed.othersOfFrames.map { 2 * $0 }
                    ),
            ]
        case .low:
            guard let packed = packLow(codes) else { return nil }
            let lows = appendRaw(packed.lows.bytes, rows, .low)
            if packed.exceptions.count == 0 { return lows }
            return lows + [chunks.append(packed.exceptions.bytes, .exceptions)]
        case .bySource: return appendDerived(codes, by: source, .codesOfSource)
        case .byDestination: return appendDerived(codes, by: destination, .codesOfDestination)
        }
    }

    /// Appends rows as they are, to be read a frame at a time.
    private func appendRaw(
        _ bytes: RawSpan, _ rows: Int, _ arrangement: Chunk.Arrangement = .plain
    ) -> [Chunk] {
        guard let ends = ends(of: .frames, rows, octets: bytes.byteCount / rows) else {
            return [chunks.appendRaw(bytes, .codes, arrangement)]
        }
        return [chunks.appendFrames(bytes, .codes, arrangement, .frames, ends: ends)]
    }

    private func appendCompressed(
        _ bytes: RawSpan, _ rows: Int, _ arrangement: Chunk.Arrangement, planes: Int = 1
    ) -> Chunk {
        guard let ends = ends(of: .largeFrames, rows, octets: bytes.byteCount / rows) else {
            return chunks.append(
                bytes, .codes, arrangement, cutAt: (1..<planes).map { $0 * rows })
        }
        return chunks.appendFrames(
            bytes, .codes, arrangement, .largeFrames, ends: ends, planes: planes)
    }

    /// Where frames end; nil where there would be only one.
    private func ends(of codec: Codec, _ rows: Int, octets: Int) -> [Int]? {
        guard let rowsOfFrame = codec.rowsOfFrame, rows > rowsOfFrame else { return nil }
        return stride(from: rowsOfFrame, to: rows + rowsOfFrame, by: rowsOfFrame).map {
            min($0, rows) * octets
        }
    }

    /// Appends wide codes in byte planes, those of each frame together.
    ///
    /// Mostly they take less room so: the upper octets of a time, a length or a count say little, the
    /// lowest say much, and a plane's frame has statistics of its own. But whole values that repeat are
    /// lost to it.
    private func appendPlanes(_ codes: Codes, _ rows: Int) -> Chunk {
        let storage = codes.storage
        let planes = room(storage.count)
        var output = planes.mutableValues(as: UInt8.self)
        let rowsOfFrame = Codec.largeFrames.rowsOfFrame ?? rows
        for first in stride(from: 0, to: rows, by: rowsOfFrame) {
            let frame = first..<min(first + rowsOfFrame, rows)
            let place = first * codes.width
            switch codes.width {
            case 2:
                split(
                    storage.values(as: UInt16.self).extracting(frame), into: &output, at: place)
            case 4:
                split(
                    storage.values(as: UInt32.self).extracting(frame), into: &output, at: place)
            default:
                split(
                    storage.values(as: UInt64.self).extracting(frame), into: &output, at: place)
            }
        }
        return appendCompressed(
            planes.bytes.extracting(0..<storage.count), rows, .planes, planes: codes.width)
    }

    private func appendPacked(_ codes: Codes) -> [Chunk]? {
        guard codes.width == 1,
            let packed = PackedCoding.pack(codes.storage.values(as: UInt8.self))
        else { return nil }
        return [chunks.appendRaw(packed.bytes, .codes, .packed)]
    }

    private func appendDerived(
        _ codes: Codes, by origin: Origin?, _ role: Chunk.Role
    ) -> [Chunk]? {
        guard let origin,
            let packed = derivation.pack(codes, by: origin.codes, entries: origin.entries)
        else { return nil }
        let map = chunks.append(packed.map.bytes, role)
        if packed.exceptions.count == 0 { return [map] }
        return [map, chunks.append(packed.exceptions.bytes, .exceptions)]
    }

    private func room(_ octets: Int) -> EncodedBytes {
        if scratch.count < octets { scratch = EncodedBytes(unfilled: octets) }
        return scratch
    }
}
