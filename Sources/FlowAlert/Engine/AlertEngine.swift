public import FlowCollector
public import FlowIntel
public import FlowModel
public import FlowQuery
import FlowStore

/// Matches flows as they arrive against rules, and says what is new: once a window, not once a flow.
///
///     batch ─┬─ matcher: both addresses of every row ─ contact rules ─┐
///            └─ filter of a threshold rule ─ counters a tracked key ──┴─ news
///
/// Time is that of the flows' arrival, so that the stored past gives the alerts that it would have given.
/// It never waits for anything but its own lock: news go to a queue that does not wait either.
public final class AlertEngine: BatchSubscriber, @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.
    private let monitor = Monitor()
    private let slot: MatcherSlot
    private let news: @Sendable (AlertNews) -> Void
    private var contacts: [ContactWatch] = []
    private var thresholds: [ThresholdWatch] = []
    private var queries: [QueryWatch] = []
    private var inside: InsideNetworks
    private var rates = SamplingRates()
    private var overrides: RateOverrides?
    private var nextID: Int64
    private var matches: [FlowMatch] = []
    private var count = AlertCounters.Engine()
    private let limits: AlertLimits
    /// When figures of what goes on were last passed on.
    private var figured: UInt64 = 0

    /// ms between two times that figures of one alert are passed on.
    private static let figureInterval: UInt64 = 10_000

    /// - Parameters:
    ///   - slot: where the matcher in force is.
    ///   - firstID: the number of the next alert.
    ///   - news: called under the engine's lock, and not to be waited in.
    public init(
        _ rules: [AlertRule], slot: MatcherSlot, inside: InsideNetworks, firstID: Int64 = 1,
        limits: AlertLimits = AlertLimits(), news: @escaping @Sendable (AlertNews) -> Void
    ) {
        self.slot = slot
        self.inside = inside
        self.news = news
        self.limits = limits
        nextID = firstID
        replace(rules)
    }

    /// What was counted so far.
    public var counters: AlertCounters.Engine {
        monitor.lock()
        defer { monitor.unlock() }
        var count = count
        count.openContacts =
            contacts.reduce(0) { $0 + $1.states.count } + queries.reduce(0) { $0 + $1.count }
        count.trackers = thresholds.reduce(0) { $0 + $1.trackers.count }
        count.untracked =
            contacts.reduce(0) { $0 + $1.untracked } + thresholds.reduce(0) { $0 + $1.untracked }
            + queries.reduce(0) { $0 + $1.untracked }
        return count
    }

    /// Goes on with other rules and networks; open alerts of rules that stay, stay.
    public func reload(_ rules: [AlertRule], inside: InsideNetworks, _ overrides: RateOverrides?) {
        monitor.lock()
        defer { monitor.unlock() }
        self.inside = inside
        self.overrides = overrides
        replace(rules)
    }

    /// Goes on with the sampling rates that are known now.
    public func replaceRates(by rates: SamplingRates) {
        monitor.lock()
        defer { monitor.unlock() }
        self.rates = rates
        for watch in contacts { watch.filter.replaceRates(by: rates, overrides) }
        for watch in thresholds { watch.filter.replaceRates(by: rates, overrides) }
    }

    /// Takes alerts over that were open when the program ended, so that they are not new.
    public func adopt(_ alerts: [Alert]) {
        monitor.lock()
        defer { monitor.unlock() }
        for alert in alerts {
            nextID = max(nextID, alert.id + 1)
            switch alert.kind {
            case .contact: contacts.first { $0.rule.name == alert.rule }?.adopt(alert)
            case .threshold: thresholds.first { $0.rule.name == alert.rule }?.adopt(alert)
            case .dns: queries.first { $0.rule.name == alert.rule }?.adopt(alert)
            case .beacon: break
            }
        }
    }

    /// The number for an alert that is made elsewhere.
    public func takeID() -> Int64 {
        monitor.lock()
        defer { monitor.unlock() }
        return takeIDLocked()
    }

    private func takeIDLocked() -> Int64 {
        defer { nextID += 1 }
        return nextID
    }

    private func replace(_ rules: [AlertRule]) {
        let (oldContacts, oldThresholds, oldQueries) = (contacts, thresholds, queries)
        defer { endAll(oldContacts, oldThresholds, oldQueries) }
        (contacts, thresholds, queries) = ([], [], [])
        for rule in rules {
            let filter = BatchFilter(rule.filter, rates: rates, overrides: overrides)
            switch rule.test {
            case .contact(let sources):
                let watch = ContactWatch(
                    rule, sources: sources, filter: filter, limit: limits.contactsMax)
                if let old = oldContacts.first(where: { $0.rule.name == rule.name }) {
                    watch.states = old.states
                }
                contacts.append(watch)
            case .threshold(let threshold):
                let watch = ThresholdWatch(rule, threshold, filter: filter, limits: limits)
                if let old = oldThresholds.first(where: { $0.rule.name == rule.name }),
                    old.threshold == threshold
                {
                    watch.inherit(old)
                }
                thresholds.append(watch)
            case .dns(let sources):
                let watch = QueryWatch(
                    rule, sources: sources, filter: filter, limit: limits.contactsMax)
                if let old = oldQueries.first(where: { $0.rule.name == rule.name }) {
                    watch.inherit(old)
                }
                queries.append(watch)
            case .beacon: break
            }
        }
    }

    /// Resolves what rules have open that are no more, or count something else now.
    private func endAll(
        _ oldContacts: [ContactWatch], _ oldThresholds: [ThresholdWatch], _ oldQueries: [QueryWatch]
    ) {
        let say: (AlertNews) -> Void = { [self] item in
            count.note(item)
            news(item)
        }
        for old in oldContacts where !contacts.contains(where: { $0.rule.name == old.rule.name }) {
            old.tick(.max, figures: false, news: say)
        }
        for old in oldThresholds
        where !thresholds.contains(where: {
            $0.rule.name == old.rule.name && $0.threshold == old.threshold
        }) {
            old.tick(.max, figures: false, news: say)
        }
        for old in oldQueries where !queries.contains(where: { $0.rule.name == old.rule.name }) {
            old.tick(.max, figures: false, news: say)
        }
    }

    // MARK: - Questions

    /// Takes questions that a resolver has blocked.
    ///
    /// - Parameter now: when they were read, ms since 1970.
    public func take(_ questions: [ListedQuery], at now: UInt64) {
        guard !questions.isEmpty else { return }
        monitor.lock()
        defer { monitor.unlock() }
        for watch in queries {
            watch.take(questions, at: now, inside: inside) {
                takeIDLocked()
            } news: {
                count.note($0)
                news($0)
            }
        }
    }

    // MARK: - Flows

    /// Matches all flows of a batch.
    public func take(_ batch: FlowBatch) {
        guard batch.count > 0 else { return }
        monitor.lock()
        defer { monitor.unlock() }
        count.flows += UInt64(batch.count)
        count.batches += 1
        if !contacts.isEmpty { takeContacts(batch) }
        for watch in thresholds {
            watch.take(batch, rates: BatchRates(rates, overrides), inside: inside) {
                takeIDLocked()
            } news: {
                count.note($0)
                news($0)
            }
        }
    }

    private func takeContacts(_ batch: FlowBatch) {
        let matcher = slot.matcher
        matches.removeAll(keepingCapacity: true)
        matcher.match(batch, into: &matches)
        guard !matches.isEmpty else { return }
        count.matches += UInt64(matches.count)
        for watch in contacts {
            watch.take(
                batch, matches, matcher, rates: BatchRates(rates, overrides), inside: inside
            ) {
                takeIDLocked()
            } news: {
                count.note($0)
                news($0)
            }
        }
    }

    /// Passes time: figures of what goes on, and the end of what has been silent.
    ///
    /// - Parameters:
    ///   - now: ms since 1970.
    ///   - settles: whether figures are passed on although they were a moment ago: before the end.
    public func tick(_ now: UInt64, settles: Bool = false) {
        monitor.lock()
        defer { monitor.unlock() }
        let say: (AlertNews) -> Void = { [self] item in
            count.note(item)
            news(item)
        }
        let figures = settles || now.since(figured) >= Self.figureInterval
        if figures { figured = now }
        for watch in contacts { watch.tick(now, figures: figures, news: say) }
        for watch in thresholds { watch.tick(now, figures: figures, news: say) }
        for watch in queries { watch.tick(now, figures: figures, news: say) }
    }
}

/// How much an engine keeps in mind.
public struct AlertLimits: Hashable, Sendable {
    /// Open contacts of a rule.
    public var contactsMax = 50_000
    /// Keys that a threshold rule counts for at once.
    public var trackersMax = 65_536
    /// Different peers or ports that a threshold rule keeps, of all keys together.
    public var distinctMax = 1_000_000

    /// The usual.
    public init() {}
}

/// What alerting has counted.
public struct AlertCounters: Sendable {
    /// The engine's part.
    public struct Engine: Hashable, Sendable {
        /// Flows looked at.
        public var flows: UInt64 = 0
        /// Batches looked at.
        public var batches: UInt64 = 0
        /// Addresses of flows that are listed.
        public var matches: UInt64 = 0
        /// Alerts made.
        public var opened: UInt64 = 0
        /// Alerts that went on for another window.
        public var continued: UInt64 = 0
        /// Alerts that ended.
        public var resolved: UInt64 = 0
        /// Contacts that go on.
        public var openContacts = 0
        /// Keys that thresholds count for.
        public var trackers = 0
        /// Contacts, keys and values for which there was no room: what they did is not in any alert.
        public var untracked: UInt64 = 0

        mutating func note(_ news: AlertNews) {
            switch news {
            case .opened: opened += 1
            case .continued: continued += 1
            case .resolved: resolved += 1
            case .grown: break
            }
        }
    }

    /// A sink's part.
    public struct Sink: Hashable, Sendable {
        /// Its name.
        public var name: String
        /// Events delivered.
        public var delivered: UInt64 = 0
        /// Events that its threshold held back.
        public var heldBack: UInt64 = 0
        /// Events lost because its queue was full.
        public var overflowed: UInt64 = 0
        /// Attempts that failed.
        public var failures: UInt64 = 0
        /// Octets that wait.
        public var waiting: UInt64 = 0
    }

    /// The engine.
    public var engine = Engine()
    /// Each sink.
    public var sinks: [Sink] = []
    /// Each log of a resolver.
    public var queryLogs: [QueryLogCount] = []
    /// From a flow's arrival to the delivery of its alert's line.
    public var latency = LatencyHistogram()
    /// News lost because the desk could not follow.
    public var lost: UInt64 = 0
    /// Alerts that the store refused.
    public var storeFailures: UInt64 = 0
}
