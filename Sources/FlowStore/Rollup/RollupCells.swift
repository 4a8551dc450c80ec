import FlowModel

/// Sums by the codes of a block: an array indexed by them, and which codes are in use.
///
///     cell   flows | packets | bytes | rpackets | rbytes      the last two where flows have them
///     bits   one for each code
final class RollupCells {
    private var cells = EncodedBytes(count: 16 * RollupTally.sumWords * 8)
    private let bits = EncodedBytes(count: FlowBatch.capacity / 8)
    /// Words of a cell.
    private var stride = RollupTally.sumWords
    /// How many codes there may be.
    private var count = 0
    private let picked = EncodedBytes(count: FlowBatch.capacity * 2)
    private var pickedCount = 0

    /// Whether cells have counters of the reverse direction.
    var hasReverse: Bool { stride == RollupTally.sumWords }

    /// Makes room for so many codes; all cells are 0.
    func begin(_ count: Int, hasReverse: Bool) {
        precondition(count > 0 && count <= FlowBatch.capacity)
        self.count = count
        stride = hasReverse ? 5 : 3
        let need = count * RollupTally.sumWords * 8
        if cells.count < need { cells = EncodedBytes(count: max(need, 2 * cells.count)) }
        pickedCount = 0
    }

    /// Adds rows by their codes.
    func add(_ rows: RollupRows, _ range: Range<Int>, codes: EncodedBytes) {
        let (memory, bitMemory, packets, bytes) = (cells, bits, rows.packets, rows.bytes)
        var cells = memory.mutableValues(as: UInt64.self)
        var bits = bitMemory.mutableValues(as: UInt64.self)
        addCells(
            codes.values(as: UInt16.self).extracting(range),
            packets.values(as: UInt64.self).extracting(range),
            bytes.values(as: UInt64.self).extracting(range), count: count, stride: stride,
            into: &cells, &bits)
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
        let (memory, bitMemory) = (cells, bits)
        var cells = memory.mutableValues(as: UInt64.self)
        cells[0] = clampedSum(cells[0], UInt64(range.count))
        var memories = [rows.packets, rows.bytes]
        if rows.hasReverse { memories += [rows.reversePackets, rows.reverseBytes] }
        for (place, memory) in memories.enumerated() {
            cells[1 + place] = clampedSum(
                cells[1 + place], sum(memory.values(as: UInt64.self).extracting(range)))
        }
        var bits = bitMemory.mutableValues(as: UInt64.self)
        bits[0] |= 1
    }

    /// Adds the picked cells of others, by a table of their codes; without one all have code 0.
    func add(_ others: RollupCells, by table: EncodedBytes?) {
        let (memory, bitMemory) = (cells, bits)
        let (otherMemory, picked) = (others.cells, others.picked)
        var cells = memory.mutableValues(as: UInt64.self)
        var bits = bitMemory.mutableValues(as: UInt64.self)
        let codes = picked.values(as: UInt16.self).extracting(0..<others.pickedCount)
        let from = otherMemory.values(as: UInt64.self)
        for index in codes.indices {
            let code = Int(codes[index])
            let target = min(table.map { Int($0.values(as: UInt16.self)[code]) } ?? 0, count - 1)
            bits[target >> 6] |= 1 << UInt64(target & 63)
            for word in 0..<stride {
                let place = target * stride + word
                cells[place] = clampedSum(cells[place], from[code * stride + word])
            }
        }
    }

    /// Adds the picked cells of others, which have the same codes.
    func addPicked(of others: RollupCells) {
        let (memory, bitMemory) = (cells, bits)
        let (otherMemory, otherBits, picked) = (others.cells, others.bits, others.picked)
        var cells = memory.mutableValues(as: UInt64.self)
        addPickedCells(
            picked.values(as: UInt16.self).extracting(0..<others.pickedCount),
            otherMemory.values(as: UInt64.self), stride: stride, into: &cells)
        var bits = bitMemory.mutableValues(as: UInt64.self)
        let from = otherBits.values(as: UInt64.self)
        for word in 0..<(count + 63) / 64 { bits[word] |= from[word] }
    }

    /// Lists the codes of which there are flows, ascending.
    func pick() {
        let (bits, picked) = (bits, picked)
        var output = picked.mutableValues(as: UInt16.self)
        pickedCount = list(
            bits.values(as: UInt64.self).extracting(0..<(count + 63) / 64), into: &output)
    }

    /// The picked cells with their keys, which lie at code × `keyWords`.
    func run(keys: EncodedBytes, keyWords: Int) -> RollupRun {
        let (cells, picked) = (cells, picked)
        let codes = picked.values(as: UInt16.self).extracting(0..<pickedCount)
        let sums = cells.values(as: UInt64.self)
        let keys = keys.values(as: UInt64.self)
        let width = keyWords + stride
        let words = unsafe [UInt64](unsafeUninitializedCapacity: codes.count * width) {
            buffer, used in
            var output = unsafe buffer.mutableSpan
            switch (keyWords, stride) {
            case (1, 3): fill(codes, keys, 1, sums, 3, into: &output)
            case (3, 3): fill(codes, keys, 3, sums, 3, into: &output)
            default: fill(codes, keys, keyWords, sums, stride, into: &output)
            }
            used = codes.count * width
        }
        return RollupRun(words: words, stride: width)
    }

    /// Makes the picked cells 0 again.
    func clear() {
        let (memory, bitMemory, picked) = (cells, bits, picked)
        var cells = memory.mutableValues(as: UInt64.self)
        clearCells(
            picked.values(as: UInt16.self).extracting(0..<pickedCount), stride: stride, &cells)
        var bits = bitMemory.mutableValues(as: UInt64.self)
        for word in 0..<(count + 63) / 64 { bits[word] = 0 }
        pickedCount = 0
    }
}

private func addCells(
    _ codes: Span<UInt16>, _ packets: Span<UInt64>, _ bytes: Span<UInt64>, count: Int,
    stride: Int, into cells: inout MutableSpan<UInt64>, _ bits: inout MutableSpan<UInt64>
) {
    precondition(codes.count == packets.count && codes.count == bytes.count)
    precondition(count > 0 && stride >= 3 && cells.count >= count * stride)
    precondition(bits.count * 64 >= count)
    let last = count &- 1
    for row in codes.indices {
        // What a damaged store may have as a code does not lead out of the array.
        let code = min(unsafe Int(codes[unchecked: row]), last)
        let cell = code &* stride
        unsafe bits[unchecked: code &>> 6] |= 1 &<< UInt64(truncatingIfNeeded: code & 63)
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

/// The numbers of the bits that are set, ascending; answers how many.
private func list(_ bits: Span<UInt64>, into picked: inout MutableSpan<UInt16>) -> Int {
    precondition(bits.count * 64 <= picked.count)
    var found = 0
    for index in bits.indices {
        var word = unsafe bits[unchecked: index]
        while word != 0 {
            unsafe picked[unchecked: found] = UInt16(
                truncatingIfNeeded: index &* 64 &+ word.trailingZeroBitCount)
            found &+= 1
            word &= word &- 1
        }
    }
    return found
}

/// Writes the entries of some codes; with literals for the widths it is made for them.
@inline(__always)
private func fill(
    _ codes: Span<UInt16>, _ keys: Span<UInt64>, _ keyWords: Int, _ sums: Span<UInt64>,
    _ sumWords: Int, into output: inout MutableSpan<UInt64>
) {
    let greatest = codes.isEmpty ? 0 : Int(codes[codes.count - 1])
    precondition(keys.count >= (greatest + 1) * keyWords)
    precondition(sums.count >= (greatest + 1) * sumWords)
    precondition(output.count >= codes.count * (keyWords + sumWords))
    var place = 0
    for index in codes.indices {
        let code = unsafe Int(codes[unchecked: index])
        for word in 0..<keyWords {
            unsafe output[unchecked: place &+ word] = keys[unchecked: code &* keyWords &+ word]
        }
        place &+= keyWords
        for word in 0..<sumWords {
            unsafe output[unchecked: place &+ word] = sums[unchecked: code &* sumWords &+ word]
        }
        place &+= sumWords
    }
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
