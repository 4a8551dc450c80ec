import FlowModel
import FlowStore

/// The groups of one block, numbered from 0, while they are added up.
///
///     cell   [ flows: 17 | packets: 47 ][ bytes: 64 ]
///
/// Of few groups there are four cells each, taken in turn: a sum that is written has not to be read
/// again at once. Packets and octets are numbers of a ``CellCounter``.
final class GroupCells {
    /// What is added up besides, where it is asked for.
    private struct Extra: BitwiseCopyable {
        var reversePackets: UInt64 = 0
        var reverseBytes: UInt64 = 0
        var first: UInt64 = .max
        var last: UInt64 = 0
    }

    private var cells = Scratch<UInt64>(1 << 12, repeating: 0)
    private var extras = Scratch<Extra>(0, repeating: Extra())
    private let groups = Scratch<UInt16>(unwritten: Int(denseGroupsMax))
    private var packets = CellCounter.zero
    private var bytes = CellCounter.zero
    private var bound = 0
    private var hasExtra = false

    /// Groups that have four cells.
    private static let laneGroupsMax = 256

    /// The largest value of a counter that rows may have: 65,536 of them fit a cell.
    static func most(_ field: Field) -> UInt64 {
        field == .packets ? 1 << 31 - 1 : 1 << 48 - 1
    }

    private var lanes: Int { bound <= Self.laneGroupsMax ? 4 : 1 }

    /// Begins with so many groups, all empty.
    func begin(_ bound: Int, hasExtra: Bool, packets: CellCounter, bytes: CellCounter) {
        precondition(bound <= denseGroupsMax)
        self.bound = bound
        self.hasExtra = hasExtra
        self.packets = packets
        self.bytes = bytes
        if cells.count < 2 * bound * lanes { cells = Scratch(2 * bound, repeating: 0) }
        if hasExtra, extras.count < bound { extras = Scratch(bound, repeating: Extra()) }
    }

    /// Adds rows with their groups, packets and octets.
    func add<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ ids: Span<UInt16>, _ packets: Span<Number>, _ bytes: Span<Number>, count: Int
    ) {
        let table = cells
        var cells = table.mutable
        addCells(&cells, ids, packets, bytes, count: count, bound: bound, lanes: lanes)
    }

    /// Adds counters of the reverse direction.
    func addReverse(
        _ ids: Span<UInt16>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>, count: Int
    ) {
        for row in 0..<count {
            let id = Int(ids[row])
            extras[id].reversePackets = extras[id].reversePackets.clampedAdding(packets[row])
            extras[id].reverseBytes = extras[id].reverseBytes.clampedAdding(bytes[row])
        }
    }

    /// Adds starts and ends.
    func addTimes(_ ids: Span<UInt16>, _ starts: Span<UInt64>, _ ends: Span<UInt64>, count: Int) {
        for row in 0..<count {
            let id = Int(ids[row])
            extras[id].first = min(extras[id].first, starts[row])
            extras[id].last = max(extras[id].last, ends[row])
        }
    }

    /// Puts the cells of each group together; answers how many groups are not empty.
    func gather() -> Int {
        let (cellTable, groupTable) = (cells, groups)
        var cells = cellTable.mutable
        var groups = groupTable.mutable
        return gatherCells(&cells, bound: bound, lanes: lanes, &groups)
    }

    /// Moves groups whose key is an address straight to their parts of the sink, but for those whose
    /// sums need another form; answers how many are left.
    ///
    /// - Parameters:
    ///   - count: how many are not empty.
    ///   - keys: what their numbers stand for.
    func moveAddresses(_ count: Int, _ keys: AddressKeys, into sink: GroupSink) throws -> Int {
        precondition(!hasExtra && sink.layout.stride(.packed) == 2)
        let counters = (packets: packets, bytes: bytes)
        let (cellTable, groupTable, lanes) = (cells, groups, lanes)
        let entries = keys.dictionary.storage.values(as: IPAddress.self)
        var left = count
        for form in [GroupLayout.Form.packed, .full] {
            let waiting = left
            left = 0
            for first in stride(from: 0, to: waiting, by: pieceRows) {
                let places = first..<min(first + pieceRows, waiting)
                try sink.makePlaces(form, upTo: places.count) { words, records in
                    var cells = cellTable.mutable
                    var groups = groupTable.mutable
                    if form == .packed {
                        left = movePacked(
                            &cells, &groups, places, lanes: lanes, counters, entries, keys,
                            into: &words, &records, left: left)
                    } else {
                        left = moveFull(
                            &cells, &groups, places, lanes: lanes, counters, entries, keys,
                            into: &words, &records, left: left)
                    }
                }
            }
        }
        return left
    }

    /// Moves the sums of some of the groups that are not empty into the piece, as those of its rows, and
    /// their numbers into `numbers`.
    func take(_ places: Range<Int>, into piece: GroupPiece, numbers: Scratch<UInt16>) {
        let (cellTable, groupTable) = (cells, groups)
        let (flowTable, packetTable, byteTable) = (piece.flows, piece.packets, piece.bytes)
        var cells = cellTable.mutable
        var flows = flowTable.mutable
        var packets = packetTable.mutable
        var bytes = byteTable.mutable
        let groups = groupTable.span.extracting(places)
        takeCells(
            &cells, groups, lanes: lanes, self.packets, self.bytes, &flows, &packets, &bytes)
        var taken = numbers.mutable
        for row in 0..<groups.count { taken[row] = groups[row] }
        if !hasExtra { return }
        for row in 0..<groups.count {
            let id = Int(groups[row])
            piece.reversePackets[row] = extras[id].reversePackets
            piece.reverseBytes[row] = extras[id].reverseBytes
            piece.firsts[row] = extras[id].first
            piece.lasts[row] = extras[id].last
            extras[id] = Extra()
        }
    }
}

@inline(__always)
private func addCells<Number: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ cells: inout MutableSpan<UInt64>, _ ids: Span<UInt16>, _ packets: Span<Number>,
    _ bytes: Span<Number>, count: Int, bound: Int, lanes: Int
) {
    precondition(
        count <= ids.count && count <= packets.count && count <= bytes.count
            && 2 * bound * lanes <= cells.count)
    if lanes == 4 {
        for row in 0..<count {
            let id = unsafe Int(ids[unchecked: row])
            let cell = (id &<< 2 | row & 3) &<< 1
            unsafe cells[unchecked: cell] &+= UInt64(packets[unchecked: row]) | 1 << 47
            unsafe cells[unchecked: cell &+ 1] &+= UInt64(bytes[unchecked: row])
        }
    } else {
        for row in 0..<count {
            let cell = unsafe Int(ids[unchecked: row]) &<< 1
            unsafe cells[unchecked: cell] &+= UInt64(packets[unchecked: row]) | 1 << 47
            unsafe cells[unchecked: cell &+ 1] &+= UInt64(bytes[unchecked: row])
        }
    }
}

/// Adds the lanes of each group to its first one; lists the groups that are not empty.
private func gatherCells(
    _ cells: inout MutableSpan<UInt64>, bound: Int, lanes: Int,
    _ groups: inout MutableSpan<UInt16>
) -> Int {
    precondition(2 * bound * lanes <= cells.count && bound <= groups.count)
    var count = 0
    if lanes == 1 {
        for id in 0..<bound {
            unsafe groups[unchecked: count] = UInt16(truncatingIfNeeded: id)
            count &+= unsafe cells[unchecked: id &<< 1] == 0 ? 0 : 1
        }
        return count
    }
    for id in 0..<bound {
        let cell = 2 &* id &* lanes
        for lane in 1..<lanes {
            for word in 0..<2 {
                let other = cell &+ 2 &* lane &+ word
                unsafe cells[unchecked: cell &+ word] &+= cells[unchecked: other]
                unsafe cells[unchecked: other] = 0
            }
        }
        unsafe groups[unchecked: count] = UInt16(truncatingIfNeeded: id)
        count &+= unsafe cells[unchecked: cell] == 0 ? 0 : 1
    }
    return count
}

private func takeCells(
    _ cells: inout MutableSpan<UInt64>, _ groups: Span<UInt16>, lanes: Int,
    _ packetCounter: CellCounter, _ byteCounter: CellCounter, _ flows: inout MutableSpan<UInt64>,
    _ packets: inout MutableSpan<UInt64>, _ bytes: inout MutableSpan<UInt64>
) {
    precondition(
        groups.count <= flows.count && groups.count <= packets.count
            && groups.count <= bytes.count)
    for row in 0..<groups.count {
        let cell = unsafe 2 &* Int(groups[unchecked: row]) &* lanes
        let counts = cells[cell]
        let flow = counts >> 47
        unsafe flows[unchecked: row] = flow
        unsafe packets[unchecked: row] = packetCounter.sum(counts & (1 << 47 - 1), flows: flow)
        unsafe bytes[unchecked: row] = byteCounter.sum(cells[cell &+ 1], flows: flow)
        cells[cell] = 0
        cells[cell &+ 1] = 0
    }
}

/// What the numbers of a block's groups stand for where the key is one address.
struct AddressKeys {
    let dictionary: AddressDictionary
    /// The number of the dictionary's first address.
    let firstNumber: Int
    /// Where an IPv4 address lies in its small key, from the lowest bit.
    let shift: UInt64
    /// What else the small key has.
    let mark: UInt64
    /// Words of a full key: 3 where a bit says that there is an address, else 2.
    let fullWords: Int
}

private typealias CellCounters = (packets: CellCounter, bytes: CellCounter)

@inline(__always)
private func readCell(
    _ cells: borrowing MutableSpan<UInt64>, _ cell: Int, _ counters: CellCounters
) -> (flows: UInt64, packets: UInt64, bytes: UInt64) {
    let flows = cells[cell] >> 47
    return (
        flows, counters.packets.sum(cells[cell] & (1 << 47 - 1), flows: flows),
        counters.bytes.sum(cells[cell &+ 1], flows: flows)
    )
}

/// Moves groups as packed records, and those that need another form to the front of `groups`, behind
/// `left` others.
private func movePacked(
    _ cells: inout MutableSpan<UInt64>, _ groups: inout MutableSpan<UInt16>, _ places: Range<Int>,
    lanes: Int, _ counters: CellCounters, _ entries: Span<IPAddress>, _ keys: AddressKeys,
    into words: inout MutableSpan<UInt64>, _ records: inout RecordPlaces, left: Int
) -> Int {
    precondition(places.upperBound <= groups.count && left <= places.lowerBound)
    let (shift, mark, firstNumber) = (keys.shift, keys.mark, keys.firstNumber)
    let (packetCounter, byteCounter) = (counters.packets, counters.bytes)
    var left = left
    // Neighbours mostly go to one part: its place stays at hand until another's turn.
    var part = -1
    var record = 0
    for place in places {
        let number = unsafe groups[unchecked: place]
        let cell = 2 &* Int(number) &* lanes
        let flows = cells[cell] >> 47
        let packets = packetCounter.sum(cells[cell] & (1 << 47 - 1), flows: flows)
        let bytes = byteCounter.sum(cells[cell &+ 1], flows: flows)
        let code = Int(number) &- firstNumber
        let excess = flows >> 8 | packets >> 24 | bytes >> 32
        guard excess == 0, code >= 0, code < entries.count, unsafe entries[unchecked: code].isV4
        else {
            unsafe groups[unchecked: left] = number
            left &+= 1
            continue
        }
        let key = unsafe (entries[unchecked: code].low & 0xffff_ffff) &<< shift | mark
        let wanted = records.part(of: key)
        if wanted != part || !records.hasRoom(at: record) {
            if part >= 0 { records.close(part, at: record) }
            part = wanted
            record = records.open(part, &words)
        }
        words[record] = key
        words[record &+ 1] = flows &<< 56 | packets &<< 32 | bytes
        record &+= 2
        cells[cell] = 0
        cells[cell &+ 1] = 0
    }
    if part >= 0 { records.close(part, at: record) }
    return left
}

/// Moves groups as full records where the address is not an IPv4 one.
private func moveFull(
    _ cells: inout MutableSpan<UInt64>, _ groups: inout MutableSpan<UInt16>, _ places: Range<Int>,
    lanes: Int, _ counters: CellCounters, _ entries: Span<IPAddress>, _ keys: AddressKeys,
    into words: inout MutableSpan<UInt64>, _ records: inout RecordPlaces, left: Int
) -> Int {
    precondition(places.upperBound <= groups.count && left <= places.lowerBound)
    let (firstNumber, hasMark) = (keys.firstNumber, keys.fullWords == 3)
    var left = left
    for place in places {
        let number = unsafe groups[unchecked: place]
        let code = Int(number) &- firstNumber
        guard code >= 0, code < entries.count, !entries[code].isV4 else {
            unsafe groups[unchecked: left] = number
            left &+= 1
            continue
        }
        let cell = 2 &* Int(number) &* lanes
        let (flows, packets, bytes) = readCell(cells, cell, counters)
        let address = entries[code]
        var record: Int
        if hasMark {
            // As the layout of full keys has it: the mark, then the address.
            let key = (
                1 << 63 | address.high >> 1, address.high << 63 | address.low >> 1,
                address.low << 63
            )
            record = records.take(key.0, key.1, key.2, &words)
            words[record] = key.0
            words[record &+ 1] = key.1
            words[record &+ 2] = key.2
            record &+= 3
        } else {
            record = records.take(address.high, address.low, &words)
            words[record] = address.high
            words[record &+ 1] = address.low
            record &+= 2
        }
        words[record] = flows
        words[record &+ 1] = packets
        words[record &+ 2] = bytes
        cells[cell] = 0
        cells[cell &+ 1] = 0
    }
    return left
}
