import FlowCollector
import FlowStore

/// A collector and its store, from the start of the program to its end.
struct ServeSession {
    let store: String
    /// Reads the configuration, at the start and for a reload.
    let configuration: () throws -> CollectorConfiguration

    /// Seconds between two lines about what has happened.
    private static let reportSeconds = 60

    /// Collects until a signal asks for the end.
    ///
    /// - Throws: what keeps it from starting, or from storing what has arrived.
    func run(_ signals: SignalQueue) throws {
        let settings = try configuration()
        let writer = try StoreOption.making(store) { path throws(StoreError) in
            try LiveWriter(directory: path)
        }
        defer { writer.close() }
        for notice in writer.notices { StandardStreams.say("\(notice)") }
        if writer.recoveredRows > 0 {
            StandardStreams.say("recovered \(writer.recoveredRows) flows from the journal")
        }
        let collector = try Collector(configuration: settings, writer: writer) { event in
            StandardStreams.say("\(event)")
        }
        try collector.start()
        StandardStreams.say("ready; storing in \(store)")
        attend(collector, signals)
        let counters = collector.stop()
        try writer.finish()
        StandardStreams.say("ended: \(counters.line)")
    }

    private func attend(_ collector: Collector, _ signals: SignalQueue) {
        var last = collector.counters
        while true {
            switch signals.next(seconds: Self.reportSeconds) {
            case .end: return
            case .reload: reload(collector)
            case .report: report(collector.counters)
            case nil:
                let now = collector.counters
                StandardStreams.say("\(now.line(since: last))")
                last = now
            }
        }
    }

    private func reload(_ collector: Collector) {
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
