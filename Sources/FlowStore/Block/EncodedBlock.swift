public import FlowModel

/// An encoded block in memory: what a writer puts into a segment.
public final class EncodedBlock: BlockSource {
    /// Rows in the block.
    public let rows: Int
    /// The columns of which some row has a value, in the order of their numbers, without `other`.
    public let columns: [EncodedColumn]
    /// What is known of each of ``columns``.
    public let summaries: [ColumnSummary]
    /// Elements without a column of their own.
    public let other: OtherElements

    init(
        rows: Int, columns: [EncodedColumn], summaries: [ColumnSummary], other: OtherElements
    ) {
        self.rows = rows
        self.columns = columns
        self.summaries = summaries
        self.other = other
    }

    /// What is known of a column without reading it.
    public func summary(of field: Field) -> ColumnSummary? {
        if field == .other { return other.summary }
        return summaries.first { $0.field == field }
    }

    /// The column; nil where no row has a value.
    public func column(_ field: Field) -> EncodedColumn? {
        columns.first { $0.field == field }
    }

    /// The `other` column.
    public func otherElements() -> OtherElements { other }
}

extension OtherElements {
    /// Some rows, numbered from 0.
    func slice(_ rows: Range<Int>) -> OtherElements {
        if isEmpty { return OtherElements() }
        if rows.lowerBound == 0, rows.upperBound >= layoutOfRow.count { return self }
        var part = OtherElements()
        for row in rows where row < layoutOfRow.count && layoutOfRow[row] > 0 {
            let start = row == 0 ? 0 : Int(endOfRow[row - 1])
            guard let layout = part.layout(layouts[Int(layoutOfRow[row]) - 1]) else { continue }
            unsafe part.set(
                row: row - rows.lowerBound, layout: layout,
                octets: octets.span.bytes.extracting(start..<Int(endOfRow[row])))
        }
        return part
    }

    /// What can be known of it beforehand; nil where no row has anything.
    var summary: ColumnSummary? {
        let present = layoutOfRow.count { $0 > 0 }
        guard present > 0 else { return nil }
        return ColumnSummary(field: .other, presentRows: present, range: nil, addressRange: nil)
    }
}
