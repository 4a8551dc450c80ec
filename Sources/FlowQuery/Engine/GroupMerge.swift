import FlowModel

/// Puts the records of all workers together, one part after the other, for one worker.
final class GroupMerge {
    let ranking: GroupRanking
    let details: GroupDetails
    /// Why the answer cannot be given.
    private(set) var failure: (any Error)?

    private let small: GroupMap
    private let full: GroupMap
    private let buffer = Scratch<UInt64>(unwritten: 1 << 17)

    init(_ layout: GroupLayout, _ ranking: GroupRanking, _ details: GroupDetails, seed: UInt64) {
        self.ranking = ranking
        self.details = details
        small = GroupMap(layout, .small, seed: seed)
        full = GroupMap(layout, .full, seed: seed)
    }

    /// Ranks the groups of a part.
    ///
    /// - Parameter sinks: of each worker, the groups' first.
    func process(_ part: Int, of sinks: [[GroupSink]]) {
        if failure != nil { return }
        small.removeAll()
        full.removeAll()
        do {
            for sinks in sinks {
                try sinks[0].merge(part, small: small, full: full, by: buffer)
            }
            if small.count + full.count == 0 { return }
            try details.read(part, of: sinks.map { Array($0.dropFirst()) }, by: buffer)
            for map in [small, full] {
                details.compute(map)
                try ranking.add(map, details: details.words)
            }
        } catch {
            failure = error
        }
    }
}

/// The groups of a request, found and ranked.
struct RankedGroups {
    let layout: GroupLayout
    let details: DetailPlan
    /// The groups in order, as records of ``GroupRanking``.
    var records: SortedRecords
    /// How many groups there are.
    let count: UInt64
    /// What shares are taken of.
    let whole: UInt64
    /// Groups whose distinct values are an estimate.
    let estimates: UInt64
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

    /// The cells of what is asked of a group besides.
    func detailCells(of record: SortedRun) -> [Cell] {
        let words = record.words
        return details.cells(
            words.span, at: record.start + 1 + layout.full.words + layout.sumWords)
    }
}

extension QueryEngine {
    /// Groups the rows that match, or the conversations that they are joined to.
    ///
    /// - Parameters:
    ///   - order: by what, the largest first; nil: by key.
    ///   - limit: groups that are wanted; 0 = all.
    ///   - hasTimes: whether first start and last end are wanted.
    func collect(
        _ request: QueryRequest, _ keys: [KeyPlan], order: GroupOrder?, limit: Int,
        hasTimes: Bool = false
    ) throws -> RankedGroups {
        let details = try DetailPlan(request)
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let isJoined = request.bidirectional
        let layout = GroupLayout(
            keys, hasReverse: isJoined || blocks.contains { $0.hasReverse },
            hasTimes: hasTimes || order == .pps || order == .bps)
        let memory = GroupMemory(
            octets: isJoined ? request.memory / 2 : request.memory, workers: workers,
            sinksOfWorker: 1 + details.sinks)
        let seed = UInt64.random(in: 0...UInt64.max)
        let plan = isJoined ? .ofConversations : plan(request)
        // The parts of what is counted apart are those of its groups.
        let addressParts = details.sinks == 0 && layout.keysAreAddresses ? AddressParts() : nil
        let scans = try (0..<workers).map { _ in
            GroupScan(plan, try details.feeds(keys, layout, seed: seed, memory, addressParts))
        }
        var footing = ScanFooting()
        if isJoined {
            footing = try scanConversations(request, into: scans)
        } else {
            forEachBlock(blocks.count, workers: workers) { worker, index in
                scans[worker].process(blocks[index])
            }
            for scan in scans { footing.add(scan.scan.footing) }
        }
        for scan in scans { if let failure = scan.failure { throw failure } }

        let sinks = scans.map { $0.feeds.map(\.sink) }
        let layouts = sinks[0].dropFirst().map(\.layout)
        let merges = (0..<workers).map { _ in
            GroupMerge(
                layout,
                GroupRanking(
                    layout, detailWords: details.words, order: order, limit: limit,
                    memory: memory),
                GroupDetails(details, layouts: layouts, seed: seed), seed: seed)
        }
        forEachBlock(GroupSink.parts, workers: workers) { worker, part in
            merges[worker].process(part, of: sinks)
        }
        var runs: [SortedRun] = []
        var (count, whole, estimates) = (UInt64(0), UInt64(0), UInt64(0))
        for merge in merges {
            if let failure = merge.failure { throw failure }
            runs += merge.ranking.finish()
            count += merge.ranking.count
            whole = whole.clampedAdding(merge.ranking.whole)
            estimates += merge.details.estimates
        }
        return RankedGroups(
            layout: layout, details: details, records: try SortedRecords(runs), count: count,
            whole: whole, estimates: estimates, footing: footing)
    }
}
