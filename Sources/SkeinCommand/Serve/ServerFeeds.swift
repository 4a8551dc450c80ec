import FlowCollector
import FlowFeeds
import FlowIntel
import SkeinConfiguration
import SkeinServer
import Synchronization

/// The updating of sources within a server.
final class ServerFeeds: Sendable {
    private let log: ServerLog
    private let state: Mutex<State>
    private let blackLists: ServerBlackLists

    private struct State {
        /// Nil while there is nothing to update.
        var updater: FeedUpdater?
        var hasStarted = false
    }

    init(_ settings: SkeinSettings, _ log: ServerLog) {
        self.log = log
        state = Mutex(State(updater: Self.updater(settings, log)))
        blackLists = ServerBlackLists(settings, log)
    }

    /// Who reads the flows that arrive.
    var subscriptions: [BatchSubscription] { [blackLists.subscription] }

    /// Begins to update them.
    func start() {
        state.withLock { state in
            state.hasStarted = true
            state.updater?.start()
        }
        blackLists.start()
    }

    /// Goes on with other settings.
    func reload(_ settings: SkeinSettings) {
        blackLists.reload(settings)
        let ended = state.withLock { state -> FeedUpdater? in
            guard let plan = Self.plan(settings, log) else {
                defer { state.updater = nil }
                return state.updater
            }
            if let updater = state.updater {
                updater.replace(by: plan)
            } else {
                state.updater = Self.updater(settings, log)
                if state.hasStarted { state.updater?.start() }
            }
            return nil
        }
        ended?.stop()
    }

    func stop() {
        state.withLock(\.updater)?.stop()
        blackLists.stop()
    }

    private static func updater(_ settings: SkeinSettings, _ log: ServerLog) -> FeedUpdater? {
        guard let plan = plan(settings, log) else { return nil }
        do {
            let store = try IndicatorStore(path: settings.intel.database)
            return FeedUpdater(store, plan: plan) { event in
                log.say(event.isTrouble ? .warning : .info, "intel: \(event.line)")
            }
        } catch {
            log.say(.error, "no source is updated: \(error)")
            return nil
        }
    }

    /// What is to be updated; nil where there is no source, or none is to be.
    private static func plan(_ settings: SkeinSettings, _ log: ServerLog) -> FeedUpdater.Plan? {
        let intel = settings.intel
        guard !intel.sources.isEmpty, intel.every > .zero else { return nil }
        let sources = intel.sources.compactMap { source -> FeedSource? in
            do {
                return try source.feed(intel)
            } catch {
                log.say(.error, "intel: \(source.name): \(error)")
                return nil
            }
        }
        let options: FetchOptions
        do {
            options = try intel.fetchOptions()
        } catch {
            log.say(.error, "no source is updated: \(error)")
            return nil
        }
        let own = intel.own + settings.geo.home.flatMap(\.networks)
        return FeedUpdater.Plan(
            sources: sources, keeping: Set(intel.sources.map(\.name)),
            policy: AddressPolicy(own: own), options: options)
    }

    /// How the sources that are updated are doing, by name.
    var statuses: [FeedStatus] { state.withLock(\.updater)?.statuses ?? [] }

    /// What was counted, for `/metrics`.
    var metrics: [MetricFamily] {
        var reads = MetricFamily(
            "skein_intel_updates_total", .counter, "Updates of a source of indicators.")
        var failures = MetricFamily(
            "skein_intel_update_failures_total", .counter,
            "Updates of a source that brought no list, or one that is held back.")
        var age = MetricFamily(
            "skein_intel_age_seconds", .gauge,
            "Since a source's list was last taken, or found to be the present one.")
        var entries = MetricFamily(
            "skein_intel_entries", .gauge, "Different entries of a source.")
        var inForce = MetricFamily(
            "skein_intel_in_force", .gauge, "Entries of a source that are not refused.")
        let now = Int64(Clock.millisecondsSince1970())
        for status in statuses {
            let label = ("source", status.name)
            reads.add(status.reads, label)
            failures.add(status.failures, label)
            if let updated = status.updated { age.add(UInt64(max(0, now - updated) / 1000), label) }
            entries.add(UInt64(status.entries), label)
            inForce.add(UInt64(status.inForce), label)
        }
        return [reads, failures, age, entries, inForce] + blackLists.metrics
    }
}
