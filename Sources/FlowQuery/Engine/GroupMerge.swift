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
    func collect(_ question: GroupQuestion) throws -> RankedGroups {
        let works = try scan([question])
        return try works[0].ranked()
    }

    /// Reads the rows that match once for all questions, which are about the same ones and share the memory.
    func scan(_ questions: [GroupQuestion]) throws -> [GroupWork] {
        guard let request = questions.first?.request else { return [] }
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let isJoined = request.bidirectional
        precondition(!isJoined || questions.count == 1, "conversations are joined for one question")
        let octets = (questions.map(\.request.memory).min() ?? 0) / questions.count
        let hasReverse = isJoined || blocks.contains { $0.hasReverse }
        let works = try questions.map {
            try GroupWork(
                $0, hasReverse: hasReverse, octets: isJoined ? octets / 2 : octets, workers: workers
            )
        }
        let plan = isJoined ? .ofConversations : plan(request)
        let scans = (0..<workers).map { worker in
            GroupScan(plan, works.flatMap { $0.feeds[worker] })
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
        for work in works { work.footing = footing }
        return works
    }
}
