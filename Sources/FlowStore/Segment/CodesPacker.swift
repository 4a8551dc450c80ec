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
    private var source: Origin?
    private var destination: Origin?

    private enum Form: Hashable {
        case plain, planes, packed, ranked, bySource, byDestination
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
    /// Blocks between two trials of a column.
    private static let trialBlocks = 31

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

    /// Appends codes of at least one octet.
    func append(_ codes: Codes, of field: Field, mayBeRanked: Bool) -> [Chunk] {
        let rows = codes.storage.count / codes.width
        guard rows >= Self.formRowsMin else {
            return [chunks.append(codes.storage.bytes, .codes)]
        }
        if var trial = trials[field], trial.blocksLeft > 0,
            let found = append(codes, rows, trial.form)
        {
            trial.blocksLeft -= 1
            trials[field] = trial
            return found
        }
        let start = chunks.count
        var best = (form: Form.plain, cost: Double.infinity)
        for form in forms(of: codes, field, mayBeRanked) {
            guard let found = append(codes, rows, form) else { continue }
            let octets = found.reduce(0) { $0 + Chunk.recordOctets + Int($1.storedOctets) }
            // Packed codes are read in a tenth of the time: worth some room.
            let cost = Double(octets) * (form == .packed ? 0.8 : 1)
            if cost < best.cost { best = (form, cost) }
            chunks.truncate(to: start)
        }
        trials[field] = Trial(form: best.form, blocksLeft: Self.trialBlocks)
        return append(codes, rows, best.form) ?? [chunks.append(codes.storage.bytes, .codes)]
    }

    private func forms(of codes: Codes, _ field: Field, _ mayBeRanked: Bool) -> [Form] {
        var forms: [Form] = [.plain]
        if codes.width > 1 { forms.append(.planes) }
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
        case .plain: return [chunks.append(codes.storage.bytes, .codes)]
        case .planes:
            guard codes.width > 1 else { return nil }
            return [appendPlanes(codes, rows)]
        case .packed: return appendPacked(codes)
        case .ranked:
            guard codes.width == 2 else { return nil }
            let packed = ranking.pack(codes.storage.values(as: UInt16.self))
            let head = packed.ranks.count - rows
            return [
                chunks.append(packed.ranks.bytes, .codes, .ranked, cutAt: [head]),
                chunks.append(packed.others.bytes, .others),
            ]
        case .bySource: return appendDerived(codes, by: source, .codesOfSource)
        case .byDestination: return appendDerived(codes, by: destination, .codesOfDestination)
        }
    }

    /// Appends wide codes in byte planes.
    ///
    /// Mostly they take less room so: the upper octets of a time, a length or a count say little, the
    /// lowest say much, and a plane's frame has statistics of its own. But whole values that repeat are
    /// lost to it.
    private func appendPlanes(_ codes: Codes, _ rows: Int) -> Chunk {
        let storage = codes.storage
        let planes = room(storage.count)
        var output = planes.mutableValues(as: UInt8.self)
        switch codes.width {
        case 2: split(storage.values(as: UInt16.self), into: &output)
        case 4: split(storage.values(as: UInt32.self), into: &output)
        default: split(storage.values(as: UInt64.self), into: &output)
        }
        return chunks.append(
            planes.bytes.extracting(0..<storage.count), .codes, .planes,
            cutAt: (1..<codes.width).map { $0 * rows })
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
