public import FlowEnrichment
public import FlowModel
public import FlowStore

/// Answers requests over the blocks of a store.
///
/// The work is shared over threads block by block; an answer does not depend on how many there are.
public struct QueryEngine {
    var blocks: [any BlockSource]
    let rates: RateTable
    /// What stands in for flows.
    private(set) var rollups = RollupFooting()
    /// What the user knows better of countries.
    private var overrides: GeoOverrides?
    /// What the user knows better of sampling.
    private(set) var rateOverrides: RateOverrides?
    let store: StoreReader?
    /// Who asks it to end; the blocks look at it.
    private(set) var stop: QueryStop?
    private let window: StoreWindow
    /// Blocks of segments that were not opened, as they lie outside the window.
    let blocksPassedOver: Int
    /// Flows of which the largest addresses are found by rollups; fewer are counted as soon.
    var leadingFlowsMin: UInt64 = 1 << 19
    private let segmentsDamaged: Int
    private let rowsDamaged: UInt64

    /// - Parameters:
    ///   - blocks: what to search, in the order stored.
    ///   - rates: the sampling rates for rows that do not carry theirs.
    public init(blocks: [any BlockSource], rates: SamplingRates) {
        self.blocks = blocks
        self.rates = RateTable(rates)
        store = nil
        window = StoreWindow()
        blocksPassedOver = 0
        segmentsDamaged = 0
        rowsDamaged = 0
    }

    /// An engine over a store as it is now; what could not be opened of it is in every footing.
    ///
    /// It answers requests within the window for which the store was opened.
    public init(_ store: StoreReader) {
        self.store = store
        blocks = store.blocks
        rates = RateTable(store.rates)
        window = store.window
        blocksPassedOver = store.passedOver.reduce(0) { $0 + $1.blocks }
        segmentsDamaged = store.damaged.count
        rowsDamaged = store.damaged.reduce(0) { $0 &+ $1.info.rows }
    }

    /// The same engine, but countries are what the user knows better; nil: as they were stored.
    public func overridden(by overrides: GeoOverrides?) -> QueryEngine {
        guard let overrides, !overrides.isEmpty else { return self }
        var engine = self
        engine.overrides = overrides
        engine.blocks = blocks.map { OverriddenBlock($0, overrides) }
        return engine
    }

    /// The same engine, but sampling rates are what the user knows better; nil: as exporters say.
    public func overridden(by overrides: RateOverrides?) -> QueryEngine {
        guard let overrides, !overrides.isEmpty else { return self }
        var engine = self
        engine.rateOverrides = overrides
        engine.blocks = blocks.map { Self.rated($0, overrides) }
        return engine
    }

    private static func rated(
        _ block: any BlockSource, _ overrides: RateOverrides
    ) -> any BlockSource {
        overrides.maySpeak(of: block) ? RatedBlock(block, overrides) : block
    }

    /// Answers one request.
    ///
    /// Throws ``QueryError`` where the request makes no sense, and what the writer throws.
    public func run(_ request: QueryRequest, into writer: any AnswerWriter) throws {
        try check(request)
        if try answerFromLeaders(request, writer) { return }
        try prepared(for: request).answer(request, writer)
    }

    /// The same engine, but it reads blocks only until `stop` asks it to end.
    func stopped(by stop: QueryStop) -> QueryEngine {
        var engine = self
        engine.stop = stop
        engine.blocks = blocks.map { StoppableBlock($0, stop) }
        return engine
    }

    /// Throws where a request makes no sense.
    func check(_ request: QueryRequest) throws {
        if case .flows = request.kind, request.hasDetails { throw QueryError.notOfFlows }
        precondition(window.covers(request.window), "the store was opened for another time")
        if request.bidirectional, !request.kind.isList {
            guard !request.spread else {
                throw QueryError.notTogether("--bidirectional", "series without --spread")
            }
            try checkConversations(have: request.groupedQuantities)
        }
        if request.spread, !request.kind.isSeries {
            throw QueryError.notTogether("--spread", "--series")
        }
        if request.spread, request.hasDetails {
            throw QueryError.notTogether(
                request.distinct.isEmpty ? "--stats" : "--distinct",
                "groups, totals and series without --spread")
        }
    }

    /// The engine over what answers a request: flows, or rollups of them.
    func prepared(for request: QueryRequest) -> QueryEngine {
        var engine = self
        if let store, !store.rollups.isEmpty || store.expired != nil {
            // Rollups were made of the countries as stored.
            var asked = request
            if overrides != nil, request.mentions(.srcgeo) || request.mentions(.dstgeo) {
                asked.rollups = false
            }
            let plan = RollupPlan(asked, store, rateOverrides)
            engine.blocks = plan.blocks
            if let overrides {
                engine.blocks = plan.blocks.map {
                    $0.isRollup ? $0 : OverriddenBlock($0, overrides)
                }
            }
            if let rateOverrides {
                engine.blocks = engine.blocks.map {
                    $0.isRollup ? $0 : Self.rated($0, rateOverrides)
                }
            }
            engine.rollups = plan.footing
            if let stop { engine.blocks = engine.blocks.map { StoppableBlock($0, stop) } }
        }
        if request.mentions(.service) { engine.blocks = engine.blocks.map(ServiceBlock.init) }
        return engine
    }

    func answer(_ request: QueryRequest, _ writer: any AnswerWriter) throws {
        if let question = try question(request) {
            var groups = try collect(question)
            return try tell(&groups, of: question, writer)
        }
        switch request.kind {
        case .total: try total(request, writer)
        case .groups: preconditionFailure("groups are a question")
        case .series(let step, let keys):
            try spreadSeries(request, step: step, keys: keys, writer)
        case .flows(let fields, let sort, let limit):
            if request.bidirectional {
                try conversations(request, fields, sort: sort, limit: limit, writer)
            } else if let sort {
                try sortedFlows(request, fields, sort: sort, limit: limit, writer)
            } else {
                try storedFlows(request, fields, limit: limit, writer)
            }
        }
    }

    /// What every worker shares.
    func plan(_ request: QueryRequest) -> ScanPlan {
        let filter = FilterPlan(request)
        var usesSampling = filter.usesSampling
        var placesInTime = request.from != nil || request.to != nil
        switch request.kind {
        case .total, .groups: usesSampling = true
        case .series:
            usesSampling = true
            placesInTime = true
        case .flows(let fields, let sort, _):
            usesSampling =
                usesSampling || fields.contains { $0.usesSampling }
                || sort?.quantity.usesSampling ?? false
        }
        return ScanPlan(
            filter: filter, rates: rates, raw: request.raw,
            countsUnknownRates: usesSampling && !request.raw, placesInTime: placesInTime)
    }

    /// The footing of the whole answer.
    func footing(_ parts: ScanFooting) -> Footing {
        var footing = Footing()
        footing.blocks = blocks.count + blocksPassedOver
        footing.blocksPruned = parts.blocksPruned + blocksPassedOver
        footing.rowsScanned = parts.rowsScanned
        footing.flowsOfUnknownRate = parts.flowsOfUnknownRate
        footing.flowsWithoutStart = parts.flowsWithoutStart
        footing.blocksDamaged = parts.blocksDamaged
        footing.segmentsDamaged = segmentsDamaged
        footing.rollups = rollups
        footing.rowsDamaged = parts.rowsDamaged.clampedAdding(rowsDamaged)
        return footing
    }

    /// The columns of a total.
    func totalColumns(_ hasReverse: Bool, joined: Bool = false) -> [AnswerColumn] {
        sumColumns(hasReverse, joined: joined) + [
            AnswerColumn(name: "first", meaning: .instant),
            AnswerColumn(name: "last", meaning: .instant),
        ]
    }

    /// The columns of sums: those of the reverse direction only where flows have them.
    ///
    /// - Parameter joined: whether conversations are counted.
    func sumColumns(_ hasReverse: Bool, joined: Bool = false) -> [AnswerColumn] {
        ([joined ? "conversations" : "flows", "packets", "bytes"]
            + (hasReverse ? ["rpackets", "rbytes"] : []))
            .map { AnswerColumn(count: $0) }
    }
}

extension GroupSums {
    /// The cells of ``QueryEngine/sumColumns(_:)``.
    func cells(_ hasReverse: Bool) -> [Cell] {
        let forward: [Cell] = [.number(flows), .number(packets), .number(bytes)]
        return hasReverse ? forward + [.number(reversePackets), .number(reverseBytes)] : forward
    }
}

extension QueryRequest {
    /// What is grouped by and counted apart.
    fileprivate var groupedQuantities: [Quantity] {
        (kind.keys + distinct).map { .field($0.field) } + statistics.map(\.quantity)
    }
}

extension QueryRequest.Kind {
    /// Whether flows themselves are wanted.
    fileprivate var isList: Bool { if case .flows = self { true } else { false } }
    /// Whether time buckets are wanted.
    var isSeries: Bool { if case .series = self { true } else { false } }
    /// What is grouped by.
    fileprivate var keys: [GroupKey] {
        switch self {
        case .groups(let keys, _, _), .series(_, let keys): keys
        case .total, .flows: []
        }
    }
}
