import FlowModel
import FlowStore

/// What one block adds to a list of flows; one worker writes it before all are waited for.
private final class BlockAnswer {
    var rows: FlowRows?
    var footing = ScanFooting()
}

/// Rows of one block of a sorted list.
private struct DecodedRun {
    /// Their first position: block number × 65,536 + row.
    var firstPosition: UInt64
    /// The place of that among all positions.
    var firstPlace: Int
    var rows: FlowRows
}

/// What one worker sorts, and why it stopped.
private final class FlowSorting {
    let ranking: FlowRanking
    let sorter: RowSorter
    private(set) var failure: (any Error)?

    init(ranking: FlowRanking, sorter: RowSorter) {
        self.ranking = ranking
        self.sorter = sorter
    }

    /// Adds the block's rows that pass.
    func process(_ block: any BlockSource, number: Int, _ fields: [FlowOutput]) {
        if failure != nil { return }
        do {
            try ranking.process(block, number: number, fields, into: sorter)
        } catch {
            failure = error
        }
    }
}

extension QueryEngine {
    /// Flows in the order stored, written while later blocks are read.
    func storedFlows(
        _ request: QueryRequest, _ fields: [FlowOutput], limit: Int, _ writer: any AnswerWriter
    ) throws {
        let plan = plan(request)
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let scans = (0..<workers).map { _ in BlockScan(plan) }
        try writer.begin(columns: fields.map(\.column))
        var parts = ScanFooting()
        var written = 0
        // So many blocks are decoded at once at most: the window in which threads may run ahead.
        let window = workers * 2
        var next = 0
        while next < blocks.count, limit == 0 || written < limit {
            let round = round(from: &next, of: window, scans[0])
            let wanted = limit == 0 ? Int.max : limit - written
            let answers = round.blocks.map { _ in BlockAnswer() }
            forEachBlock(round.blocks.count, workers: min(workers, round.blocks.count)) {
                worker, index in
                let scan = scans[worker]
                scan.footing = ScanFooting()
                scan.process(blocks[round.blocks[index].place]) {
                    scan.truncate(to: wanted)
                    scan.narrow()
                    answers[index].rows = try FlowRows(scan, fields)
                }
                answers[index].footing = scan.footing
            }
            // Blocks read ahead of the last row are not counted, however many threads there were.
            for (block, answer) in zip(round.blocks, answers) where limit == 0 || written < limit {
                parts.blocksPruned += block.prunedBefore
                parts.add(answer.footing)
                guard let rows = answer.rows else { continue }
                let count = limit == 0 ? rows.count : min(rows.count, limit - written)
                try writer.write(rows, 0..<count)
                written += count
            }
            if limit == 0 || written < limit { parts.blocksPruned += round.prunedAfter }
        }
        try writer.end(footing: footing(parts))
    }

    /// Blocks that are read at once, and how many were passed over between them.
    private struct Round {
        var blocks: [(place: Int, prunedBefore: Int)] = []
        var prunedAfter = 0
    }

    /// The next blocks that may have flows of the answer, at most `count`.
    private func round(from next: inout Int, of count: Int, _ scan: BlockScan) -> Round {
        var round = Round()
        while next < blocks.count, round.blocks.count < count {
            if scan.triage(blocks[next]) == .none {
                round.prunedAfter += 1
            } else {
                round.blocks.append((next, round.prunedAfter))
                round.prunedAfter = 0
            }
            next += 1
        }
        return round
    }

    /// Flows in a wanted order.
    ///
    /// A few are ranked first, and then only the rows that are in the answer are decoded. Many are
    /// decoded as they are found, and sorted in memory or by way of temporary files.
    func sortedFlows(
        _ request: QueryRequest, _ fields: [FlowOutput], sort: FlowSort, limit: Int,
        _ writer: any AnswerWriter
    ) throws {
        let layout = RowLayout(fields, sortedBy: sort.quantity)
        // Every worker ranks as many, and of the decoded rows there are these at most.
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let octets = layout.stride * 2 + MemoryLayout<FlowRank>.stride * (workers + 1)
        if limit > 0, limit <= request.memory / octets {
            try leadingFlows(request, fields, sort: sort, limit: limit, writer)
        } else {
            try allFlows(request, fields, sort: sort, limit: limit, layout, writer)
        }
    }

    /// All flows, sorted; those after the limit are not written.
    private func allFlows(
        _ request: QueryRequest, _ fields: [FlowOutput], sort: FlowSort, limit: Int,
        _ layout: RowLayout, _ writer: any AnswerWriter
    ) throws {
        let plan = plan(request)
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let share = request.memory / 4 * 3 / workers
        let sorts = (0..<workers).map { _ in
            FlowSorting(
                ranking: FlowRanking(plan, sort: sort, limit: 0),
                sorter: RowSorter(layout, memory: share))
        }
        forEachBlock(blocks.count, workers: workers) { worker, index in
            sorts[worker].process(blocks[index], number: index, fields)
        }
        var parts = ScanFooting()
        for sort in sorts {
            if let failure = sort.failure { throw failure }
            parts.add(sort.ranking.scan.footing)
        }
        try writer.begin(columns: fields.map(\.column))
        var written = 0
        let merge = RunMerge(sorts.map(\.sorter), layout, memory: request.memory / 4)
        try merge.forEach { cells in
            try writer.row(cells)
            written += 1
            return limit == 0 || written < limit
        }
        try writer.end(footing: footing(parts))
    }

    /// The first flows of an order: ranks first, then only the rows that are in the answer.
    private func leadingFlows(
        _ request: QueryRequest, _ fields: [FlowOutput], sort: FlowSort, limit: Int,
        _ writer: any AnswerWriter
    ) throws {
        let plan = plan(request)
        var damaged: Set<Int> = []
        while true {
            var (ranks, parts) = rank(request, plan, sort: sort, limit: limit, without: damaged)
            let positions = ranks.map(\.position).sorted()
            let (rows, newlyDamaged) = decode(positions, plan, fields, request)
            guard newlyDamaged.isEmpty else {
                // An output column could not be read: the answer must do without the whole block.
                damaged.formUnion(newlyDamaged)
                continue
            }
            for block in damaged {
                parts.blocksDamaged += 1
                parts.rowsDamaged += UInt64(max(blocks[block].rows, 0))
            }
            ranks.sort()
            try writer.begin(columns: fields.map(\.column))
            for rank in ranks {
                let run = rows[rows.firstPlace { $0.firstPosition > rank.position } - 1]
                let place = positions.firstPlace { $0 >= rank.position }
                try writer.row(run.rows.cells(at: place - run.firstPlace))
            }
            try writer.end(footing: footing(parts))
            return
        }
    }

    private func rank(
        _ request: QueryRequest, _ plan: ScanPlan, sort: FlowSort, limit: Int,
        without damaged: Set<Int>
    ) -> ([FlowRank], ScanFooting) {
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let rankings = (0..<workers).map { _ in FlowRanking(plan, sort: sort, limit: limit) }
        forEachBlock(blocks.count, workers: workers) { worker, index in
            if damaged.contains(index) { return }
            rankings[worker].process(blocks[index], number: index)
        }
        var parts = ScanFooting()
        var ranks: [FlowRank] = []
        for ranking in rankings {
            parts.add(ranking.scan.footing)
            ranks += ranking.ranks
        }
        if limit > 0, ranks.count > limit {
            ranks.sort()
            ranks.removeLast(ranks.count - limit)
        }
        return (ranks, parts)
    }

    /// Decodes the rows at `positions`, which are ascending; answers the blocks that failed too.
    private func decode(
        _ positions: [UInt64], _ plan: ScanPlan, _ fields: [FlowOutput], _ request: QueryRequest
    ) -> ([DecodedRun], Set<Int>) {
        var runs: [Range<Int>] = []
        var start = 0
        while start < positions.count {
            let block = positions[start] >> 16
            var end = start + 1
            while end < positions.count, positions[end] >> 16 == block { end += 1 }
            runs.append(start..<end)
            start = end
        }
        let workers = workerCount(asked: request.threads, blocks: runs.count)
        let scans = (0..<workers).map { _ in BlockScan(plan) }
        let answers = runs.map { _ in BlockAnswer() }
        forEachBlock(runs.count, workers: workers) { worker, index in
            let run = runs[index]
            let chosen = positions[run].map { UInt16(truncatingIfNeeded: $0) }
            let block = blocks[Int(positions[run.lowerBound] >> 16)]
            answers[index].rows = try? scans[worker].decode(block, rows: chosen, fields)
        }
        var decoded: [DecodedRun] = []
        var damaged: Set<Int> = []
        for (run, answer) in zip(runs, answers) {
            let position = positions[run.lowerBound]
            if let rows = answer.rows {
                decoded.append(
                    DecodedRun(
                        firstPosition: position, firstPlace: run.lowerBound, rows: rows))
            } else {
                damaged.insert(Int(position >> 16))
            }
        }
        return (decoded, damaged)
    }
}

extension Array {
    /// The first place where `holds` is true; it is false before and true from there on.
    fileprivate func firstPlace(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
