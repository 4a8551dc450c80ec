import FlowModel

/// Sums by the codes of a block: an array indexed by them.
///
///     cell   flows | packets | bytes | rpackets | rbytes      the last two where flows have them
final class RollupCells {
    private var cells = EncodedBytes(count: 16 * RollupTally.sumWords * 8)
    /// Words of a cell.
    private var stride = RollupTally.sumWords
    /// How many codes there may be.
    private var count = 0
    private let picked = EncodedBytes(count: FlowBatch.capacity * 2)
    private var pickedCount = 0

    /// Makes room for so many codes; all cells are 0.
    func begin(_ count: Int, hasReverse: Bool) {
        self.count = count
        stride = hasReverse ? 5 : 3
        let need = count * RollupTally.sumWords * 8
        if cells.count < need { cells = EncodedBytes(count: max(need, 2 * cells.count)) }
        pickedCount = 0
    }

    /// Adds rows by their codes.
    func add(_ rows: RollupRows, _ range: Range<Int>, codes: EncodedBytes) {
        let (memory, packets, bytes) = (cells, rows.packets, rows.bytes)
        var cells = memory.mutableValues(as: UInt64.self)
        addCells(
            codes.values(as: UInt16.self).extracting(range),
            packets.values(as: UInt64.self).extracting(range),
            bytes.values(as: UInt64.self).extracting(range), count: count, stride: stride,
            into: &cells)
        guard rows.hasReverse else { return }
        let (reversePackets, reverseBytes) = (rows.reversePackets, rows.reverseBytes)
        addReverse(
            codes.values(as: UInt16.self).extracting(range),
            reversePackets.values(as: UInt64.self).extracting(range),
            reverseBytes.values(as: UInt64.self).extracting(range), count: count,
            into: &cells)
    }

    /// Adds rows that all have code 0.
    func addAll(_ rows: RollupRows, _ range: Range<Int>) {
        let (memory, picked) = (cells, picked)
        var cells = memory.mutableValues(as: UInt64.self)
        cells[0] = clampedSum(cells[0], UInt64(range.count))
        var memories = [rows.packets, rows.bytes]
        if rows.hasReverse { memories += [rows.reversePackets, rows.reverseBytes] }
        for (place, memory) in memories.enumerated() {
            cells[1 + place] = clampedSum(
                cells[1 + place], sum(memory.values(as: UInt64.self).extracting(range)))
        }
        var codes = picked.mutableValues(as: UInt16.self)
        codes[0] = 0
        pickedCount = 1
    }

    /// Adds the picked cells of others, by a table of their codes; without one all have code 0.
    func add(_ others: RollupCells, by table: EncodedBytes?) {
        let (memory, otherMemory, picked) = (cells, others.cells, others.picked)
        var cells = memory.mutableValues(as: UInt64.self)
        let codes = picked.values(as: UInt16.self).extracting(0..<others.pickedCount)
        let from = otherMemory.values(as: UInt64.self)
        for index in codes.indices {
            let code = Int(codes[index])
            let target = table.map { Int($0.values(as: UInt16.self)[code]) } ?? 0
            for word in 0..<stride {
                let place = target * stride + word
                cells[place] = clampedSum(cells[place], from[code * stride + word])
            }
        }
    }

    /// Adds the picked cells of others, which have the same codes.
    func addPicked(of others: RollupCells) {
        let (memory, otherMemory, picked) = (cells, others.cells, others.picked)
        var cells = memory.mutableValues(as: UInt64.self)
        addPickedCells(
            picked.values(as: UInt16.self).extracting(0..<others.pickedCount),
            otherMemory.values(as: UInt64.self), stride: stride, into: &cells)
    }

    /// Picks the codes that some rows have.
    func pick(_ codes: EncodedBytes?, _ range: Range<Int>) {
        guard let codes else { return }
        // Few rows and many codes: the rows are looked at again. A cell is marked by an upper bit of its
        // flows, so that it is picked once.
        if count <= 4 * range.count { return pickAll() }
        let (memory, picked) = (cells, picked)
        var output = picked.mutableValues(as: UInt16.self)
        var cells = memory.mutableValues(as: UInt64.self)
        pickedCount = pickMarked(
            codes.values(as: UInt16.self).extracting(range), &cells, stride: stride,
            into: &output)
    }

    /// Picks all codes of which there are flows.
    func pickAll() {
        let (cells, picked) = (cells, picked)
        var output = picked.mutableValues(as: UInt16.self)
        pickedCount = pickUsed(
            cells.values(as: UInt64.self), count: count, stride: stride, into: &output)
    }

    /// Hands the picked cells to a tally.
    func add(to tally: RollupTally, keys: [UInt64]) {
        let (cells, picked) = (cells, picked)
        tally.hasReverse = tally.hasReverse || stride == 5
        tally.add(
            picked.values(as: UInt16.self).extracting(0..<pickedCount), keys: keys.span,
            cells: cells.values(as: UInt64.self), cellWords: stride)
    }

    /// Makes the picked cells 0 again.
    func clear() {
        let (memory, picked) = (cells, picked)
        var cells = memory.mutableValues(as: UInt64.self)
        clearCells(
            picked.values(as: UInt16.self).extracting(0..<pickedCount), stride: stride, &cells)
        pickedCount = 0
    }
}

private func addCells(
    _ codes: Span<UInt16>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>, count: Int,
    stride: Int, into cells: inout MutableSpan<UInt64>
) {
    precondition(codes.count == packets.count && codes.count == bytes.count)
    precondition(count > 0 && stride >= 3 && cells.count >= count * stride)
    let last = count &- 1
    for row in codes.indices {
        // What a damaged store may have as a code does not lead out of the array.
        let code = min(unsafe Int(codes[unchecked: row]), last)
        let cell = code &* stride
        unsafe cells[unchecked: cell] &+= 1
        unsafe cells[unchecked: cell &+ 1] = clampedSum(
            cells[unchecked: cell &+ 1], packets[unchecked: row])
        unsafe cells[unchecked: cell &+ 2] = clampedSum(
            cells[unchecked: cell &+ 2], bytes[unchecked: row])
    }
}

private func addReverse(
    _ codes: Span<UInt16>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>, count: Int,
    into cells: inout MutableSpan<UInt64>
) {
    precondition(codes.count == packets.count && codes.count == bytes.count)
    precondition(cells.count >= count * RollupTally.sumWords)
    for row in codes.indices {
        let cell = min(Int(codes[row]), count - 1) * RollupTally.sumWords
        cells[cell + 3] = clampedSum(cells[cell + 3], packets[row])
        cells[cell + 4] = clampedSum(cells[cell + 4], bytes[row])
    }
}

private func addPickedCells(
    _ codes: Span<UInt16>, _ others: Span<UInt64>, stride: Int,
    into cells: inout MutableSpan<UInt64>
) {
    let end = min(cells.count, others.count)
    for index in codes.indices {
        let cell = Int(unsafe codes[unchecked: index]) &* stride
        precondition(cell &+ stride <= end)
        for word in 0..<stride {
            unsafe cells[unchecked: cell &+ word] = clampedSum(
                cells[unchecked: cell &+ word], others[unchecked: cell &+ word])
        }
    }
}

/// A cell that was picked.
private let mark: UInt64 = 1 << 63

private func pickMarked(
    _ codes: Span<UInt16>, _ cells: inout MutableSpan<UInt64>, stride: Int,
    into picked: inout MutableSpan<UInt16>
) -> Int {
    var count = 0
    for row in codes.indices {
        let cell = Int(codes[row]) * stride
        if cells[cell] & mark == 0 {
            cells[cell] |= mark
            picked[count] = codes[row]
            count += 1
        }
    }
    for index in 0..<count { cells[Int(picked[index]) * stride] &= ~mark }
    return count
}

private func pickUsed(
    _ cells: Span<UInt64>, count: Int, stride: Int, into picked: inout MutableSpan<UInt16>
) -> Int {
    precondition(cells.count >= count * stride && count <= picked.count)
    var found = 0
    for code in 0..<count {
        unsafe picked[unchecked: found] = UInt16(truncatingIfNeeded: code)
        found &+= unsafe cells[unchecked: code &* stride] == 0 ? 0 : 1
        if found == picked.count { break }
    }
    return found
}

private func clearCells(
    _ codes: Span<UInt16>, stride: Int, _ cells: inout MutableSpan<UInt64>
) {
    for index in codes.indices {
        let cell = Int(codes[index]) * stride
        for word in 0..<stride { cells[cell + word] = 0 }
    }
}

private func sum(_ values: Span<UInt64>) -> UInt64 {
    var sum: UInt64 = 0
    for index in values.indices { sum = clampedSum(sum, values[index]) }
    return sum
}
