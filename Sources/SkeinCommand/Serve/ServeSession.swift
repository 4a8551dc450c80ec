import FlowCollector
import FlowModel
import FlowStore
import Glibc
import SkeinConfiguration
import SkeinServer

/// A collector, its store and its page, from the start of the program to its end.
struct ServeSession {
    /// Reads the settings, at the start and for a reload.
    let load: () throws -> Configuration
    /// The file that they come from; nil where there is none.
    let file: String?

    /// Milliseconds between two lines about what has happened.
    private static let reportInterval: UInt64 = 60_000
    /// How long the decoder may be at one thing before it counts as stuck.
    ///
    /// A store that is stuck holds it up for 5 s at most.
    private static let beatMax = Duration.seconds(20)

    /// What works beside each other until the end, and what a reload reaches.
    private struct Parts {
        let collector: Collector
        let knowledge: SharedKnowledge
        let alerts: ServeAlerts
        let feeds: ServerFeeds
        let live: LiveSwarms
        let exports: ServerExports
        let settings: SharedSettings
    }

    /// Collects until a signal asks for the end.
    ///
    /// - Throws: what keeps it from starting, or from storing what has arrived.
    func run(_ signals: SignalQueue) throws {
        let configuration = try load()
        let settings = configuration.settings
        let log = ServerLog(settings: settings.log)
        // While there is one thread, and nothing of root's making in the store.
        if let user = settings.user { try Privileges.become(user) }
        let notifier = ServiceNotifier(environment: Self.notifierVariables)
        let writer = try StoreOption.making(settings.store.path) { path throws(StoreError) in
            try LiveWriter(directory: path, policy: settings.journalPolicy)
        }
        defer { writer.close() }
        for notice in writer.notices { log.say(.warning, "\(notice)") }
        if writer.recoveredRows > 0 {
            log.say(.info, "recovered \(writer.recoveredRows) flows from the journal")
        }
        let alerts = try ServeAlerts(settings, log)
        let feeds = ServerFeeds(settings, log)
        let live = LiveSwarms()
        let collector = try Collector(
            configuration: settings.collector, writer: writer,
            enricher: try ServerGeography.enricher(settings.geo, log),
            subscriptions: alerts.subscriptions + feeds.subscriptions + [live.subscription]
        ) { log.say($0) }
        let isWanted = configuration.origins["http.listen"] != nil
        let parts = Parts(
            collector: collector, knowledge: SharedKnowledge(UserKnowledge(settings)),
            alerts: alerts, feeds: feeds, live: live, exports: ServerExports(settings, log),
            settings: SharedSettings(settings))
        let server = try serve(parts, settings, isWanted: isWanted, log)
        defer { server?.stop() }
        Privileges.putAside()
        if settings.interface.name != nil, Privileges.areRoots {
            log.say(
                .notice,
                "metering as root: set user, and only what opens interfaces is done with privileges"
            )
        }
        try alerts.start()
        try collector.start()
        feeds.start()
        defer { feeds.stop() }
        parts.exports.start()
        defer { parts.exports.stop() }
        let gate = gate(writer, collector, log)
        defer { gate?.stop() }
        log.say(.info, "ready; storing in \(settings.store.path)")
        notifier.tell(.ready)
        attend(parts, signals, log, notifier)
        notifier.tell(.stopping)
        // First of all: the page must not hold up what has to be stored.
        live.stop()
        server?.stop()
        gate?.stop()
        let counters = collector.stop()
        alerts.stop()
        try writer.finish()
        log.say(.info, "ended: \(counters.line)")
    }

    /// Lets imports into the store, and others have it looked after.
    private func gate(
        _ writer: LiveWriter, _ collector: Collector, _ log: ServerLog
    ) -> ImportGate? {
        do {
            return try ImportGate(writer) {
                log.say(.info, "\($0)")
            } learn: {
                collector.learn(exporters: $0)
            }
        } catch {
            log.say(
                .warning,
                "\(error); skein import and skein store have to wait until this server ends")
            return nil
        }
    }

    /// Serves the page.
    ///
    /// - Parameter isWanted: whether a page that cannot be served is a reason not to start: where the
    ///   user asked for it.
    private func serve(
        _ parts: Parts, _ settings: SkeinSettings, isWanted: Bool, _ log: ServerLog
    ) throws -> Server? {
        guard var configuration = settings.server else { return nil }
        configuration.say = { log.say(.notice, "http: \($0)") }
        let queries = StoreQueries(
            directory: settings.store.path, memory: Int(clamping: settings.http.queryMemory),
            knowledge: parts.knowledge, sets: parts.alerts.sets)
        let source = CollectorSource(
            collector: parts.collector, store: settings.store.path, queries: queries,
            alerts: parts.alerts, feeds: parts.feeds, live: parts.live, exports: parts.exports,
            settings: parts.settings, configuration: file)
        do {
            let server = try Server(configuration, source: source)
            log.say(.info, "serving \(server.scheme)://\(server.place)")
            if IPAddress(configuration.host)?.isLoopback != true, configuration.tls == nil {
                log.say(
                    .warning,
                    "http.plain: passwords and answers go over the network as they are, unless a web "
                        + "server in front speaks TLS")
            }
            return server
        } catch {
            // Whoever has set up who may ask must not find that nobody is asked for anything.
            if isWanted || access(settings.accessFile, F_OK) == 0 { throw error }
            log.say(.warning, "\(error); collecting without it (http.listen)")
            return nil
        }
    }

    private func attend(
        _ parts: Parts, _ signals: SignalQueue, _ log: ServerLog, _ notifier: ServiceNotifier
    ) {
        let collector = parts.collector
        var last = collector.counters
        var nextReport = Clock.nanoseconds() / 1_000_000 + Self.reportInterval
        let watchdog = notifier.watchdogInterval.map { max($0 / .milliseconds(1), 1) }
        while true {
            let now = Clock.nanoseconds() / 1_000_000
            if now >= nextReport {
                nextReport = now + Self.reportInterval
                let counters = collector.counters
                log.say(.info, counters.line(since: last))
                last = counters
            }
            if watchdog != nil, collector.sinceLastBeat < Self.beatMax { notifier.tell(.watchdog) }
            let wait = min(Double(nextReport - now), watchdog ?? .infinity)
            switch signals.next(milliseconds: Int(wait)) {
            case .end: return
            case .reload: reload(parts, log, notifier)
            case .report: report(collector.counters, log)
            case nil: break
            }
        }
    }

    private func reload(_ parts: Parts, _ log: ServerLog, _ notifier: ServiceNotifier) {
        let collector = parts.collector
        notifier.tell(.reloading)
        do {
            let settings = try load().settings
            if let refusal = settings.refusal(after: parts.settings.current) {
                throw StoreProblem(description: refusal)
            }
            let enricher = try ServerGeography.enricher(settings.geo, log)
            try collector.reload(settings.collector)
            collector.replaceEnricher(by: enricher)
            parts.knowledge.replace(by: UserKnowledge(settings))
            parts.alerts.reload(settings)
            parts.feeds.reload(settings)
            parts.exports.reload(settings)
            parts.settings.replace(by: settings)
            log.say(.info, "reloaded")
        } catch {
            log.say(.error, "not reloaded, everything stays as it was: \(error)")
        }
        notifier.tell(.ready)
    }

    private func report(_ counters: CollectorCounters, _ log: ServerLog) {
        do {
            try StandardStreams.write(Array((counters.json.text + "\n").utf8))
        } catch {
            log.say(.warning, "cannot print the counters: \(error)")
        }
    }

    /// What of the environment is for the notifier.
    private static var notifierVariables: [String: String] {
        var variables: [String: String] = [:]
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            if let value = getenv(name) { variables[name] = String(cString: value) }
        }
        return variables
    }
}
