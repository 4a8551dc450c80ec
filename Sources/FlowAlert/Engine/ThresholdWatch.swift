import FlowModel
import FlowQuery

/// A rule about too much in a window, and what it has counted.
///
/// The window of a key begins with its first flow, and the next one with the first flow after its end.
final class ThresholdWatch {
    let rule: AlertRule
    let threshold: AlertRule.Threshold
    let filter: BatchFilter
    var trackers: [Key: Tracker] = [:]
    private(set) var untracked: UInt64 = 0
    private let limits: AlertLimits
    private var selected: [Int32] = []
    private var distinctTotal = 0

    struct Key: Hashable {
        var source: IPAddress
        var target: IPAddress
    }

    /// A peer, or a protocol with a port.
    private typealias Value = IPAddress

    struct Tracker {
        var begin: UInt64
        var value: UInt64 = 0
        var distinct: Set<IPAddress> = []
        var seen: UInt64
        /// The alert that goes on; 0: none.
        var alert: Int64 = 0
        var told: UInt64 = 0
        /// When it was last too much.
        var reached: UInt64 = 0
        var flows: UInt64 = 0
        var packets: UInt64 = 0
        var bytes: UInt64 = 0
        var first: UInt64
        var last: UInt64
        var highest: UInt64 = 0
        var isGrown = false
        /// The only peer so far; nil where there are several.
        var peer: IPAddress?
        var direction = Alert.Direction.outward
    }

    init(
        _ rule: AlertRule, _ threshold: AlertRule.Threshold, filter: BatchFilter,
        limits: AlertLimits
    ) {
        self.rule = rule
        self.threshold = threshold
        self.filter = filter
        self.limits = limits
    }

    /// Goes on with what a rule of the same name and threshold has counted.
    func inherit(_ old: ThresholdWatch) {
        trackers = old.trackers
        distinctTotal = old.distinctTotal
    }

    func take(
        _ batch: FlowBatch, rates: BatchRates, inside: InsideNetworks, id: () -> Int64,
        news: (AlertNews) -> Void
    ) {
        selected.removeAll(keepingCapacity: true)
        filter.select(batch, into: &selected)
        guard !selected.isEmpty else { return }
        var rates = rates
        let columns = AlertColumns(batch)
        for row in selected {
            let row = Int(row)
            note(AlertRow(columns, row, rate: rates.rate(columns, row)), inside, id, news)
        }
    }

    private func key(_ row: AlertRow) -> Key? {
        switch threshold.track {
        case .source: row.source.map { Key(source: $0, target: .v6Zero) }
        case .destination: row.target.map { Key(source: .v6Zero, target: $0) }
        case .pair:
            row.source.flatMap { source in
                row.target.map { Key(source: source, target: $0) }
            }
        }
    }

    /// What of a row is counted as one of several.
    private func distinct(_ row: AlertRow) -> Value? {
        switch threshold.measure {
        case .peers: threshold.track == .destination ? row.source : row.target
        case .ports:
            IPAddress(high: UInt64(row.proto), low: UInt64(row.targetPort))
        case .flows, .packets, .bytes: nil
        }
    }

    private func amount(_ row: AlertRow) -> UInt64 {
        switch threshold.measure {
        case .flows: row.flows
        case .packets: row.packets
        case .bytes: row.bytes
        case .peers, .ports: 0
        }
    }

    private func note(
        _ row: AlertRow, _ inside: InsideNetworks, _ id: () -> Int64, _ news: (AlertNews) -> Void
    ) {
        guard let key = key(row) else { return }
        let index: Dictionary<Key, Tracker>.Index
        if let known = trackers.index(forKey: key) {
            index = known
        } else {
            guard trackers.count < limits.trackersMax else {
                untracked += 1
                return
            }
            trackers[key] = Tracker(
                begin: row.received, seen: row.received, first: row.start, last: row.end,
                peer: threshold.track == .destination ? row.source : row.target)
            guard let made = trackers.index(forKey: key) else { return }
            index = made
        }
        if row.received.since(trackers.values[index].begin) >= rule.window {
            begin(index, row)
        }
        add(row, at: index)
        let tracker = trackers.values[index]
        guard tracker.value >= threshold.reach else { return }
        trackers.values[index].reached = row.received
        trackers.values[index].highest = max(tracker.highest, tracker.value)
        if tracker.alert == 0 {
            let number = id()
            trackers.values[index].alert = number
            trackers.values[index].told = row.received
            trackers.values[index].isGrown = false
            let alert = alert(number, key, tracker, row, inside)
            trackers.values[index].direction = alert.direction
            news(.opened(alert, received: row.received))
        } else if row.received.since(tracker.told) >= rule.window {
            trackers.values[index].told = row.received
            trackers.values[index].isGrown = false
            news(
                .continued(
                    trackers.values[index].progress(row.received), received: row.received))
        }
    }

    private func begin(_ index: Dictionary<Key, Tracker>.Index, _ row: AlertRow) {
        distinctTotal -= trackers.values[index].distinct.count
        trackers.values[index].distinct.removeAll(keepingCapacity: false)
        trackers.values[index].begin = row.received
        trackers.values[index].value = 0
        guard trackers.values[index].alert == 0 else { return }
        // What led to no alert is not part of the next.
        trackers.values[index].first = row.start
        trackers.values[index].last = row.end
        trackers.values[index].flows = 0
        trackers.values[index].packets = 0
        trackers.values[index].bytes = 0
        trackers.values[index].peer = threshold.track == .destination ? row.source : row.target
    }

    private func add(_ row: AlertRow, at index: Dictionary<Key, Tracker>.Index) {
        let peer = threshold.track == .destination ? row.source : row.target
        trackers.values[index].add(row, peer)
        guard let value = distinct(row) else {
            trackers.values[index].value = trackers.values[index].value.adding(amount(row))
            return
        }
        if distinctTotal >= limits.distinctMax {
            if !trackers.values[index].distinct.contains(value) { untracked += 1 }
        } else if trackers.values[index].distinct.insert(value).inserted {
            distinctTotal += 1
            trackers.values[index].value += 1
        }
    }

    private func alert(
        _ id: Int64, _ key: Key, _ tracker: Tracker, _ row: AlertRow, _ inside: InsideNetworks
    ) -> Alert {
        var alert = Alert(rule: rule.name, kind: .threshold, severity: rule.severity)
        alert.set(row)
        alert.id = id
        let tracked = threshold.track == .destination ? key.target : key.source
        let other = threshold.track == .pair ? key.target : tracker.peer
        alert.source = threshold.track == .destination ? other : tracked
        alert.target = threshold.track == .destination ? tracked : other
        let isInside = inside.contains(tracked)
        alert.host = isInside ? tracked : other.flatMap { inside.contains($0) ? $0 : nil }
        alert.peer = isInside ? other : tracked
        alert.indicator = threshold.track == .pair ? "\(key.source) \(key.target)" : "\(tracked)"
        alert.direction = alert.peer == alert.source && alert.peer != nil ? .inward : .outward
        alert.flows = tracker.flows
        alert.packets = tracker.packets
        alert.bytes = tracker.bytes
        alert.first = tracker.first
        alert.last = tracker.last
        alert.measure = threshold.measure.rawValue
        alert.value = tracker.value
        return alert
    }

    func tick(_ now: UInt64, figures: Bool, news: (AlertNews) -> Void) {
        var done: [Key] = []
        for index in trackers.indices {
            let tracker = trackers.values[index]
            let isOver = now.since(tracker.begin) >= rule.window
            if tracker.alert == 0 {
                if isOver { done.append(trackers.keys[index]) }
            } else if now.since(tracker.reached) >= max(rule.silence, rule.window) {
                news(
                    .resolved(
                        tracker.progress(
                            min(now, tracker.reached.adding(max(rule.silence, rule.window))))))
                trackers.values[index].alert = 0
                trackers.values[index].highest = 0
                if isOver { done.append(trackers.keys[index]) }
            } else if figures, tracker.isGrown {
                trackers.values[index].isGrown = false
                news(.grown(tracker.progress(now)))
            }
        }
        for key in done {
            if let tracker = trackers.removeValue(forKey: key) {
                distinctTotal -= tracker.distinct.count
            }
        }
    }

    func adopt(_ alert: Alert) {
        let key: Key
        switch threshold.track {
        case .source:
            guard let source = alert.source else { return }
            key = Key(source: source, target: .v6Zero)
        case .destination:
            guard let target = alert.target else { return }
            key = Key(source: .v6Zero, target: target)
        case .pair:
            guard let source = alert.source, let target = alert.target else { return }
            key = Key(source: source, target: target)
        }
        guard trackers.count < limits.trackersMax else { return }
        var tracker = Tracker(
            begin: alert.updated, seen: alert.updated, first: alert.first, last: alert.last)
        tracker.alert = alert.id
        tracker.told = alert.updated
        tracker.reached = alert.updated
        tracker.flows = alert.flows
        tracker.packets = alert.packets
        tracker.bytes = alert.bytes
        tracker.highest = alert.value
        tracker.direction = alert.direction
        trackers[key] = tracker
    }
}

extension ThresholdWatch.Tracker {
    fileprivate mutating func add(_ row: AlertRow, _ peer: IPAddress?) {
        flows = flows.adding(row.flows)
        packets = packets.adding(row.packets)
        bytes = bytes.adding(row.bytes)
        first = min(first, row.start)
        last = max(last, row.end)
        seen = max(seen, row.received)
        if self.peer != peer { self.peer = nil }
        if alert != 0 { isGrown = true }
    }

    fileprivate func progress(_ time: UInt64) -> AlertProgress {
        AlertProgress(
            id: alert, flows: flows, packets: packets, bytes: bytes, first: first, last: last,
            direction: direction, value: highest, time: time)
    }
}
