import FlowModel
import FlowStore

/// Reads the rows of one worker, block by block, and hands them to its sink.
///
/// Where the block's keys make few groups, its rows are first added up in an array indexed by small
/// numbers; where they make many, adding up would save little, and each row goes on alone.
final class GroupScan {
    let scan: BlockScan
    let sink: GroupSink
    /// Why the whole answer cannot be given.
    private(set) var failure: (any Error)?

    private let layout: GroupLayout
    private let readers: [KeyReader]
    private let piece: GroupPiece
    private let cells = GroupCells()
    private let ids = Scratch<UInt64>(pieceRows, repeating: 0)
    private let others = Scratch<UInt64>(pieceRows, repeating: 0)
    private let flags = Scratch<UInt8>(pieceRows, repeating: 0)

    init(_ plan: ScanPlan, keys: [KeyPlan], into sink: GroupSink) {
        scan = BlockScan(plan)
        self.sink = sink
        layout = sink.layout
        readers = keys.map { KeyReader($0) }
        piece = GroupPiece(sink.layout)
    }

    /// Takes the block's rows that pass.
    func process(_ block: any BlockSource) {
        if failure != nil { return }
        scan.process(block) {
            do {
                try consume()
            } catch let error as QueryError {
                failure = error
                throw error
            }
        }
        do {
            if failure == nil { try sink.relieve() }
        } catch {
            failure = error
        }
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
        let worthwhile = UInt64(max(1024, scan.selectedCount / 2))
        if let bound, bound <= worthwhile, try isAddable(.packets), try isAddable(.bytes) {
            try addUp(groups: Int(bound))
        } else {
            for piece in scan.pieces() { try append(piece) }
        }
    }

    /// Whether a block's values of a counter are so small that their sum fits a cell.
    private func isAddable(_ field: Field) throws -> Bool {
        guard let range = scan.block?.summary(of: field)?.range else { return true }
        var most = range.upperBound
        if !scan.plan.raw {
            guard case .constant(let rate) = try scan.blockSampling() else { return false }
            most = most.scaled(by: max(rate, 1))
        }
        return most <= GroupCells.most(field)
    }

    /// Hands on rows, each as a group of its own.
    private func append(_ rows: RowSet) throws {
        piece.begin(rows.count)
        let table = piece.flows
        var flows = table.mutable
        fillNumbers(&flows, count: rows.count, with: 1)
        try scan.numbers(.field(.packets), rows, into: piece.packets)
        try scan.numbers(.field(.bytes), rows, into: piece.bytes)
        if layout.hasReverse {
            try scan.counts(.rpackets, rows, flags, into: piece.reversePackets)
            try scan.counts(.rbytes, rows, flags, into: piece.reverseBytes)
        }
        if layout.hasTimes {
            try fillTimes(.start, rows, into: piece.firsts, absent: .max)
            try fillTimes(.end, rows, into: piece.lasts, absent: 0)
        }
        try handOn(rows)
    }

    /// Writes the keys of the piece, whose sums are there, and hands it on.
    private func handOn(_ rows: RowSet) throws {
        for (reader, part) in zip(readers, layout.small.parts) {
            try reader.read(scan, rows)
            if layout.usesSmall { reader.setSmall(part, into: piece) }
        }
        try sink.add(piece) { listed in
            for (reader, part) in zip(readers, layout.full.parts) {
                reader.setFull(part, into: piece, listed: listed)
            }
        }
    }

    /// Reads a column of times.
    private func fillTimes(
        _ field: Field, _ rows: RowSet, into values: Scratch<UInt64>, absent: UInt64
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

    // MARK: Added up within the block

    private func addUp(groups bound: Int) throws {
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
            try scan.numbers(.field(.packets), rows, into: packets)
            try scan.numbers(.field(.bytes), rows, into: bytes)
            switch rows {
            case .selected(let range):
                cells.add(
                    ids.span, packets.span, bytes.span, rows: selection.span.extracting(range))
            case .contiguous(let range), .listed(let range):
                cells.add(
                    ids.span, packets.span, bytes.span, first: range.lowerBound,
                    count: range.count)
            }
            if layout.hasReverse || layout.hasTimes { try addExtra(rows) }
        }
        let groups = cells.gather(into: scan.listed)
        for rows in scan.pieces(of: groups, { .listed($0) }) {
            guard case .listed(let places) = rows else { continue }
            piece.begin(places.count)
            cells.take(places, into: piece)
            try handOn(rows)
        }
        cells.removeAll()
    }

    private func addExtra(_ rows: RowSet) throws {
        let ids = ids
        if layout.hasReverse {
            try scan.counts(.rpackets, rows, flags, into: piece.reversePackets)
            try scan.counts(.rbytes, rows, flags, into: piece.reverseBytes)
            let (packets, bytes) = (piece.reversePackets, piece.reverseBytes)
            cells.addReverse(ids.span, packets.span, bytes.span, count: rows.count)
        }
        if layout.hasTimes {
            try fillTimes(.start, rows, into: piece.firsts, absent: .max)
            try fillTimes(.end, rows, into: piece.lasts, absent: 0)
            let (firsts, lasts) = (piece.firsts, piece.lasts)
            cells.addTimes(ids.span, firsts.span, lasts.span, count: rows.count)
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
