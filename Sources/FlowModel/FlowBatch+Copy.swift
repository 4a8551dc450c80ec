extension FlowBatch {
    /// Copies the fixed-width columns of another batch's flows behind those that are here.
    ///
    /// They must fit. The caller sees to ``other`` and then calls ``advance(by:)``.
    package func copyColumns(of batch: FlowBatch) {
        precondition(batch.count <= room)
        for field in batch.fields {
            guard let source = batch.column(field) else { continue }
            columnForWriting(field).copy(source, rows: batch.count, to: count)
        }
    }
}

extension FlowColumn {
    /// Copies the first `rows` values of a column of the same field to `row` and beyond.
    fileprivate func copy(_ source: FlowColumn, rows: Int, to row: Int) {
        precondition(source.field == field && source.width == width)
        precondition(rows >= 0 && row >= 0 && rows <= FlowBatch.capacity - row)
        unsafe (base + row * width).copyMemory(from: source.base, byteCount: rows * width)
        guard !isDense else { return }
        let presence = source.presence
        for word in 0..<(rows + 63) / 64 {
            let first = row + word * 64
            markPresent(first..<min(first + 64, row + rows), bits: presence[word])
        }
    }

    /// Says which of at most 64 rows have a value, the first row's bit lowest.
    package func markPresent(_ rows: Range<Int>, bits word: UInt64) {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= FlowBatch.capacity)
        precondition(rows.count <= 64)
        guard !rows.isEmpty, !isDense else { return }
        let some = rows.count == 64 ? word : word & ~(~0 << UInt64(rows.count))
        let shift = UInt64(rows.lowerBound & 63)
        let place = rows.lowerBound >> 6
        unsafe bits[place] |= some << shift
        // Where bits are left the next word has rows of its own.
        let rest = shift == 0 ? 0 : some >> (64 - shift)
        if rest != 0 { unsafe bits[place + 1] |= rest }
    }
}
