import FlowModel
import FlowStore

/// Hands the rows of a block to one sink, with the keys and the sums that it wants.
///
/// Where the block's keys make few groups, its rows are first added up in an array indexed by small
/// numbers; where they make many, adding up would save little, and each row goes on alone.
final class GroupFeed {
    /// What is added up.
    enum Measure {
        /// Packets, octets and what else the layout has.
        case sums
        /// Nothing: only which keys there are.
        case nothing
        /// The values of a quantity, in the place of octets; smallest and largest in that of times.
        case values(Quantity)
    }

    let sink: GroupSink

    private let layout: GroupLayout
    private let measure: Measure
    private let readers: [KeyReader]
    /// How many of the readers are of the groups' keys; the others are of what is counted apart.
    private let keyCount: Int
    private let piece: GroupPiece
    private let cells = GroupCells()
    private let ids = Scratch<UInt64>(pieceRows, repeating: 0)
    private let others = Scratch<UInt64>(unwritten: pieceRows)
    private let flags = Scratch<UInt8>(unwritten: pieceRows)
    private let everyRow = Scratch<UInt16>(unwritten: pieceRows)

    init(
        _ measure: Measure, keys: [KeyPlan], details: [KeyPlan] = [], into sink: GroupSink
    ) {
        self.measure = measure
        self.sink = sink
        layout = sink.layout
        readers = (keys + details).map { KeyReader($0) }
        keyCount = keys.count
        piece = GroupPiece(sink.layout)
        for row in 0..<pieceRows { everyRow[row] = UInt16(row) }
    }

    /// Reads the columns that are needed; nothing throws for a damaged block afterwards.
    func prepare(_ scan: BlockScan) throws {
        for reader in readers { try reader.begin(scan) }
        switch measure {
        case .nothing: break
        case .values(let quantity): try scan.require([quantity])
        case .sums:
            try scan.require([.field(.packets), .field(.bytes)])
            if scan.isOfRollup { try scan.require([.field(.flows)]) }
            if layout.hasReverse { try scan.require([.field(.rpackets), .field(.rbytes)]) }
            if layout.hasTimes { try scan.require([.field(.start), .field(.end)]) }
        }
    }

    /// Hands on the rows that pass.
    func consume(_ scan: BlockScan) throws {
        var bound: UInt64? = 1
        for reader in readers {
            // Either is at most 2¹⁸, so the product fits.
            if let numbers = reader.bound, let groups = bound {
                bound = numbers * groups <= denseGroupsMax ? numbers * groups : nil
            } else {
                bound = nil
            }
        }
        let worthwhile = UInt64(max(1024, scan.selectedCount / 2))
        if let bound, bound <= worthwhile, try isAddable(scan) {
            try addUp(scan, groups: Int(bound))
        } else {
            for rows in scan.pieces() { try append(scan, rows) }
        }
    }

    /// Whether a block's values are so small that their sums fit cells.
    private func isAddable(_ scan: BlockScan) throws -> Bool {
        // Rows of a rollup are more than a flow each, and few.
        if scan.isOfRollup { return false }
        switch measure {
        case .nothing: return true
        case .sums:
            for field in [Field.packets, .bytes] {
                guard let most = try scan.greatest(.field(field)), most <= GroupCells.most(field)
                else { return false }
            }
            return true
        case .values(let quantity):
            return try scan.greatest(quantity).map { $0 <= GroupCells.most(.bytes) } ?? false
        }
    }

    /// Hands on rows, each as a group of its own.
    private func append(_ scan: BlockScan, _ rows: RowSet) throws {
        piece.begin(rows.count)
        if layout.hasSums {
            let table = piece.flows
            var flows = table.mutable
            fillNumbers(&flows, count: rows.count, with: 1)
            if scan.isOfRollup { try scan.stored(.flows, rows, into: table) }
            try readSums(scan, rows)
            if layout.hasReverse {
                try scan.counts(.rpackets, rows, flags, into: piece.reversePackets)
                try scan.counts(.rbytes, rows, flags, into: piece.reverseBytes)
            }
            if layout.hasTimes { try readTimes(scan, rows) }
        }
        try handOn(scan, rows)
    }

    /// Reads what is added up of each row.
    private func readSums(_ scan: BlockScan, _ rows: RowSet) throws {
        switch measure {
        case .sums:
            try scan.numbers(.field(.packets), rows, into: piece.packets)
            try scan.numbers(.field(.bytes), rows, into: piece.bytes)
        case .nothing, .values:
            let table = piece.packets
            var packets = table.mutable
            fillNumbers(&packets, count: rows.count, with: 0)
            if case .values(let quantity) = measure {
                try scan.numbers(quantity, rows, into: piece.bytes)
            }
        }
    }

    /// Reads what the smallest and the largest is wanted of.
    private func readTimes(_ scan: BlockScan, _ rows: RowSet) throws {
        if case .values(let quantity) = measure {
            try scan.numbers(quantity, rows, into: piece.firsts)
            try scan.numbers(quantity, rows, into: piece.lasts)
        } else {
            try fillTimes(scan, .start, rows, into: piece.firsts, absent: .max)
            try fillTimes(scan, .end, rows, into: piece.lasts, absent: 0)
        }
    }

    private func fillTimes(
        _ scan: BlockScan, _ field: Field, _ rows: RowSet, into values: Scratch<UInt64>,
        absent: UInt64
    ) throws {
        guard let present = try scan.presences(of: .field(field)) else {
            var values = values.mutable
            fillNumbers(&values, count: rows.count, with: absent)
            return
        }
        try scan.numbers(.field(field), rows, into: values)
        if present.isEmpty { return }
        scan.fillFlags(present, rows, into: flags)
        for row in 0..<rows.count where flags[row] == 0 { values[row] = absent }
    }

    /// Writes the keys of the piece, whose sums are there, and hands it on.
    private func handOn(_ scan: BlockScan, _ rows: RowSet) throws {
        let (layout, piece, everyRow) = (layout, piece, everyRow)
        for (index, reader) in readers.enumerated() {
            try reader.read(scan, rows)
            let part = layout.small.parts[index]
            if index < keyCount {
                reader.setSmall(part, into: piece)
            } else {
                reader.setFull(
                    part, into: piece.packed, stride: layout.stride(.packed),
                    everyRow.span.extracting(0..<rows.count))
            }
        }
        try sink.add(piece) { listed in
            let rows = piece.rows
            for (index, reader) in readers.enumerated() {
                reader.setFull(
                    layout.full.parts[index], into: piece.records, stride: layout.stride(.full),
                    rows.span.extracting(0..<listed))
            }
        }
    }

    // MARK: Added up within the block

    private func addUp(_ scan: BlockScan, groups bound: Int) throws {
        cells.begin(bound, hasExtra: layout.hasReverse || layout.hasTimes)
        let (ids, others) = (ids, others)
        let (packets, bytes, selection) = (piece.packets, piece.bytes, scan.selection)
        for rows in scan.pieces() {
            try readers.first?.fillNumbers(scan, rows, into: ids)
            for reader in readers.dropFirst() {
                guard let bound = reader.bound, bound > 1 else { continue }
                try reader.fillNumbers(scan, rows, into: others)
                var ids = ids.mutable
                combineNumbers(&ids, others.span, bound: bound, count: rows.count)
            }
            try readSums(scan, rows)
            switch rows {
            case .selected(let range):
                cells.add(
                    ids.span, packets.span, bytes.span, rows: selection.span.extracting(range))
            case .contiguous(let range), .listed(let range):
                cells.add(
                    ids.span, packets.span, bytes.span, first: range.lowerBound,
                    count: range.count)
            }
            if layout.hasReverse || layout.hasTimes { try addExtra(scan, rows) }
        }
        let groups = cells.gather(into: scan.listed)
        for rows in scan.pieces(of: groups, { .listed($0) }) {
            guard case .listed(let places) = rows else { continue }
            piece.begin(places.count)
            cells.take(places, into: piece)
            try handOn(scan, rows)
        }
        cells.removeAll()
    }

    private func addExtra(_ scan: BlockScan, _ rows: RowSet) throws {
        let ids = ids
        if layout.hasReverse {
            try scan.counts(.rpackets, rows, flags, into: piece.reversePackets)
            try scan.counts(.rbytes, rows, flags, into: piece.reverseBytes)
            let (packets, bytes) = (piece.reversePackets, piece.reverseBytes)
            cells.addReverse(ids.span, packets.span, bytes.span, count: rows.count)
        }
        if layout.hasTimes {
            try readTimes(scan, rows)
            let (firsts, lasts) = (piece.firsts, piece.lasts)
            cells.addTimes(ids.span, firsts.span, lasts.span, count: rows.count)
        }
    }
}

extension BlockScan {
    /// A number that no value of a quantity in this block exceeds; nil where that is not known.
    func greatest(_ quantity: Quantity) throws -> UInt64? {
        switch quantity {
        case .field(let field):
            guard let range = block?.summary(of: field)?.range else { return 0 }
            if plan.raw || !field.isCounter { return range.upperBound }
            guard case .constant(let rate) = try blockSampling() else { return nil }
            return range.upperBound.scaled(by: max(rate, 1))
        case .duration:
            guard let starts = block?.summary(of: .start)?.range,
                let ends = block?.summary(of: .end)?.range
            else { return 0 }
            return ends.upperBound.clampedSubtracting(starts.lowerBound)
        case .bpp: return try greatest(.field(.bytes))
        case .pps, .bps: return nil
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
