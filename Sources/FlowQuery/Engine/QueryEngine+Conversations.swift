import FlowModel
import FlowStore

extension QueryEngine {
    /// Conversations: flows of one protocol between two sides, whichever way they go, joined to a row.
    func conversations(
        _ request: QueryRequest, _ fields: [FlowOutput], sort: FlowSort?, limit: Int,
        _ writer: any AnswerWriter
    ) throws {
        let asked = fields.map(\.quantity).filter { !Quantity.neverOfConversations.contains($0) }
        try checkConversations(have: asked + [sort?.quantity].compactMap(\.self))
        let (table, parts) = try joinFlows(request)
        let layout = RowLayout(fields, sortedBy: sort?.quantity)
        let sorting = ConversationSorting(
            fields.map(\.quantity), sort,
            limit: limit <= request.memory / 16 / MemoryLayout<FlowRank>.stride ? limit : 0,
            RowSorter(layout, memory: request.memory / 4))
        try table.forEach { try sorting.add(ConversationView($0)) }
        try sorting.finish()

        try writer.begin(columns: fields.map(\.column))
        var written = 0
        try RunMerge([sorting.sorter], layout, memory: request.memory / 8).forEach { cells in
            try writer.row(cells)
            written += 1
            return limit == 0 || written < limit
        }
        try writer.end(footing: footing(parts))
    }

    /// Joins the flows that match to conversations, and hands these to `scans` as rows of blocks.
    func scanConversations(_ request: QueryRequest, into scans: [GroupScan]) throws -> ScanFooting {
        let (table, footing) = try joinFlows(request)
        let blocks = scans.map { ConversationBlocks(into: $0) }
        forEachBlock(table.partCount, workers: scans.count) { worker, part in
            blocks[worker].process(part, of: table, workers: scans.count)
        }
        forEachBlock(blocks.count, workers: blocks.count) { _, index in blocks[index].finish() }
        for block in blocks { if let failure = block.failure { throw failure } }
        return footing
    }

    /// Throws where a request wants something else of conversations than they have.
    func checkConversations(have quantities: [Quantity]) throws {
        for quantity in quantities where !Quantity.ofConversations.contains(quantity) {
            throw QueryError.notOfConversations(FlowOutput.quantity(quantity).column.name)
        }
    }

    private func joinFlows(
        _ request: QueryRequest
    ) throws -> (table: RecordTable<Conversation>, footing: ScanFooting) {
        let plan = plan(request)
        let table = RecordTable(Conversation(), memory: request.memory / 2)
        let workers = workerCount(asked: request.threads, blocks: blocks.count)
        let scans = (0..<workers).map { _ in ConversationScan(plan, into: table) }
        forEachBlock(blocks.count, workers: workers) { worker, index in
            scans[worker].process(blocks[index], number: index)
        }
        var footing = ScanFooting()
        for scan in scans {
            scan.finish()
            if let failure = scan.failure { throw failure }
            footing.add(scan.scan.footing)
        }
        footing.hasReverse = true
        return (table, footing)
    }
}

extension ScanPlan {
    /// The plan for blocks of conversations: all of them, as they are.
    static var ofConversations: ScanPlan {
        ScanPlan(
            filter: FilterPlan(QueryRequest(filter: .constant(true), kind: .total)),
            rates: RateTable(SamplingRates()), raw: true, countsUnknownRates: false,
            placesInTime: false)
    }
}

extension FlowOutput {
    /// What the column is made of.
    fileprivate var quantity: Quantity {
        switch self {
        case .quantity(let quantity): quantity
        case .other: .field(.other)
        }
    }
}

/// Brings conversations into an order, by way of a sorter, some at a time.
private final class ConversationSorting {
    let sorter: RowSorter

    private let fields: [Quantity]
    private let sort: FlowSort?
    /// The first ranks so far, where only these are wanted.
    private var leading: Leading<FlowRank>?
    private var ranks: [FlowRank] = []
    private var pending: [ConversationView] = []

    /// - Parameter limit: how many are wanted; 0 = all, or more than are worth counting.
    init(_ fields: [Quantity], _ sort: FlowSort?, limit: Int, _ sorter: RowSorter) {
        self.fields = fields
        self.sort = sort
        self.sorter = sorter
        if limit > 0 { leading = Leading(limit: limit) }
    }

    func add(_ conversation: ConversationView) throws {
        let rank = rank(conversation)
        if let leading, leading.elements.count == leading.limit, !(rank < leading.elements[0]) {
            return
        }
        leading?.offer(rank, by: <)
        pending.append(conversation)
        ranks.append(rank)
        if pending.count == pieceRows { try finish() }
    }

    /// Hands on what is still held.
    func finish() throws {
        let columns = fields.map { quantity -> FlowRows.Column in
            let values = pending.map { $0.value(quantity) }
            let present = values.map { UInt8($0 == nil ? 0 : 1) }
            if case .field(let field) = quantity, field.storage == .address {
                return .addresses(values.map { $0 ?? .v6Zero }, present: present)
            }
            return .numbers(values.map { $0?.low ?? 0 }, present: present)
        }
        let ranks = ranks
        try sorter.append(ranks.span, FlowRows(count: pending.count, columns: columns))
        self.ranks.removeAll()
        pending.removeAll(keepingCapacity: true)
    }

    private func rank(_ conversation: ConversationView) -> FlowRank {
        var rank = FlowRank(
            isAbsent: 0, high: 0, low: 0, position: conversation.position)
        guard let sort else { return rank }
        guard let value = conversation.value(sort.quantity) else {
            rank.isAbsent = 1
            return rank
        }
        let inversion: UInt64 = sort.descending ? .max : 0
        if case .field(let field) = sort.quantity, field.storage == .address {
            rank.high = value.high ^ inversion
        }
        rank.low = value.low ^ inversion
        return rank
    }
}
