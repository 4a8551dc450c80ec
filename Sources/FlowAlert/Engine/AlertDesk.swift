import FlowCollector
public import FlowIntel
public import FlowModel
import FlowStore
import Glibc

/// Takes what the engine says, adds who says what of the peer, tells the sinks, and keeps it.
///
///     engine ─▶ waiting (bounded) ─▶ thread: explain ─┬─▶ sinks
///                                                     └─▶ changes (bounded) ─▶ thread: AlertStore
///
/// The engine never waits for it: where the desk cannot follow, news are lost and counted. The store has a
/// thread of its own, so that a disk that blocks does not hold up a line.
public final class AlertDesk: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock, or is the thread's own.

    /// What is told to the desk besides the engine's news.
    public struct Surroundings: Sendable {
        /// Who lists an address, the narrowest first; called by the desk's thread.
        public var explain: @Sendable (IPAddress) -> [Listing]
        /// Takes every event while there is no sink.
        public var announce: (@Sendable (AlertEvent) -> Void)?
        /// Takes what people should know, a line each.
        public var say: @Sendable (String) -> Void

        /// Puts them together.
        public init(
            explain: @escaping @Sendable (IPAddress) -> [Listing],
            announce: (@Sendable (AlertEvent) -> Void)? = nil,
            say: @escaping @Sendable (String) -> Void
        ) {
            self.explain = explain
            self.announce = announce
            self.say = say
        }
    }

    private let store: AlertStore?
    private let surroundings: Surroundings
    private let monitor = Monitor()
    private var sinks: [SinkRunner]
    private var worker: Worker?
    private var keeper: Worker?
    /// What is to be kept; while the store refuses it, it waits here.
    private var changes: [AlertStore.Change] = []
    private var isKeeperStopping = false
    private var waiting: [AlertNews] = []
    private var acknowledged: Set<Int64> = []
    private var isStopping = false
    /// Sinks are being replaced.
    private var isPaused = false
    private var isWorking = false
    private var lost: UInt64 = 0
    private var storeFailures: UInt64 = 0
    private var announced = LatencyHistogram()
    /// What goes on, by number; the thread's own once it runs.
    private var open: [Int64: Alert] = [:]

    private static let waitingMax = 100_000

    /// - Parameters:
    ///   - store: where alerts are kept; nil: nowhere.
    ///   - open: what goes on since before the program began.
    public init(
        store: AlertStore?, sinks: [SinkRunner], open: [Alert] = [], _ surroundings: Surroundings
    ) {
        self.store = store
        self.sinks = sinks
        self.surroundings = surroundings
        self.open = Dictionary(open.map { ($0.id, $0) }, uniquingKeysWith: { $1 })
        acknowledged = Set(open.filter { $0.acknowledged != nil }.map(\.id))
    }

    /// Begins to work.
    public func start() throws(SinkError) {
        for sink in sinks { try sink.start() }
        worker = Worker { [self] in run() }
        keeper = Worker { [self] in keep() }
        if worker == nil || keeper == nil { throw SinkError("the system has no thread to give") }
    }

    /// Does what there is, and ends; what sinks could not deliver stays in their queues.
    public func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        worker = nil
        for sink in sinks { sink.stop() }
        monitor.lock()
        isKeeperStopping = true
        monitor.signal()
        monitor.unlock()
        keeper?.join()
        keeper = nil
    }

    /// Goes on with other sinks; what comes meanwhile waits, and is told by the new ones.
    ///
    /// - Parameters:
    ///   - names: sinks that go on as they are; the others deliver for a moment what waits for them, and
    ///     leave the rest in their queues.
    ///   - make: makes the new ones, once the old ones have ended.
    public func replaceSinks(keeping names: Set<String>, _ make: () -> [SinkRunner]) {
        monitor.lock()
        isPaused = true
        while isWorking { monitor.wait() }
        let gone = sinks.filter { !names.contains($0.name) }
        sinks.removeAll { !names.contains($0.name) }
        monitor.unlock()
        for sink in gone { sink.stop() }
        var new: [SinkRunner] = []
        for sink in make() {
            do throws(SinkError) {
                try sink.start()
                new.append(sink)
            } catch {
                surroundings.say("\(error)")
            }
        }
        monitor.lock()
        sinks += new
        isPaused = false
        monitor.signal()
        monitor.unlock()
    }

    /// Takes news; never waits.
    public func take(_ news: AlertNews) {
        monitor.lock()
        defer { monitor.unlock() }
        guard waiting.count < Self.waitingMax else {
            lost += 1
            return
        }
        waiting.append(news)
        monitor.signal()
    }

    /// Says which alerts somebody knows of: sinks hear no more of these until they are resolved.
    public func setAcknowledged(_ ids: Set<Int64>) {
        monitor.lock()
        acknowledged = ids
        monitor.unlock()
    }

    /// What was counted so far, the engine's part apart.
    public var counters: AlertCounters {
        monitor.lock()
        defer { monitor.unlock() }
        var counters = AlertCounters()
        counters.lost = lost
        counters.storeFailures = storeFailures
        counters.latency = announced
        for sink in sinks {
            let (sink, latency) = sink.counters
            counters.sinks.append(sink)
            counters.latency.add(latency)
        }
        return counters
    }

    private func run() {
        monitor.lock()
        while true {
            guard !waiting.isEmpty, !isPaused else {
                if isStopping { break }
                monitor.wait()
                continue
            }
            let news = waiting
            waiting = []
            let acknowledged = acknowledged
            isWorking = true
            monitor.unlock()
            work(news, acknowledged)
            monitor.lock()
            isWorking = false
            monitor.signal()
        }
        monitor.unlock()
    }

    private func work(_ news: [AlertNews], _ acknowledged: Set<Int64>) {
        var changes: [AlertStore.Change] = []
        // A peer with many hosts is asked about once.
        var known: [IPAddress: [Listing]] = [:]
        for item in news {
            switch item {
            case .opened(let alert, let received):
                let alert = alert.explained(by: explanations(of: alert, &known))
                open[alert.id] = alert
                tell(
                    AlertEvent(
                        .opened, alert, time: alert.opened,
                        received: received == 0 ? nil : received))
                changes.append(.insert(alert))
            case .continued(let progress, let received):
                guard var alert = open[progress.id] else { continue }
                alert.add(progress)
                alert.windows += 1
                open[alert.id] = alert
                if !acknowledged.contains(alert.id) {
                    tell(
                        AlertEvent(
                            .continued, alert, time: progress.time,
                            received: received == 0 ? nil : received))
                }
                changes.append(.update(alert))
            case .grown(let progress):
                guard var alert = open[progress.id] else { continue }
                alert.add(progress)
                open[alert.id] = alert
                changes.append(.update(alert))
            case .resolved(let progress):
                guard var alert = open.removeValue(forKey: progress.id) else { continue }
                let last = alert.updated
                alert.add(progress)
                alert.updated = max(last, min(progress.time, alert.updated))
                alert.resolved = progress.time
                tell(AlertEvent(.resolved, alert, time: progress.time, received: nil))
                changes.append(.update(alert))
            }
        }
        enter(changes)
    }

    private func explanations(
        of alert: Alert, _ known: inout [IPAddress: [Listing]]
    ) -> [Listing] {
        guard alert.kind == .contact, let peer = alert.peer else { return [] }
        if let found = known[peer] { return found }
        let found = surroundings.explain(peer)
        known[peer] = found
        return found
    }

    private func tell(_ event: AlertEvent) {
        for sink in sinks { sink.offer(event) }
        guard sinks.isEmpty, let announce = surroundings.announce else { return }
        announce(event)
        guard let received = event.received else { return }
        monitor.lock()
        announced.note(millisecondsNow().since(received), datagrams: 1)
        monitor.unlock()
    }

    private func enter(_ new: [AlertStore.Change]) {
        guard store != nil, !new.isEmpty else { return }
        monitor.lock()
        defer { monitor.unlock() }
        guard changes.count + new.count <= Self.waitingMax else {
            storeFailures += UInt64(new.count)
            return
        }
        changes += new
        monitor.signal()
    }

    /// Nanoseconds until what the store refused is offered to it again.
    private static let keepPause: UInt64 = 1_000_000_000

    /// Keeps what has changed, all that came meanwhile at once; what the store refuses, locked or on a full
    /// disk, waits in memory and is offered again.
    private func keep() {
        guard let store else { return }
        var isBroken = false
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            guard !changes.isEmpty else {
                if isKeeperStopping { return }
                monitor.wait()
                continue
            }
            let some = changes
            changes = []
            let isLast = isKeeperStopping
            monitor.unlock()
            var problem: String?
            do {
                try store.apply(some)
            } catch {
                problem = "\(error)"
            }
            if let problem {
                if !isBroken { surroundings.say("alerts wait to be kept: \(problem)") }
            } else if isBroken {
                surroundings.say("alerts are kept again")
            }
            isBroken = problem != nil
            monitor.lock()
            guard isBroken else { continue }
            if isLast {
                storeFailures += UInt64(some.count)
                return
            }
            // The oldest first: a change means something only after what it changes.
            changes = some + changes
            let due = Monitor.now + Self.keepPause
            while !isKeeperStopping, Monitor.now < due { monitor.wait(until: due) }
        }
    }
}

/// ms since 1970.
func millisecondsNow() -> UInt64 {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(time.tv_sec) * 1000 + UInt64(time.tv_nsec) / 1_000_000
}

extension Alert {
    /// The same with what its sources say of the peer; a hostile feed may say it ten thousand times.
    public func explained(by listings: [Listing]) -> Alert {
        var alert = self
        for listing in listings where sources.contains(listing.indicator.source) {
            let detail = listing.indicator.detail
            let link = detail.reportURL.asOneLine
            if !link.isEmpty, alert.links.count < 20, !alert.links.contains(link) {
                alert.links.append(link)
            }
            let text = String(detail.description.asOneLine.prefix(500))
            if !text.isEmpty, alert.descriptions.count < 20, !alert.descriptions.contains(text) {
                alert.descriptions.append(text)
            }
        }
        return alert
    }
}
