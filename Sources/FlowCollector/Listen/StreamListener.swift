import CSockets
import FlowModel
import FlowStore
import Glibc
import Synchronization

/// A thread that takes IPFIX messages out of the connections of one listening socket.
///
/// Where the queue is full it stops reading: the exporters wait, and nothing is lost.
final class StreamListener: @unchecked Sendable {
    // Sendable: the counters are atomic; connections belong to the thread.

    private let intake: StreamIntake
    private let socket: Socket
    private let wakeUp: WakeUp
    private var worker: Worker?
    private let end = Atomic<UInt64>(0)

    init(
        _ address: ListenAddress, limits: StreamLimits, queue: ArrivalQueue,
        allowed: SharedAllowList, report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(CollectorError) {
        let socket = try Socket(listeningAt: address, shared: false)
        wakeUp = try WakeUp()
        var bound = address
        bound.port = socket.port
        intake = StreamIntake(
            bound, limits: limits, queue: queue, allowed: allowed, report: report)
        self.socket = socket
    }

    /// Where it listens, with the port that it has.
    var address: ListenAddress { intake.address }
    var counters: CollectorCounters.Listener { intake.counters }

    func start() throws(CollectorError) {
        worker = Worker { [self] in run() }
        if worker == nil { throw .resources("thread") }
        intake.begin()
    }

    /// Takes what the kernel has of each connection, for so long at most, and ends.
    func requestEnd(within limit: Duration) {
        end.store(max(Monitor.now + limit.nanoseconds, 1), ordering: .relaxed)
        wakeUp.wake()
    }

    /// Waits for the end.
    func join() {
        worker?.join()
        worker = nil
        intake.end()
    }

    // MARK: - The thread

    private func run() {
        var connections: [StreamConnection] = []
        while end.load(ordering: .relaxed) == 0 {
            var watched = [wakeUp.number, socket.number].map {
                pollfd(fd: $0, events: Int16(POLLIN), revents: 0)
            }
            for connection in connections {
                watched.append(
                    pollfd(fd: connection.socket.number, events: Int16(POLLIN), revents: 0))
            }
            // Connections that bring nothing are looked for each second.
            _ = unsafe poll(&watched, nfds_t(watched.count), connections.isEmpty ? -1 : 1000)
            let now = Monitor.now
            var kept: [StreamConnection] = []
            for (connection, state) in zip(connections, watched[2...]) {
                let isOver = state.revents == 0 ? false : !goesOn(connection)
                let isIdle = connection.messages == 0 && now >= connection.firstMessageDue
                if isIdle, !isOver { note(.broken("brought no message"), of: connection) }
                if !isOver, !isIdle { kept.append(connection) }
            }
            connections = kept
            if watched[1].revents != 0 { accept(into: &connections) }
            intake.noteOpen(connections.count)
        }
        drain(connections)
        intake.noteOpen(0)
    }

    /// Reads a connection once; false where it has ended.
    private func goesOn(_ connection: StreamConnection) -> Bool {
        let outcome = take(connection)
        if case .goesOn = outcome { return true }
        note(outcome, of: connection)
        return false
    }

    private func note(_ outcome: StreamConnection.Outcome, of connection: StreamConnection) {
        guard case .broken(let reason) = outcome else { return }
        intake.noteBroken(connection.address, reason)
    }

    private func take(_ connection: StreamConnection) -> StreamConnection.Outcome {
        intake.take(from: connection.address, port: connection.port) { connection.read($0) }
    }

    private func accept(into connections: inout [StreamConnection]) {
        let listening = socket.number
        while true {
            var sender = IPAddress.v6Zero
            var port: UInt16 = 0
            let number = unsafe csockets_accept(listening, &sender.high, &sender.low, &port)
            guard number >= 0 else {
                if number == -EAGAIN { return }
                // A connection that is gone already; and where descriptors are short, wait for one.
                guard number == -EINTR || number == -ECONNABORTED else {
                    intake.note(error: -number)
                    usleep(10_000)
                    return
                }
                continue
            }
            let taken = Socket(taking: number)
            guard intake.admits(sender, beside: connections.map(\.address)) else { continue }
            // An exporter that is switched off does not say good-bye.
            taken.set(SOL_SOCKET, SO_KEEPALIVE, 1)
            connections.append(
                StreamConnection(
                    taken, from: sender, port: port,
                    firstMessageDue: Monitor.now + intake.limits.firstMessage.nanoseconds))
        }
    }

    /// Reads what has arrived of each connection; what arrives later the exporter still has.
    private func drain(_ connections: [StreamConnection]) {
        let limit = end.load(ordering: .relaxed)
        for connection in connections {
            var watched = pollfd(fd: connection.socket.number, events: Int16(POLLIN), revents: 0)
            while Monitor.now < limit, unsafe poll(&watched, 1, 0) > 0, goesOn(connection) {}
        }
    }
}
