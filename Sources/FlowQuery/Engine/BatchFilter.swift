public import FlowModel
import FlowStore

/// A filter that is asked of flows as they arrive, batch by batch.
///
/// It is the engine's own evaluation, on the columns that the filter looks at and no others. Not shared
/// between threads.
public final class BatchFilter {
    private var scan: BlockScan
    private let filter: FlowExpression
    private let encoder = BlockEncoder(usesNumberDictionaries: false)
    private var rates: SamplingRates
    private var overrides: RateOverrides?

    /// - Parameters:
    ///   - filter: which flows.
    ///   - rates: the sampling rates for flows that do not carry theirs.
    public init(
        _ filter: FlowExpression, rates: SamplingRates = SamplingRates(),
        overrides: RateOverrides? = nil
    ) {
        self.filter = filter
        self.rates = rates
        self.overrides = overrides
        scan = Self.scan(filter, rates)
    }

    /// Whether it is passed by every flow.
    public var isEverything: Bool { filter == .constant(true) }

    /// Goes on with other rates.
    public func replaceRates(by rates: SamplingRates, _ overrides: RateOverrides?) {
        self.rates = rates
        self.overrides = overrides
        scan = Self.scan(filter, rates)
    }

    private static func scan(_ filter: FlowExpression, _ rates: SamplingRates) -> BlockScan {
        let engine = QueryEngine(blocks: [], rates: rates)
        return BlockScan(
            engine.plan(
                QueryRequest(filter: filter, kind: .flows(fields: [], sort: nil, limit: 0))))
    }

    /// Appends the rows that pass, ascending.
    public func select(_ batch: FlowBatch, into rows: inout [Int32]) {
        guard batch.count > 0 else { return }
        if isEverything {
            for row in 0..<Int32(batch.count) { rows.append(row) }
            return
        }
        var block: any BlockSource = BatchBlock(batch, by: encoder)
        if let overrides, overrides.maySpeak(of: block) { block = RatedBlock(block, overrides) }
        if FlowExpression.mentionsService(filter) { block = ServiceBlock(block) }
        scan.process(block) {
            let (count, selection) = (scan.selectedCount, scan.selection)
            rows.reserveCapacity(rows.count + count)
            if scan.selectsAll {
                for row in 0..<Int32(batch.count) { rows.append(row) }
            } else {
                let chosen = selection.span
                for place in 0..<count { rows.append(Int32(chosen[place])) }
            }
        }
    }
}

extension FlowExpression {
    /// Whether a test looks at ``Field/service``, which is derived.
    fileprivate static func mentionsService(_ filter: FlowExpression) -> Bool {
        switch filter {
        case .constant: false
        case .test(let quantity, _): quantity == .field(.service)
        case .and(let operands), .or(let operands): operands.contains { mentionsService($0) }
        case .not(let operand): mentionsService(operand)
        }
    }
}
