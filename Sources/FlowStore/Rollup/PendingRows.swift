import FlowModel

/// Rows of a dimension that wait to fill a block.
///
///     row   bucket | kind | key: 3 words | flows | packets | bytes | rpackets | rbytes | first | last
final class PendingRows {
    let dimension: RollupDimension
    let part: RollupPart
    private(set) var count = 0
    private var hasReverse = false
    private var memory = EncodedBytes(count: 64 * stride * 8)

    private static let stride = 12
    private static let key = 2
    private static let flows = 5
    private static let first = 10
    private static let last = 11
    /// Rows of a block: many, and yet a window of an hour reads little of a day.
    private static let rowsMax = 32_768
    /// A row whose kind has this bit has counters of the reverse direction.
    private static let reverseBit: UInt64 = 1 << 8

    init(_ dimension: RollupDimension, _ part: RollupPart) {
        self.dimension = dimension
        self.part = part
    }

    var isFull: Bool { count == Self.rowsMax }

    func removeAll() {
        count = 0
        hasReverse = false
    }

    /// Appends a row without key and sums.
    private func begin(_ settled: DimensionSums.Settled) -> Int {
        let old = memory
        if old.count < (count + 1) * Self.stride * 8 {
            let larger = EncodedBytes(unfilled: 2 * old.count)
            var output = larger.mutableValues(as: UInt64.self)
            let words = old.values(as: UInt64.self)
            for word in 0..<count * Self.stride { output[word] = words[word] }
            memory = larger
        }
        let memory = memory
        var words = memory.mutableValues(as: UInt64.self)
        let row = count * Self.stride
        count += 1
        hasReverse = hasReverse || settled.tally.hasReverse
        words[row] = settled.bucket
        words[row + 1] =
            UInt64(settled.kind.rawValue) | (settled.tally.hasReverse ? Self.reverseBit : 0)
        for word in Self.key..<Self.first { words[row + word] = 0 }
        words[row + Self.first] = settled.tally.times.first
        words[row + Self.last] = settled.tally.times.last
        return row
    }

    /// Appends an entry of a tally.
    func append(_ settled: DimensionSums.Settled, entry: Int) {
        let row = begin(settled)
        let (memory, entries) = (memory, settled.tally.words)
        var words = memory.mutableValues(as: UInt64.self)
        let from = entries.values(as: UInt64.self)
        let base = entry * RollupTally.stride
        for word in 0..<RollupTally.stride { words[row + Self.key + word] = from[base + word] }
    }

    /// Appends the sum of some entries, and to `bounds` the most octets of one of them.
    func append(
        _ settled: DimensionSums.Settled, sumOf others: [UInt32], into bounds: PendingRows
    ) {
        let row = begin(settled)
        let (memory, entries) = (memory, settled.tally.words)
        var words = memory.mutableValues(as: UInt64.self)
        let from = entries.values(as: UInt64.self)
        var most: UInt64 = 0
        for entry in others {
            let base = Int(entry) * RollupTally.stride + RollupTally.keyWords
            for word in 0..<RollupTally.sumWords {
                words[row + Self.flows + word] = clampedSum(
                    words[row + Self.flows + word], from[base + word])
            }
            most = max(most, from[base + 2])
        }
        let boundRow = bounds.begin(settled)
        let boundMemory = bounds.memory
        var boundWords = boundMemory.mutableValues(as: UInt64.self)
        boundWords[boundRow + Self.flows + 2] = most
    }

    // MARK: As flows

    /// Writes the rows as flows that stand for many; the batch is empty.
    func fill(_ batch: FlowBatch) {
        fill(batch, .received, word: 0)
        fill(batch, .start, word: dimension.hasTimes ? Self.first : 0) { kind in
            kind & UInt64(RollupKind.withoutStart.rawValue) == 0
        }
        let sampling = batch.columnForWriting(.sampling)
        let rows = memory
        let words = rows.values(as: UInt64.self)
        for row in 0..<count {
            let isUnknown =
                words[row * Self.stride + 1] & UInt64(RollupKind.ofUnknownRate.rawValue) != 0
            sampling.set(isUnknown ? 0 : 1, at: row)
        }
        fill(batch, .flows, word: Self.flows)
        fill(batch, .packets, word: Self.flows + 1)
        fill(batch, .bytes, word: Self.flows + 2)
        if hasReverse {
            fill(batch, .rpackets, word: Self.flows + 3) { $0 & Self.reverseBit != 0 }
            fill(batch, .rbytes, word: Self.flows + 4) { $0 & Self.reverseBit != 0 }
        }
        if dimension.hasTimes {
            let end = batch.columnForWriting(.end)
            for row in 0..<count {
                let last = words[row * Self.stride + Self.last]
                if last > 0 { end.set(last, at: row) }
            }
        }
        if part == .keys { fillKeys(batch) }
        batch.advance(by: count)
    }

    private func fillKeys(_ batch: FlowBatch) {
        switch dimension.source {
        case .everything: break
        case .service:
            fill(batch, .proto, word: Self.key + 1, shift: 16)
            fill(batch, .srcport, word: Self.key + 1)
            fill(batch, .dstport, word: Self.key + 1)
        case .ofExporter(let field):
            fillAddresses(batch, .exporter)
            fillPresent(batch, field, word: Self.key + 2)
        case .pair(let first, let second):
            fillPresent(batch, first, word: Self.key, ifWord: Self.key)
            fillPresent(batch, second, word: Self.key + 1)
        case .column, .within:
            guard let field = dimension.fields.first else { return }
            if field.storage == .address {
                fillAddresses(batch, field)
            } else {
                fillPresent(batch, field, word: Self.key + 1)
            }
        }
    }

    /// Writes a word of every row, cut to the column's width, or of those whose kind is right.
    private func fill(
        _ batch: FlowBatch, _ field: Field, word: Int, shift: UInt64 = 0,
        of isRight: ((UInt64) -> Bool)? = nil
    ) {
        let column = batch.columnForWriting(field)
        let memory = memory
        let words = memory.values(as: UInt64.self)
        for row in 0..<count {
            let place = row * Self.stride
            if let isRight, !isRight(words[place + 1]) { continue }
            column.set(words[place + word] >> shift, at: row)
        }
    }

    /// Writes a word of the rows that have a key, cut to the column's width.
    ///
    /// - Parameter marker: the word that is 0 where there is none.
    private func fillPresent(
        _ batch: FlowBatch, _ field: Field, word: Int, ifWord marker: Int = PendingRows.key + 2
    ) {
        let column = batch.columnForWriting(field)
        let memory = memory
        let words = memory.values(as: UInt64.self)
        for row in 0..<count where words[row * Self.stride + marker] != 0 {
            column.set(words[row * Self.stride + word] & 0xffff_ffff, at: row)
        }
    }

    private func fillAddresses(_ batch: FlowBatch, _ field: Field) {
        let column = batch.columnForWriting(field)
        let memory = memory
        let words = memory.values(as: UInt64.self)
        for row in 0..<count {
            let key = row * Self.stride + Self.key
            if field.isDense || words[key + 2] != 0 {
                column.set(IPAddress(high: words[key], low: words[key + 1]), at: row)
            }
        }
    }
}
