import FlowModel
import FlowStore

extension QueryEngine {
    /// How a request would be answered: its filter, what the summaries spare, the columns read.
    ///
    /// Looks at the summaries only.
    public func explain(_ request: QueryRequest) -> String {
        prepared(for: request).explainPrepared(request) + explainLeaders(request)
    }

    /// Whether rollups may tell the largest groups before any of that is read.
    private func explainLeaders(_ request: QueryRequest) -> String {
        guard let plan = leadingPlan(request) else { return "" }
        return """

            leaders  first those that \(plan.listed.count) rollups list; flows only of those that they leave open
            """
    }

    private func explainPrepared(_ request: QueryRequest) -> String {
        let plan = plan(request)
        let scan = BlockScan(plan)
        var counts = (pruned: blocksPassedOver, whole: 0, evaluated: 0)
        var rows = 0
        var hasReverse = false
        for block in blocks {
            let triage = scan.triage(block)
            hasReverse = hasReverse || triage != .none && block.hasReverse
            switch triage {
            case .none: counts.pruned += 1
            case .all: counts.whole += 1
            case .some:
                counts.evaluated += 1
                rows += block.rows
            }
        }
        let filter =
            FilterPlan.window(of: request).map { .and([$0, request.filter]) } ?? request.filter
        let threads = workerCount(asked: request.threads, blocks: blocks.count)
        return """
            filter   \(filter.explained)
            answer   \(request.answerExplained)
            blocks   \(blocks.count + blocksPassedOver): \(counts.pruned) spared by their summaries, \
            \(counts.whole) taken whole, \(counts.evaluated) to be filtered
            rows     \(rows) to be filtered
            columns  \(columns(request, plan, hasReverse).map(\.name).joined(separator: ", "))
            threads  \(threads)
            """ + rollups.notes.map { "\nrollups  \($0)" }.joined()
    }

    /// The columns that the filter or the answer may read, in the order of their numbers.
    private func columns(
        _ request: QueryRequest, _ plan: ScanPlan, _ hasReverse: Bool
    ) -> [Field] {
        var quantities: [Quantity] = []
        for leaf in plan.filter.leaves {
            quantities.append(leaf.quantity)
            if case .equals(let field) = leaf.condition { quantities.append(.field(field)) }
        }
        let reverse: [Quantity] = [.field(.rpackets), .field(.rbytes)]
        let sums = [.field(.packets), .field(.bytes)] + (hasReverse ? reverse : [])
        switch request.kind {
        case .total: quantities += sums + [.duration]
        case .groups(let keys, let order, _):
            quantities += sums + keys.map { .field($0.field) }
            if order == .pps || order == .bps { quantities.append(.duration) }
        case .series(_, let keys):
            quantities += sums + [.field(.start)] + keys.map { .field($0.field) }
        case .flows(let outputs, let sort, _):
            for output in outputs {
                switch output {
                case .quantity(let quantity): quantities.append(quantity)
                case .other: quantities.append(.field(.other))
                }
            }
            if let sort { quantities.append(sort.quantity) }
        }
        quantities += request.distinct.map { .field($0.field) }
        quantities += request.statistics.map(\.quantity)
        if request.bidirectional { quantities += Quantity.ofConversations + reverse }
        if request.spread { quantities.append(.duration) }
        return Set(quantities.flatMap(\.fields)).sorted { $0.rawValue < $1.rawValue }
    }
}

extension QueryRequest {
    /// What kind of answer is wanted, in words.
    fileprivate var answerExplained: String {
        kind.explained + (bidirectional ? ", joined to conversations" : "")
            + (spread ? ", flows divided over them" : "")
    }
}

extension QueryRequest.Kind {
    fileprivate var explained: String {
        func names(_ keys: [GroupKey]) -> String { keys.map(\.name).joined(separator: ", ") }
        switch self {
        case .total: return "total"
        case .groups(let keys, let order, let top):
            return "groups by \(names(keys)), largest \(order.rawValue) first"
                + (top > 0 ? ", \(top) of them" : "")
        case .series(let step, let keys):
            return "buckets of \(step) ms" + (keys.isEmpty ? "" : " by \(names(keys))")
        case .flows(_, let sort, let limit):
            let order = sort.map {
                "by \(FlowOutput.quantity($0.quantity).column.name), "
                    + ($0.descending ? "largest first" : "smallest first")
            }
            return "flows \(order ?? "in the order stored")"
                + (limit > 0 ? ", \(limit) of them" : "")
        }
    }
}

extension FlowExpression {
    /// The filter in words; what is long is cut.
    fileprivate var explained: String {
        switch self {
        case .constant(let value): return value ? "any" : "none"
        case .and(let operands):
            return "(" + operands.map(\.explained).joined(separator: " and ") + ")"
        case .or(let operands):
            return "(" + operands.map(\.explained).joined(separator: " or ") + ")"
        case .not(let operand): return "not \(operand.explained)"
        case .test(let quantity, let condition):
            let name = FlowOutput.quantity(quantity).column.name
            switch condition {
            case .inRanges(let ranges): return "\(name) \(Self.list(ranges, largest: .max))"
            case .inAddresses(let ranges): return "\(name) \(Self.list(ranges, largest: nil))"
            case .masked(let mask, let value): return "\(name) & \(mask) = \(value)"
            case .equals(let field): return "\(name) = \(field.name)"
            case .isPresent: return "\(name) present"
            case .element(let test): return test.description
            }
        }
    }

    private static func list<Bound>(_ ranges: [ClosedRange<Bound>], largest: Bound?) -> String {
        let shown = ranges.prefix(8).map { range in
            range.lowerBound == range.upperBound
                ? "\(range.lowerBound)"
                : range.upperBound == largest
                    ? "≥ \(range.lowerBound)" : "\(range.lowerBound)–\(range.upperBound)"
        }
        let rest = ranges.count > 8 ? " and \(ranges.count - 8) more" : ""
        return "[" + shown.joined(separator: ", ") + "]" + rest
    }
}
