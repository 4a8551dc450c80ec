import FlowModel

/// One question's part in a scan: what each worker gathers for it, and what becomes of that.
final class GroupWork {
    /// Of each worker: the groups', then those of what is counted apart in them.
    let feeds: [[GroupFeed]]
    /// What is to be said of the scan.
    var footing = ScanFooting()

    private let question: GroupQuestion
    private let layout: GroupLayout
    private let details: DetailPlan
    private let memory: GroupMemory
    private let seed = UInt64.random(in: 0...UInt64.max)

    /// - Parameters:
    ///   - hasReverse: whether rows may have counters of the reverse direction.
    ///   - octets: memory that it may use.
    init(_ question: GroupQuestion, hasReverse: Bool, octets: Int, workers: Int) throws {
        self.question = question
        details = try DetailPlan(question.request)
        layout = GroupLayout(question.keys, hasReverse: hasReverse, hasTimes: question.hasTimes)
        memory = GroupMemory(octets: octets, workers: workers, sinksOfWorker: 1 + details.sinks)
        // The parts of what is counted apart are those of its groups.
        let addressParts = details.sinks == 0 && layout.keysAreAddresses ? AddressParts() : nil
        var feeds: [[GroupFeed]] = []
        for _ in 0..<workers {
            feeds.append(
                try details.feeds(question.keys, layout, seed: seed, memory, addressParts))
        }
        self.feeds = feeds
    }

    /// Puts together what the workers gathered, and ranks it.
    func ranked() throws -> RankedGroups {
        let sinks = feeds.map { $0.map(\.sink) }
        let layouts = sinks[0].dropFirst().map(\.layout)
        let merges = sinks.map { _ in
            GroupMerge(
                layout,
                GroupRanking(
                    layout, detailWords: details.words, order: question.order,
                    limit: question.limit, memory: memory),
                GroupDetails(details, layouts: layouts, seed: seed), seed: seed)
        }
        forEachBlock(GroupSink.parts, workers: merges.count) { worker, part in
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
