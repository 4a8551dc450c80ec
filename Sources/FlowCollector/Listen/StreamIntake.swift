import FlowModel
import FlowStore
import Glibc
import Synchronization

/// Where the messages of one listening socket's connections go, who may connect, and what was counted.
///
/// Where the queue is full it makes whoever brings a message wait: the exporters wait, and nothing is
/// lost.
final class StreamIntake: Sendable {
    /// Where they connect to.
    let address: ListenAddress
    let limits: StreamLimits
    private let queue: ArrivalQueue
    private let lane: Int
    private let allowed: SharedAllowList
    private let report: @Sendable (CollectorEvent) -> Void
    private let budget = EventBudget()

    private let messages = Atomic<UInt64>(0)
    private let octets = Atomic<UInt64>(0)
    private let refused = Atomic<UInt64>(0)
    private let errors = Atomic<UInt64>(0)
    /// What the latest attempt to take a connection ended with, 0 = well.
    private let failure = Atomic<Int32>(0)
    private let open = Atomic<UInt64>(0)
    private let accepted = Atomic<UInt64>(0)
    private let broken = Atomic<UInt64>(0)
    private let handshakesFailed = Atomic<UInt64>(0)

    init(
        _ address: ListenAddress, limits: StreamLimits, queue: ArrivalQueue,
        allowed: SharedAllowList, report: @escaping @Sendable (CollectorEvent) -> Void
    ) {
        self.address = address
        self.limits = limits
        self.queue = queue
        self.allowed = allowed
        self.report = report
        lane = queue.openLane()
    }

    /// Says that it listens.
    func begin() { report(.listening(address)) }

    /// Lets the queue go, after the last message.
    func end() {
        queue.closeLane(lane)
        report(.closed(address))
    }

    var counters: CollectorCounters.Listener {
        var counters = CollectorCounters.Listener(address: address)
        counters.datagrams = messages.load(ordering: .relaxed)
        counters.octets = octets.load(ordering: .relaxed)
        counters.refused = refused.load(ordering: .relaxed)
        counters.errors = errors.load(ordering: .relaxed)
        let code = failure.load(ordering: .relaxed)
        if code != 0 {
            counters.failure = .socket(
                operation: "take connections at", address: "\(address)", code: code)
        }
        counters.connections = open.load(ordering: .relaxed)
        counters.accepted = accepted.load(ordering: .relaxed)
        counters.broken = broken.load(ordering: .relaxed)
        counters.handshakesFailed = handshakesFailed.load(ordering: .relaxed)
        return counters
    }

    /// Whether to take a connection, which is counted either way.
    ///
    /// - Parameter others: who has connections already.
    func admits(_ sender: IPAddress, beside others: some Collection<IPAddress>) -> Bool {
        failure.store(0, ordering: .relaxed)
        guard allowed.current.allows(sender) else {
            refused.add(1, ordering: .relaxed)
            return false
        }
        guard others.count < limits.connectionsMax,
            others.count(where: { $0 == sender }) < limits.connectionsPerAddressMax
        else {
            refused.add(1, ordering: .relaxed)
            say(.streamsFull(sender))
            return false
        }
        accepted.add(1, ordering: .relaxed)
        return true
    }

    /// Hands on the messages that `read` brings; whoever has no room in the queue waits in it.
    ///
    /// - Parameter read: is handed what takes a message, and used on the thread of the caller alone.
    func take<Result>(
        from sender: IPAddress, port: UInt16, _ read: ((RawSpan) -> Void) throws -> Result
    ) rethrows -> Result {
        var arena = queue.borrow(lane)
        defer { queue.putBack(arena, lane) }
        let now = millisecondsNow()
        return try read { message in
            while !arena.append(
                message, from: sender, port: port, received: now, over: address.transport)
            {
                arena = queue.exchange(arena, lane)
            }
            messages.add(1, ordering: .relaxed)
            octets.add(UInt64(message.byteCount), ordering: .relaxed)
        }
    }

    /// Notes how many connections are open.
    func noteOpen(_ count: Int) { open.store(UInt64(count), ordering: .relaxed) }

    /// Counts an error of the listening socket.
    func note(error code: Int32) {
        errors.add(1, ordering: .relaxed)
        failure.store(code, ordering: .relaxed)
    }

    /// Counts a connection that cannot be read on, and says so.
    func noteBroken(_ sender: IPAddress, _ reason: String) {
        broken.add(1, ordering: .relaxed)
        say(.streamBroken(sender, address.transport, reason: reason))
    }

    /// Counts a connection that never came to speak TLS, and says so.
    func noteHandshake(of sender: IPAddress, _ failure: String) {
        handshakesFailed.add(1, ordering: .relaxed)
        say(.handshakeFailed(sender, reason: failure))
    }

    /// Says what strangers can bring about, within bounds.
    private func say(_ event: CollectorEvent) {
        guard let unsaid = budget.take() else { return }
        if unsaid > 0 { report(.unsaid(address, events: unsaid)) }
        report(event)
    }
}

/// How often something is said that strangers can bring about as often as they like: ten times at once,
/// then once in ten seconds.
final class EventBudget: Sendable {
    private struct State {
        var left: UInt64 = most
        var filledAt: UInt64
        var unsaid: UInt64 = 0
    }
    private let state: Mutex<State>

    private static let most: UInt64 = 10
    private static let interval: UInt64 = 10_000_000_000

    init(now: UInt64 = Monitor.now) { state = Mutex(State(filledAt: now)) }

    /// How many were not said since the last that was; nil where this one is not said either.
    func take(now: UInt64 = Monitor.now) -> UInt64? {
        state.withLock { state in
            let earned = (max(now, state.filledAt) - state.filledAt) / Self.interval
            state.filledAt += earned * Self.interval
            state.left = min(state.left + earned, Self.most)
            guard state.left > 0 else {
                state.unsaid += 1
                return nil
            }
            state.left -= 1
            defer { state.unsaid = 0 }
            return state.unsaid
        }
    }
}
