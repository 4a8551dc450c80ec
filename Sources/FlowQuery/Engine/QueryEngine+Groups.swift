import FlowModel
import FlowStore

extension QueryEngine {
    /// Groups, the largest first.
    func groups(
        _ request: QueryRequest, keys: [GroupKey], order: GroupOrder, top: Int,
        _ writer: any AnswerWriter
    ) throws {
        guard (1...QueryError.keysMax).contains(keys.count) else {
            throw QueryError.tooManyKeys(keys.count)
        }
        if order == .distinct, request.distinct.isEmpty { throw QueryError.nothingDistinct }
        let keys = try keys.map { try KeyPlan($0) }
        var groups = try collect(request, keys, order: order, limit: top)

        let hasReverse = groups.footing.hasReverse
        var columns = keys.map(\.column) + sumColumns(hasReverse, joined: request.bidirectional)
        if order.isRate { columns.append(AnswerColumn(name: order.rawValue, meaning: .number)) }
        columns += groups.details.columns
        columns.append(AnswerColumn(name: "share", meaning: .number))
        try writer.begin(columns: columns)
        var written = 0
        while top == 0 || written < top, let record = try groups.records.next() {
            let sums = groups.sums(of: record)
            var cells = groups.cells(of: record, keys) + sums.cells(hasReverse)
            if order.isRate { cells.append(.number(sums.value(order))) }
            cells += groups.detailCells(of: record)
            cells.append(
                .real(
                    groups.whole == 0
                        ? 0 : Double(sums.shared(order)) / Double(groups.whole)))
            try writer.row(cells)
            written += 1
        }
        var footing = footing(groups.footing)
        footing.groups = groups.count
        footing.groupsEstimated = groups.estimates
        try writer.end(footing: footing)
    }

    /// Time buckets, the earliest first.
    func series(
        _ request: QueryRequest, step: UInt64, keys: [GroupKey], _ writer: any AnswerWriter
    ) throws {
        guard keys.count < QueryError.keysMax else { throw QueryError.tooManyKeys(keys.count) }
        let plans = try [KeyPlan(placedIn: step)] + keys.map { try KeyPlan($0) }
        if keys.isEmpty, let from = request.from, let to = request.to, from < to {
            try checkBuckets(from / step, (to - 1) / step)
        }
        var groups = try collect(request, plans, order: nil, limit: 0)
        let hasReverse = groups.footing.hasReverse
        var leftOut: UInt64 = 0
        if keys.isEmpty {
            leftOut = try bareSeries(request, step: step, &groups, writer)
        } else {
            try writer.begin(
                columns: plans.map(\.column) + sumColumns(hasReverse, joined: request.bidirectional)
                    + groups.details.columns)
            while let record = try groups.records.next() {
                try writer.row(
                    groups.cells(of: record, plans) + groups.sums(of: record).cells(hasReverse)
                        + groups.detailCells(of: record))
            }
        }
        var footing = footing(groups.footing)
        footing.groupsEstimated = groups.estimates
        footing.bucketsLeftOut = leftOut
        try writer.end(footing: footing)
    }

    /// One row a bucket, empty ones too; answers how many empty ones are left out.
    private func bareSeries(
        _ request: QueryRequest, step: UInt64, _ groups: inout RankedGroups,
        _ writer: any AnswerWriter
    ) throws -> UInt64 {
        var buckets: [(sums: GroupSums, details: [Cell])] = []
        var places: [UInt64] = []
        while let record = try groups.records.next() {
            let words = record.words
            let start = groups.layout.value(0, words.span, key: record.start + 1)?.low ?? 0
            places.append(start / step)
            buckets.append((groups.sums(of: record), groups.detailCells(of: record)))
        }
        let hasReverse = groups.footing.hasReverse
        try writer.begin(
            columns: [try KeyPlan(placedIn: step).column]
                + sumColumns(hasReverse, joined: request.bidirectional)
                + groups.details.columns)
        let (first, last) = bounds(of: places, request, step: step)
        guard let first, let last, first <= last else { return 0 }
        var window: ClosedRange<UInt64>?
        if let from = request.from, let to = request.to, from < to {
            window = (from / step)...((to - 1) / step)
        }
        let shown = SeriesBuckets(places, within: first...last, window: window)
        let emptyCells = GroupSums().cells(hasReverse) + groups.details.emptyCells
        func writeEmpty(_ run: SeriesBuckets.Run) throws {
            for offset in 0..<run.count {
                try writer.row([.number((run.first + offset) * step)] + emptyCells)
            }
        }
        var runs = shown.empty[...]
        for (place, bucket) in zip(places, buckets) {
            while let run = runs.first, run.first < place {
                try writeEmpty(run)
                runs.removeFirst()
            }
            try writer.row(
                [.number(place * step)] + bucket.sums.cells(hasReverse) + bucket.details)
        }
        for run in runs { try writeEmpty(run) }
        return shown.leftOut
    }

    /// The first and the last bucket between which a series lies.
    private func bounds(
        of places: [UInt64], _ request: QueryRequest, step: UInt64
    ) -> (UInt64?, UInt64?) {
        var first = places.first
        var last = places.last
        // With an overlapping window flows may start before it: their buckets are shown too.
        if let from = request.from,
            let end = last ?? request.to.map({ $0.clampedSubtracting(1) / step })
        {
            first = min(first ?? .max, from / step)
            last = max(end, last ?? 0)
        }
        if let to = request.to, to > 0, let start = first {
            last = max(last ?? start, (to - 1) / step)
        }
        return (first, last)
    }

    private func checkBuckets(_ first: UInt64, _ last: UInt64) throws {
        let buckets = (last - first).clampedAdding(1)
        if buckets > QueryError.bucketsMax { throw QueryError.tooManyBuckets(buckets) }
    }

    /// The total with what is counted apart, as one group without a key.
    func detailedTotal(_ request: QueryRequest, _ writer: any AnswerWriter) throws {
        var groups = try collect(request, [], order: nil, limit: 0, hasTimes: true)
        let hasReverse = groups.footing.hasReverse
        try writer.begin(
            columns: totalColumns(hasReverse, joined: request.bidirectional)
                + groups.details.columns)
        var (sums, details) = (GroupSums(), groups.details.emptyCells)
        if let record = try groups.records.next() {
            (sums, details) = (groups.sums(of: record), groups.detailCells(of: record))
        }
        try writer.row(
            sums.cells(hasReverse) + [
                sums.first == .max ? .null : .number(sums.first),
                sums.last == 0 ? .null : .number(sums.last),
            ] + details)
        var footing = footing(groups.footing)
        footing.groupsEstimated = groups.estimates
        try writer.end(footing: footing)
    }
}

extension GroupOrder {
    /// Whether groups are ordered by a quotient, which then has a column.
    fileprivate var isRate: Bool { self == .pps || self == .bps || self == .bpp }
}
