import FlowModel
import FlowStore

extension QueryEngine {
    /// Time buckets over which flows are divided, the earliest first.
    func spreadSeries(
        _ request: QueryRequest, step: UInt64, keys: [GroupKey], _ writer: any AnswerWriter
    ) throws {
        guard keys.count < QueryError.keysMax else { throw QueryError.tooManyKeys(keys.count) }
        let place = try KeyPlan(placedIn: step)
        let layout = SpreadLayout(try keys.map { try KeyPlan($0) })
        let tables = SpreadTables(layout, memory: request.memory)
        let parts = try scanSpread(request, step: step, tables)
        try tables.divide()

        // Ordered by bucket alone; the groups of one bucket are put into their order in memory.
        let rows = RowLayout(
            [.number(width: 8)] + layout.keys.map { $0.isAddress ? .address : .number(width: 8) }
                + Array(repeating: .number(width: 8), count: SpreadSums.count), hasHigh: false)
        let sorting = SpreadSorting(layout, RowSorter(rows, memory: request.memory / 4))
        try tables.levels[0].forEach { try sorting.add($0) }
        try sorting.finish()
        let span = request.buckets(of: sorting.range, step: step)
        if keys.isEmpty, let span { try checkSpread(span) }

        let hasReverse = parts.hasReverse
        try writer.begin(
            columns: [place.column] + layout.keys.map(\.column) + sumColumns(hasReverse))
        let output = SpreadOutput(
            writer, layout, step: step, hasReverse: hasReverse,
            emptyFrom: keys.isEmpty ? span?.lowerBound : nil)
        try RunMerge([sorting.sorter], rows, memory: request.memory / 8).forEach { cells in
            try output.take(cells)
            return true
        }
        try output.finish(last: keys.isEmpty ? span?.upperBound : nil)
        try writer.end(footing: footing(parts))
    }

    private func scanSpread(
        _ request: QueryRequest, step: UInt64, _ tables: SpreadTables
    ) throws -> ScanFooting {
        let plan = plan(request)
        var window: Range<UInt64>?
        if request.overlap {
            let from = request.from ?? 0
            window = from..<max(from, request.to ?? .max)
        }
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let scans = (0..<workers).map { _ in
            SpreadScan(plan, step: step, window: window, into: tables)
        }
        forEachBlock(blocks.count, workers: workers) { worker, index in
            scans[worker].process(blocks[index])
        }
        var parts = ScanFooting()
        for scan in scans {
            scan.finish()
            if let failure = scan.failure { throw failure }
            parts.add(scan.scan.footing)
        }
        return parts
    }

    private func checkSpread(_ buckets: ClosedRange<UInt64>) throws {
        let count = (buckets.upperBound - buckets.lowerBound).clampedAdding(1)
        if count > QueryError.bucketsMax { throw QueryError.tooManyBuckets(count) }
    }
}

extension QueryRequest {
    /// The buckets that a series shows: those of the window, and those in which something was found.
    fileprivate func buckets(
        of found: ClosedRange<UInt64>?, step: UInt64
    ) -> ClosedRange<UInt64>? {
        var (first, last) = (found?.lowerBound, found?.upperBound)
        if let from, let end = last ?? to.map({ $0.clampedSubtracting(1) / step }) {
            first = min(first ?? .max, from / step)
            last = end
        }
        if let to, to > 0, let start = first { last = max(last ?? start, (to - 1) / step) }
        guard let first, let last, first <= last else { return nil }
        return first...last
    }
}

/// Brings the sums of buckets into the order of time, by way of a sorter, some at a time.
private final class SpreadSorting {
    let sorter: RowSorter
    /// The first and the last bucket.
    private(set) var range: ClosedRange<UInt64>?

    private let layout: SpreadLayout
    private var ranks: [FlowRank] = []
    private var words: [UInt64] = []
    private var count: UInt64 = 0

    init(_ layout: SpreadLayout, _ sorter: RowSorter) {
        self.layout = layout
        self.sorter = sorter
    }

    func add(_ record: Span<UInt64>) throws {
        let bucket = record[0]
        range =
            range.map { min($0.lowerBound, bucket)...max($0.upperBound, bucket) }
            ?? bucket...bucket
        ranks.append(FlowRank(isAbsent: 0, high: 0, low: bucket, position: count))
        count += 1
        for word in record.indices { words.append(record[word]) }
        if ranks.count == pieceRows { try finish() }
    }

    /// Hands on what is still held.
    func finish() throws {
        let rows = ranks.count
        let stride = layout.rule.stride
        let all = [UInt8](repeating: 1, count: rows)
        var columns: [FlowRows.Column] = [.numbers(ranks.map(\.low), present: all)]
        for (key, place) in layout.places.enumerated() {
            let present = (0..<rows).map {
                UInt8(truncatingIfNeeded: words[$0 * stride + 1] >> UInt64(key) & 1)
            }
            let values = (0..<rows).map { words[$0 * stride + place] }
            if layout.keys[key].isAddress {
                let addresses = (0..<rows).map {
                    IPAddress(high: values[$0], low: words[$0 * stride + place + 1])
                }
                columns.append(.addresses(addresses, present: present))
            } else {
                columns.append(.numbers(values, present: present))
            }
        }
        for sum in layout.rule.keyWords..<stride {
            columns.append(.numbers((0..<rows).map { words[$0 * stride + sum] }, present: all))
        }
        let ranks = ranks
        try sorter.append(ranks.span, FlowRows(count: rows, columns: columns))
        self.ranks.removeAll()
        words.removeAll(keepingCapacity: true)
    }
}

/// Writes buckets as they come: empty ones between, and the groups of each in the order of their keys.
private final class SpreadOutput {
    private let writer: any AnswerWriter
    private let layout: SpreadLayout
    private let step: UInt64
    private let hasReverse: Bool
    /// The next bucket to write where empty ones are written too.
    private var next: UInt64?
    private var bucket: UInt64 = 0
    private var groups: [(keys: [Cell], sums: [Cell])] = []

    /// - Parameter emptyFrom: the first bucket, where empty ones are wanted.
    init(
        _ writer: any AnswerWriter, _ layout: SpreadLayout, step: UInt64, hasReverse: Bool,
        emptyFrom: UInt64?
    ) {
        self.writer = writer
        self.layout = layout
        self.step = step
        self.hasReverse = hasReverse
        next = emptyFrom
    }

    /// Takes a group of a bucket: the bucket, the keys, the sums.
    func take(_ cells: [Cell]) throws {
        guard case .number(let found)? = cells.first else { return }
        if found != bucket { try flush() }
        bucket = found
        let keys = zip(layout.keys, cells.dropFirst()).map { key, cell -> Cell in
            if case .address(let address) = cell { key.cell(address) } else { cell }
        }
        let sums = cells.suffix(SpreadSums.count).prefix(hasReverse ? 5 : 3)
        groups.append((keys, Array(sums)))
    }

    /// Writes the rest, and empty buckets to the last.
    func finish(last: UInt64?) throws {
        try flush()
        if let last, last < .max { try writeEmpty(before: last + 1) }
    }

    private func flush() throws {
        if groups.isEmpty { return }
        try writeEmpty(before: bucket)
        groups.sort { $0.keys.precedes($1.keys) }
        for group in groups { try writer.row([.number(bucket * step)] + group.keys + group.sums) }
        groups.removeAll(keepingCapacity: true)
        if next != nil { next = bucket + 1 }
    }

    private func writeEmpty(before end: UInt64) throws {
        while let place = next, place < end {
            try writer.row([.number(place * step)] + GroupSums().cells(hasReverse))
            next = place + 1
        }
    }
}

extension [Cell] {
    /// Orders keys: absent first, then by value, the first key foremost.
    fileprivate func precedes(_ other: [Cell]) -> Bool {
        for (a, b) in zip(self, other) where a != b { return a.order < b.order }
        return false
    }
}

extension Cell {
    /// A cell of a key as something that can be compared.
    fileprivate var order: (Int, IPAddress) {
        switch self {
        case .number(let number): (1, IPAddress(high: 0, low: number))
        case .address(let address): (1, address)
        case .prefix(let prefix): (1, prefix.address)
        case .null, .real, .elements: (0, .v6Zero)
        }
    }
}
