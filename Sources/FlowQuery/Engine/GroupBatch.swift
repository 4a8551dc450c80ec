import FlowModel
import FlowStore

/// Records of one block on their way into the table, ordered by the part of it where they belong.
final class GroupBatch {
    let layout: GroupLayout
    /// Records behind each other, as many as rows of a block.
    let records: Scratch<UInt64>
    private(set) var count = 0
    /// The hash of each record's key.
    let hashes = Scratch<UInt64>(unwritten: BlockScan.rowsMax)
    /// The records, those of one part behind each other.
    let order = Scratch<UInt16>(unwritten: BlockScan.rowsMax)
    /// Where in ``order`` each part's records end.
    let ends = Scratch<Int>(GroupTable.parts, repeating: 0)
    /// Where a part of the table expects the records, and what it loads in advance.
    let places = Scratch<UInt64>(2 * GroupTable.pieceRecords, repeating: 0)

    init(_ layout: GroupLayout) {
        self.layout = layout
        records = Scratch(unwritten: BlockScan.rowsMax * layout.stride)
    }

    /// Forgets all records.
    func removeAll() { count = 0 }

    /// Adds records of one flow each without keys or sums, and answers where they begin.
    func append(_ rows: Int) -> Int {
        let (records, stride) = (records, layout.stride)
        precondition(count + rows <= BlockScan.rowsMax)
        var mutable = records.mutable
        clearRecords(&mutable, count * stride, words: rows * stride)
        for row in 0..<rows { mutable[(count + row) * stride] = 1 }
        if layout.hasTimes {
            for row in 0..<rows { mutable[(count + row) * stride + layout.times] = .max }
        }
        defer { count += rows }
        return count
    }

    /// Sets bits of the records from `first` on.
    func set(_ values: Scratch<UInt64>, count: Int, from first: Int, at bits: GroupLayout.Bits) {
        let (records, values) = (records, values)
        var mutable = records.mutable
        setBits(
            &mutable, values.span, count: count, from: first * layout.stride + bits.word,
            stride: layout.stride, shift: bits.shift, mask: bits.mask)
    }

    /// Sets the same bits of all records from `first` on.
    func set(_ value: UInt64, count: Int, from first: Int, at bits: GroupLayout.Bits) {
        let records = records
        var mutable = records.mutable
        let place = first * layout.stride + bits.word
        precondition(first + count <= self.count)
        for row in 0..<count {
            mutable[place + row * layout.stride] |= (value & bits.mask) << bits.shift
        }
    }

    /// Sets a word of the records from `first` on.
    func set(_ values: Scratch<UInt64>, count: Int, from first: Int, at word: Int) {
        set(values, count: count, from: first, at: .init(word: word, shift: 0, mask: ~0))
    }

    /// Hashes the keys and orders the records by the parts of the table.
    func arrange(seed: UInt64) {
        let (records, hashTable, ordered, ends) = (records, hashes, order, ends)
        var hashes = hashTable.mutable
        hashRecords(records.span, layout.stride, layout.keyWords, count, seed, into: &hashes)
        for part in 0..<GroupTable.parts { ends[part] = 0 }
        var order = ordered.mutable
        var places = ends.mutable
        orderByPart(hashTable.span, count: count, into: &order, &places)
    }
}

private func clearRecords(_ records: inout MutableSpan<UInt64>, _ first: Int, words: Int) {
    precondition(first >= 0 && words >= 0 && first + words <= records.count)
    for word in first..<(first + words) { unsafe records[unchecked: word] = 0 }
}

private func setBits(
    _ records: inout MutableSpan<UInt64>, _ values: Span<UInt64>, count: Int, from first: Int,
    stride: Int, shift: UInt64, mask: UInt64
) {
    if count == 0 { return }
    precondition(
        count <= values.count && first >= 0 && stride > 0
            && first + (count - 1) * stride < records.count)
    for row in 0..<count {
        unsafe records[unchecked: first &+ row &* stride] |=
            (values[unchecked: row] & mask) &<< shift
    }
}

private func hashRecords(
    _ records: Span<UInt64>, _ stride: Int, _ keyWords: Int, _ count: Int, _ seed: UInt64,
    into hashes: inout MutableSpan<UInt64>
) {
    precondition(
        count * stride <= records.count && count <= hashes.count && (1...stride).contains(keyWords))
    for row in 0..<count {
        let start = row &* stride
        var hash = unsafe mixed(seed, records[unchecked: start] & ~GroupLayout.flowsMask)
        for word in 1..<max(keyWords, 1) {
            hash = unsafe mixed(hash, records[unchecked: start &+ word])
        }
        unsafe hashes[unchecked: row] = hash
    }
}

/// Counts into `places`, all 0, then turns counts into places, then fills the order.
private func orderByPart(
    _ hashes: Span<UInt64>, count: Int, into order: inout MutableSpan<UInt16>,
    _ places: inout MutableSpan<Int>
) {
    precondition(
        count <= hashes.count && count <= order.count && places.count == GroupTable.parts)
    for row in 0..<count {
        unsafe places[unchecked: GroupTable.part(hashes[unchecked: row])] &+= 1
    }
    var start = 0
    for part in 0..<GroupTable.parts {
        let size = places[part]
        places[part] = start
        start += size
    }
    for row in 0..<count {
        let part = unsafe GroupTable.part(hashes[unchecked: row])
        let place = unsafe places[unchecked: part]
        unsafe order[unchecked: place] = UInt16(truncatingIfNeeded: row)
        unsafe places[unchecked: part] = place &+ 1
    }
}
