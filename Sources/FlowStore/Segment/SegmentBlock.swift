public import FlowModel

/// A block of a segment on disk; each column is read when it is asked for.
///
/// Every number that is read is checked, so that what comes out can be computed with unchecked:
/// codes are within their dictionary or range, dictionaries ascend.
public final class SegmentBlock: BlockSource {
    /// Rows in the block.
    public let rows: Int
    private let segment: SegmentFile
    private let directory: Result<BlockDirectory, StoreError>

    init(_ segment: SegmentFile, rows: Int, directory: Result<BlockDirectory, StoreError>) {
        self.segment = segment
        self.rows = rows
        self.directory = directory
    }

    /// What is known of a column without reading it; nil where no row of the block has a value.
    ///
    /// Where the block's directory is damaged nothing is known, which is said with the widest ranges,
    /// so that the block is read, and found damaged, instead of passed over.
    public func summary(of field: Field) -> ColumnSummary? {
        guard case .success(let directory) = directory else {
            return ColumnSummary(unreadable: field, rows: rows)
        }
        return directory.entry(field)?.summary
    }

    /// Whether this build knows every column; whoever writes the flows anew must not lose one.
    func isUnderstood() throws(StoreError) -> Bool {
        try directory.get().columns.allSatisfy { $0.field.info != nil }
    }

    /// Octets that a column takes on disk; 0 where no row has a value or that cannot be known.
    public func storedOctets(of field: Field) -> Int {
        guard case .success(let directory) = directory else { return 0 }
        return directory.entry(field)?.chunks.reduce(0) { $0 + Int($1.storedOctets) } ?? 0
    }

    /// Reads a column; nil where no row of the block has a value.
    public func column(_ field: Field) throws(StoreError) -> EncodedColumn? {
        let directory = try directory.get()
        guard field != .other, let entry = directory.entry(field) else { return nil }
        let presence = try presence(entry)
        let codes = try codes(entry)
        let values: EncodedColumn.Values
        switch (entry.encoding, entry.extent) {
        case (.frame, .numbers(let range)):
            guard fits(range, field), codes.largest() <= range.upperBound - range.lowerBound else {
                throw impossible("codes of", entry)
            }
            values = .frame(base: range.lowerBound, codes)
        case (.dictionary, .numbers(let range)):
            guard fits(range, field), codes.largest() < UInt64(entry.dictionaryCount) else {
                throw impossible("codes of", entry)
            }
            let octets = try read(.dictionary, of: entry, "dictionary of")
            guard
                let dictionary = unpackNumbers(
                    octets, count: entry.dictionaryCount, range: range)
            else { throw impossible("dictionary of", entry) }
            values = .dictionary(dictionary, codes)
        case (.addresses, .addresses):
            guard codes.largest() < UInt64(entry.dictionaryCount) else {
                throw impossible("codes of", entry)
            }
            values = .addresses(try addresses(entry), codes)
        case (.afterStart, .numbers(let range)):
            guard field == .end, case .numbers(let starts)? = directory.entry(.start)?.extent,
                range.upperBound >= starts.lowerBound,
                codes.largest() <= range.upperBound - starts.lowerBound,
                !starts.upperBound.addingReportingOverflow(codes.largest()).overflow
            else { throw impossible("codes of", entry) }
            values = .afterStart(codes)
        default: throw impossible("encoding of", entry)
        }
        return EncodedColumn(field: field, rows: rows, presence: presence, values: values)
    }

    /// Reads only the dictionary of a column of addresses.
    public func addressDictionary(_ field: Field) throws(StoreError) -> AddressDictionary? {
        guard let entry = try directory.get().entry(field), entry.encoding == .addresses else {
            return nil
        }
        return try addresses(entry)
    }

    /// Reads the `other` column.
    public func otherElements() throws(StoreError) -> OtherElements {
        guard let entry = try directory.get().entry(.other) else { return OtherElements() }
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
            throw segment.damage(error, at: entry.chunks.first?.offset)
        }
    }

    private func presence(_ entry: ColumnEntry) throws(StoreError) -> Presence {
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

    private func codes(_ entry: ColumnEntry) throws(StoreError) -> Codes {
        guard [0, 1, 2, 4, 8].contains(entry.width) else { throw impossible("width of", entry) }
        if entry.width == 0 { return Codes(width: 0, storage: EncodedBytes(count: 0)) }
        let isPlanes = entry.chunk(.codes)?.isPlanes ?? false
        let bytes = try read(.codes, of: entry, "codes of", octets: rows * entry.width)
        guard isPlanes else { return Codes(width: entry.width, storage: bytes) }
        let storage = EncodedBytes(unfilled: bytes.count)
        let planes = bytes.values(as: UInt8.self)
        switch entry.width {
        case 2:
            var values = storage.mutableValues(as: UInt16.self)
            join(planes, into: &values)
        case 4:
            var values = storage.mutableValues(as: UInt32.self)
            join(planes, into: &values)
        case 8:
            var values = storage.mutableValues(as: UInt64.self)
            join(planes, into: &values)
        default: return Codes(width: entry.width, storage: bytes)
        }
        return Codes(width: entry.width, storage: storage)
    }

    private func addresses(_ entry: ColumnEntry) throws(StoreError) -> AddressDictionary {
        let octets = try read(.dictionary, of: entry, "dictionary of")
        guard let dictionary = unpackAddresses(octets, count: entry.dictionaryCount),
            case .addresses(let range) = entry.extent
        else { throw impossible("dictionary of", entry) }
        let sorted = dictionary.storage.values(as: IPAddress.self)
        guard sorted[0] == range.lowerBound, sorted[sorted.count - 1] == range.upperBound else {
            throw impossible("dictionary of", entry)
        }
        return dictionary
    }

    /// - Parameter octets: how many there must be; nil: any number that a chunk of that kind may have.
    private func read(
        _ role: Chunk.Role, of entry: ColumnEntry, _ part: String, octets: Int? = nil
    ) throws(StoreError) -> EncodedBytes {
        let atMost = role == .dictionary ? 12 + 16 * rows : otherOctetsMax
        guard let chunk = entry.chunk(role), Int(chunk.rawOctets) == octets ?? Int(chunk.rawOctets),
            chunk.rawOctets <= atMost
        else { throw impossible(part, entry) }
        return try segment.read(chunk, part: "\(part) \(entry.field.name)")
    }

    private func fits(_ range: ClosedRange<UInt64>, _ field: Field) -> Bool {
        guard let width = field.storage?.width, width < 8 else { return true }
        return width > 0 && range.upperBound >> UInt64(width * 8) == 0
    }

    private func impossible(_ part: String, _ entry: ColumnEntry) -> StoreError {
        segment.damage(
            .value(part: "\(part) \(entry.field.name)"), at: entry.chunks.first?.offset)
    }
}
