import FlowModel

/// The groups of one block, numbered from 0, while they are added up.
///
///     cell   [ flows: 17 | packets: 47 ][ bytes: 64 ]
///
/// Of few groups there are four cells each, taken in turn: a sum that is written has not to be read
/// again at once.
final class GroupCells {
    /// What is added up besides, where it is asked for.
    private struct Extra: BitwiseCopyable {
        var reversePackets: UInt64 = 0
        var reverseBytes: UInt64 = 0
        var first: UInt64 = .max
        var last: UInt64 = 0
    }

    private var cells = Scratch<UInt64>(1 << 12, repeating: 0)
    /// A row of each group, from which its key is read.
    private var rows = Scratch<UInt16>(unwritten: 1 << 10)
    private var extras = Scratch<Extra>(0, repeating: Extra())
    private let groups = Scratch<UInt32>(unwritten: BlockScan.rowsMax)
    private var bound = 0
    private var groupCount = 0
    private var hasExtra = false

    /// Groups that have four cells.
    private static let laneGroupsMax = 256

    /// The largest value of a counter that rows may have: 65,536 of them fit a cell.
    static func most(_ field: Field) -> UInt64 {
        field == .packets ? 1 << 31 - 1 : 1 << 48 - 1
    }

    private var lanes: Int { bound <= Self.laneGroupsMax ? 4 : 1 }

    /// Begins with so many groups, all empty.
    func begin(_ bound: Int, hasExtra: Bool) {
        self.bound = bound
        self.hasExtra = hasExtra
        if cells.count < 2 * bound * lanes { cells = Scratch(2 * bound, repeating: 0) }
        if rows.count < bound { rows = Scratch(unwritten: bound) }
        if hasExtra, extras.count < bound { extras = Scratch(bound, repeating: Extra()) }
    }

    /// Adds rows that are listed.
    func add(
        _ ids: Span<UInt64>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>, rows: Span<UInt16>
    ) {
        let (cellTable, rowTable) = (cells, self.rows)
        var cells = cellTable.mutable
        var groupRows = rowTable.mutable
        let count = rows.count
        addCells(&cells, ids, packets, bytes, count: count, bound: bound, lanes: lanes)
        precondition(count <= ids.count && bound <= groupRows.count)
        for index in 0..<count {
            let id = unsafe Int(truncatingIfNeeded: ids[unchecked: index])
            unsafe groupRows[unchecked: id] = rows[unchecked: index]
        }
    }

    /// Adds rows behind each other.
    func add(
        _ ids: Span<UInt64>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>, first: Int, count: Int
    ) {
        let (cellTable, rowTable) = (cells, self.rows)
        var cells = cellTable.mutable
        var groupRows = rowTable.mutable
        addCells(&cells, ids, packets, bytes, count: count, bound: bound, lanes: lanes)
        precondition(count <= ids.count && bound <= groupRows.count)
        for index in 0..<count {
            let id = unsafe Int(truncatingIfNeeded: ids[unchecked: index])
            unsafe groupRows[unchecked: id] = UInt16(truncatingIfNeeded: first &+ index)
        }
    }

    /// Adds counters of the reverse direction.
    func addReverse(
        _ ids: Span<UInt64>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>, count: Int
    ) {
        for row in 0..<count {
            let id = Int(ids[row])
            extras[id].reversePackets = extras[id].reversePackets.clampedAdding(packets[row])
            extras[id].reverseBytes = extras[id].reverseBytes.clampedAdding(bytes[row])
        }
    }

    /// Adds starts and ends.
    func addTimes(_ ids: Span<UInt64>, _ starts: Span<UInt64>, _ ends: Span<UInt64>, count: Int) {
        for row in 0..<count {
            let id = Int(ids[row])
            extras[id].first = min(extras[id].first, starts[row])
            extras[id].last = max(extras[id].last, ends[row])
        }
    }

    /// Puts the cells of each group together and lists a row of each that is not empty; answers how
    /// many groups these are.
    func gather(into listed: Scratch<UInt16>) -> Int {
        let (cellTable, groupTable, rows) = (cells, groups, rows)
        var cells = cellTable.mutable
        var groups = groupTable.mutable
        var listedRows = listed.mutable
        groupCount = gatherCells(
            &cells, rows.span, bound: bound, lanes: lanes, &groups, &listedRows)
        return groupCount
    }

    /// Writes the sums of some of the groups listed as those of the piece's rows.
    func take(_ places: Range<Int>, into piece: GroupPiece) {
        let (cells, groups, lanes) = (cells, groups, lanes)
        let (flowTable, packetTable, byteTable) = (piece.flows, piece.packets, piece.bytes)
        var flows = flowTable.mutable
        var packets = packetTable.mutable
        var bytes = byteTable.mutable
        takeCells(
            cells.span, groups.span.extracting(places), lanes: lanes, &flows, &packets, &bytes)
        if !hasExtra { return }
        for (row, place) in places.enumerated() {
            let id = Int(groups[place])
            piece.reversePackets[row] = extras[id].reversePackets
            piece.reverseBytes[row] = extras[id].reverseBytes
            piece.firsts[row] = extras[id].first
            piece.lasts[row] = extras[id].last
        }
    }

    /// Empties all groups.
    func removeAll() {
        let table = cells
        var cells = table.mutable
        for word in 0..<(2 * bound * lanes) { cells[word] = 0 }
        guard hasExtra else { return }
        for place in 0..<groupCount { extras[Int(groups[place])] = Extra() }
    }
}

@inline(__always)
private func addCells(
    _ cells: inout MutableSpan<UInt64>, _ ids: Span<UInt64>, _ packets: Span<UInt64>,
    _ bytes: Span<UInt64>, count: Int, bound: Int, lanes: Int
) {
    precondition(
        count <= ids.count && count <= packets.count && count <= bytes.count
            && 2 * bound * lanes <= cells.count)
    if lanes == 4 {
        for row in 0..<count {
            let id = unsafe Int(truncatingIfNeeded: ids[unchecked: row])
            let cell = (id &<< 2 | row & 3) &<< 1
            unsafe cells[unchecked: cell] &+= packets[unchecked: row] | 1 << 47
            unsafe cells[unchecked: cell &+ 1] &+= bytes[unchecked: row]
        }
    } else {
        for row in 0..<count {
            let cell = unsafe Int(truncatingIfNeeded: ids[unchecked: row]) &<< 1
            unsafe cells[unchecked: cell] &+= packets[unchecked: row] | 1 << 47
            unsafe cells[unchecked: cell &+ 1] &+= bytes[unchecked: row]
        }
    }
}

private func gatherCells(
    _ cells: inout MutableSpan<UInt64>, _ rows: Span<UInt16>, bound: Int, lanes: Int,
    _ groups: inout MutableSpan<UInt32>, _ listed: inout MutableSpan<UInt16>
) -> Int {
    precondition(2 * bound * lanes <= cells.count && bound <= rows.count)
    var count = 0
    for id in 0..<bound {
        let cell = 2 &* id &* lanes
        for lane in 1..<max(lanes, 1) {
            for word in 0..<2 {
                unsafe cells[unchecked: cell &+ word] &+=
                    cells[unchecked: cell &+ 2 &* lane &+ word]
            }
        }
        if unsafe cells[unchecked: cell] == 0 { continue }
        groups[count] = UInt32(truncatingIfNeeded: id)
        listed[count] = unsafe rows[unchecked: id]
        count &+= 1
    }
    return count
}

private func takeCells(
    _ cells: Span<UInt64>, _ groups: Span<UInt32>, lanes: Int, _ flows: inout MutableSpan<UInt64>,
    _ packets: inout MutableSpan<UInt64>, _ bytes: inout MutableSpan<UInt64>
) {
    precondition(
        groups.count <= flows.count && groups.count <= packets.count
            && groups.count <= bytes.count)
    for row in 0..<groups.count {
        let cell = unsafe 2 &* Int(groups[unchecked: row]) &* lanes
        let counts = cells[cell]
        unsafe flows[unchecked: row] = counts >> 47
        unsafe packets[unchecked: row] = counts & (1 << 47 - 1)
        unsafe bytes[unchecked: row] = cells[cell &+ 1]
    }
}
