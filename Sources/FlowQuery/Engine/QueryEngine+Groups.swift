import FlowModel
import FlowStore

/// What a scan has to group for a request, and how.
struct GroupQuestion {
    let request: QueryRequest
    let keys: [KeyPlan]
    /// By what the groups are ordered, the largest first; nil: by key.
    var order: GroupOrder?
    /// Groups that are wanted; 0 = all.
    var limit = 0
    /// Whether first start and last end are wanted.
    var hasTimes = false
}

extension QueryEngine {
    /// What is to be grouped for a request; nil where its answer is not made of groups.
    func question(_ request: QueryRequest) throws -> GroupQuestion? {
        switch request.kind {
        case .total where request.hasDetails || request.bidirectional:
            return GroupQuestion(request: request, keys: [], hasTimes: true)
        case .groups(let keys, let order, let top):
            guard (1...QueryError.keysMax).contains(keys.count) else {
                throw QueryError.tooManyKeys(keys.count)
            }
            if order == .distinct, request.distinct.isEmpty { throw QueryError.nothingDistinct }
            return GroupQuestion(
                request: request, keys: try keys.map { try KeyPlan($0) }, order: order, limit: top,
                hasTimes: order == .pps || order == .bps)
        case .series(let step, let keys) where !request.spread:
            guard keys.count < QueryError.keysMax else { throw QueryError.tooManyKeys(keys.count) }
            if keys.isEmpty, let from = request.from, let to = request.to, from < to {
                try checkBuckets(from / step, (to - 1) / step)
            }
            return GroupQuestion(
                request: request,
                keys: try [KeyPlan(placedIn: step)] + keys.map { try KeyPlan($0) })
        case .total, .series, .flows: return nil
        }
    }

    /// Answers with what was found.
    func tell(
        _ groups: inout RankedGroups, of question: GroupQuestion, _ writer: any AnswerWriter
    ) throws {
        switch question.request.kind {
        case .total: try tellTotal(&groups, question, writer)
        case .groups(_, let order, let top):
            try tellGroups(&groups, question, order: order, top: top, writer)
        case .series(let step, let keys):
            try tellSeries(&groups, question, step: step, isBare: keys.isEmpty, writer)
        case .flows: preconditionFailure("flows are not grouped")
        }
    }

    /// Groups, the largest first.
    private func tellGroups(
        _ groups: inout RankedGroups, _ question: GroupQuestion, order: GroupOrder, top: Int,
        _ writer: any AnswerWriter
    ) throws {
        let (request, keys) = (question.request, question.keys)
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
    private func tellSeries(
        _ groups: inout RankedGroups, _ question: GroupQuestion, step: UInt64, isBare: Bool,
        _ writer: any AnswerWriter
    ) throws {
        let (request, keys) = (question.request, question.keys)
        let hasReverse = groups.footing.hasReverse
        var leftOut: UInt64 = 0
        if isBare {
            leftOut = try bareSeries(request, step: step, &groups, writer)
        } else {
            try writer.begin(
                columns: keys.map(\.column) + sumColumns(hasReverse, joined: request.bidirectional)
                    + groups.details.columns)
            while let record = try groups.records.next() {
                try writer.row(
                    groups.cells(of: record, keys) + groups.sums(of: record).cells(hasReverse)
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
    private func tellTotal(
        _ groups: inout RankedGroups, _ question: GroupQuestion, _ writer: any AnswerWriter
    ) throws {
        let hasReverse = groups.footing.hasReverse
        try writer.begin(
            columns: totalColumns(hasReverse, joined: question.request.bidirectional)
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
