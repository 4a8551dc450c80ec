import FlowModel

/// A few rows of a block, as a block of their own.
///
/// For what is asked of few rows, such as to be printed: of each column only the frames are read that
/// have one of them.
final class PickedBlock: BlockSource {
    let rows: Int
    private let block: SegmentBlock
    private let picked: [UInt16]

    /// - Parameter picked: rows of the block, ascending.
    init(_ block: SegmentBlock, _ picked: [UInt16]) {
        self.block = block
        self.picked = picked
        rows = picked.count
    }

    /// What is known of a column of all rows, with the number of these that have a value.
    ///
    /// Where that cannot be read, nothing is known.
    func summary(of field: Field) -> ColumnSummary? {
        guard let all = block.summary(of: field) else { return nil }
        var present = rows
        if all.presentRows < block.rows {
            guard let presence = try? block.presence(field, at: picked) else {
                return ColumnSummary(unreadable: field, rows: rows)
            }
            if case .some(let bits) = presence {
                present = countBits(bits.values(as: UInt64.self), rows: rows)
            }
        }
        if present == 0 { return nil }
        return ColumnSummary(
            field: field, presentRows: present, range: all.range, addressRange: all.addressRange)
    }

    func column(_ field: Field) throws(StoreError) -> EncodedColumn? {
        try block.column(field, at: picked)
    }

    func otherElements() throws(StoreError) -> OtherElements {
        let all = try block.otherElements()
        var part = OtherElements()
        for (place, row) in picked.enumerated() where Int(row) < all.layoutOfRow.count {
            let row = Int(row)
            guard all.layoutOfRow[row] > 0,
                let layout = part.layout(all.layouts[Int(all.layoutOfRow[row]) - 1])
            else { continue }
            let start = row == 0 ? 0 : Int(all.endOfRow[row - 1])
            unsafe part.set(
                row: place, layout: layout,
                octets: all.octets.span.bytes.extracting(start..<Int(all.endOfRow[row])))
        }
        return part
    }
}
