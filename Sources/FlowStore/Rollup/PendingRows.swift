import FlowModel

/// Rows of a dimension that wait to fill a block.
///
///     row   minute and kind | key | flows | packets | bytes (| rpackets | rbytes) (| first | last)
final class PendingRows {
    let dimension: RollupDimension
    let part: RollupPart
    private(set) var count = 0
    private var hasReverse = false
    private var memory: [UInt64] = []
    /// Where in a row the sums begin.
    private let sums: Int

    /// Rows of a block: many, and yet a window of an hour reads little of a day.
    private static let rowsMax = 32_768
    /// A row whose kind has this bit has counters of the reverse direction.
    private static let reverseBit: UInt64 = 1 << 7
    private static let key = 1

    init(_ dimension: RollupDimension, _ part: RollupPart) {
        self.dimension = dimension
        self.part = part
        sums = Self.key + (part == .keys ? dimension.keyWords : 0)
    }

    var isFull: Bool { count == Self.rowsMax }

    private var sumWords: Int { hasReverse ? 5 : 3 }
    /// Where in a row the times are.
    private var first: Int { sums + sumWords }
    private var stride: Int { first + (dimension.hasTimes ? 2 : 0) }

    func removeAll() {
        memory.removeAll(keepingCapacity: true)
        count = 0
        hasReverse = false
    }

    /// Appends a row without key and sums; answers where it begins.
    private func begin(_ settled: DimensionSums.Settled) -> Int {
        let tally = settled.tally
        if tally.hasReverse, !hasReverse { widen() }
        let row = memory.count
        count += 1
        // A bucket begins with a minute, so that this fits whatever a clock says.
        memory.append(
            (settled.bucket / RollupStep.minute.milliseconds) << 8
                | UInt64(settled.kind.rawValue) | (tally.hasReverse ? Self.reverseBit : 0))
        memory.append(contentsOf: repeatElement(0, count: first - Self.key))
        if dimension.hasTimes { memory += [tally.times.first, tally.times.last] }
        return row
    }

    /// Makes room for the counters of the reverse direction.
    private func widen() {
        let (old, narrow, from) = (memory, stride, first)
        hasReverse = true
        memory.removeAll()
        for row in Swift.stride(from: 0, to: old.count, by: narrow) {
            memory += old[row..<row + from]
            memory += [0, 0]
            memory += old[row + from..<row + narrow]
        }
    }

    /// Appends an entry of a bucket.
    func append(_ settled: DimensionSums.Settled, _ run: RollupRun, entry: Int) {
        let row = begin(settled)
        let width = settled.tally.stride
        copyWords(run.words.span, entry * width, count: width, into: &memory, at: row + Self.key)
    }

    /// Appends the sum of some entries, and to `bounds` the most octets of one of them.
    func append(
        _ settled: DimensionSums.Settled, _ run: RollupRun, sumOf others: [Int],
        into bounds: PendingRows
    ) {
        let row = begin(settled)
        let width = settled.tally.stride
        let from = settled.tally.keyWords
        let most = addEntries(
            others, of: run.words.span, width: width, from: from, into: &memory, at: row + sums)
        let boundRow = bounds.begin(settled)
        bounds.memory[boundRow + bounds.sums + 2] = most
    }

    // MARK: As flows

    /// Writes the rows as flows that stand for many; the batch is empty.
    func fill(_ batch: FlowBatch) {
        fillHeads(batch)
        fill(batch, .flows, word: sums)
        fill(batch, .packets, word: sums + 1)
        fill(batch, .bytes, word: sums + 2)
        if hasReverse {
            fill(batch, .rpackets, word: sums + 3, ofReverse: true)
            fill(batch, .rbytes, word: sums + 4, ofReverse: true)
        }
        if part == .keys { fillKeys(batch) }
        batch.advance(by: count)
    }

    private func fillHeads(_ batch: FlowBatch) {
        let received = batch.columnForWriting(.received)
        let start = batch.columnForWriting(.start)
        let sampling = batch.columnForWriting(.sampling)
        let (memory, stride) = (memory, stride)
        let words = memory.span
        for row in 0..<count {
            let head = words[row * stride]
            let bucket = (head >> 8) &* RollupStep.minute.milliseconds
            received.set(bucket, at: row)
            if head & UInt64(RollupKind.withoutStart.rawValue) == 0 {
                start.set(dimension.hasTimes ? words[row * stride + first] : bucket, at: row)
            }
            sampling.set(head & UInt64(RollupKind.ofUnknownRate.rawValue) != 0 ? 0 : 1, at: row)
        }
        guard dimension.hasTimes else { return }
        let end = batch.columnForWriting(.end)
        for row in 0..<count {
            let last = words[row * stride + first + 1]
            if last > 0 { end.set(last, at: row) }
        }
    }

    private func fillKeys(_ batch: FlowBatch) {
        switch dimension.source {
        case .everything: break
        case .service:
            fill(batch, .proto, word: Self.key, shift: 16)
            fill(batch, .srcport, word: Self.key)
            fill(batch, .dstport, word: Self.key)
        case .ofExporter(let field):
            fillAddresses(batch, .exporter)
            fillPresent(batch, field, word: Self.key + Field.exporter.keyWords)
        case .pair(let first, let second):
            fillPresent(batch, first, word: Self.key)
            fillPresent(batch, second, word: Self.key + first.keyWords)
        case .column, .within:
            guard let field = dimension.fields.first else { return }
            if field.storage == .address {
                fillAddresses(batch, field)
            } else {
                fillPresent(batch, field, word: Self.key)
            }
        }
    }

    /// Writes a word of every row, cut to the column's width.
    private func fill(
        _ batch: FlowBatch, _ field: Field, word: Int, shift: UInt64 = 0, ofReverse: Bool = false
    ) {
        let column = batch.columnForWriting(field)
        let (memory, stride) = (memory, stride)
        let words = memory.span
        var place = word
        for row in 0..<count {
            if !ofReverse || words[place - word] & Self.reverseBit != 0 {
                column.set(words[place] >> shift, at: row)
            }
            place += stride
        }
    }

    /// Writes a word of the rows that have a value there, cut to the column's width.
    private func fillPresent(_ batch: FlowBatch, _ field: Field, word: Int) {
        let column = batch.columnForWriting(field)
        let (memory, stride) = (memory, stride)
        let words = memory.span
        for row in 0..<count where words[row * stride + word] != RollupTally.none {
            column.set(words[row * stride + word] & 0xffff_ffff, at: row)
        }
    }

    private func fillAddresses(_ batch: FlowBatch, _ field: Field) {
        let column = batch.columnForWriting(field)
        let (memory, stride) = (memory, stride)
        let words = memory.span
        for row in 0..<count {
            let key = row * stride + Self.key
            if field.isDense || words[key + 2] != RollupTally.none {
                column.set(IPAddress(high: words[key], low: words[key + 1]), at: row)
            }
        }
    }
}

private func copyWords(
    _ words: Span<UInt64>, _ start: Int, count: Int, into output: inout [UInt64], at place: Int
) {
    var output = output.mutableSpan
    precondition(start >= 0 && count >= 0 && start + count <= words.count)
    precondition(place >= 0 && place + count <= output.count)
    for word in 0..<count {
        unsafe output[unchecked: place &+ word] = words[unchecked: start &+ word]
    }
}

/// Adds the sums of some entries to those at `place`; answers the most octets of one of them.
private func addEntries(
    _ entries: [Int], of words: Span<UInt64>, width: Int, from: Int, into output: inout [UInt64],
    at place: Int
) -> UInt64 {
    var output = output.mutableSpan
    var most: UInt64 = 0
    for entry in entries {
        let base = entry * width + from
        for word in 0..<width - from {
            output[place + word] = clampedSum(output[place + word], words[base + word])
        }
        most = max(most, words[base + 2])
    }
    return most
}
