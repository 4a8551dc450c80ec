import FlowCollector
import FlowFeeds
import FlowIntel
import FlowModel
import SkeinConfiguration
import SkeinServer
import Synchronization

/// Zones of the DNS that are asked about the addresses of flows as they arrive.
///
/// Of a flow that brings nothing new only two look-ups in a small table are made; what is left out because
/// flows come too fast comes again.
final class ServerBlackLists: BatchSubscriber {
    private let log: ServerLog
    private let state: Mutex<State>
    private let recent = Mutex(RecentAddresses())

    private struct State {
        var policy = AddressPolicy()
        var asked: [Asked] = []
        var hasStarted = false
    }

    /// A zone and by which settings it is asked.
    private struct Asked {
        var source: IntelSource
        var resolver: ResolverPlace?
        var watch: BlackListWatch
    }

    init(_ settings: SkeinSettings, _ log: ServerLog) {
        self.log = log
        state = Mutex(State())
        reload(settings)
    }

    var subscription: BatchSubscription {
        BatchSubscription(name: "zones", self, delivery: .lossy)
    }

    func start() {
        let asked = state.withLock { state in
            state.hasStarted = true
            return state.asked
        }
        for zone in asked { zone.watch.start() }
    }

    func stop() {
        for zone in state.withLock(\.asked) { zone.watch.stop() }
    }

    /// Goes on with other zones; those that stay as they are go on.
    func reload(_ settings: SkeinSettings) {
        let intel = settings.intel
        let sources = intel.sources.filter { $0.zone != nil }
        let (old, hasStarted) = state.withLock { ($0.asked, $0.hasStarted) }
        var asked: [Asked] = []
        var new: [BlackListWatch] = []
        do {
            let store = sources.isEmpty ? nil : try IndicatorStore(path: intel.database)
            for source in sources {
                if let same = old.first(where: {
                    $0.source == source && $0.resolver == intel.resolver
                }) {
                    asked.append(same)
                    continue
                }
                guard let store, let zone = source.blackList(intel) else { continue }
                let watch = BlackListWatch(
                    name: source.name, zone: zone, questionsPerSecond: source.rate, store: store
                ) { [log] in log.say(.warning, "intel: \(source.name): \($0)") }
                asked.append(Asked(source: source, resolver: intel.resolver, watch: watch))
                new.append(watch)
            }
        } catch {
            log.say(.error, "no zone is asked: \(error)")
        }
        let policy = AddressPolicy(own: intel.own + settings.geo.home.flatMap(\.networks))
        state.withLock { state in
            state.asked = asked
            state.policy = policy
        }
        for zone in old where !asked.contains(where: { $0.watch === zone.watch }) {
            zone.watch.stop()
        }
        if hasStarted { for watch in new { watch.start() } }
    }

    func take(_ batch: FlowBatch) {
        let (asked, policy) = state.withLock { ($0.asked, $0.policy) }
        if asked.isEmpty { return }
        let now = Int64(Clock.millisecondsSince1970())
        recent.withLock { recent in
            for field in [Field.srcip, .dstip] {
                for row in 0..<batch.count {
                    guard let address = batch.address(field, at: row),
                        recent.isNew(address, at: now),
                        policy.refusal(of: AddressRange(address)) == nil
                    else { continue }
                    for zone in asked { zone.watch.see(address, now: now) }
                }
            }
        }
    }

    /// What was counted, for `/metrics`.
    var metrics: [MetricFamily] {
        var asked = MetricFamily(
            "skein_intel_zone_questions_total", .counter, "Questions to a zone of the DNS.")
        var listed = MetricFamily(
            "skein_intel_zone_listed_total", .counter, "Those about an address that is listed.")
        var failed = MetricFamily(
            "skein_intel_zone_failures_total", .counter, "Those without an answer.")
        var dropped = MetricFamily(
            "skein_intel_zone_dropped_total", .counter,
            "Addresses that a zone was not asked about, as too many waited.")
        for watch in state.withLock({ $0.asked.map(\.watch) }) {
            let label = ("source", watch.name)
            let counts = watch.counts
            asked.add(counts.asked, label)
            listed.add(counts.listed, label)
            failed.add(counts.failed, label)
            dropped.add(counts.dropped, label)
        }
        return [asked, listed, failed, dropped]
    }
}

/// The addresses that were seen last, as far as a table without chains remembers them.
private struct RecentAddresses {
    private var slots = [IPAddress](repeating: IPAddress(v4: 0), count: 1 << 14)
    private var begun: Int64 = 0

    /// How long an address counts as seen, ms; what is known of it lasts longer.
    private static let lifetime: Int64 = 60_000

    mutating func isNew(_ address: IPAddress, at now: Int64) -> Bool {
        if now - begun > Self.lifetime {
            begun = now
            slots = [IPAddress](repeating: IPAddress(v4: 0), count: slots.count)
        }
        let hash = (address.high ^ address.low &* 0x9e37_79b9_7f4a_7c15) >> 50
        guard slots[Int(hash)] != address else { return false }
        slots[Int(hash)] = address
        return true
    }
}
