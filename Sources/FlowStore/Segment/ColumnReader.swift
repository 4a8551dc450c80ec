import FlowModel

/// Reads the columns of one block and checks what it reads.
struct ColumnReader {
    let block: SegmentBlock
    let directory: BlockDirectory

    var rows: Int { block.rows }

    /// Reads a whole column, other than `other`.
    func column(_ entry: ColumnEntry) throws(StoreError) -> EncodedColumn {
        let presence = try presence(entry)
        let codes = try codes(entry)
        let values: EncodedColumn.Values
        switch (entry.encoding, entry.extent) {
        case (.frame, .numbers(let range)):
            values = .frame(base: range.lowerBound, codes)
        case (.dictionary, .numbers(let range)):
            let octets = try read(.dictionary, of: entry, "dictionary of")
            guard
                let dictionary = unpackNumbers(
                    octets, count: entry.dictionaryCount, range: range)
            else { throw impossible("dictionary of", entry) }
            values = .dictionary(dictionary, codes)
        case (.addresses, .addresses): values = .addresses(try dictionary(entry), codes)
        case (.afterStart, .numbers): values = .afterStart(codes)
        default: throw impossible("encoding of", entry)
        }
        return EncodedColumn(field: entry.field, rows: rows, presence: presence, values: values)
    }

    /// Which rows have a value.
    func presence(_ entry: ColumnEntry) throws(StoreError) -> Presence {
        guard entry.chunk(.presence) != nil else {
            guard entry.presentRows == rows else { throw impossible("presence of", entry) }
            return .all
        }
        let words = (rows + 63) / 64
        let bits = try read(.presence, of: entry, "presence of", octets: words * 8)
        let last = bits.values(as: UInt64.self)[words - 1]
        guard rows & 63 == 0 || last >> UInt64(rows & 63) == 0,
            countBits(bits.values(as: UInt64.self), rows: rows) == entry.presentRows
        else { throw impossible("presence of", entry) }
        return .some(bits)
    }

    /// The codes, none of which is beyond the dictionary or the range.
    func codes(_ entry: ColumnEntry) throws(StoreError) -> Codes {
        // A filter, columns that follow from this one, and a key may all want them.
        if entry.encoding == .addresses, let known = block.recall({ $0.codes[entry.field] }) {
            return known
        }
        guard let limit = limit(entry), [0, 1, 2, 4, 8].contains(entry.width) else {
            throw impossible("codes of", entry)
        }
        let storage: EncodedBytes
        if entry.width == 0 {
            storage = EncodedBytes(count: 0)
        } else if entry.chunk(.codesOfSource) != nil {
            storage = try derived(entry, .codesOfSource, from: .srcip, limit)
        } else if entry.chunk(.codesOfDestination) != nil {
            storage = try derived(entry, .codesOfDestination, from: .dstip, limit)
        } else {
            storage = try own(entry, limit)
        }
        let codes = Codes(width: entry.width, storage: storage)
        if entry.encoding == .addresses { block.remember { $0.codes[entry.field] = codes } }
        return codes
    }

    /// The largest code that the column may have; nil where it can have none.
    func limit(_ entry: ColumnEntry) -> UInt64? {
        switch (entry.encoding, entry.extent) {
        case (.frame, .numbers(let range)):
            return fits(range, entry.field) ? range.upperBound - range.lowerBound : nil
        case (.dictionary, .numbers(let range)):
            guard fits(range, entry.field), entry.dictionaryCount > 0 else { return nil }
            return UInt64(entry.dictionaryCount - 1)
        case (.addresses, .addresses):
            return entry.dictionaryCount > 0 ? UInt64(entry.dictionaryCount - 1) : nil
        case (.afterStart, .numbers(let range)):
            guard entry.field == .end, case .numbers(let starts)? = directory.entry(.start)?.extent,
                range.upperBound >= starts.lowerBound
            else { return nil }
            // Not beyond the latest end, and no sum beyond what a number holds.
            return min(range.upperBound - starts.lowerBound, .max - starts.upperBound)
        default: return nil
        }
    }

    /// The ranks of a column that is stored by rank; nil for other columns.
    func ranks(_ entry: ColumnEntry) throws(StoreError) -> RankedColumn? {
        guard let chunk = entry.chunk(.codes), entry.encoding == .frame,
            case .numbers(let range) = entry.extent, fits(range, entry.field)
        else { return nil }
        let codes: [UInt64]
        let ranks: EncodedBytes
        switch (chunk.arrangement, entry.width) {
        case (.ranked, 2), (.few, 2):
            let ranked = try rankedOctets(entry, isPacked: chunk.arrangement == .few)
            codes = ranked.frequent.map { UInt64($0) }
            ranks = ranked.ranks
        case (.packed, 1):
            let packed = try packedOctets(entry)
            codes = packed.occurring.map { UInt64($0) }
            ranks = packed.ranks
        default: return nil
        }
        guard let last = codes.last, last <= range.upperBound - range.lowerBound else {
            throw impossible("codes of", entry)
        }
        return RankedColumn(
            presence: try presence(entry), ranks: Codes(width: 1, storage: ranks),
            values: codes.map { range.lowerBound + $0 },
            hasOthers: chunk.arrangement != .packed)
    }

    /// The `other` column.
    func elements(_ entry: ColumnEntry) throws(StoreError) -> OtherElements {
        guard entry.encoding == .elements else { throw impossible("encoding of", entry) }
        func octets(_ role: Chunk.Role) throws(StoreError) -> [UInt8] {
            let bytes = try read(role, of: entry, "elements of")
            return unsafe bytes.bytes.withUnsafeBytes { unsafe Array($0) }
        }
        let packed = PackedOther(
            layouts: try octets(.layouts), rows: try octets(.rows), octets: try octets(.octets))
        do {
            return try unpack(packed, rows: rows)
        } catch {
            throw block.segment.damage(error, at: entry.chunks.first?.offset)
        }
    }

    // MARK: Codes

    /// The codes of a column that has its own.
    func own(_ entry: ColumnEntry, _ limit: UInt64) throws(StoreError) -> EncodedBytes {
        let chunk = entry.chunk(.codes)
        let octets = rows * entry.width
        switch chunk?.arrangement ?? .plain {
        case .plain:
            let stored = try read(.codes, of: entry, "codes of", octets: octets)
            guard Codes(width: entry.width, storage: stored).areAtMost(limit) else { break }
            return stored
        case .planes:
            let planes = try read(.codes, of: entry, "codes of", octets: octets)
            let rowsOfFrame = chunk?.codec.rowsOfFrame ?? rows
            guard let joined = joined(planes, entry.width, rowsOfFrame, atMost: limit) else {
                break
            }
            return joined
        case .packed where entry.width == 1:
            let packed = try packedOctets(entry)
            guard let last = packed.occurring.last, UInt64(last) <= limit else { break }
            return packed.codes()
        case .ranked where entry.width == 2, .few where entry.width == 2:
            let ranked = try rankedOctets(entry, isPacked: chunk?.arrangement == .few)
            let others = try read(.others, of: entry, "codes of")
            guard let last = ranked.frequent.last, UInt64(last) <= limit,
                Codes(width: 2, storage: others).areAtMost(limit),
                let codes = ranked.codes(others: others)
            else { break }
            return codes
        case .low:
            let lows = try read(.codes, of: entry, "codes of")
            guard
                let codes = unpackLow(
                    lows, exceptions: try exceptions(entry), width: entry.width, rows: rows,
                    atMost: limit)
            else { break }
            return codes
        default: break
        }
        throw impossible("codes of", entry)
    }

    /// The rows that have another code; nil where there are none.
    func exceptions(_ entry: ColumnEntry) throws(StoreError) -> EncodedBytes? {
        entry.chunk(.exceptions) == nil ? nil : try read(.exceptions, of: entry, "codes of")
    }

    private func packedOctets(_ entry: ColumnEntry) throws(StoreError) -> PackedOctets {
        let octets = try read(.codes, of: entry, "codes of")
        guard let packed = PackedOctets(octets, rows: rows) else {
            throw impossible("codes of", entry)
        }
        return packed
    }

    /// Numbers from the planes of each frame; nil where one is larger than `limit`.
    private func joined(
        _ stored: EncodedBytes, _ width: Int, _ rowsOfFrame: Int, atMost limit: UInt64
    ) -> EncodedBytes? {
        let storage = EncodedBytes(unfilled: stored.count)
        let isWhole =
            switch width {
            case 2: join(stored, UInt16.self, rowsOfFrame, UInt16(clamping: limit), into: storage)
            case 4: join(stored, UInt32.self, rowsOfFrame, UInt32(clamping: limit), into: storage)
            case 8: join(stored, UInt64.self, rowsOfFrame, limit, into: storage)
            default: false
            }
        return isWhole ? storage : nil
    }

    private func join<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ stored: EncodedBytes, _: T.Type, _ rowsOfFrame: Int, _ limit: T,
        into storage: EncodedBytes
    ) -> Bool {
        let planes = stored.values(as: UInt8.self)
        var values = storage.mutableValues(as: T.self)
        let width = MemoryLayout<T>.size
        for first in stride(from: 0, to: rows, by: rowsOfFrame) {
            let end = min(first + rowsOfFrame, rows)
            let frame = planes.extracting(first * width..<end * width)
            if !FlowStore.join(frame, into: &values, at: first, atMost: limit) { return false }
        }
        return true
    }

    private func rankedOctets(
        _ entry: ColumnEntry, isPacked: Bool
    ) throws(StoreError) -> RankedOctets {
        let octets = try read(.codes, of: entry, "codes of")
        guard let ranked = RankedOctets(octets, rows: rows, isPacked: isPacked) else {
            throw impossible("codes of", entry)
        }
        return ranked
    }

    /// Codes that follow from an address column's.
    private func derived(
        _ entry: ColumnEntry, _ role: Chunk.Role, from field: Field, _ limit: UInt64
    ) throws(StoreError) -> EncodedBytes {
        // The origin's own codes are never derived, so this ends.
        guard entry.field != .srcip, entry.field != .dstip, entry.width <= 2,
            let origin = directory.entry(field), origin.encoding == .addresses
        else { throw impossible("codes of", entry) }
        let addresses: Codes
        if let known = block.codesAtHand(field) {
            addresses = known
        } else {
            addresses = try codes(origin)
        }
        let map = try read(role, of: entry, "codes of")
        let exceptions = try exceptions(entry)
        guard Codes(width: entry.width, storage: map).areAtMost(limit),
            let storage = derivedCodes(
                map: map, exceptions: exceptions, width: entry.width, by: addresses, rows: rows,
                entries: origin.dictionaryCount, atMost: limit)
        else { throw impossible("codes of", entry) }
        return storage
    }

    // MARK: Octets

    /// - Parameter octets: how many there must be; nil: any number that a chunk of that kind may have.
    func read(
        _ role: Chunk.Role, of entry: ColumnEntry, _ part: String, octets: Int? = nil
    ) throws(StoreError) -> EncodedBytes {
        let chunk = try chunk(role, of: entry, part, octets: octets)
        let name = entry.field.name
        if chunk.codec.rowsOfFrame != nil {
            return try block.segment.readFrames(chunk, rows: rows, part: "\(part) \(name)")
        }
        return try block.segment.read(chunk, part: "\(part) \(name)")
    }

    /// A chunk that may have so many octets.
    func chunk(
        _ role: Chunk.Role, of entry: ColumnEntry, _ part: String, octets: Int? = nil
    ) throws(StoreError) -> Chunk {
        let atMost =
            switch role {
            case .layouts, .rows, .octets: otherOctetsMax
            case .prefixes, .suffixes, .dictionary: 12 + 16 * rows
            case .members: (addressesMax + 63) / 64 * 8
            default: 512 + 8 * FlowBatch.capacity
            }
        guard let chunk = entry.chunk(role) else { throw impossible(part, entry) }
        let content = chunk.contentOctets(rows: rows)
        guard content >= 0, content == octets ?? content, content <= atMost else {
            throw impossible(part, entry)
        }
        return chunk
    }

    private func fits(_ range: ClosedRange<UInt64>, _ field: Field) -> Bool {
        guard let width = field.storage?.width, width < 8 else { return true }
        return width > 0 && range.upperBound >> UInt64(width * 8) == 0
    }

    func impossible(_ part: String, _ entry: ColumnEntry) -> StoreError {
        block.segment.damage(
            .value(part: "\(part) \(entry.field.name)"), at: entry.chunks.first?.offset)
    }
}
