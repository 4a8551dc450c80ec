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
    /// Numbers of groups, of rows or for themselves.
    private let ids = Scratch<UInt16>(pieceRows, repeating: 0)
    private let others = Scratch<UInt16>(unwritten: pieceRows)
    private let cellPackets = Scratch<UInt32>(unwritten: pieceRows)
    private let cellBytes = Scratch<UInt32>(unwritten: pieceRows)
    private var packetTable = Scratch<UInt32>(unwritten: 1 << 10)
    private var byteTable = Scratch<UInt32>(unwritten: 1 << 10)
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
            // Either is at most 2¹⁶, so the product fits.
            if let numbers = reader.bound, let groups = bound {
                bound = numbers * groups <= denseGroupsMax ? numbers * groups : nil
            } else {
                bound = nil
            }
        }
        if scan.selectedCount > 0 {
            sink.settleParts(readers.first?.addressKeys(layout)?.dictionary)
        }
        // Addresses go on in their order, many to the same part of the sink: that pays even where most
        // rows are a group each.
        let isOrdered = isPlain && readers.first?.addressKeys(layout) != nil
        let selected = scan.selectedCount
        let worthwhile = UInt64(max(1024, isOrdered ? selected * 2 : selected / 2))
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
        for reader in readers { try reader.read(scan, rows) }
        try handOn()
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

    /// Writes the keys of the piece, which the readers have read and whose sums are there, and hands it
    /// on.
    private func handOn() throws {
        let (layout, piece, everyRow) = (layout, piece, everyRow)
        for (index, reader) in readers.enumerated() {
            let part = layout.small.parts[index]
            if index < keyCount {
                reader.setSmall(part, into: piece)
            } else {
                reader.setFull(
                    part, into: piece.packed, stride: layout.stride(.packed),
                    everyRow.span.extracting(0..<piece.count))
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
        let counters = try cellCounters(scan)
        cells.begin(
            bound, hasExtra: layout.hasReverse || layout.hasTimes,
            packets: counters?.packets ?? .zero, bytes: counters?.bytes ?? .zero)
        let (ids, packets, bytes) = (ids, piece.packets, piece.bytes)
        let (cellPackets, cellBytes) = (cellPackets, cellBytes)
        for rows in scan.pieces() {
            try numberGroups(scan, rows)
            if let counters {
                counters.packets.withNumbers(scan, rows, by: packetTable, cellPackets) { packets in
                    counters.bytes.withNumbers(scan, rows, by: byteTable, cellBytes) { bytes in
                        cells.add(ids.span, packets, bytes, count: rows.count)
                    }
                }
            } else {
                try readSums(scan, rows)
                cells.add(ids.span, packets.span, bytes.span, count: rows.count)
            }
            if layout.hasReverse || layout.hasTimes { try addExtra(scan, rows) }
        }
        var groups = cells.gather()
        if let keys = readers.first?.addressKeys(layout), isPlain {
            groups = try cells.moveAddresses(groups, keys, into: sink)
        }
        for first in stride(from: 0, to: groups, by: pieceRows) {
            let places = first..<min(first + pieceRows, groups)
            piece.begin(places.count)
            cells.take(places, into: piece, numbers: ids)
            readKeys(places.count)
            try handOn()
        }
    }

    /// Whether packed records are a key of one word and one of sums.
    private var isPlain: Bool {
        readers.count == 1 && layout.hasSums && layout.stride(.packed) == 2
    }

    /// The block's counters as small numbers; nil where one of them cannot be had so.
    private func cellCounters(
        _ scan: BlockScan
    ) throws -> (packets: CellCounter, bytes: CellCounter)? {
        switch measure {
        case .nothing: return (.zero, .zero)
        case .values: return nil
        case .sums:
            guard let packets = try CellCounter(.packets, scan, table: &packetTable),
                let bytes = try CellCounter(.bytes, scan, table: &byteTable)
            else { return nil }
            return (packets, bytes)
        }
    }

    /// Numbers the groups of rows: the last key's numbers vary fastest.
    private func numberGroups(_ scan: BlockScan, _ rows: RowSet) throws {
        let (ids, others) = (ids, others)
        guard let first = readers.first else {
            var ids = ids.mutable
            for row in 0..<rows.count { ids[row] = 0 }
            return
        }
        try first.fillNumbers(scan, rows, into: ids)
        for reader in readers.dropFirst() {
            guard let bound = reader.bound, bound > 1 else { continue }
            try reader.fillNumbers(scan, rows, into: others)
            var ids = ids.mutable
            combineNumbers(
                &ids, others.span, bound: UInt16(truncatingIfNeeded: bound), count: rows.count)
        }
    }

    /// Reads the keys of groups by their numbers, which are used up.
    private func readKeys(_ count: Int) {
        let (ids, others) = (ids, others)
        for reader in readers.dropFirst().reversed() {
            var quotients = ids.mutable
            var rest = others.mutable
            divideNumbers(
                &quotients, by: UInt16(truncatingIfNeeded: reader.bound ?? 1), count: count,
                rest: &rest)
            reader.read(numbers: others.span, count: count)
        }
        readers.first?.read(numbers: ids.span, count: count)
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

/// The numbers are below 2¹⁶ also when they are combined.
private func combineNumbers(
    _ ids: inout MutableSpan<UInt16>, _ others: Span<UInt16>, bound: UInt16, count: Int
) {
    precondition(count <= ids.count && count <= others.count)
    for row in 0..<count {
        unsafe ids[unchecked: row] = ids[unchecked: row] &* bound &+ others[unchecked: row]
    }
}

/// Undoes what `combineNumbers` does.
private func divideNumbers(
    _ ids: inout MutableSpan<UInt16>, by bound: UInt16, count: Int,
    rest: inout MutableSpan<UInt16>
) {
    precondition(count <= ids.count && count <= rest.count && bound > 0)
    for row in 0..<count {
        let (quotient, remainder) = unsafe ids[unchecked: row].quotientAndRemainder(
            dividingBy: bound)
        unsafe ids[unchecked: row] = quotient
        unsafe rest[unchecked: row] = remainder
    }
}
