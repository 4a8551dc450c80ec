import FlowModel
import FlowStore

extension QueryEngine {
    /// Groups of flows that no rollup counts, which are looked at before the largest are known.
    private static let groupsOfFlows = 8192

    /// How rollups tell which groups are the largest; nil where they do not.
    func leadingPlan(_ request: QueryRequest) -> LeadingPlan? {
        store.flatMap { LeadingPlan(request, $0, rateOverrides, flowsMin: leadingFlowsMin) }
    }

    /// Answers with the largest groups where rollups tell which these are; false where they do not.
    ///
    /// Rollups of addresses list only the largest of each bucket, and the most that any other has. Together that
    /// leaves few that can be among the first; those of which some bucket does not tell are counted in the
    /// flows, by an index of their blocks. How many groups there are is not known then.
    func answerFromLeaders(_ request: QueryRequest, _ writer: any AnswerWriter) throws -> Bool {
        guard case .groups(let by, _, let top) = request.kind, let plan = leadingPlan(request)
        else { return false }
        let keys = try by.map { try KeyPlan($0) }
        var tally = LeadingTally()
        let window = (request.from ?? 0)...((request.to ?? .max).clampedSubtracting(1))
        do {
            for listed in plan.listed { try tally.add(listed, plan.field, window: window) }
        } catch is StoreError {
            // Rollups that cannot be read are told of where flows are counted.
            return false
        }
        if !plan.flows.isEmpty {
            var rest = self
            rest.blocks = plan.flows.flatMap { blocks[$0] }
            var groups = try rest.collect(
                GroupQuestion(
                    request: request, keys: keys, order: .bytes, limit: Self.groupsOfFlows))
            let listed = try groups.keyed(keys)
            tally.add(
                listed, hasOthers: groups.count > UInt64(listed.count), whole: groups.whole,
                groups.footing)
        }
        guard let leaders = tally.leaders(top: top) else { return false }
        var rows = leaders.known.map { (key: IPAddress?.some($0.key), sums: $0.sums) }
        var scanned = tally.footing
        // Where it does not matter when flows began, none is said to have no start.
        if !self.plan(request).placesInTime { scanned.flowsWithoutStart = 0 }
        if !leaders.open.isEmpty {
            var asked = request
            asked.filter = .test(
                .field(plan.field),
                .inAddresses(IntervalSet(leaders.open.map { $0...$0 }).ranges))
            var groups = try collect(GroupQuestion(request: asked, keys: keys, order: .bytes))
            rows += try groups.keyed(keys)
            scanned.rowsScanned += groups.footing.rowsScanned
            scanned.blocksPruned = groups.footing.blocksPruned
            scanned.blocksDamaged += groups.footing.blocksDamaged
            scanned.rowsDamaged += groups.footing.rowsDamaged
        } else {
            scanned.blocksPruned += plan.blocksListed
        }
        rows.sort { a, b in
            a.sums.bytes != b.sums.bytes
                ? a.sums.bytes > b.sums.bytes
                : a.key.map { key in b.key.map { key < $0 } ?? true } ?? false
        }
        try writer.begin(
            columns: keys.map(\.column) + sumColumns(scanned.hasReverse) + [
                AnswerColumn(name: "share", meaning: .number)
            ])
        for row in rows.prefix(top) {
            let share = tally.whole == 0 ? 0 : Double(row.sums.bytes) / Double(tally.whole)
            try writer.row(
                [row.key.map { .address($0) } ?? .null] + row.sums.cells(scanned.hasReverse)
                    + [.real(share)])
        }
        var footing = footing(scanned)
        footing.rollups = plan.footing
        try writer.end(footing: footing)
        return true
    }
}

extension RankedGroups {
    /// The groups with their keys, which are one address each.
    fileprivate mutating func keyed(
        _ keys: [KeyPlan]
    ) throws -> [(key: IPAddress?, sums: GroupSums)] {
        var rows: [(key: IPAddress?, sums: GroupSums)] = []
        while let record = try records.next() {
            var key: IPAddress?
            if case .address(let address)? = cells(of: record, keys).first { key = address }
            rows.append((key, sums(of: record)))
        }
        return rows
    }
}
