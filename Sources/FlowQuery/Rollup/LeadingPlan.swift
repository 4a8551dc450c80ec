import FlowModel
import FlowStore

/// Which rollups tell of the largest addresses, and which flows are to be counted beside them.
struct LeadingPlan {
    /// What the groups are of.
    let field: Field
    /// The blocks of the dimension, all parts, of each rollup.
    private(set) var listed: [[RollupBlock]] = []
    /// Places of the blocks of flows that none of them counts.
    private(set) var flows: [Range<Int>] = []
    /// Blocks of the flows that they count.
    private(set) var blocksListed = 0
    private(set) var footing = RollupFooting()

    /// Groups that may be asked for, where rollups list a thousand.
    private static let topMax = 500

    /// nil where rollups do not tell, or where the flows are counted as soon: then the answer also has
    /// the number of groups.
    ///
    /// - Parameter flowsMin: flows that rollups must spare.
    init?(
        _ request: QueryRequest, _ store: StoreReader, _ overrides: RateOverrides?,
        flowsMin: UInt64
    ) {
        guard case .groups(let keys, .bytes, let top) = request.kind, keys.count == 1,
            case .field(let field)? = keys.first, field.storage == .address,
            (1...Self.topMax).contains(top), request.filter == .constant(true),
            store.segments.reduce(0, { $0 + $1.rows }) >= flowsMin,
            let question = RollupQuestion(request), question.dimension.fields == [field]
        else { return nil }
        if let expired = store.expired, (request.from ?? 0) <= expired { return nil }
        var plan = RollupPlan(question, request, store, overrides)
        let bySegment = Dictionary(grouping: store.rollups, by: \.segment)
        guard !plan.hasExpired(bySegment) else { return nil }
        self.field = field
        var spared: UInt64 = 0
        for (segment, range) in zip(store.segments, store.blocksOfSegment) {
            guard
                let (rollup, blocks) = plan.whole(
                    bySegment[segment.number] ?? [], where: { _ in true })
            else {
                flows.append(range)
                continue
            }
            let ofDimension = blocks.filter { $0.dimension == question.dimension }
            if question.isIncomplete(ofDimension) { spared += rollup.flows }
            listed.append(ofDimension)
            blocksListed += range.count
            plan.add(rollup)
        }
        flows.append((store.blocksOfSegment.last?.upperBound ?? 0)..<store.blocks.count)
        flows.removeAll(where: \.isEmpty)
        if spared < flowsMin { return nil }
        footing = plan.footing
    }
}
