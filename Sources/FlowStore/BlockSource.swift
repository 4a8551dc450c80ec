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
}

extension BlockSource {
    /// The dictionary of the whole column, for sources that cannot read it alone.
    public func addressDictionary(_ field: Field) throws -> AddressDictionary? {
        guard case .addresses(let dictionary, _)? = try column(field)?.values else { return nil }
        return dictionary
    }
}
