import FlowModel
import FlowStore

extension QueryEngine {
    /// One row over all flows.
    func total(_ request: QueryRequest, _ writer: any AnswerWriter) throws {
        let plan = plan(request)
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let scans = (0..<workers).map { _ in TotalScan(plan) }
        forEachBlock(blocks.count, workers: workers) { worker, index in
            scans[worker].add(blocks[index], at: index)
        }
        var totals = scans.flatMap(\.totals).sorted { $0.place < $1.place }
        let times = settleTimes(&totals, scans[0])

        var sums = GroupSums()
        var parts = ScanFooting()
        for total in totals {
            sums.flows = sums.flows.clampedAdding(total.sums.flows)
            sums.packets = sums.packets.clampedAdding(total.sums.packets)
            sums.bytes = sums.bytes.clampedAdding(total.sums.bytes)
            sums.reversePackets = sums.reversePackets.clampedAdding(total.sums.reversePackets)
            sums.reverseBytes = sums.reverseBytes.clampedAdding(total.sums.reverseBytes)
            parts.add(total.footing)
        }
        try writer.begin(columns: totalColumns(parts.hasReverse))
        try writer.row(
            sums.cells(parts.hasReverse) + [
                times.first.map { .number($0) } ?? .null, times.last.map { .number($0) } ?? .null,
            ])
        try writer.end(footing: footing(parts))
    }

    /// Finds the earliest start and the latest end, reading the times only of blocks that may have them.
    ///
    /// Which those are follows from the summaries and from what the blocks before them had, in an order
    /// that does not depend on threads: a block that turns out to be damaged is taken out of the totals,
    /// and the search begins again without it.
    private func settleTimes(_ totals: inout [BlockTotal], _ scan: TotalScan) -> FlowTimes {
        while true {
            var times = FlowTimes()
            for total in totals { if let known = total.times { times.add(known) } }
            var damaged: Int?
            let open = totals.indices.filter {
                totals[$0].times == nil && totals[$0].sums.flows > 0
            }
            func read(_ index: Int) {
                guard damaged == nil, totals[index].times == nil else { return }
                if let known = scan.times(of: blocks[totals[index].place]) {
                    totals[index].times = known
                    times.add(known)
                } else {
                    damaged = index
                }
            }
            func range(_ field: Field, _ index: Int) -> ClosedRange<UInt64>? {
                blocks[totals[index].place].summary(of: field)?.range
            }
            let byStart = open.compactMap { index in
                range(.start, index).map { (time: $0.lowerBound, index: index) }
            }
            for (time, index) in byStart.sorted(by: { $0 < $1 })
            where times.first.map({ time < $0 }) ?? true {
                read(index)
            }
            let byEnd = open.compactMap { index in
                range(.end, index).map { (time: $0.upperBound, index: index) }
            }
            for (time, index) in byEnd.sorted(by: { $0 > $1 })
            where times.last.map({ time > $0 }) ?? true {
                read(index)
            }
            guard let index = damaged else { return times }
            totals[index] = BlockTotal(place: totals[index].place)
            totals[index].footing.blocksDamaged = 1
            totals[index].footing.rowsDamaged = UInt64(blocks[totals[index].place].rows)
        }
    }
}
