import FlowIntel
import FlowModel
import FlowQuery

/// A rule about listed peers, and the contacts that go on.
final class ContactWatch {
    let rule: AlertRule
    let filter: BatchFilter
    var states: [Key: State] = [:]
    private(set) var untracked: UInt64 = 0
    private let sources: [String]
    private let limit: Int
    private var selected: [Int32] = []
    /// Which sets of the sources of `judged` the rule is about, once asked.
    private var verdicts: [UInt32: Bool] = [:]
    private var judged: Matcher?

    /// The indicator is known by the first address of its range.
    struct Key: Hashable {
        var indicator: IPAddress
        var host: IPAddress
    }

    struct State: OngoingAlert {
        var id: Int64
        var flows: UInt64 = 0
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var first: UInt64
        var last: UInt64
        var direction: Alert.Direction
        /// When it was last told of.
        var told: UInt64
        /// When its last flow arrived.
        var seen: UInt64
        var isGrown = false
    }

    init(_ rule: AlertRule, sources: [String], filter: BatchFilter, limit: Int) {
        self.rule = rule
        self.sources = sources
        self.filter = filter
        self.limit = limit
    }

    func take(
        _ batch: FlowBatch, _ matches: [FlowMatch], _ matcher: Matcher, rates: BatchRates,
        inside: InsideNetworks, id: () -> Int64, news: (AlertNews) -> Void
    ) {
        if judged !== matcher {
            judged = matcher
            verdicts = [:]
        }
        let isFiltered = !filter.isEverything
        if isFiltered {
            selected.removeAll(keepingCapacity: true)
            filter.select(batch, into: &selected)
        }
        var rates = rates
        let columns = AlertColumns(batch)
        // Each half of the matches ascends, as the selection does.
        var place = 0
        var previous: Int32 = -1
        for match in matches {
            if isFiltered {
                if match.row < previous { place = 0 }
                previous = match.row
                while place < selected.count, selected[place] < match.row { place += 1 }
                guard place < selected.count, selected[place] == match.row else { continue }
            }
            guard isAbout(match.set, matcher) else { continue }
            let row = AlertRow(
                columns, Int(match.row), rate: rates.rate(columns, Int(match.row)))
            note(match, row, batch, matcher, inside, id, news)
        }
    }

    private func isAbout(_ set: UInt32, _ matcher: Matcher) -> Bool {
        if sources.isEmpty { return true }
        if let verdict = verdicts[set] { return verdict }
        let verdict = matcher.sources(inSet: set).contains {
            sources.contains(matcher.sources[$0])
        }
        verdicts[set] = verdict
        return verdict
    }

    private func note(
        _ match: FlowMatch, _ row: AlertRow, _ batch: FlowBatch, _ matcher: Matcher,
        _ inside: InsideNetworks, _ id: () -> Int64, _ news: (AlertNews) -> Void
    ) {
        guard let peer = match.isSource ? row.source : row.target else { return }
        let host = match.isSource ? row.target : row.source
        let range = matcher.segment(of: peer) ?? AddressRange(peer)
        let key = Key(indicator: range.first, host: host ?? .v6Zero)
        let direction: Alert.Direction = match.isSource ? .inward : .outward
        guard let index = states.index(forKey: key) else {
            guard states.count < limit else {
                untracked += 1
                return
            }
            var state = State(
                id: id(), first: row.start, last: row.end, direction: direction,
                told: row.received, seen: row.received)
            state.add(row, direction)
            state.isGrown = false
            states[key] = state
            var alert = Alert(rule: rule.name, kind: .contact, severity: rule.severity)
            alert.set(row)
            alert.id = state.id
            alert.peer = peer
            alert.host = host.flatMap { inside.contains($0) ? $0 : nil }
            alert.indicator = "\(range)"
            alert.direction = direction
            alert.sources = matcher.sources(inSet: match.set).map { matcher.sources[$0] }
            let geo = batch.number(match.isSource ? .srcgeo : .dstgeo, at: Int(match.row))
            alert.country = geo.map { "\(CountryCode(rawValue: UInt16($0)))" } ?? ""
            news(.opened(alert, received: row.received))
            return
        }
        states.values[index].add(row, direction)
        let state = states.values[index]
        if row.received.since(state.told) >= rule.window {
            states.values[index].told = row.received
            states.values[index].isGrown = false
            news(.continued(state.progress(row.received), received: row.received))
        }
    }

    func tick(_ now: UInt64, figures: Bool, news: (AlertNews) -> Void) {
        states.tick(now, silence: rule.silence, figures: figures, news: news)
    }

    func adopt(_ alert: Alert) {
        guard states.count < limit, let range = Self.range(alert.indicator) else { return }
        let host = alert.peer == alert.source ? alert.target : alert.source
        let key = Key(indicator: range, host: host ?? .v6Zero)
        guard states[key] == nil else { return }
        states[key] = State(
            id: alert.id, flows: alert.flows, packets: alert.packets, bytes: alert.bytes,
            first: alert.first, last: alert.last, direction: alert.direction,
            told: alert.updated, seen: alert.updated)
    }

    /// The first address of an indicator as ``AddressRange`` writes it.
    private static func range(_ text: String) -> IPAddress? {
        if let prefix = IPPrefix(text) { return prefix.address }
        return IPAddress(String(text.prefix { $0 != "-" }))
    }
}

extension ContactWatch.State {
    fileprivate mutating func add(_ row: AlertRow, _ direction: Alert.Direction) {
        flows = flows.adding(row.flows)
        packets = packets.adding(row.packets)
        bytes = bytes.adding(row.bytes)
        first = min(first, row.start)
        last = max(last, row.end)
        seen = max(seen, row.received)
        self.direction = self.direction.joined(direction)
        isGrown = true
    }

    func progress(_ time: UInt64) -> AlertProgress {
        AlertProgress(
            id: id, flows: flows, packets: packets, bytes: bytes, first: first, last: last,
            direction: direction, value: 0, time: time)
    }
}

extension Alert {
    /// What the first flow says.
    mutating func set(_ row: AlertRow) {
        source = row.source
        target = row.target
        proto = row.proto
        sourcePort = row.sourcePort
        targetPort = row.targetPort
        flows = row.flows
        packets = row.packets
        bytes = row.bytes
        first = row.start
        last = row.end
        opened = row.received
        updated = row.received
    }
}
