public import FlowModel

/// A block of a segment that can be read: at most 65,536 rows.
public protocol BlockSource: AnyObject, Sendable {
    /// Rows in the block.
    var rows: Int { get }
    /// What is known of a column without reading it; nil where no row of the block has a value.
    func summary(of field: Field) -> ColumnSummary?
    /// Reads a column; nil where no row of the block has a value. Dense fields are always there.
    func column(_ field: Field) throws -> EncodedColumn?
    /// Reads the `other` column.
    func otherElements() throws -> OtherElements
    /// Reads only the dictionary of a column of addresses; nil where no row has a value.
    func addressDictionary(_ field: Field) throws -> AddressDictionary?

    /// Reads some addresses of a column's dictionary, which its codes `places` stand for; nil where no row
    /// has a value.
    ///
    /// - Parameter places: ascending, each of them a code that some row has.
    func addresses(_ field: Field, at places: [Int]) throws -> AddressDictionary?

    /// The same block for one scan, which may keep what it has read until the scan ends.
    func scanning() -> any BlockSource
    /// Whether any column of addresses may have one of the ranges; false is certain.
    func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool
    /// Finds the codes of the addresses in some ranges, which ascend; nil where no row has a value.
    func addressCodes(
        _ field: Field, in ranges: [ClosedRange<IPAddress>]
    ) throws -> CodeMatches?
    /// Reads the codes of a column without what they stand for; nil where no row has a value.
    func codes(_ field: Field) throws -> ColumnCodes?
    /// Reads the ranks of a column's values among the most frequent; nil where there are none.
    func ranks(_ field: Field) throws -> RankedColumn?
    /// Some rows, ascending, as a block of their own; nil where that saves nothing.
    func picking(_ rows: [UInt16]) -> (any BlockSource)?
}

// What a source can do no better than by reading whole columns.
extension BlockSource {
    /// The dictionary of the whole column, for sources that cannot read it alone.
    public func addressDictionary(_ field: Field) throws -> AddressDictionary? {
        guard case .addresses(let dictionary, _)? = try column(field)?.values else { return nil }
        return dictionary
    }

    /// Those of the whole dictionary.
    public func addresses(_ field: Field, at places: [Int]) throws -> AddressDictionary? {
        try addressDictionary(field)?.picking(places)
    }

    /// The block itself.
    public func scanning() -> any BlockSource { self }

    /// Always, for sources that know nothing of it.
    public func mayContain(_ ranges: [ClosedRange<IPAddress>]) -> Bool { true }

    /// The codes by the whole dictionary.
    public func addressCodes(
        _ field: Field, in ranges: [ClosedRange<IPAddress>]
    ) throws -> CodeMatches? {
        try addressDictionary(field)?.matches(ranges)
    }

    /// The codes of the whole column.
    public func codes(_ field: Field) throws -> ColumnCodes? {
        try column(field).map { ColumnCodes(presence: $0.presence, codes: $0.values.codes) }
    }

    /// None.
    public func ranks(_ field: Field) throws -> RankedColumn? { nil }

    /// None: the columns are there.
    public func picking(_ rows: [UInt16]) -> (any BlockSource)? { nil }
}
