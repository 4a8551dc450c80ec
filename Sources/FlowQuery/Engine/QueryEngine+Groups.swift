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
        let keys = try keys.map { try KeyPlan($0) }
        var groups = try collect(request, keys, order: order, limit: top)

        let hasReverse = groups.footing.hasReverse
        var columns = keys.map(\.column) + sumColumns(hasReverse)
        if order.sumPlace == nil {
            columns.append(AnswerColumn(name: order.rawValue, meaning: .number))
        }
        columns.append(AnswerColumn(name: "share", meaning: .number))
        try writer.begin(columns: columns)
        var written = 0
        while top == 0 || written < top, let record = try groups.records.next() {
            let sums = groups.sums(of: record)
            var cells = groups.cells(of: record, keys) + sums.cells(hasReverse)
            if order.sumPlace == nil { cells.append(.number(sums.value(order))) }
            cells.append(
                .real(
                    groups.whole == 0
                        ? 0 : Double(sums.shared(order)) / Double(groups.whole)))
            try writer.row(cells)
            written += 1
        }
        var footing = footing(groups.footing)
        footing.groups = groups.count
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
        if keys.isEmpty {
            try bareSeries(request, step: step, &groups, writer)
        } else {
            try writer.begin(columns: plans.map(\.column) + sumColumns(hasReverse))
            while let record = try groups.records.next() {
                try writer.row(
                    groups.cells(of: record, plans) + groups.sums(of: record).cells(hasReverse))
            }
        }
        try writer.end(footing: footing(groups.footing))
    }

    /// One row a bucket, empty ones too.
    private func bareSeries(
        _ request: QueryRequest, step: UInt64, _ groups: inout RankedGroups,
        _ writer: any AnswerWriter
    ) throws {
        var buckets: [(place: UInt64, sums: GroupSums)] = []
        while let record = try groups.records.next() {
            let words = record.words
            let start = groups.layout.value(0, words.span, key: record.start + 1)?.low ?? 0
            buckets.append((start / step, groups.sums(of: record)))
        }
        var first = buckets.first?.place
        var last = buckets.last?.place
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
        let hasReverse = groups.footing.hasReverse
        let columns = [try KeyPlan(placedIn: step).column] + sumColumns(hasReverse)
        guard let first, let last, first <= last else {
            try writer.begin(columns: columns)
            return
        }
        try checkBuckets(first, last)
        try writer.begin(columns: columns)
        var next = 0
        for place in first...last {
            var sums = GroupSums()
            if next < buckets.count, buckets[next].place == place {
                sums = buckets[next].sums
                next += 1
            }
            try writer.row([.number(place * step)] + sums.cells(hasReverse))
        }
    }

    private func checkBuckets(_ first: UInt64, _ last: UInt64) throws {
        let buckets = (last - first).clampedAdding(1)
        if buckets > QueryError.bucketsMax { throw QueryError.tooManyBuckets(buckets) }
    }
}
