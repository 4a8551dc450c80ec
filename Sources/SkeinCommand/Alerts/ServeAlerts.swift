import FlowAlert
import FlowCollector
import FlowIntel
import FlowQuery
import FlowStore
import Glibc
import SkeinConfiguration
import SkeinServer

/// Alerting in `skein serve`: nothing where no rule is on that has something to go by.
struct ServeAlerts: Sendable {
    private let service: AlertService?
    private let alerts: AlertStore?
    private let log: ServerLog
    private let store: String

    /// - Throws: where the alerts cannot be kept, or a rule or sink cannot work.
    init(_ settings: SkeinSettings, _ log: ServerLog) throws {
        self.log = log
        store = settings.store.path
        let plan = Self.plan(settings, log)
        guard let plan else {
            service = nil
            alerts = nil
            return
        }
        let folder = "\(settings.store.path)/alert-queues"
        var sinks: [SinkRunner] = []
        if !settings.sinkPlans.isEmpty {
            guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
                throw SystemError(action: "making \(folder)", number: errno)
            }
            sinks = try settings.sinkPlans.map { plan in
                try SinkRunner(plan, folder: folder) { log.say(.warning, "alerts: \($0)") }
            }
        }
        let store = store
        // A connection of its own: who asks must not hold up what is to be kept.
        alerts = try AlertStore(path: settings.alertDatabase)
        var announce: (@Sendable (AlertEvent) -> Void)?
        if sinks.isEmpty {
            announce = { event in log.say(.warning, "alert: " + AlertForm.text.line(event)) }
        }
        service = try AlertService(
            plan, indicators: Self.indicators(settings),
            alerts: AlertStore(path: settings.alertDatabase), sinks: sinks,
            rates: { (try? StoreReader(directory: store))?.rates }, announce: announce
        ) { line in log.say(.info, "alerts: \(line)") }
    }

    /// What alerting goes by; nil where there is nothing.
    private static func plan(
        _ settings: SkeinSettings, _ log: ServerLog
    ) -> AlertService.Plan? {
        var rules = AlertRules(settings)
        if indicators(settings) == nil { rules.settings.removeAll { $0.type == "contact" } }
        // Without logs there is nothing that they could find.
        if settings.alerts.queryLogs.isEmpty { rules.settings.removeAll { $0.type == "dns" } }
        guard !rules.settings.isEmpty else { return nil }
        let chosen = rules
        let compile: @Sendable (IndicatorSnapshot) throws -> [AlertRule] = { snapshot in
            try chosen.compiled(IntelSets { snapshot })
        }
        var judge: (@Sendable () throws -> Judge)?
        if indicators(settings) != nil { judge = { try Intelligence(settings).judge } }
        let (store, inside) = (settings.store.path, settings.inside)
        let hunt = indicators(settings) == nil ? nil : RetroHunt.ofServer(settings, log)
        var plan = AlertService.Plan(
            rules: compile, inside: inside, judge: judge,
            overrides: UserKnowledge(settings).rates, hunt: hunt
        ) { rule, isWanted in
            let now = Clock.millisecondsSince1970()
            let from = now > rule.window ? now - rule.window : 0
            return try BeaconSearch(rule, inside: inside).run(
                over: store, from: from, to: now, while: isWanted)
        }
        plan.queryLogs = settings.queryLogs
        return plan
    }

    /// The indicator store; nil where no source is configured and there is none.
    private static func indicators(_ settings: SkeinSettings) -> String? {
        let path = settings.intel.database
        return settings.intel.sources.isEmpty && access(path, R_OK) != 0 ? nil : path
    }

    /// Who reads the collector's flows.
    var subscriptions: [BatchSubscription] {
        guard let service else { return [] }
        return [
            BatchSubscription(name: "alerts", service.engine, delivery: .lossless, depth: 4)
        ]
    }

    /// The sets of filters that come over HTTP.
    var sets: IntelSets {
        guard let service else { return IntelSets { nil } }
        return IntelSets { service.inForce }
    }

    /// Answers questions for alerts.
    var queries: AlertQueries { AlertQueries(alerts: alerts, sets: sets, store: store) }

    /// What is measured.
    var metrics: [MetricFamily] { service?.counters.metrics ?? [] }

    func start() throws { try service?.start() }

    func stop() { service?.stop() }

    /// Goes on with other settings; sinks and databases stay as they were at the start.
    func reload(_ settings: SkeinSettings) {
        let plan = Self.plan(settings, log)
        guard let service else {
            if plan != nil {
                log.say(.warning, "alerts begin when the server is started anew")
            }
            return
        }
        service.reload(
            plan
                ?? AlertService.Plan(
                    rules: { _ in [] }, inside: settings.inside, judge: nil))
    }
}
