import FlowModel
import FlowStore

extension QueryEngine {
    /// Answers several requests one after the other, each as ``run(_:into:)`` would, but reads flows once for
    /// all that group the same ones; these share the least memory that one of them allows.
    ///
    /// - Parameter writers: one for each request, used in this order.
    public func run(_ requests: [QueryRequest], into writers: [any AnswerWriter]) throws {
        precondition(requests.count == writers.count)
        for request in requests { try check(request) }
        var engines: [QueryEngine?] = []
        for request in requests {
            let isLeading = leadingPlan(request) != nil
            engines.append(isLeading ? nil : prepared(for: request))
        }
        var works: [Int: (GroupQuestion, GroupWork)] = [:]
        for places in sharing(requests, engines) {
            guard var engine = engines[places[0]] else { continue }
            if !requests[places[0]].mentions(.service),
                places.contains(where: { requests[$0].mentions(.service) })
            {
                engine.blocks = engine.blocks.map(ServiceBlock.init)
            }
            let questions = try places.compactMap { try engine.question(requests[$0]) }
            for (place, found) in zip(places, zip(questions, try engine.scan(questions))) {
                works[place] = found
            }
        }
        for (place, (request, writer)) in zip(requests, writers).enumerated() {
            if let (question, work) = works.removeValue(forKey: place), let engine = engines[place]
            {
                var groups = try work.ranked()
                try engine.tell(&groups, of: question, writer)
            } else if let engine = engines[place] {
                try engine.answer(request, writer)
            } else {
                try run(request, into: writer)
            }
        }
    }

    /// How several requests would be answered, and how many of them one scan of flows answers together.
    public func explain(_ requests: [QueryRequest]) -> String {
        let engines = requests.map { leadingPlan($0) == nil ? prepared(for: $0) : nil }
        let together = sharing(requests, engines).map {
            "together \($0.count) of these answers, by one scan of the flows"
        }
        return (requests.map(explain) + together).joined(separator: "\n\n")
    }

    /// Places of requests that one scan of flows answers; those that rollups answer are not among them.
    private func sharing(_ requests: [QueryRequest], _ engines: [QueryEngine?]) -> [[Int]] {
        var sharing: [[Int]] = []
        for (place, request) in requests.enumerated() where request.isGrouping {
            guard let engine = engines[place], engine.rollups.uses.isEmpty else { continue }
            if let found = sharing.firstIndex(where: { requests[$0[0]].asksOfTheSame(as: request) })
            {
                sharing[found].append(place)
            } else {
                sharing.append([place])
            }
        }
        return sharing.filter { $0.count > 1 }
    }
}

extension QueryRequest {
    /// Whether flows themselves are grouped, so that a scan for others can take it along.
    fileprivate var isGrouping: Bool {
        if bidirectional || spread { return false }
        return switch kind {
        case .groups, .series: true
        case .total: hasDetails
        case .flows: false
        }
    }

    /// Whether the same flows count in both, with the same counters.
    fileprivate func asksOfTheSame(as other: QueryRequest) -> Bool {
        filter == other.filter && from == other.from && to == other.to && overlap == other.overlap
            && raw == other.raw && kind.isSeries == other.kind.isSeries
    }
}
