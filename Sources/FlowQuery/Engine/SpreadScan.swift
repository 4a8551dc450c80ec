import FlowModel
import FlowStore

/// Where the keys of a group lie in a record of ``SpreadSums``: the node, which keys have a value, and
/// the values, of addresses the upper half first.
struct SpreadLayout: Sendable {
    let keys: [KeyPlan]
    /// The word at which each key's value begins.
    let places: [Int]
    let rule: SpreadSums

    init(_ keys: [KeyPlan]) {
        self.keys = keys
        var places: [Int] = []
        var word = 2
        for key in keys {
            places.append(word)
            word += key.isAddress ? 2 : 1
        }
        self.places = places
        rule = SpreadSums(keyWords: word)
    }
}

/// Sums of nodes, a table for each level.
final class SpreadTables {
    let layout: SpreadLayout
    let levels: [RecordTable<SpreadSums>]

    init(_ layout: SpreadLayout, memory: Int) {
        self.layout = layout
        levels = (0...SpreadNode.levels).map { level in
            RecordTable(layout.rule, memory: level == 0 ? memory / 2 : memory / 16)
        }
    }

    /// Divides what higher levels have over the levels below, down to the buckets.
    func divide() throws {
        let (stride, keyWords) = (layout.rule.stride, layout.rule.keyWords)
        let batch = RecordBatch(stride: stride)
        let records = batch.records
        var buckets: UInt64 = 0
        for level in (1...SpreadNode.levels).reversed() {
            try levels[level].forEach { record in
                if level == 1 { buckets += SpreadNode.fanOut }
                if buckets > QueryError.bucketsMax { throw QueryError.tooManyBuckets(buckets) }
                if batch.count + 16 > RecordBatch.capacity { try levels[level - 1].add(batch) }
                for child in 0..<SpreadNode.fanOut {
                    let place = batch.count * stride
                    for word in 0..<keyWords { records[place + word] = record[word] }
                    records[place] = record[0] * SpreadNode.fanOut + child
                    for word in keyWords..<stride {
                        let count = record[word]
                        records[place + word] =
                            portion(of: count, before: child + 1, of: SpreadNode.fanOut)
                            - portion(of: count, before: child, of: SpreadNode.fanOut)
                    }
                    batch.count += 1
                }
            }
            try levels[level - 1].add(batch)
        }
    }
}

/// Divides the flows of one worker over their buckets.
final class SpreadScan {
    let scan: BlockScan
    /// Why it stopped.
    private(set) var failure: (any Error)?

    private let tables: SpreadTables
    private let layout: SpreadLayout
    private let step: UInt64
    private let window: Range<UInt64>?
    private let batches: [RecordBatch]
    /// The record of the current row, but for its node and sums.
    private let key: Scratch<UInt64>
    private let keyFlags: [Scratch<UInt8>]
    private let keyNumbers: [Scratch<UInt64>]
    private let keyAddresses: [Scratch<IPAddress>]
    private let counters = (0..<4).map { _ in Scratch<UInt64>(pieceRows, repeating: 0) }
    private let starts = Scratch<UInt64>(pieceRows, repeating: 0)
    private let ends = Scratch<UInt64>(pieceRows, repeating: 0)
    private let received = Scratch<UInt64>(pieceRows, repeating: 0)
    private let hasStart = Scratch<UInt8>(pieceRows, repeating: 0)
    private let hasEnd = Scratch<UInt8>(pieceRows, repeating: 0)

    private static let fields: [Field] = [.packets, .bytes, .rpackets, .rbytes]

    /// - Parameter window: the time of which buckets take something; nil = all.
    init(_ plan: ScanPlan, step: UInt64, window: Range<UInt64>?, into tables: SpreadTables) {
        scan = BlockScan(plan)
        self.tables = tables
        layout = tables.layout
        self.step = step
        self.window = window
        let (stride, count) = (tables.layout.rule.stride, tables.layout.keys.count)
        batches = tables.levels.map { _ in RecordBatch(stride: stride) }
        key = Scratch(tables.layout.rule.keyWords, repeating: 0)
        keyFlags = (0..<count).map { _ in Scratch<UInt8>(pieceRows, repeating: 0) }
        keyNumbers = (0..<count).map { _ in Scratch<UInt64>(pieceRows, repeating: 0) }
        keyAddresses = tables.layout.keys.map {
            Scratch<IPAddress>($0.isAddress ? pieceRows : 1, repeating: .v6Zero)
        }
    }

    /// Adds the block's rows that pass.
    func process(_ block: any BlockSource) {
        if failure != nil { return }
        scan.process(block) {
            try scan.require((Self.fields + [.start, .end, .received]).map { .field($0) })
            for key in layout.keys { try scan.require(key.quantities) }
            for piece in scan.pieces() { try add(piece) }
        }
    }

    /// Hands on what is still held.
    func finish() {
        for level in batches.indices { flush(level) }
    }

    private func flush(_ level: Int) {
        do {
            try tables.levels[level].add(batches[level])
        } catch {
            // Not thrown: it says nothing of the block.
            failure = error
            batches[level].count = 0
        }
    }

    // MARK: Reading

    private func add(_ piece: RowSet) throws {
        for (place, field) in Self.fields.enumerated() {
            try scan.counts(field, piece, hasStart, into: counters[place])
        }
        for (index, key) in layout.keys.enumerated() { try read(key, index, piece) }
        try scan.numbers(.field(.received), piece, into: received)
        try scan.numbers(.field(.end), piece, into: ends)
        try scan.numbers(.field(.start), piece, into: starts)
        try fillPresent(.start, piece, into: hasStart)
        try fillPresent(.end, piece, into: hasEnd)
        for row in 0..<piece.count {
            let begin = hasStart[row] != 0 ? starts[row] : received[row]
            let end = hasEnd[row] != 0 ? ends[row] : begin
            setKey(row)
            spread(row, SpreadSpan(begin: begin, end: end, window: window))
            if failure != nil { return }
        }
    }

    private func fillPresent(
        _ field: Field, _ piece: RowSet, into flags: Scratch<UInt8>
    ) throws {
        if let present = try scan.presences(of: .field(field)) {
            scan.fillFlags(present, piece, into: flags)
        } else {
            var mutable = flags.mutable
            fillMask(&mutable, at: 0, count: piece.count, with: 0)
        }
    }

    private func read(_ plan: KeyPlan, _ index: Int, _ piece: RowSet) throws {
        let values = keyNumbers[index]
        switch plan.kind {
        case .number(let field):
            try scan.numbers(.field(field), piece, into: values)
            try fillPresent(field, piece, into: keyFlags[index])
        case .bucket(let field, let step):
            try scan.numbers(.field(field), piece, into: values)
            try fillPresent(field, piece, into: keyFlags[index])
            for row in 0..<piece.count { values[row] -= values[row] % step }
        case .address(let field, let v4, let v6):
            let addresses = keyAddresses[index]
            try scan.addresses(field, piece, codes: values, into: addresses)
            try fillPresent(field, piece, into: keyFlags[index])
            for row in 0..<piece.count { addresses[row] = addresses[row].cut(v4: v4, v6: v6) }
        case .placed, .sketched:
            preconditionFailure("the place is no key beside itself, and nothing is described here")
        }
    }

    private func setKey(_ row: Int) {
        var present: UInt64 = 0
        for (index, plan) in layout.keys.enumerated() {
            let place = layout.places[index]
            let isPresent = keyFlags[index][row] != 0
            present |= (isPresent ? 1 : 0) << UInt64(index)
            if plan.isAddress {
                let address = isPresent ? keyAddresses[index][row] : .v6Zero
                key[place] = address.high
                key[place + 1] = address.low
            } else {
                key[place] = isPresent ? keyNumbers[index][row] : 0
            }
        }
        key[1] = present
    }

    // MARK: Dividing

    private func spread(_ row: Int, _ span: SpreadSpan) {
        let buckets = span.buckets(step)
        let (first, last) = (buckets.lowerBound, buckets.upperBound)
        if first == last {
            emit(SpreadNode(level: 0, number: first), row, span, span.lower..<span.upper, flows: 1)
            return
        }
        if last - first >= QueryError.bucketsMax {
            failure = QueryError.tooManyBuckets((last - first).clampedAdding(1))
            return
        }
        // The ends of all buckets but the last lie before `upper`, so they can be computed.
        var time = span.lower
        let single = last - first < SpreadNode.singleMax ? last : first + 1
        for number in first..<single {
            let end = (number + 1) * step
            emit(
                SpreadNode(level: 0, number: number), row, span, time..<end,
                flows: number == first ? 1 : 0)
            time = end
        }
        if single < last {
            SpreadNode.cover(single..<last) { node in
                emit(node, row, span, node.time(step), flows: 0)
            }
            time = last * step
        }
        emit(SpreadNode(level: 0, number: last), row, span, time..<span.upper, flows: 0)
    }

    private func emit(
        _ node: SpreadNode, _ row: Int, _ span: SpreadSpan, _ time: Range<UInt64>, flows: UInt64
    ) {
        let batch = batches[node.level]
        if batch.count == RecordBatch.capacity { flush(node.level) }
        let (records, keyWords) = (batch.records, layout.rule.keyWords)
        let place = batch.count * batch.stride
        var sum: UInt64 = 0
        for (index, counter) in counters.enumerated() {
            let part = span.part(of: counter[row], from: time.lowerBound, to: time.upperBound)
            records[place + keyWords + 1 + index] = part
            sum |= part
        }
        // Nothing to add: a bucket between two of a few packets.
        if flows == 0, sum == 0 { return }
        records[place] = node.number
        for word in 1..<keyWords { records[place + word] = key[word] }
        records[place + keyWords] = flows
        batch.count += 1
    }
}
