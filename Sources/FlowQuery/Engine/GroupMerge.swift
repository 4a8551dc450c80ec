import FlowModel

/// Puts the records of all workers together, one part after the other, for one worker.
final class GroupMerge {
    let ranking: GroupRanking
    /// Why the answer cannot be given.
    private(set) var failure: (any Error)?

    private let small: GroupMap
    private let full: GroupMap
    private let buffer = SpillBuffer()

    init(_ layout: GroupLayout, ranking: GroupRanking, seed: UInt64) {
        self.ranking = ranking
        small = GroupMap(layout, .small, seed: seed)
        full = GroupMap(layout, .full, seed: seed)
    }

    /// Ranks the groups of a part.
    func process(_ part: Int, of sinks: [GroupSink]) {
        if failure != nil { return }
        small.removeAll()
        full.removeAll()
        do {
            for sink in sinks { try sink.merge(part, small: small, full: full, buffer) }
            try ranking.add(small)
            try ranking.add(full)
        } catch {
            failure = error
        }
    }
}

/// The groups of a request, found and ranked.
struct RankedGroups {
    let layout: GroupLayout
    /// The groups in order, as records of ``GroupRanking``.
    var records: SortedRecords
    /// How many groups there are.
    let count: UInt64
    /// What shares are taken of.
    let whole: UInt64
    let footing: ScanFooting

    /// The cells of a group's key.
    func cells(of record: SortedRun, _ keys: [KeyPlan]) -> [Cell] {
        let words = record.words
        return keys.enumerated().map { index, key in
            layout.value(index, words.span, key: record.start + 1).map { key.cell($0) } ?? .null
        }
    }

    /// The sums of a group.
    func sums(of record: SortedRun) -> GroupSums {
        let words = record.words
        return GroupSums(words.span, at: record.start + 1 + layout.full.words, layout)
    }
}

extension QueryEngine {
    /// Groups the rows that match.
    ///
    /// - Parameters:
    ///   - order: by what, the largest first; nil: by key.
    ///   - limit: groups that are wanted; 0 = all.
    func collect(
        _ request: QueryRequest, _ keys: [KeyPlan], order: GroupOrder?, limit: Int
    ) throws -> RankedGroups {
        let plan = plan(request)
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let layout = GroupLayout(
            keys, hasReverse: blocks.contains { $0.hasReverse },
            hasTimes: order == .pps || order == .bps)
        let memory = GroupMemory(request, workers: workers)
        let seed = UInt64.random(in: 0...UInt64.max)
        let scans = try (0..<workers).map { _ in
            GroupScan(
                plan, keys: keys, into: try GroupSink(layout, seed: seed, memory: memory))
        }
        forEachBlock(blocks.count, workers: workers) { worker, index in
            scans[worker].process(blocks[index])
        }
        var footing = ScanFooting()
        for scan in scans {
            if let failure = scan.failure { throw failure }
            footing.add(scan.scan.footing)
        }

        let sinks = scans.map(\.sink)
        let merges = (0..<workers).map { _ in
            GroupMerge(
                layout,
                ranking: GroupRanking(layout, order: order, limit: limit, memory: memory),
                seed: seed)
        }
        forEachBlock(GroupSink.parts, workers: workers) { worker, part in
            merges[worker].process(part, of: sinks)
        }
        var runs: [SortedRun] = []
        var count: UInt64 = 0
        var whole: UInt64 = 0
        for merge in merges {
            if let failure = merge.failure { throw failure }
            runs += merge.ranking.finish()
            count += merge.ranking.count
            whole = whole.clampedAdding(merge.ranking.whole)
        }
        return RankedGroups(
            layout: layout, records: try SortedRecords(runs), count: count, whole: whole,
            footing: footing)
    }
}
