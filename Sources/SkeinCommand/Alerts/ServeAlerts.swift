import FlowAlert
import FlowCollector
import FlowIntel
import FlowModel
import FlowQuery
import FlowStore
import Glibc
import SkeinConfiguration
import SkeinServer
import Synchronization

/// Alerting in `skein serve`: nothing while no rule is on that has something to go by.
final class ServeAlerts: Sendable {
    private let log: ServerLog
    private let relay = AlertRelay()
    private let state: Mutex<State>

    private struct State {
        /// Nil while there is nothing to do.
        var service: AlertService?
        /// A connection of its own: who asks must not hold up what is to be kept.
        var alerts: AlertStore?
        var settings: SkeinSettings
        var hasStarted = false
    }

    /// - Throws: where the alerts cannot be kept, or a rule or sink cannot work.
    init(_ settings: SkeinSettings, _ log: ServerLog) throws {
        self.log = log
        state = Mutex(State(settings: settings))
        if let plan = Self.plan(settings, log) { try begin(plan, settings) }
    }

    private func begin(_ plan: AlertService.Plan, _ settings: SkeinSettings) throws {
        let sinks = try settings.sinkPlans.map { try runner($0, settings) }
        tellLeftovers(settings)
        let (store, log) = (settings.store.path, log)
        let service = try AlertService(
            plan, alerts: AlertStore(path: settings.alertDatabase), sinks: sinks,
            rates: { (try? StoreReader(directory: store))?.rates },
            announce: { event in log.say(.warning, "alert: " + AlertForm.text.line(event)) }
        ) { line in log.say(.info, "alerts: \(line)") }
        let alerts = try AlertStore(path: settings.alertDatabase)
        let hasStarted = state.withLock { state in
            state.service = service
            state.alerts = alerts
            return state.hasStarted
        }
        if hasStarted { try service.start() }
        relay.engine.withLock { $0 = service.engine }
    }

    /// A sink with its queue in the store's folder.
    private func runner(_ plan: SinkPlan, _ settings: SkeinSettings) throws -> SinkRunner {
        let folder = settings.alertQueues
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
            throw SystemError(action: "making \(folder)", number: errno)
        }
        return try SinkRunner(plan, folder: folder) { [log] in log.say(.warning, "alerts: \($0)") }
    }

    /// Says what waits for sinks that are no more, or have another form now.
    private func tellLeftovers(_ settings: SkeinSettings) {
        let used = Set(settings.sinkPlans.map { SinkRunner.queueName(of: $0) })
        for path in settings.leftQueues(besides: used) {
            log.say(
                .warning,
                "alerts: \(path) holds events that wait for a sink which is configured no more, or "
                    + "otherwise; delete it, or configure the sink as it was")
        }
    }

    /// What alerting goes by; nil where there is nothing.
    private static func plan(
        _ settings: SkeinSettings, _ log: ServerLog
    ) -> AlertService.Plan? {
        var rules = AlertRules(settings)
        let indicators = indicators(settings)
        if indicators == nil { rules.settings.removeAll { $0.type == "contact" } }
        // Without logs there is nothing that they could find.
        if settings.alerts.queryLogs.isEmpty { rules.settings.removeAll { $0.type == "dns" } }
        guard !rules.settings.isEmpty else { return nil }
        let chosen = rules
        let compile: @Sendable (IndicatorSnapshot) throws -> [AlertRule] = { snapshot in
            try chosen.compiled(IntelSets { snapshot })
        }
        var judge: (@Sendable () throws -> Judge)?
        if indicators != nil { judge = { try Intelligence(settings).judge } }
        let (store, inside) = (settings.store.path, settings.inside)
        let hunt = indicators == nil ? nil : RetroHunt.ofServer(settings, log)
        var plan = AlertService.Plan(
            rules: compile, inside: inside, judge: judge,
            overrides: UserKnowledge(settings).rates, hunt: hunt
        ) { rule, isWanted in
            let now = Clock.millisecondsSince1970()
            let from = now > rule.window ? now - rule.window : 0
            return try BeaconSearch(rule, inside: inside).run(
                over: store, from: from, to: now, while: isWanted)
        }
        plan.indicators = indicators
        plan.queryLogs = settings.queryLogs
        return plan
    }

    /// The indicator store; nil where no source is configured and there is none.
    private static func indicators(_ settings: SkeinSettings) -> String? {
        let path = settings.intel.database
        return settings.intel.sources.isEmpty && access(path, R_OK) != 0 ? nil : path
    }

    private var service: AlertService? { state.withLock { $0.service } }

    /// Who reads the collector's flows.
    var subscriptions: [BatchSubscription] {
        [BatchSubscription(name: "alerts", relay, delivery: .lossless, depth: 4)]
    }

    /// The sets of filters that come over HTTP.
    var sets: IntelSets { IntelSets { [self] in service?.inForce } }

    /// Answers questions for alerts.
    var queries: AlertQueries {
        state.withLock {
            AlertQueries(alerts: $0.alerts, sets: sets, store: $0.settings.store.path)
        }
    }

    /// What is measured.
    var metrics: [MetricFamily] { service?.counters.metrics ?? [] }

    func start() throws {
        let service = state.withLock { state in
            state.hasStarted = true
            return state.service
        }
        try service?.start()
    }

    func stop() { service?.stop() }

    /// Goes on with other settings; the database stays, as ``SkeinSettings/refusal(after:)`` sees to.
    func reload(_ settings: SkeinSettings) {
        let plan = Self.plan(settings, log)
        let before = state.withLock { state in
            let before = state.settings
            state.settings = settings
            return before
        }
        guard let service else {
            do {
                if let plan { try begin(plan, settings) }
            } catch {
                log.say(.error, "there are no alerts: \(error)")
            }
            return
        }
        service.reload(
            plan
                ?? AlertService.Plan(
                    rules: { _ in [] }, inside: settings.inside, judge: nil))
        guard settings.alerts.sinks != before.alerts.sinks else { return }
        let kept = Set(settings.alerts.sinks).intersection(before.alerts.sinks).map(\.name)
        service.replaceSinks(keeping: Set(kept)) {
            settings.sinkPlans.filter { !kept.contains($0.name) }.compactMap { plan in
                do {
                    return try runner(plan, settings)
                } catch {
                    log.say(.error, "alerts: \(plan.name) is not told: \(error)")
                    return nil
                }
            }
        }
        tellLeftovers(settings)
    }
}

/// Hands flows on to the alerting, which a reload may begin.
private final class AlertRelay: BatchSubscriber {
    let engine = Mutex<AlertEngine?>(nil)

    func take(_ batch: FlowBatch) { engine.withLock { $0 }?.take(batch) }
}

extension SkeinSettings {
    /// Where sinks have their queues.
    fileprivate var alertQueues: String { "\(store.path)/alert-queues" }

    /// Queues in which something waits and that none of these names is of.
    fileprivate func leftQueues(besides used: Set<String>) -> [String] {
        guard let folder = opendir(alertQueues) else { return [] }
        defer { closedir(folder) }
        var paths: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { field in
                field.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            var status = stat()
            let path = "\(alertQueues)/\(name)"
            // An empty queue has a head of 16 octets.
            if name.hasSuffix(".queue"), !used.contains(name), stat(path, &status) == 0,
                status.st_size > 16
            {
                paths.append(path)
            }
        }
        return paths.sorted()
    }

    /// Why a running server cannot go on with these settings; nil where it can.
    ///
    /// - Parameter old: the settings that it was started with.
    func refusal(after old: SkeinSettings) -> String? {
        let places = [
            ("store.path", old.store.path, store.path),
            ("alerts.database", old.alertDatabase, alertDatabase),
            ("intel.database", old.intel.database, intel.database),
        ]
        guard let (name, before, now) = places.first(where: { $0.1 != $0.2 }) else { return nil }
        return
            "\(name) is \(before) for as long as the server runs; to make it \(now), start it anew"
    }
}
