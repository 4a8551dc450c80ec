import FlowCollector
import FlowStore
import SkeinConfiguration
import SkeinServer

/// A collector, its store and its page, from the start of the program to its end.
struct ServeSession {
    /// The store's folder.
    let store: String
    /// As it was at the start.
    let settings: SkeinSettings
    /// Whether a page that cannot be served is a reason not to start: where the user asked for it.
    let needsServer: Bool
    /// Reads the configuration, at the start and for a reload.
    let configuration: () throws -> CollectorConfiguration
    let notifier: ServiceNotifier

    /// How long between two lines about what has happened.
    private static let reportInterval = Duration.seconds(60)

    /// Collects until a signal asks for the end.
    ///
    /// - Throws: what keeps it from starting, or from storing what has arrived.
    func run(_ signals: SignalQueue) throws {
        let first = try configuration()
        let writer = try StoreOption.making(store) { path throws(StoreError) in
            try LiveWriter(directory: path, policy: settings.journalPolicy)
        }
        defer { writer.close() }
        for notice in writer.notices { StandardStreams.say("\(notice)") }
        if writer.recoveredRows > 0 {
            StandardStreams.say("recovered \(writer.recoveredRows) flows from the journal")
        }
        let collector = try Collector(configuration: first, writer: writer) { event in
            StandardStreams.say("\(event)")
        }
        let server = try serve(collector)
        defer { server?.stop() }
        try collector.start()
        StandardStreams.say("ready; storing in \(store)")
        notifier.tell(.ready)
        attend(collector, signals)
        notifier.tell(.stopping)
        // First of all: the page must not hold up what has to be stored.
        server?.stop()
        let counters = collector.stop()
        try writer.finish()
        StandardStreams.say("ended: \(counters.line)")
    }

    private func serve(_ collector: Collector) throws -> Server? {
        guard let configuration = settings.server else { return nil }
        let queries = StoreQueries(
            directory: store, memory: Int(clamping: settings.http.queryMemory))
        let source = CollectorSource(collector: collector, store: store, queries: queries)
        do {
            let server = try Server(configuration, source: source)
            StandardStreams.say("serving http://\(server.place)")
            return server
        } catch {
            if needsServer { throw error }
            StandardStreams.say("\(error); collecting without it (http.listen)")
            return nil
        }
    }

    private func attend(_ collector: Collector, _ signals: SignalQueue) {
        var last = collector.counters
        var lastReport = ContinuousClock.now
        let rest = min(notifier.watchdogInterval ?? Self.reportInterval, Self.reportInterval)
        while true {
            let request = signals.next(seconds: max(Int(rest.components.seconds), 1))
            // Whoever holds the counters for good is stuck, and so are we: then nobody feeds the dog.
            let now = collector.counters
            notifier.tell(.watchdog)
            switch request {
            case .end: return
            case .reload: reload(collector)
            case .report: report(now)
            case nil:
                guard lastReport.duration(to: .now) >= Self.reportInterval - .seconds(1) else {
                    continue
                }
                let line = now.line(since: last)
                StandardStreams.say(line)
                notifier.tell(.status(line))
                last = now
                lastReport = .now
            }
        }
    }

    private func reload(_ collector: Collector) {
        notifier.tell(.reloading)
        defer { notifier.tell(.ready) }
        do {
            try collector.reload(try configuration())
            StandardStreams.say("reloaded")
        } catch {
            StandardStreams.say("not reloaded, everything stays as it was: \(error)")
        }
    }

    private func report(_ counters: CollectorCounters) {
        do {
            try StandardStreams.write(Array((counters.json.text + "\n").utf8))
        } catch {
            StandardStreams.say("cannot print the counters: \(error)")
        }
    }
}
