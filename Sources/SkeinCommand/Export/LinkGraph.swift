import FlowModel
import FlowQuery

/// Flows added up to links between nodes, with the colours that rules give them.
struct LinkGraph {
    /// All flows of one source, event and target.
    struct Link {
        /// The keys: source, event and target, or source and target.
        let keys: [Cell]
        /// Their texts.
        let names: [String]
        let flows: UInt64
        let packets: UInt64
        let bytes: UInt64
        /// Of the first rule that one of its flows matches.
        var colour: String?

        var source: String { names[0] }
        var target: String { names[names.count - 1] }
        /// What joins them; nil where only source and target were asked for.
        var event: String? { names.count == 3 ? names[1] : nil }
    }

    /// The largest, as ordered.
    private(set) var links: [Link] = []
    /// Colours of sources, events and targets, by name.
    private(set) var colours: [ColourRule.Subject: [String: String]] = [:]
    /// Links in all; those beyond ``links`` are only counted.
    private(set) var linksInAll: UInt64 = 0
    /// Octets of all links.
    private(set) var bytesInAll: UInt64 = 0
    /// What the answer has to say of itself.
    private(set) var notes: [String] = []

    /// Links that are drawn where nothing else is said: about as many as a still picture shows apart.
    static let linksDefault = 200
    /// Links at most: beyond, it is a list that `skein query` gives.
    static let linksMax = 100_000

    /// - Parameters:
    ///   - request: which flows.
    ///   - keys: source, event and target, or source and target.
    ///   - rules: the first that fits counts.
    init(
        _ request: QueryRequest, _ keys: [GroupKey], order: GroupOrder, top: Int,
        rules: [(rule: ColourRule, filter: FlowExpression)], engine: QueryEngine, times: TimeText
    ) throws {
        precondition(keys.count == 2 || keys.count == 3)
        var question = request
        question.kind = .groups(by: keys, order: order, top: top)
        let answer = LinkRows(keys.count, times: times)
        try engine.run(question, into: answer)
        links = answer.links
        notes = answer.footing?.notes ?? []
        linksInAll = answer.footing?.groups ?? UInt64(links.count)

        question.kind = .total
        let total = AnswerRows()
        try engine.run(question, into: total)
        bytesInAll = total.rows.first?[total.place("bytes")].asNumber ?? 0

        for (rule, filter) in rules {
            question.filter = .and([request.filter, filter])
            try paint(rule, question, keys, engine, times)
        }
    }

    private mutating func paint(
        _ rule: ColourRule, _ request: QueryRequest, _ keys: [GroupKey], _ engine: QueryEngine,
        _ times: TimeText
    ) throws {
        let key: GroupKey
        switch rule.subject {
        case .link:
            var places: [[Cell]: Int] = [:]
            for (place, link) in links.enumerated() where link.colour == nil {
                places[link.keys] = place
            }
            if places.isEmpty { return }
            var painted: [Int] = []
            try Self.each(keys, request, engine) { cells in
                if let place = places[Array(cells)] { painted.append(place) }
            }
            for place in painted { links[place].colour = rule.colour }
            return
        case .source: key = keys[0]
        case .event:
            guard keys.count == 3 else { return }
            key = keys[1]
        case .target: key = keys[keys.count - 1]
        }
        var given = colours[rule.subject] ?? [:]
        let place = rule.subject == .source ? 0 : rule.subject == .event ? 1 : keys.count - 1
        let known = Dictionary(
            links.map { ($0.keys[place], $0.names[place]) }, uniquingKeysWith: { first, _ in first }
        )
        try Self.each([key], request, engine) { cells in
            if let cell = cells.first, let name = known[cell], given[name] == nil {
                given[name] = rule.colour
            }
        }
        colours[rule.subject] = given
    }

    /// Hands over the keys of every group.
    private static func each(
        _ keys: [GroupKey], _ request: QueryRequest, _ engine: QueryEngine,
        _ body: @escaping (ArraySlice<Cell>) -> Void
    ) throws {
        var request = request
        request.kind = .groups(by: keys, order: .bytes, top: 0)
        try engine.run(request, into: KeyRows(keys.count, body))
    }
}

/// Takes the links of an answer.
private final class LinkRows: AnswerWriter {
    private(set) var links: [LinkGraph.Link] = []
    private(set) var footing: Footing?
    private let keys: Int
    private let times: TimeText
    private var texts: [CellText] = []
    private var places = (flows: 0, packets: 0, bytes: 0)

    init(_ keys: Int, times: TimeText) {
        self.keys = keys
        self.times = times
    }

    func begin(columns: [AnswerColumn]) {
        texts = columns.prefix(keys).map { CellText($0, times: times) }
        func place(_ name: String) -> Int {
            columns.lastIndex { $0.name == name } ?? columns.count - 1
        }
        places = (place("flows"), place("packets"), place("bytes"))
    }

    func row(_ cells: [Cell]) {
        links.append(
            LinkGraph.Link(
                keys: Array(cells.prefix(keys)),
                names: zip(texts, cells).map { $0($1) },
                flows: cells[places.flows].asNumber ?? 0,
                packets: cells[places.packets].asNumber ?? 0,
                bytes: cells[places.bytes].asNumber ?? 0))
    }

    func end(footing: Footing) { self.footing = footing }
}

/// Takes the keys of an answer's groups, however many there are.
private final class KeyRows: AnswerWriter {
    private let keys: Int
    private let body: (ArraySlice<Cell>) -> Void

    init(_ keys: Int, _ body: @escaping (ArraySlice<Cell>) -> Void) {
        self.keys = keys
        self.body = body
    }

    func begin(columns: [AnswerColumn]) {}
    func row(_ cells: [Cell]) { body(cells.prefix(keys)) }
    func end(footing: Footing) {}
}
