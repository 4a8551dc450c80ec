public import FlowIntel
public import FlowModel
public import FlowQuery
import FlowStore
import Synchronization

/// Alerting as a whole, beside a collector: the engine that reads its flows, the desk, and a thread that
/// looks each second for what has changed.
///
///     IndicatorStore ── data_version, each second ──▶ compile ──▶ MatcherSlot
///     AlertStore     ── data_version, each second ──▶ what somebody knows of
///     the clock      ───────────────────────────────▶ silence
public final class AlertService: @unchecked Sendable {
    // Sendable: what changes, changes under the mutex or is the thread's own.

    /// What a rule about beacons finds in the store; gives up by throwing anything once `isWanted` says no.
    public typealias BeaconSearching =
        @Sendable (_ rule: AlertRule, _ isWanted: () -> Bool) throws -> [Alert]

    /// Looks what is newly listed up in the stored past, and hands on what is found; gives up by throwing
    /// anything once `isWanted` says no.
    public typealias Hunting =
        @Sendable (_ rules: [AlertRule], _ isWanted: () -> Bool, _ take: (Alert) -> Void) throws ->
        Void

    /// What the service is told at the beginning and by each reload.
    public struct Plan: Sendable {
        /// What is worth an alert; asked anew whenever other addresses are listed, for the sets in filters.
        public var rules: @Sendable (IndicatorSnapshot) throws -> [AlertRule]
        /// The user's own networks.
        public var inside: InsideNetworks
        /// By what indicators are judged, made anew for each compilation; nil: there are none.
        public var judge: (@Sendable () throws -> Judge)?
        /// What the user knows better of sampling.
        public var overrides: RateOverrides?
        /// Searches the store for beacons; called by a thread of its own, each hour.
        public var beacons: BeaconSearching?
        /// The path of the indicator store; nil: nothing is listed.
        public var indicators: String?
        /// Logs of resolvers that are followed.
        public var queryLogs: [QueryLog] = []
        /// Hunts in the past; called by a thread of its own whenever other addresses are listed.
        public var hunt: Hunting?

        /// Puts it together.
        public init(
            rules: @escaping @Sendable (IndicatorSnapshot) throws -> [AlertRule],
            inside: InsideNetworks,
            judge: (@Sendable () throws -> Judge)?, overrides: RateOverrides? = nil,
            hunt: Hunting? = nil, beacons: BeaconSearching? = nil
        ) {
            self.hunt = hunt
            self.beacons = beacons
            self.rules = rules
            self.inside = inside
            self.judge = judge
            self.overrides = overrides
        }
    }

    /// How often the service looks at what.
    public struct Pace: Sendable {
        /// Between two looks at what has changed.
        public var look = Duration.seconds(1)
        /// From the start to the first search for beacons.
        public var firstBeacons = Duration.seconds(300)
        /// Between two searches for beacons.
        public var beacons = Duration.seconds(3600)

        /// The usual.
        public init() {}
    }

    /// Reads flows.
    public let engine: AlertEngine
    private let desk: AlertDesk
    private let indicators = IndicatorStores()
    private let alerts: AlertStore
    private let slot: MatcherSlot
    private let snapshot: Mutex<IndicatorSnapshot>
    private let plan: Mutex<Plan>
    private let rates: @Sendable () -> SamplingRates?
    private let say: @Sendable (String) -> Void
    private let monitor = Monitor()
    private var worker: Worker?
    private var beaconWorker: Worker?
    private let huntMonitor = Monitor()
    private var huntWorker: Worker?
    private var isHuntDue = false
    private var queryWorker: Worker?
    private let queryCounts = Mutex<[QueryLogCount]>([])
    /// Who lists what is blocked, until something else is in force.
    private let judge = Mutex<(judge: Judge?, edition: Int)>((nil, 0))
    private let contactRules = Mutex<[AlertRule]>([])
    private let beaconRules = Mutex<[AlertRule]>([])
    /// The beacons' thread's own once it runs.
    private var beaconRun = BeaconRun()
    private var isStopping = false
    private var isPlanNew = true
    private let compiled = Atomic<UInt64>(0)

    private let pace: Pace
    /// Questions that are taken at once.
    private static let questionsMax = 1000
    /// Looks between two readings of the sampling rates.
    private static let rateInterval: UInt64 = 30

    /// - Parameters:
    ///   - alerts: where alerts are kept.
    ///   - rates: what the flow store knows of sampling; called every half minute.
    ///   - announce: takes every event while there is no sink.
    ///   - say: takes what people should know, a line each.
    public init(
        _ plan: Plan, alerts: AlertStore, sinks: [SinkRunner],
        pace: Pace = Pace(), rates: @escaping @Sendable () -> SamplingRates? = { nil },
        announce: (@Sendable (AlertEvent) -> Void)? = nil,
        say: @escaping @Sendable (String) -> Void
    ) throws {
        self.say = say
        self.pace = pace
        self.rates = rates
        self.alerts = alerts
        self.plan = Mutex(plan)
        let slot = MatcherSlot(IndicatorSnapshot.nothing.matcher)
        self.slot = slot
        let snapshot = Mutex(IndicatorSnapshot.nothing)
        self.snapshot = snapshot
        let open = try alerts.open()
        let indicators = indicators
        desk = AlertDesk(
            store: alerts, sinks: sinks, open: open,
            AlertDesk.Surroundings(
                explain: { address in (try? indicators.lookup?.listings(of: address)) ?? [] },
                announce: announce, say: say))
        let desk = desk
        engine = AlertEngine(
            [], slot: slot, inside: plan.inside, firstID: try alerts.nextID()
        ) { desk.take($0) }
        try compile()
        engine.adopt(open)
        let rules = Set(try plan.rules(inForce).map(\.name))
        // Nobody else would ever end what rules have open that are no more.
        for alert in open where !rules.contains(alert.rule) {
            desk.take(.resolved(AlertProgress(ending: alert.id, time: millisecondsNow())))
        }
        beaconRun.adopt(open)
    }

    /// Begins to work.
    public func start() throws(SinkError) {
        try desk.start()
        worker = Worker { [self] in run() }
        beaconWorker = Worker { [self] in searchForBeacons() }
        huntWorker = Worker { [self] in hunt() }
        queryWorker = Worker { [self] in followQueries() }
        if worker == nil || beaconWorker == nil || huntWorker == nil || queryWorker == nil {
            throw SinkError("the system has no thread to give")
        }
    }

    /// Ends, after the collector has: what it found is told, or stays in the sinks' queues.
    public func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        worker = nil
        queryWorker?.join()
        queryWorker = nil
        beaconWorker?.join()
        beaconWorker = nil
        huntMonitor.lock()
        huntMonitor.signal()
        huntMonitor.unlock()
        huntWorker?.join()
        huntWorker = nil
        engine.tick(millisecondsNow(), settles: true)
        desk.stop()
    }

    /// Goes on with other rules, networks and allow-lists.
    public func reload(_ plan: Plan) {
        self.plan.withLock { $0 = plan }
        monitor.lock()
        isPlanNew = true
        monitor.signal()
        monitor.unlock()
    }

    /// Goes on with other sinks; see ``AlertDesk/replaceSinks(keeping:_:)``.
    public func replaceSinks(keeping names: Set<String>, _ make: () -> [SinkRunner]) {
        desk.replaceSinks(keeping: names, make)
    }

    /// What is in force of the listed addresses, for filters.
    public var inForce: IndicatorSnapshot { snapshot.withLock { $0 } }

    /// How often indicators were compiled.
    public var compilations: UInt64 { compiled.load(ordering: .relaxed) }

    /// What was counted so far.
    public var counters: AlertCounters {
        var counters = desk.counters
        counters.engine = engine.counters
        counters.queryLogs = queryCounts.withLock { $0 }
        return counters
    }

    /// Tells of an alert that was found in the stored past; what follows is added up in it.
    private func take(_ alert: Alert) {
        var alert = alert
        alert.id = engine.takeID()
        engine.adopt([alert])
        desk.take(.opened(alert, received: 0))
    }

    /// Looks up in the past what is newly listed, beside everything else.
    private func hunt() {
        while true {
            huntMonitor.lock()
            while !isHuntDue, isWanted { huntMonitor.wait() }
            isHuntDue = false
            huntMonitor.unlock()
            guard isWanted else { return }
            guard let hunt = plan.withLock({ $0.hunt }) else { continue }
            do {
                try hunt(contactRules.withLock { $0 }, { isWanted }) { take($0) }
            } catch {
                guard isWanted else { return }
                say("the past could not be searched for what is newly listed: \(error)")
            }
        }
    }

    private func run() {
        var look: UInt64 = 0
        var alertVersion = -1
        monitor.lock()
        while !isStopping {
            monitor.unlock()
            refresh()
            if look % Self.rateInterval == 0, let rates = rates(), !rates.isEmpty {
                engine.replaceRates(by: rates)
            }
            if let version = try? alerts.dataVersion(), version != alertVersion {
                alertVersion = version
                if let ids = try? alerts.acknowledged() { desk.setAcknowledged(ids) }
            }
            engine.tick(millisecondsNow())
            look += 1
            monitor.lock()
            if !isStopping, !isPlanNew {
                monitor.wait(until: Monitor.now + pace.look.nanosecondsUp)
            }
        }
        monitor.unlock()
    }

    /// Reads what resolvers have blocked, beside everything else.
    private func followQueries() {
        let logs = QueryLogs(say: say)
        var edition = -1
        var explainer = QueryExplainer(nil, nil)
        monitor.lock()
        while !isStopping {
            monitor.unlock()
            logs.replace(by: plan.withLock { $0.queryLogs })
            let inForce = judge.withLock { $0 }
            if edition != inForce.edition {
                edition = inForce.edition
                explainer = QueryExplainer(indicators.lookup, inForce.judge)
            }
            var questions: [ListedQuery] = []
            let hasMore = logs.read { query in
                questions.append(explainer.explain(query))
                guard questions.count >= Self.questionsMax else { return }
                engine.take(questions, at: millisecondsNow())
                questions = []
            }
            engine.take(questions, at: millisecondsNow())
            queryCounts.withLock { $0 = logs.counts }
            monitor.lock()
            if !isStopping, !hasMore {
                monitor.wait(until: Monitor.now + pace.look.nanosecondsUp / 2)
            }
        }
        monitor.unlock()
    }

    private var isWanted: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return !isStopping
    }

    /// Looks for beacons each hour, beside everything else.
    private func searchForBeacons() {
        var due = Monitor.now + pace.firstBeacons.nanosecondsUp
        monitor.lock()
        while !isStopping {
            guard Monitor.now >= due else {
                monitor.wait(until: due)
                continue
            }
            monitor.unlock()
            let search = plan.withLock { $0.beacons }
            for rule in beaconRules.withLock({ $0 }) {
                do {
                    guard let found = try search?(rule, { isWanted }) else { continue }
                    let news = beaconRun.news(of: rule, found: found, at: millisecondsNow()) {
                        engine.takeID()
                    }
                    for item in news { desk.take(item) }
                } catch {
                    guard isWanted else { return }
                    say("\(rule.name): the store could not be searched: \(error)")
                }
            }
            due = Monitor.now + pace.beacons.nanosecondsUp
            monitor.lock()
        }
        monitor.unlock()
    }

    /// The state of what was compiled last; the thread's own but for the first time.
    private var indicatorVersion = -1
    private var contentVersion = ""
    private var lastProblem = ""

    /// Compiles what is in force, and the rules, where something of it has changed.
    private func refresh() {
        do {
            try compile()
            lastProblem = ""
        } catch {
            let problem = "\(error)"
            if problem != lastProblem {
                say("rules and lists in force stay as they are: \(problem)")
            }
            lastProblem = problem
        }
    }

    private func compile() throws {
        monitor.lock()
        let isNew = isPlanNew
        isPlanNew = false
        monitor.unlock()
        let plan = plan.withLock { $0 }
        let isExpired = inForce.nextExpiry.map { $0 <= Int64(millisecondsNow()) } ?? false
        let indicators = try indicators.open(plan.indicators)
        let dataVersion = try indicators?.dataVersion() ?? 0
        guard isNew || dataVersion != indicatorVersion || isExpired else { return }
        // A source that was looked at and has nothing new has written to the store as well.
        let content = try indicators?.contentVersion() ?? ""
        indicatorVersion = dataVersion
        guard isNew || content != contentVersion || isExpired else { return }
        contentVersion = content
        let began = Monitor.now
        var next = IndicatorSnapshot.nothing
        let judge = try plan.judge?()
        if let indicators, let judge { next = try indicators.snapshot(by: judge) }
        self.judge.withLock { $0 = (judge, $0.edition + 1) }
        let rules = try plan.rules(next)
        slot.replace(with: next.matcher)
        let old = snapshot.withLock { snapshot in
            let old = snapshot
            snapshot = next
            return old
        }
        withExtendedLifetime(old) {}
        engine.reload(rules, inside: plan.inside, plan.overrides)
        beaconRules.withLock { kept in
            kept = rules.filter { rule in
                if case .beacon = rule.test { true } else { false }
            }
        }
        contactRules.withLock { kept in
            kept = rules.filter { rule in
                if case .contact = rule.test { true } else { false }
            }
        }
        huntMonitor.lock()
        isHuntDue = true
        huntMonitor.signal()
        huntMonitor.unlock()
        compiled.add(1, ordering: .relaxed)
        guard indicators != nil else { return }
        say(
            "\(next.matcher.rangeCount) listed ranges of \(next.sets.count) sources in force, "
                + "compiled in \((Monitor.now - began) / 1_000_000) ms")
    }
}

extension Duration {
    /// Nanoseconds, one at least.
    fileprivate var nanosecondsUp: UInt64 { UInt64(max(self / .nanoseconds(1), 1)) }
}
