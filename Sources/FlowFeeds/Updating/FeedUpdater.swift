public import FlowIntel
import Foundation
import NIOPosix
import Synchronization

/// Updates sources from time to time, each for itself, on threads of its own.
///
/// A source is never updated twice at once. Files and folders are looked at every two seconds, and read
/// when they have changed and stay as they are for one look.
public final class FeedUpdater: Sendable {
    /// What it does with.
    public struct Plan: Sendable {
        /// The sources.
        public var sources: [FeedSource]
        /// Names of sources that are configured and not updated: what they listed stays.
        public var keeping: Set<String>
        /// What cannot be listed.
        public var policy: AddressPolicy
        /// Bounds on requests.
        public var options: FetchOptions

        /// Makes a plan.
        public init(
            sources: [FeedSource], keeping: Set<String> = [], policy: AddressPolicy,
            options: FetchOptions
        ) {
            self.sources = sources
            self.keeping = keeping
            self.policy = policy
            self.options = options
        }
    }

    /// What the user should hear.
    public struct Event: Sendable {
        /// Whether something is wrong.
        public var isTrouble: Bool
        /// One line.
        public var line: String
    }

    private let store: IndicatorStore
    private let lookInterval: Duration
    private let say: @Sendable (Event) -> Void
    private let pool = NIOThreadPool(numberOfThreads: 3)
    private let state: Mutex<State>
    private let tick = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var plan: Plan
        var entries: [String: Entry] = [:]
        var running: [String: HTTPFetcher] = [:]
        var isStopping = false
    }

    private struct Entry {
        var schedule: FeedSchedule
        var status: FeedStatus
        /// Of a file or folder: what was read, and what was seen a look ago.
        var readSignature: String?
        var seenSignature: String?
    }

    /// Makes an updater, which begins at ``start()``.
    ///
    /// - Parameter lookInterval: how often it looks at what is due; what has changed on disk is read when
    ///   it has been the same for two looks.
    public init(
        _ store: IndicatorStore, plan: Plan, lookInterval: Duration = .seconds(2),
        say: @escaping @Sendable (Event) -> Void
    ) {
        self.store = store
        self.lookInterval = lookInterval
        self.say = say
        state = Mutex(State(plan: plan))
    }

    /// Begins.
    public func start() {
        pool.start()
        Thread.detachNewThread { [self] in
            prepare()
            while !state.withLock(\.isStopping) {
                look()
                _ = tick.wait(timeout: .now() + .nanoseconds(Int(lookInterval.nanoseconds)))
            }
            ended.signal()
        }
    }

    /// Goes on with another plan.
    public func replace(by plan: Plan) {
        state.withLock { $0.plan = plan }
        pool.submit { [self] _ in
            prepare()
            tick.signal()
        }
    }

    /// Ends: breaks off what is being read, and waits a moment for what is being stored.
    public func stop() {
        let running = state.withLock { state in
            state.isStopping = true
            return Array(state.running.values)
        }
        for fetcher in running { fetcher.cancel() }
        tick.signal()
        _ = ended.wait(timeout: .now() + .seconds(2))
        // What was cancelled ends soon; after two seconds the end comes without it.
        for _ in 0..<40 where state.withLock({ !$0.running.isEmpty }) { usleep(50_000) }
        pool.shutdownGracefully { _ in }
    }

    /// How the sources are doing, by name.
    public var statuses: [FeedStatus] {
        state.withLock { state in
            state.entries.values.map(\.status).sorted { $0.name < $1.name }
        }
    }

    // MARK: On the thread that looks

    /// Takes over what the store knows, and forgets what is no longer configured.
    private func prepare() {
        let plan = state.withLock(\.plan)
        trying {
            let names = Set(plan.sources.map(\.name))
            state.withLock { state in
                state.entries = state.entries.filter { names.contains($0.key) }
            }
            for name in try store.keepOnly(names.union(plan.keeping)) {
                say(Event(isTrouble: false, line: "\(name) is no longer configured; forgotten"))
            }
            let states = try store.sources()
            let now = WallClock.milliseconds
            for source in plan.sources {
                let known = states.first { $0.name == source.name }
                var status = FeedStatus(name: source.name)
                status.updated = known?.updated
                status.entries = known?.count ?? 0
                status.inForce = try store.countInForce(
                    of: source.name, policy: plan.policy, now: now)
                let cursors = try store.cursors(of: source.name)
                let isSame = cursors[FeedReading.Cursor.origin] == source.origin
                let schedule = FeedSchedule(
                    interval: source.interval, checked: isSame ? known?.checked : nil,
                    hasFailed: known?.problem != nil, now: now)
                let signature = cursors[FeedReading.Cursor.signature]
                state.withLock { state in
                    // A reload does not begin to count anew.
                    status.reads = state.entries[source.name]?.status.reads ?? 0
                    status.failures = state.entries[source.name]?.status.failures ?? 0
                    state.entries[source.name] = Entry(
                        schedule: schedule, status: status,
                        readSignature: isSame ? signature : nil)
                }
            }
        }
    }

    private func look() {
        let now = WallClock.milliseconds
        let sources = state.withLock { $0.plan.sources }
        for source in sources where isDue(source, at: now) {
            let options = state.withLock { $0.plan.options }
            let fetcher = HTTPFetcher(options: options)
            let begins = state.withLock { state in
                guard !state.isStopping, state.running[source.name] == nil else { return false }
                state.running[source.name] = fetcher
                return true
            }
            guard begins else {
                fetcher.close()
                continue
            }
            pool.submit { [self] poolState in
                if case .active = poolState { update(source, through: fetcher) }
                fetcher.close()
                state.withLock { state in state.running[source.name] = nil }
            }
        }
    }

    private func isDue(_ source: FeedSource, at now: Int64) -> Bool {
        var signature: String?
        if case .path(let path) = source.way { signature = PathSignature(path).text }
        return state.withLock { state in
            guard var entry = state.entries[source.name], state.running[source.name] == nil else {
                return false
            }
            guard let signature else { return entry.schedule.due <= now }
            let isStill = entry.seenSignature == signature
            entry.seenSignature = signature
            state.entries[source.name] = entry
            // What could not be read is read again when it has changed, or in time.
            if signature == entry.readSignature {
                return entry.schedule.failures > 0 && entry.schedule.due <= now
            }
            return isStill || entry.readSignature == nil
        }
    }

    // MARK: On a thread of the pool

    private func update(_ source: FeedSource, through fetcher: HTTPFetcher) {
        var isWhole = false
        var signature: String?
        if case .path(let path) = source.way { signature = PathSignature(path).text }
        trying {
            let policy = state.withLock { $0.plan.policy }
            let update = FeedUpdate(store, policy: policy, fetcher: fetcher) { [say] name, line in
                say(Event(isTrouble: true, line: "\(name): \(line)"))
            }
            let report = try update.run(source, at: WallClock.milliseconds)
            isWhole = report.isWhole
            tell(report)
            let now = WallClock.milliseconds
            let known = try store.sources().first { $0.name == source.name }
            let inForce = try store.countInForce(of: source.name, policy: policy, now: now)
            state.withLock { state in
                guard var entry = state.entries[source.name] else { return }
                entry.status.updated = known?.updated
                entry.status.entries = known?.count ?? 0
                entry.status.inForce = inForce
                state.entries[source.name] = entry
            }
        }
        let notBefore = (try? store.cursors(of: source.name))?[FeedReading.Cursor.notBefore]
            .flatMap { Int64($0) }
        let now = WallClock.milliseconds
        state.withLock { state in
            guard var entry = state.entries[source.name] else { return }
            entry.status.reads += 1
            entry.status.failures += isWhole ? 0 : 1
            entry.readSignature = signature
            entry.schedule.plan(
                isWhole: isWhole, at: now, spread: .random(in: 0...1), notBefore: notBefore)
            state.entries[source.name] = entry
        }
    }

    private func tell(_ report: FeedReport) {
        switch report.outcome {
        case .failed(.cancelled), .unchanged: break
        case .failed(let error):
            say(Event(isTrouble: true, line: "\(report.name): \(error); the last list stays"))
        case .held(let entries, let kept):
            say(
                Event(
                    isTrouble: true,
                    line: "\(report.name): held back: \(entries) entries where there were \(kept); "
                        + "skein intel update --insist takes them"))
        case .taken where report.added + report.gone > 0:
            let refused = report.refused.sorted { $0.key.rawValue < $1.key.rawValue }
                .map { "\($0.value) \($0.key.rawValue)" }.joined(separator: ", ")
            say(
                Event(
                    isTrouble: false,
                    line: "\(report.name): \(report.added) added, \(report.gone) gone, "
                        + "\(report.count) in all"
                        + (refused.isEmpty ? "" : "; refused: \(refused)")))
        case .taken: break
        }
    }

    private func trying(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            say(Event(isTrouble: true, line: "\(error)"))
        }
    }
}

/// How a source is doing in a running server.
public struct FeedStatus: Sendable {
    /// Its name.
    public var name: String
    /// Updates since the start.
    public var reads: UInt64 = 0
    /// Those that brought no list, or one that is held back.
    public var failures: UInt64 = 0
    /// When its list was last taken, or found to be the present one; ms since 1970.
    public var updated: Int64?
    /// Different entries that it has.
    public var entries = 0
    /// Entries that are not refused.
    public var inForce = 0
}
