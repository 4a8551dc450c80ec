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
        let isRate = order == .pps || order == .bps
        let (table, parts) = collect(request, keys, withTimes: isRate)

        var leading = Leading<GroupRank>(limit: top > 0 ? top : Int.max)
        let precedes = { (a: GroupRank, b: GroupRank) in
            a.value != b.value ? a.value > b.value : table.precedes(a.place, b.place)
        }
        var ranks: [GroupRank] = []
        if top == 0 { ranks.reserveCapacity(table.count) }
        var whole: UInt64 = 0
        for (number, part) in table.parts.enumerated() {
            let records = part.records
            for group in 0..<part.count {
                let sums = GroupSums(records, at: group * table.layout.stride, table.layout)
                whole = whole.clampedAdding(sums.shared(order))
                let rank = GroupRank(
                    value: sums.value(order),
                    place: .init(part: Int32(number), group: UInt32(group)))
                if top > 0 { leading.offer(rank, by: precedes) } else { ranks.append(rank) }
            }
        }
        if top > 0 { ranks = leading.elements }
        ranks.sort(by: precedes)

        let hasReverse = parts.hasReverse
        var columns = keys.map(\.column) + sumColumns(hasReverse)
        if !order.isSum { columns.append(AnswerColumn(name: order.rawValue, meaning: .number)) }
        columns.append(AnswerColumn(name: "share", meaning: .number))
        try writer.begin(columns: columns)
        for rank in ranks {
            let sums = table.sums(of: rank.place)
            var cells = table.cells(of: rank.place, keys) + sums.cells(hasReverse)
            if !order.isSum { cells.append(.number(rank.value)) }
            cells.append(.real(whole == 0 ? 0 : Double(sums.shared(order)) / Double(whole)))
            try writer.row(cells)
        }
        var footing = footing(parts)
        footing.groups = UInt64(table.count)
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
        let (table, parts) = collect(request, plans, withTimes: false)

        let order = table.places.sorted(by: table.precedes)
        func bucket(_ place: GroupTable.Place) -> UInt64 {
            (table.value(0, of: place)?.low ?? 0) / step
        }
        var first = order.first.map(bucket)
        var last = order.last.map(bucket)
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
        if keys.isEmpty, let first, let last, first <= last { try checkBuckets(first, last) }
        let hasReverse = parts.hasReverse
        try writer.begin(columns: plans.map(\.column) + sumColumns(hasReverse))
        if keys.isEmpty, let first, let last, first <= last {
            var next = order.makeIterator()
            var group = next.next()
            for place in first...last {
                if let found = group, bucket(found) == place {
                    try writer.row(
                        [.number(place * step)] + table.sums(of: found).cells(hasReverse))
                    group = next.next()
                } else {
                    try writer.row([.number(place * step)] + GroupSums().cells(hasReverse))
                }
            }
        } else {
            for group in order {
                try writer.row(
                    table.cells(of: group, plans) + table.sums(of: group).cells(hasReverse))
            }
        }
        try writer.end(footing: footing(parts))
    }

    private func checkBuckets(_ first: UInt64, _ last: UInt64) throws {
        let buckets = (last - first).clampedAdding(1)
        if buckets > QueryError.bucketsMax { throw QueryError.tooManyBuckets(buckets) }
    }

    private func collect(
        _ request: QueryRequest, _ keys: [KeyPlan], withTimes: Bool
    ) -> (GroupTable, ScanFooting) {
        let plan = plan(request)
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let layout = GroupLayout(
            keys, hasReverse: blocks.contains { $0.hasReverse }, hasTimes: withTimes)
        let table = GroupTable(layout, seed: UInt64.random(in: 0...UInt64.max))
        let scans = (0..<workers).map { _ in GroupScan(plan, keys: keys, into: table) }
        forEachBlock(blocks.count, workers: workers) { worker, index in
            scans[worker].process(blocks[index])
        }
        var parts = scans[0].scan.footing
        for other in scans.dropFirst() { parts.add(other.scan.footing) }
        return (table, parts)
    }
}

private struct GroupRank {
    var value: UInt64
    var place: GroupTable.Place
}

extension GroupOrder {
    /// Whether groups are ordered by one of the sums that every answer shows.
    fileprivate var isSum: Bool {
        switch self {
        case .flows, .packets, .bytes: true
        case .pps, .bps, .bpp: false
        }
    }
}

extension GroupSums {
    /// What groups are ordered by.
    fileprivate func value(_ order: GroupOrder) -> UInt64 {
        // Without a start `first` is the largest number, without an end `last` is 0: no time.
        let duration = last.clampedSubtracting(first)
        return switch order {
        case .flows: flows
        case .packets: packets
        case .bytes: bytes
        case .pps: packets.times(1000, over: duration)
        case .bps: bytes.times(8000, over: duration)
        case .bpp: bytes.times(1, over: packets)
        }
    }

    /// What the share is taken of: rates have none, so theirs is of the octets.
    fileprivate func shared(_ order: GroupOrder) -> UInt64 {
        switch order {
        case .flows: flows
        case .packets: packets
        case .bytes, .pps, .bps, .bpp: bytes
        }
    }
}

extension GroupTable {
    /// All groups.
    fileprivate var places: [Place] {
        parts.enumerated().flatMap { number, part in
            (0..<part.count).map { Place(part: Int32(number), group: UInt32($0)) }
        }
    }

    /// The key of a group as cells.
    fileprivate func cells(of place: Place, _ keys: [KeyPlan]) -> [Cell] {
        keys.enumerated().map { index, key in
            value(index, of: place).map { key.cell($0) } ?? .null
        }
    }
}
