public import FlowIntel
public import FlowModel
import Foundation
import Synchronization

/// Asks a zone about addresses as they are seen, and keeps those that are listed with the source.
///
/// Whoever sees an address only leaves it here: a bounded queue, which drops and counts, and a thread that
/// asks no faster than it may. What is known is not asked again for as long as the answer holds. What is
/// listed is an entry of the store until then, as if a list had it.
public final class BlackListWatch: Sendable {
    /// What was done so far.
    public struct Counts: Equatable, Sendable {
        /// Questions asked.
        public var asked: UInt64 = 0
        /// Those whose answer was that the address is listed.
        public var listed: UInt64 = 0
        /// Those without an answer.
        public var failed: UInt64 = 0
        /// Addresses not asked about, as too many waited.
        public var dropped: UInt64 = 0

        /// Makes counts.
        public init(
            asked: UInt64 = 0, listed: UInt64 = 0, failed: UInt64 = 0, dropped: UInt64 = 0
        ) {
            self.asked = asked
            self.listed = listed
            self.failed = failed
            self.dropped = dropped
        }
    }

    /// The source's name.
    public let name: String
    private let zone: BlackListZone
    private let interval: Int64
    private let store: IndicatorStore
    private let say: @Sendable (String) -> Void
    private let state = Mutex(State())
    private let arrived = DispatchSemaphore(value: 0)
    private let ended = DispatchSemaphore(value: 0)

    private struct State {
        var queue: [IPAddress] = []
        var waiting: Set<IPAddress> = []
        /// Until when an answer holds, ms since 1970.
        var known: [IPAddress: Int64] = [:]
        var counts = Counts()
        var isStopping = false
        var hasStarted = false
    }

    private static let queueMax = 10_000
    private static let knownMax = 200_000
    /// Listed addresses that are stored together at most.
    private static let storedTogether = 64
    /// How long a zone that refuses, or makes no sense, is left alone.
    private static let pause: Int64 = 600_000

    /// Makes a watch, which begins at ``start()``.
    ///
    /// - Parameter questionsPerSecond: at most.
    public init(
        name: String, zone: BlackListZone, questionsPerSecond: Int, store: IndicatorStore,
        say: @escaping @Sendable (String) -> Void
    ) {
        self.name = name
        self.zone = zone
        interval = 1000 / Int64(max(1, min(1000, questionsPerSecond)))
        self.store = store
        self.say = say
    }

    /// What was done so far.
    public var counts: Counts { state.withLock(\.counts) }

    /// Leaves an address to be asked about, unless the answer is known; never waits.
    public func see(_ address: IPAddress, now: Int64) {
        let isNew = state.withLock { state in
            if let until = state.known[address], until > now { return false }
            if state.waiting.contains(address) { return false }
            guard state.queue.count < Self.queueMax else {
                state.counts.dropped += 1
                return false
            }
            state.queue.append(address)
            state.waiting.insert(address)
            return true
        }
        if isNew { arrived.signal() }
    }

    /// Begins.
    public func start() {
        state.withLock { $0.hasStarted = true }
        Thread.detachNewThread { [self] in
            run()
            ended.signal()
        }
    }

    /// Ends, and waits a moment for the question that is being asked.
    public func stop() {
        let hasStarted = state.withLock { state in
            state.isStopping = true
            return state.hasStarted
        }
        arrived.signal()
        if hasStarted { _ = ended.wait(timeout: .now() + .seconds(5)) }
    }

    // MARK: On the thread that asks

    private var isStopping: Bool { state.withLock(\.isStopping) }

    private func run() {
        var coverage: BlackListZone.Coverage?
        var notBefore: Int64 = 0
        var found: [(IPAddress, [IPAddress], Int64)] = []
        var nextSweep = WallClock.milliseconds
        while !isStopping {
            if found.count >= Self.storedTogether || !found.isEmpty && !hasMore { keep(&found) }
            let now = WallClock.milliseconds
            if now >= nextSweep {
                nextSweep = now + 3_600_000
                forgetExpired(now)
            }
            guard let address = next(until: notBefore) else { continue }
            do throws(BlackListZone.Failure) {
                let covers: BlackListZone.Coverage
                if let coverage { covers = coverage } else { covers = try zone.check() }
                coverage = covers
                guard address.isV4 ? covers.hasV4 : covers.hasV6 else {
                    remember(address, until: .max)
                    continue
                }
                notBefore = WallClock.milliseconds + interval
                try ask(address, &found)
            } catch {
                state.withLock { $0.counts.failed += 1 }
                if case .resolver = error { continue }
                // It is asked for its test entries again before anything else.
                coverage = nil
                notBefore = WallClock.milliseconds + Self.pause
                say("\(error); not asked for 10 minutes")
                _ = try? store.note(
                    problem: "\(zone.zone): \(error)", of: name, at: WallClock.milliseconds)
            }
        }
        keep(&found)
    }

    private var hasMore: Bool { state.withLock { !$0.queue.isEmpty } }

    /// The next address, when it may be asked about; nil where there is none for a second.
    private func next(until notBefore: Int64) -> IPAddress? {
        let wait = max(0, notBefore - WallClock.milliseconds)
        if wait > 0 {
            // A stop ends it early; more addresses only make it look again.
            _ = arrived.wait(timeout: .now() + .milliseconds(Int(min(wait, 1000))))
            if WallClock.milliseconds < notBefore { return nil }
        }
        if !hasMore { _ = arrived.wait(timeout: .now() + .seconds(1)) }
        return state.withLock { state in
            guard !state.queue.isEmpty, !state.isStopping else { return nil }
            let address = state.queue.removeFirst()
            state.waiting.remove(address)
            return address
        }
    }

    private func ask(
        _ address: IPAddress, _ found: inout [(IPAddress, [IPAddress], Int64)]
    ) throws(BlackListZone.Failure) {
        state.withLock { $0.counts.asked += 1 }
        let verdict = try zone.ask(address)
        let now = WallClock.milliseconds
        switch verdict {
        case .notListed(let seconds): remember(address, until: now + Int64(seconds) * 1000)
        case .listed(let codes, let seconds):
            let until = now + Int64(seconds) * 1000
            remember(address, until: until)
            found.append((address, codes, until))
            state.withLock { $0.counts.listed += 1 }
        }
    }

    private func remember(_ address: IPAddress, until: Int64) {
        let now = WallClock.milliseconds
        state.withLock { state in
            if state.known.count >= Self.knownMax {
                state.known = state.known.filter { $0.value > now }
                if state.known.count >= Self.knownMax { state.known = [:] }
            }
            state.known[address] = until
        }
    }

    private func keep(_ found: inout [(IPAddress, [IPAddress], Int64)]) {
        guard !found.isEmpty else { return }
        var change = FeedChange()
        for (address, codes, until) in found {
            var detail = IndicatorDetail()
            let words = codes.map { "\($0)" }.joined(separator: ", ")
            detail.description = "\(zone.zone) answers \(words)"
            detail.expires = until
            var contents = FeedContents(format: .plain)
            contents.details.append(detail)
            contents.addresses = [ListedAddresses(range: AddressRange(address), detail: 1)]
            contents.counts.read = [.address: 1]
            change.parts.append(
                FeedPart(name: "\(address)", version: "\(until)", contents: contents))
        }
        found = []
        merge(change)
    }

    private func forgetExpired(_ now: Int64) {
        guard let parts = try? store.parts(of: name) else { return }
        var change = FeedChange()
        change.removed = Set(parts.filter { (Int64($0.value) ?? 0) <= now }.keys)
        if !change.removed.isEmpty { merge(change) }
    }

    private func merge(_ change: FeedChange) {
        do {
            _ = try store.merge(change, into: name, at: WallClock.milliseconds, insists: true)
        } catch {
            say("\(error)")
        }
    }
}
