import FlowModel
import FlowQuery

/// A rule about blocked questions, and those that go on.
final class QueryWatch {
    let rule: AlertRule
    private(set) var untracked: UInt64 = 0
    private var states: [Key: State] = [:]
    private let filter: BatchFilter
    private let sources: [String]
    private let limit: Int

    private struct Key: Hashable {
        var indicator: String
        var client: IPAddress
    }

    private struct State: OngoingAlert {
        var id: Int64
        var questions: UInt64 = 1
        var first: UInt64
        var last: UInt64
        /// When it was last told of.
        var told: UInt64
        /// When its last question was read.
        var seen: UInt64
        var isGrown = false

        func progress(_ time: UInt64) -> AlertProgress {
            AlertProgress(
                id: id, flows: questions, packets: 0, bytes: 0, first: first, last: last,
                direction: .outward, value: 0, time: time)
        }
    }

    init(_ rule: AlertRule, sources: [String], filter: BatchFilter, limit: Int) {
        self.rule = rule
        self.sources = sources
        self.filter = filter
        self.limit = limit
    }

    /// How many go on.
    var count: Int { states.count }

    /// Goes on where a watch of the same rule was.
    func inherit(_ old: QueryWatch) {
        states = old.states
        untracked = old.untracked
    }

    /// - Parameter now: when the questions were read, ms since 1970.
    func take(
        _ questions: [ListedQuery], at now: UInt64, inside: InsideNetworks, id: () -> Int64,
        news: (AlertNews) -> Void
    ) {
        for index in selected(questions) {
            let listed = questions[index]
            guard sources.isEmpty || listed.sources.contains(where: sources.contains) else {
                continue
            }
            // A clock that is ahead must not make alerts of the future.
            let time = min(listed.query.time ?? now, now)
            let key = Key(indicator: listed.indicator, client: listed.query.client)
            guard var state = states[key] else {
                guard states.count < limit else {
                    untracked += 1
                    continue
                }
                let number = id()
                states[key] = State(id: number, first: time, last: time, told: now, seen: now)
                let alert = Alert(
                    rule, listed, id: number, at: time, opened: now,
                    isInside: inside.contains(listed.query.client))
                news(.opened(alert, received: now))
                continue
            }
            state.questions = state.questions.adding(1)
            state.first = min(state.first, time)
            state.last = max(state.last, time)
            state.seen = now
            state.isGrown = true
            let isDue = now.since(state.told) >= rule.window
            if isDue {
                state.told = now
                state.isGrown = false
            }
            states[key] = state
            if isDue { news(.continued(state.progress(now), received: now)) }
        }
    }

    /// Those that the rule's filter takes; a question is a flow of its client to port 53.
    private func selected(_ questions: [ListedQuery]) -> [Int] {
        if filter.isEverything { return Array(questions.indices) }
        let batch = FlowBatch()
        for (row, listed) in questions.enumerated() {
            batch.columnForWriting(.srcip).set(listed.query.client, at: row)
            batch.columnForWriting(.srcport).set(UInt64(listed.query.port), at: row)
            batch.columnForWriting(.dstport).set(53, at: row)
        }
        batch.advance(by: questions.count)
        var rows: [Int32] = []
        filter.select(batch, into: &rows)
        return rows.map { Int($0) }
    }

    func tick(_ now: UInt64, figures: Bool, news: (AlertNews) -> Void) {
        states.tick(now, silence: rule.silence, figures: figures, news: news)
    }

    /// Takes over what was open when the program ended.
    func adopt(_ alert: Alert) {
        guard states.count < limit, let client = alert.source else { return }
        let key = Key(indicator: alert.indicator, client: client)
        guard states[key] == nil else { return }
        states[key] = State(
            id: alert.id, questions: alert.flows, first: alert.first, last: alert.last,
            told: alert.updated, seen: alert.updated)
    }
}

extension Alert {
    /// What a first question makes.
    fileprivate init(
        _ rule: AlertRule, _ listed: ListedQuery, id: Int64, at time: UInt64, opened: UInt64,
        isInside: Bool
    ) {
        self.init(rule: rule.name, kind: .dns, severity: rule.severity)
        self.id = id
        source = listed.query.client
        host = isInside ? listed.query.client : nil
        indicator = listed.indicator
        question = listed.query.name
        sourcePort = listed.query.port
        targetPort = 53
        flows = 1
        first = time
        last = time
        self.opened = opened
        updated = opened
        sources = listed.sources
        self = explained(by: listed.listings)
    }
}
