public import FlowModel
import Synchronization

/// A block of a segment on disk; each column is read when it is asked for.
///
/// Every number that is read is checked, so that what comes out can be computed with unchecked:
/// codes are within their dictionary or range, dictionaries ascend.
public final class SegmentBlock: BlockSource {
    /// Rows in the block.
    public let rows: Int
    let segment: SegmentFile
    private let directory: Directory
    private let number: Int
    private let addresses: AddressSummary?
    private let cache: BlockCache.Shelf?
    /// What a scan of this block has read; nil in the store's list of blocks.
    private let memory: Mutex<BlockParts>?

    /// What says where its columns are.
    enum Directory: Sendable {
        case octets(DirectoryOctets)
        case parsed(Result<BlockDirectory, StoreError>)
    }

    /// - Parameters:
    ///   - number: of the segment's blocks.
    ///   - addresses: the segment's summary of addresses.
    ///   - cache: what keeps columns between scans.
    init(
        _ segment: SegmentFile, rows: Int, directory: Directory,
        number: Int = 0, addresses: AddressSummary? = nil, cache: BlockCache.Shelf? = nil
    ) {
        self.segment = segment
        self.rows = rows
        self.directory = directory
        self.number = number
        self.addresses = addresses
        self.cache = cache
        memory = nil
    }

    private init(scanning block: SegmentBlock) {
        segment = block.segment
        rows = block.rows
        directory = block.directory
        number = block.number
        addresses = block.addresses
        cache = block.cache
        memory = Mutex(BlockParts())
    }

    /// The same block for one scan, which reads what its columns share only once.
    public func scanning() -> any BlockSource { SegmentBlock(scanning: self) }

    /// What is known of a column without reading it; nil where no row of the block has a value.
    ///
    /// Where the block's directory is damaged nothing is known, which is said with the widest ranges,
    /// so that the block is read, and found damaged, instead of passed over.
    public func summary(of field: Field) -> ColumnSummary? {
        switch directory {
        case .parsed(.success(let directory)): return directory.entry(field)?.summary
        case .parsed(.failure): return ColumnSummary(unreadable: field, rows: rows)
        case .octets(let octets):
            do {
                return try octets.summary(of: field)
            } catch {
                return ColumnSummary(unreadable: field, rows: rows)
            }
        }
    }

    /// The whole directory.
    func wholeDirectory() throws(StoreError) -> BlockDirectory {
        switch directory {
        case .parsed(let directory): return try directory.get()
        case .octets(let octets):
            if let known = recall({ $0.directory }) { return known }
            do {
                let directory = try octets.directory()
                remember { $0.directory = directory }
                return directory
            } catch {
                throw segment.damage(error, at: octets.place)
            }
        }
    }

    /// Whether a column of addresses may have one of the ranges; false is certain.
    public func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool {
        guard let addresses else { return true }
        if case .parsed(.failure) = directory { return true }
        return addresses.mayContain(ranges, block: number)
    }

    /// Reads the segment's summary of addresses, once a segment; throws where it is damaged.
    func checkSummary() throws(StoreError) {
        if number == 0 { try addresses?.verify() }
    }

    /// Whether this build knows every column; whoever writes the flows anew must not lose one.
    func isUnderstood() throws(StoreError) -> Bool {
        try wholeDirectory().columns.allSatisfy { $0.field.info != nil }
    }

    /// Octets that a column takes on disk; 0 where no row has a value or that cannot be known.
    public func storedOctets(of field: Field) -> Int {
        guard let directory = try? wholeDirectory() else { return 0 }
        return directory.entry(field)?.chunks.reduce(0) { $0 + Int($1.storedOctets) } ?? 0
    }

    /// Octets on disk of what the columns share.
    public var sharedOctets: Int {
        guard let directory = try? wholeDirectory() else { return 0 }
        return directory.extras.reduce(0) { $0 + Int($1.storedOctets) }
    }

    /// Reads a column; nil where no row of the block has a value.
    public func column(_ field: Field) throws(StoreError) -> EncodedColumn? {
        let directory = try wholeDirectory()
        guard field != .other, let entry = directory.entry(field) else { return nil }
        if let column = recall({ $0.columns[field] }) ?? cache?.column(field) { return column }
        let column = try reader(directory).column(entry)
        cache?.keep(column)
        remember { $0.columns[field] = column }
        return column
    }

    /// Reads only the dictionary of a column of addresses.
    public func addressDictionary(_ field: Field) throws(StoreError) -> AddressDictionary? {
        let directory = try wholeDirectory()
        guard let entry = directory.entry(field), entry.encoding == .addresses else { return nil }
        if case .addresses(let dictionary, _)? = cache?.column(field)?.values { return dictionary }
        return try reader(directory).dictionary(entry)
    }

    /// Reads some entries of a column's dictionary without making all of them.
    public func addresses(
        _ field: Field, at places: [Int]
    ) throws(StoreError) -> AddressDictionary? {
        let directory = try wholeDirectory()
        guard let entry = directory.entry(field), entry.encoding == .addresses else { return nil }
        let known = recall { $0.columns[field] } ?? cache?.column(field)
        if case .addresses(let dictionary, _)? = known?.values {
            return dictionary.picking(places)
        }
        return AddressDictionary(storage: try reader(directory).addresses(entry, at: places))
    }

    /// Finds the codes of a column of addresses without reading more of it than that takes.
    public func addressCodes(
        _ field: Field, in ranges: [ClosedRange<IPAddress>]
    ) throws(StoreError) -> CodeMatches? {
        let directory = try wholeDirectory()
        guard let entry = directory.entry(field), entry.encoding == .addresses else { return nil }
        // What is kept anyway is kept whole.
        if cache != nil {
            guard case .addresses(let dictionary, _)? = try column(field)?.values else {
                return nil
            }
            return dictionary.matches(ranges)
        }
        return try reader(directory).matches(entry, ranges)
    }

    /// Reads the codes of a column of addresses without its dictionary.
    public func codes(_ field: Field) throws(StoreError) -> ColumnCodes? {
        let directory = try wholeDirectory()
        guard let entry = directory.entry(field) else { return nil }
        if cache != nil {
            guard let column = try column(field) else { return nil }
            return ColumnCodes(presence: column.presence, codes: column.values.codes)
        }
        let reader = reader(directory)
        return ColumnCodes(
            presence: try reader.presence(entry), codes: try reader.codes(entry))
    }

    /// Reads the ranks of a column that is stored by rank; nil for other columns.
    public func ranks(_ field: Field) throws(StoreError) -> RankedColumn? {
        let directory = try wholeDirectory()
        guard let entry = directory.entry(field) else { return nil }
        if let ranked = recall({ $0.ranks[field] }) ?? cache?.ranks(field) { return ranked }
        guard let ranked = try reader(directory).ranks(entry) else { return nil }
        cache?.keep(ranked, of: field)
        remember { $0.ranks[field] = ranked }
        return ranked
    }

    /// Some rows as a block of their own, of whose columns only these rows are read; nil where whole
    /// columns are kept anyway.
    public func picking(_ rows: [UInt16]) -> (any BlockSource)? {
        guard cache == nil, rows.allSatisfy({ Int($0) < self.rows }) else { return nil }
        return PickedBlock(self, rows)
    }

    /// Reads some rows of a column, which ascend; nil where no row of the block has a value.
    func column(_ field: Field, at rows: [UInt16]) throws(StoreError) -> EncodedColumn? {
        let directory = try wholeDirectory()
        guard field != .other, let entry = directory.entry(field) else { return nil }
        return try reader(directory).column(entry, at: rows)
    }

    /// Which of some rows have a value of a column; nil where no row of the block has one.
    func presence(_ field: Field, at rows: [UInt16]) throws(StoreError) -> Presence? {
        let directory = try wholeDirectory()
        guard let entry = directory.entry(field) else { return nil }
        return try reader(directory).presence(entry, at: rows)
    }

    /// Reads the `other` column.
    public func otherElements() throws(StoreError) -> OtherElements {
        let directory = try wholeDirectory()
        guard let entry = directory.entry(.other) else { return OtherElements() }
        return try reader(directory).elements(entry)
    }

    private func reader(_ directory: BlockDirectory) -> ColumnReader {
        ColumnReader(block: self, directory: directory)
    }

    /// What this scan has read already.
    func recall<Part: Sendable>(_ part: (BlockParts) -> Part?) -> Part? {
        memory?.withLock { part($0) }
    }

    /// Keeps what this scan has read.
    func remember(_ change: (inout BlockParts) -> Void) {
        memory?.withLock { change(&$0) }
    }

    /// The codes of an address column that others follow from, where they are at hand.
    func codesAtHand(_ field: Field) -> Codes? {
        recall { $0.codes[field] ?? $0.columns[field]?.values.codes }
            ?? cache?.column(field)?.values.codes
    }
}

/// What was read of a block during one scan.
struct BlockParts: Sendable {
    var directory: BlockDirectory?
    var columns: [Field: EncodedColumn] = [:]
    var codes: [Field: Codes] = [:]
    var ranks: [Field: RankedColumn] = [:]
    var sharedPrefixes: AddressPrefixes?
    var sharedV4Prefixes: AddressPrefixes?
    var sharedLookup: AddressLookup?
    var sharedAddresses: AddressDictionary?
}
