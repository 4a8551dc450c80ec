import FlowModel
import FlowStore

/// What is added up of one group within a block.
private struct GroupCell: BitwiseCopyable {
    /// How many flows, and in the lowest 16 bits a row of the group, from which its key is read.
    var flowsAndRow: UInt64 = 0
    var packets: UInt64 = 0
    var bytes: UInt64 = 0
}

/// What is added up of one group besides, where it is asked for.
private struct GroupExtra: BitwiseCopyable {
    var reversePackets: UInt64 = 0
    var reverseBytes: UInt64 = 0
    var first: UInt64 = .max
    var last: UInt64 = 0
}

/// Groups the rows of one worker, block by block, into the table that all workers share.
///
/// Where the block's keys make few groups, its rows are first added up in an array indexed by small
/// numbers; where they make many, adding up would save little, and each row goes to the table.
final class GroupScan {
    let scan: BlockScan

    private let table: GroupTable
    private let layout: GroupLayout
    private let readers: [KeyReader]
    private let batch: GroupBatch
    private var cells = Scratch<GroupCell>(1 << 12, repeating: GroupCell())
    private var extras = Scratch<GroupExtra>(1, repeating: GroupExtra())
    private let touched = Scratch<UInt32>(BlockScan.rowsMax + 1, repeating: 0)
    private let ids = Scratch<UInt64>(pieceRows, repeating: 0)
    private let values = Scratch<UInt64>(pieceRows, repeating: 0)
    private let others = Scratch<UInt64>(pieceRows, repeating: 0)
    private let rowNumbers = Scratch<UInt16>(pieceRows, repeating: 0)
    private let flags = Scratch<UInt8>(pieceRows, repeating: 0)

    init(_ plan: ScanPlan, keys: [KeyPlan], into table: GroupTable) {
        scan = BlockScan(plan)
        self.table = table
        layout = table.layout
        readers = keys.map { KeyReader($0) }
        batch = GroupBatch(table.layout)
    }

    /// Adds the block's rows that pass.
    func process(_ block: any BlockSource) {
        scan.process(block) { try consume() }
    }

    private func consume() throws {
        for reader in readers { try reader.begin(scan) }
        try scan.require([.field(.packets), .field(.bytes)])
        if layout.hasReverse { try scan.require([.field(.rpackets), .field(.rbytes)]) }
        if layout.hasTimes { try scan.require([.field(.start), .field(.end)]) }

        var bound: UInt64? = 1
        for reader in readers {
            // Either is at most 2¹⁸, so the product fits.
            if let numbers = reader.bound, let groups = bound {
                bound = numbers * groups <= denseGroupsMax ? numbers * groups : nil
            } else {
                bound = nil
            }
        }
        batch.removeAll()
        if let bound {
            try addUp(groups: Int(bound))
        } else {
            try appendRows()
        }
        table.add(batch)
    }

    // MARK: Row by row

    private func appendRows() throws {
        let times = layout.times
        for piece in scan.pieces() {
            let (first, count) = (batch.append(piece.count), piece.count)
            for (reader, key) in zip(readers, layout.keys) {
                try reader.fillKey(key, scan, piece, of: table, into: batch, from: first)
            }
            try scan.numbers(.field(.packets), piece, into: values)
            batch.set(values, count: count, from: first, at: layout.keyWords)
            try scan.numbers(.field(.bytes), piece, into: values)
            batch.set(values, count: count, from: first, at: layout.keyWords + 1)
            if layout.hasReverse {
                try scan.counts(.rpackets, piece, flags, into: values)
                batch.set(values, count: count, from: first, at: layout.reverse)
                try scan.counts(.rbytes, piece, flags, into: values)
                batch.set(values, count: count, from: first, at: layout.reverse + 1)
            }
            guard layout.hasTimes else { continue }
            if try fillTimes(.start, piece) {
                for row in 0..<count where flags[row] != 0 {
                    batch.records[(first + row) * layout.stride + times] = values[row]
                }
            }
            if try fillTimes(.end, piece) {
                batch.set(values, count: count, from: first, at: times + 1)
            }
        }
    }

    /// Reads a column of times, 0 where a row has none; false where no row has one.
    private func fillTimes(_ field: Field, _ piece: RowSet) throws -> Bool {
        guard let present = try scan.presences(of: .field(field)) else { return false }
        try scan.numbers(.field(field), piece, into: values)
        scan.fillFlags(present, piece, into: flags)
        let (values, flags) = (values, flags)
        var mutable = values.mutable
        clearAbsent(&mutable, flags.span, count: piece.count)
        return true
    }

    // MARK: Added up within the block

    private func addUp(groups bound: Int) throws {
        if cells.count < bound { cells = Scratch(bound, repeating: GroupCell()) }
        let hasExtra = layout.hasReverse || layout.hasTimes
        if hasExtra, extras.count < cells.count {
            extras = Scratch(cells.count, repeating: GroupExtra())
        }
        var groups = 0
        let (ids, values, others) = (ids, values, others)
        let (cells, touched, rowNumbers, selection) = (cells, touched, rowNumbers, scan.selection)
        for piece in scan.pieces() {
            try readers[0].fillNumbers(scan, piece, into: ids)
            for reader in readers.dropFirst() {
                guard let bound = reader.bound, bound > 1 else { continue }
                try reader.fillNumbers(scan, piece, into: others)
                var ids = ids.mutable
                combineNumbers(&ids, others.span, bound: bound, count: piece.count)
            }
            try scan.numbers(.field(.packets), piece, into: values)
            try scan.numbers(.field(.bytes), piece, into: others)
            let rows: Span<UInt16>
            switch piece {
            case .selected(let range): rows = selection.span.extracting(range)
            case .contiguous(let range), .listed(let range):
                for (index, row) in range.enumerated() {
                    rowNumbers[index] = UInt16(truncatingIfNeeded: row)
                }
                rows = rowNumbers.span.extracting(0..<range.count)
            }
            var cells = cells.mutable
            var touched = touched.mutable
            groups = addRows(
                ids.span, rows: rows, values.span, others.span, into: &cells, touched: &touched,
                from: groups)
            if hasExtra { try addExtra(piece) }
        }
        try append(groups)
    }

    private func addExtra(_ piece: RowSet) throws {
        let (ids, values, others) = (ids, values, others)
        if layout.hasReverse {
            try scan.counts(.rpackets, piece, flags, into: values)
            try scan.counts(.rbytes, piece, flags, into: others)
            for row in 0..<piece.count {
                let group = Int(ids[row])
                extras[group].reversePackets = extras[group].reversePackets.clampedAdding(
                    values[row])
                extras[group].reverseBytes = extras[group].reverseBytes.clampedAdding(others[row])
            }
        }
        guard layout.hasTimes else { return }
        if try fillTimes(.start, piece) {
            for row in 0..<piece.count where flags[row] != 0 {
                let group = Int(ids[row])
                extras[group].first = min(extras[group].first, values[row])
            }
        }
        if try fillTimes(.end, piece) {
            for row in 0..<piece.count {
                let group = Int(ids[row])
                extras[group].last = max(extras[group].last, values[row])
            }
        }
    }

    /// Makes the block's groups records and leaves the arrays empty.
    private func append(_ groups: Int) throws {
        for place in 0..<groups {
            scan.listed[place] = UInt16(
                truncatingIfNeeded: cells[Int(touched[place])].flowsAndRow)
        }
        let (records, cellTable, touched) = (batch.records, cells, touched)
        for piece in scan.pieces(of: groups, { .listed($0) }) {
            guard case .listed(let places) = piece else { continue }
            let first = batch.append(piece.count)
            for (reader, key) in zip(readers, layout.keys) {
                try reader.fillKey(key, scan, piece, of: table, into: batch, from: first)
            }
            var mutable = records.mutable
            var cells = cellTable.mutable
            moveCells(
                &cells, touched.span.extracting(places), into: &mutable, from: first,
                layout.stride, layout.keyWords)
            guard layout.hasReverse || layout.hasTimes else { continue }
            for (row, place) in places.enumerated() {
                let group = Int(touched[place])
                let extra = extras[group]
                extras[group] = GroupExtra()
                let start = (first + row) * layout.stride
                if layout.hasReverse {
                    mutable[start + layout.reverse] = extra.reversePackets
                    mutable[start + layout.reverse + 1] = extra.reverseBytes
                }
                if layout.hasTimes {
                    mutable[start + layout.times] = extra.first
                    mutable[start + layout.times + 1] = extra.last
                }
            }
        }
    }
}

private func combineNumbers(
    _ ids: inout MutableSpan<UInt64>, _ others: Span<UInt64>, bound: UInt64, count: Int
) {
    precondition(count <= ids.count && count <= others.count)
    for row in 0..<count {
        unsafe ids[unchecked: row] = ids[unchecked: row] &* bound &+ others[unchecked: row]
    }
}

/// Adds rows to their groups and notes groups that were empty; answers how many are noted then.
private func addRows(
    _ ids: Span<UInt64>, rows: Span<UInt16>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>,
    into cells: inout MutableSpan<GroupCell>, touched: inout MutableSpan<UInt32>, from place: Int
) -> Int {
    precondition(
        rows.count <= ids.count && rows.count <= packets.count && rows.count <= bytes.count
            && place + rows.count < touched.count)
    var place = place
    for index in 0..<rows.count {
        let id = unsafe Int(truncatingIfNeeded: ids[unchecked: index])
        // Field by field: a load of the whole cell would have to wait for the last row's stores.
        let flows = cells[id].flowsAndRow >> 16
        unsafe touched[unchecked: place] = UInt32(truncatingIfNeeded: id)
        place &+= flows == 0 ? 1 : 0
        unsafe cells[unchecked: id].flowsAndRow =
            (flows &+ 1) << 16 | UInt64(rows[unchecked: index])
        unsafe cells[unchecked: id].packets = cells[unchecked: id].packets.clampedAdding(
            packets[unchecked: index])
        unsafe cells[unchecked: id].bytes = cells[unchecked: id].bytes.clampedAdding(
            bytes[unchecked: index])
    }
    return place
}

/// Moves the sums of groups into the records from `first` on, which have one flow each.
private func moveCells(
    _ cells: inout MutableSpan<GroupCell>, _ groups: Span<UInt32>,
    into records: inout MutableSpan<UInt64>, from first: Int, _ stride: Int, _ keyWords: Int
) {
    precondition(stride >= keyWords + 2 && (first + groups.count) * stride <= records.count)
    for index in 0..<groups.count {
        let group = unsafe Int(groups[unchecked: index])
        let start = (first &+ index) &* stride
        let cell = cells[group]
        unsafe records[unchecked: start] &+= (cell.flowsAndRow >> 16) &- 1
        unsafe records[unchecked: start &+ keyWords] = cell.packets
        unsafe records[unchecked: start &+ keyWords &+ 1] = cell.bytes
        unsafe cells[unchecked: group] = GroupCell()
    }
}
