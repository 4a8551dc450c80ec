import CSockets
import FlowModel
import FlowStore
import Glibc
import Synchronization

/// A thread that takes datagrams out of one socket and puts them into the queue.
final class UDPListener: @unchecked Sendable {
    // Sendable: the counters are atomic, what else changes changes under the mutex or before the start.

    /// Where it listens, with the port that it has.
    let address: ListenAddress
    private let socket: Socket
    private let wakeUp: WakeUp
    private let queue: ArrivalQueue
    private let lane: Int
    private let allowed: SharedAllowList
    private let report: @Sendable (CollectorEvent) -> Void
    private var worker: Worker?
    /// When to end although more comes, by ``Monitor/now``; 0 = go on.
    private let end = Atomic<UInt64>(0)

    private let datagrams = Atomic<UInt64>(0)
    private let octets = Atomic<UInt64>(0)
    private let refused = Atomic<UInt64>(0)
    private let cut = Atomic<UInt64>(0)
    private let errors = Atomic<UInt64>(0)
    /// Datagrams that may wait in the socket.
    private let gathered = Atomic<Int>(0)
    /// What the latest attempt to receive ended with, 0 = well.
    private let failure = Atomic<Int32>(0)
    private let drops = Mutex<(total: UInt64, last: UInt32)>((0, 0))

    /// Opens a socket; datagrams wait in it until ``start()``.
    init(
        _ address: ListenAddress, shared: Bool, receiveBufferBytes: Int, queue: ArrivalQueue,
        allowed: SharedAllowList, report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(CollectorError) {
        let socket = try Socket(listeningAt: address, shared: shared)
        wakeUp = try WakeUp()
        var bound = address
        bound.port = socket.port
        self.address = bound
        self.socket = socket
        self.queue = queue
        self.allowed = allowed
        self.report = report
        lane = queue.openLane()
        _ = csockets_request_times(self.socket.number)
        setReceiveBuffer(receiveBufferBytes)
    }

    /// Asks for another receive buffer.
    func setReceiveBuffer(_ wanted: Int) {
        let got = socket.setReceiveBuffer(wanted)
        gathered.store(ReceivePace.gathering(in: got), ordering: .relaxed)
        if got < wanted { report(.receiveBufferSmall(address, wanted: wanted, got: got)) }
    }

    func start() throws(CollectorError) {
        worker = Worker { [self] in run() }
        if worker == nil { throw .resources("thread") }
        report(.listening(address))
    }

    /// Takes what the kernel has, for so long at most, and ends.
    func requestEnd(within limit: Duration) {
        end.store(max(Monitor.now + limit.nanoseconds, 1), ordering: .relaxed)
        wakeUp.wake()
    }

    /// Waits for the end.
    func join() {
        worker?.join()
        worker = nil
        queue.closeLane(lane)
        report(.closed(address))
    }

    var counters: CollectorCounters.Listener {
        var counters = CollectorCounters.Listener(address: address)
        counters.datagrams = datagrams.load(ordering: .relaxed)
        counters.octets = octets.load(ordering: .relaxed)
        counters.refused = refused.load(ordering: .relaxed)
        counters.cut = cut.load(ordering: .relaxed)
        counters.errors = errors.load(ordering: .relaxed)
        let code = failure.load(ordering: .relaxed)
        if code != 0 { counters.failure = error(code) }
        counters.kernelDrops = kernelDrops()
        counters.receiveBufferBytes = socket.receiveBuffer
        return counters
    }

    /// The kernel counts in 32 bits.
    private func kernelDrops() -> UInt64 {
        drops.withLock { drops in
            var now: UInt32 = 0
            if unsafe csockets_drops(socket.number, &now) == 0 {
                drops.total += UInt64(now &- drops.last)
                drops.last = now
            }
            return drops.total
        }
    }

    // MARK: - The thread

    private func run() {
        var receiver: DatagramReceiver
        do {
            receiver = try DatagramReceiver()
        } catch {
            failure.store(ENOMEM, ordering: .relaxed)
            report(.socketFailed(address, error))
            return
        }
        var list = allowed.current
        var pace = ReceivePace()
        // Datagrams since the last nap, and whether the decoder has not been told of the last of them.
        var taken = 0
        var isOwed = false
        while true {
            let count = receiver.receive(socket.number)
            let end = end.load(ordering: .relaxed)
            if count > 0 || count == -EAGAIN { failure.store(0, ordering: .relaxed) }
            if count > 0 {
                list = allowed.current
                // What fills a batch is not alone.
                isOwed = count == DatagramReceiver.batch
                take(receiver, count, list, hasMore: isOwed)
                taken += Int(count)
                if end != 0, Monitor.now >= end { return }
                if isOwed || end != 0 { continue }
            } else {
                if isOwed { queue.wakeDecoder() }
                isOwed = false
                if count != -EAGAIN && count != -EINTR {
                    guard note(error: -count) else { return }
                } else if end != 0 {
                    return
                }
            }
            let nap = pace.nap(after: taken, gathered: gathered.load(ordering: .relaxed))
            taken = 0
            // The socket gathers meanwhile, no more than its buffer holds; else the next datagram wakes.
            if nap > 0 { usleep(nap) } else { wait() }
        }
    }

    private func wait() {
        var watched = [
            pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeUp.number, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&watched, 2, -1)
    }

    /// Counts an error of the socket; whether to go on.
    private func note(error code: Int32) -> Bool {
        let isFirst = errors.add(1, ordering: .relaxed).oldValue == 0
        failure.store(code, ordering: .relaxed)
        if isFirst { report(.socketFailed(address, error(code))) }
        // An error that stays must not keep a core busy.
        usleep(10_000)
        return end.load(ordering: .relaxed) == 0
    }

    private func error(_ code: Int32) -> CollectorError {
        CollectorError.socket(operation: "receive at", address: "\(address)", code: code)
    }

    /// - Parameter hasMore: whether more is taken next, so that a decoder that waits can wait for it.
    private func take(
        _ receiver: borrowing DatagramReceiver, _ count: Int32, _ list: AllowList, hasMore: Bool
    ) {
        var arena = queue.borrow(lane)
        var taken: UInt64 = 0
        var takenOctets: UInt64 = 0
        var lastAllowed: IPAddress?
        var now: UInt64 = 0
        for index in 0..<count {
            receiver.withDatagram(index) { datagram, payload in
                if lastAllowed != datagram.address {
                    guard list.allows(datagram.address) else {
                        refused.add(1, ordering: .relaxed)
                        return
                    }
                    lastAllowed = datagram.address
                }
                if datagram.isCut { cut.add(1, ordering: .relaxed) }
                var received = datagram.received
                if received == 0 {
                    if now == 0 { now = millisecondsNow() }
                    received = now
                }
                while !arena.append(
                    payload, from: datagram.address, port: datagram.port, received: received,
                    over: .udp)
                {
                    arena = queue.exchange(arena, lane)
                }
                taken += 1
                takenOctets += UInt64(payload.byteCount)
            }
        }
        queue.putBack(arena, lane, hasMore: hasMore)
        datagrams.add(taken, ordering: .relaxed)
        octets.add(takenOctets, ordering: .relaxed)
    }
}
