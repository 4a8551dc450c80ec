import FlowModel

/// Some rows of a block, or groups of them, on their way to their groups: keys and sums as records.
final class GroupPiece {
    let layout: GroupLayout
    /// Records with packed sums; those of rows that need another form are not used.
    let packed: Scratch<UInt64>
    /// What form each row needs.
    let forms = Scratch<UInt8>(unwritten: pieceRows)
    let flows = Scratch<UInt64>(unwritten: pieceRows)
    let packets = Scratch<UInt64>(unwritten: pieceRows)
    let bytes = Scratch<UInt64>(unwritten: pieceRows)
    let reversePackets = Scratch<UInt64>(unwritten: pieceRows)
    let reverseBytes = Scratch<UInt64>(unwritten: pieceRows)
    let firsts = Scratch<UInt64>(unwritten: pieceRows)
    let lasts = Scratch<UInt64>(unwritten: pieceRows)
    /// The rows of one form.
    let rows = Scratch<UInt16>(unwritten: pieceRows)
    /// Their records where that is not ``packed``.
    let records: Scratch<UInt64>
    private(set) var count = 0
    /// The sums in the order of their words.
    private let sumColumns: [Scratch<UInt64>]

    init(_ layout: GroupLayout) {
        self.layout = layout
        sumColumns =
            (layout.hasSums ? [flows, packets, bytes] : [])
            + (layout.hasReverse ? [reversePackets, reverseBytes] : [])
            + (layout.hasTimes ? [firsts, lasts] : [])
        packed = Scratch(unwritten: pieceRows * layout.stride(.packed))
        records = Scratch(
            unwritten: pieceRows * max(layout.stride(.small), layout.stride(.full)))
    }

    /// Begins with rows without keys.
    func begin(_ count: Int) {
        precondition(count <= pieceRows)
        self.count = count
        let (packedTable, formTable) = (packed, forms)
        var packed = packedTable.mutable
        for word in 0..<(count * layout.stride(.packed)) { unsafe packed[unchecked: word] = 0 }
        var forms = formTable.mutable
        for row in 0..<count { unsafe forms[unchecked: row] = 0 }
    }

    /// Packs the sums and notes the rows whose sums need words of their own.
    func packSums() {
        if !layout.hasSums { return }
        let (packed, forms) = (packed, forms)
        let (flows, packets, bytes) = (flows, packets, bytes)
        var records = packed.mutable
        var mutable = forms.mutable
        let (stride, place) = (layout.stride(.packed), layout.small.words)
        packCounts(
            &records, place, stride, count, flows.span, packets.span, bytes.span, &mutable)
        if layout.hasReverse {
            let (reversePackets, reverseBytes) = (reversePackets, reverseBytes)
            packReverse(
                &records, place + 1, stride, count, reversePackets.span, reverseBytes.span,
                &mutable)
        }
        if layout.hasTimes {
            let times = place + layout.packedWords - 2
            let (firsts, lasts) = (firsts, lasts)
            placeWords(&records, times, stride, count, firsts.span)
            placeWords(&records, times + 1, stride, count, lasts.span)
        }
    }

    /// Lists the rows that need a form; answers how many.
    func list(_ form: GroupLayout.Form) -> Int {
        let (rows, forms) = (rows, forms)
        var mutable = rows.mutable
        return switch form {
        case .packed: listRows(&mutable, forms.span, count: count, from: 0, through: 0)
        case .small: listRows(&mutable, forms.span, count: count, from: 1, through: 1)
        case .full: listRows(&mutable, forms.span, count: count, from: 2, through: 3)
        }
    }

    /// Writes the sums of listed rows into ``records``, behind the keys.
    func placeSums(_ form: GroupLayout.Form, listed: Int) {
        let (stride, key) = (layout.stride(form), layout.keyWords(form))
        let (table, rowTable) = (records, rows)
        var records = table.mutable
        let rows = rowTable.span.extracting(0..<listed)
        for (place, column) in sumColumns.enumerated() {
            gatherWords(&records, key + place, stride, rows, column.span)
        }
    }

    /// Copies the small keys of listed rows into ``records``.
    func placeSmallKeys(listed: Int) {
        let (table, packed) = (records, packed)
        var records = table.mutable
        let (stride, from) = (layout.stride(.small), layout.stride(.packed))
        for index in 0..<listed {
            let row = Int(rows[index])
            for word in 0..<layout.small.words {
                records[index * stride + word] = packed[row * from + word]
            }
        }
    }
}

/// Sets bits of records that are 0 there: `shift` from the lowest of one word in each.
func setBits(
    _ records: inout MutableSpan<UInt64>, _ values: Span<UInt64>, count: Int, at word: Int,
    stride: Int, shift: UInt64, mask: UInt64
) {
    if count == 0 { return }
    precondition(
        count <= values.count && word >= 0 && stride > 0
            && word + (count - 1) * stride < records.count
    )
    for row in 0..<count {
        unsafe records[unchecked: word &+ row &* stride] |=
            (values[unchecked: row] & mask) &<< shift
    }
}

private func packCounts(
    _ records: inout MutableSpan<UInt64>, _ word: Int, _ stride: Int, _ count: Int,
    _ flows: Span<UInt64>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>,
    _ forms: inout MutableSpan<UInt8>
) {
    precondition(
        word < stride && count * stride <= records.count && count <= flows.count
            && count <= packets.count && count <= bytes.count && count <= forms.count)
    for row in 0..<count {
        let (flow, packet) = unsafe (flows[unchecked: row], packets[unchecked: row])
        let byte = unsafe bytes[unchecked: row]
        unsafe records[unchecked: word &+ row &* stride] =
            flow &<< 56 | packet &<< 32 | byte & 0xffff_ffff
        let excess = flow >> 8 | packet >> 24 | byte >> 32
        unsafe forms[unchecked: row] |= excess == 0 ? 0 : 1
    }
}

private func packReverse(
    _ records: inout MutableSpan<UInt64>, _ word: Int, _ stride: Int, _ count: Int,
    _ packets: Span<UInt64>, _ bytes: Span<UInt64>, _ forms: inout MutableSpan<UInt8>
) {
    precondition(
        word < stride && count * stride <= records.count && count <= packets.count
            && count <= bytes.count && count <= forms.count)
    for row in 0..<count {
        let (packet, byte) = unsafe (packets[unchecked: row], bytes[unchecked: row])
        unsafe records[unchecked: word &+ row &* stride] = packet &<< 32 | byte & 0xffff_ffff
        unsafe forms[unchecked: row] |= (packet | byte) >> 32 == 0 ? 0 : 1
    }
}

private func placeWords(
    _ records: inout MutableSpan<UInt64>, _ word: Int, _ stride: Int, _ count: Int,
    _ values: Span<UInt64>
) {
    precondition(word < stride && count * stride <= records.count && count <= values.count)
    for row in 0..<count {
        unsafe records[unchecked: word &+ row &* stride] = values[unchecked: row]
    }
}

private func gatherWords(
    _ records: inout MutableSpan<UInt64>, _ word: Int, _ stride: Int, _ rows: Span<UInt16>,
    _ values: Span<UInt64>
) {
    precondition(
        word < stride && rows.count * stride <= records.count && values.count >= pieceRows)
    for index in 0..<rows.count {
        records[word + index * stride] = values[Int(rows[index])]
    }
}

private func listRows(
    _ rows: inout MutableSpan<UInt16>, _ forms: Span<UInt8>, count: Int, from least: UInt8,
    through most: UInt8
) -> Int {
    precondition(count <= rows.count && count <= forms.count)
    var found = 0
    for row in 0..<count {
        let form = unsafe forms[unchecked: row]
        unsafe rows[unchecked: found] = UInt16(truncatingIfNeeded: row)
        found &+= form >= least && form <= most ? 1 : 0
    }
    return found
}

extension GroupPiece {
    /// Makes words of ``records`` 0.
    func clearRecords(_ form: GroupLayout.Form, listed: Int) {
        let table = records
        var records = table.mutable
        let words = listed * layout.stride(form)
        precondition(words <= records.count)
        for word in 0..<words { unsafe records[unchecked: word] = 0 }
    }

    /// Takes groups of a map with small keys as its rows.
    func take(_ entries: Span<UInt64>, _ groups: Range<Int>) {
        let (from, to) = (layout.stride(.small), layout.stride(.packed))
        let keyWords = layout.small.words
        let table = packed
        var packed = table.mutable
        for (row, group) in groups.enumerated() {
            for word in 0..<keyWords {
                packed[row * to + word] = entries[group * from + word]
            }
        }
        for (place, column) in sumColumns.enumerated() {
            var column = column.mutable
            for (row, group) in groups.enumerated() {
                column[row] = entries[group * from + keyWords + place]
            }
        }
    }
}
