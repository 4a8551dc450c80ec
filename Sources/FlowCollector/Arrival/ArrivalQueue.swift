import FlowStore
import Synchronization

/// What has arrived and is not decoded yet, within a bound of memory.
///
///     listener ─ tail ─▶ full … full ─┐
///     listener ─ tail ─▶ full ────────┼─ next(): of each lane in turn, the tail where nothing is full
///     listener ─ tail ────────────────┘        ─▶ decoder ─▶ release() ─▶ idle ─▶ fresh()
///
/// A listener borrows its lane's tail, fills it and puts it back, so that a single datagram is decoded
/// at once and many together. Where the memory is used up the listener waits, and the kernel's buffer
/// takes what comes.
final class ArrivalQueue: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.
    private struct Lane {
        var full: [DatagramArena] = []
        var tail: DatagramArena?
    }

    private let monitor = Monitor()
    private var lanes: [Lane] = []
    /// Lanes whose listeners have gone.
    private var vacant: [Int] = []
    /// The lane that is served next.
    private var turn = 0
    private var idle = SpareList<DatagramArena>(span: 4096)
    private var used = 0
    private var highest = 0
    private var waits: UInt64 = 0
    private var isDecoderWaiting = false
    private var listenersWaiting = 0
    private var isClosed = false
    private let arenasMax: Int

    /// Arenas that are kept for the next burst; what is above is given back to the system.
    private static let idleMax = 32

    /// - Parameter bytesMax: octets of memory; two arenas at least.
    init(bytesMax: Int) { arenasMax = max(bytesMax / DatagramArena.memoryBytes, 2) }

    /// Opens a lane for one listener.
    func openLane() -> Int {
        monitor.lock()
        defer { monitor.unlock() }
        if let lane = vacant.popLast() { return lane }
        lanes.append(Lane())
        return lanes.count - 1
    }

    /// Leaves a lane to another listener; what is in it will be decoded.
    func closeLane(_ lane: Int) {
        monitor.lock()
        vacant.append(lane)
        monitor.unlock()
    }

    /// The lane's unfinished arena, else an empty one; waits where the memory is used up.
    func borrow(_ lane: Int) -> DatagramArena {
        monitor.lock()
        defer { monitor.unlock() }
        if let tail = lanes[lane].tail {
            lanes[lane].tail = nil
            return tail
        }
        return takeIdle()
    }

    /// Puts back a borrowed arena that has room for more.
    ///
    /// - Parameter hasMore: whether it is borrowed again at once: the decoder is told by then, or by
    ///   ``wakeDecoder()``.
    func putBack(_ arena: DatagramArena, _ lane: Int, hasMore: Bool = false) {
        monitor.lock()
        if arena.count == 0 { giveBack(arena) } else { lanes[lane].tail = arena }
        if !hasMore { tellDecoder() }
        monitor.unlock()
    }

    /// Tells the decoder of what was put back when more was expected.
    func wakeDecoder() {
        monitor.lock()
        tellDecoder()
        monitor.unlock()
    }

    /// Takes a borrowed arena that is full, and answers an empty one.
    func exchange(_ arena: DatagramArena, _ lane: Int) -> DatagramArena {
        monitor.lock()
        defer { monitor.unlock() }
        lanes[lane].full.append(arena)
        tellDecoder()
        return takeIdle()
    }

    /// What is to be decoded next; nil when there was nothing until `deadline`, or all is closed.
    func next(until deadline: UInt64) -> DatagramArena? {
        monitor.lock()
        defer { monitor.unlock() }
        while true {
            if let arena = takeNext() { return arena }
            guard !isClosed, Monitor.now < deadline else { return nil }
            isDecoderWaiting = true
            monitor.wait(until: deadline)
            isDecoderWaiting = false
        }
    }

    /// One user more or less of an arena that ``next(until:)`` answered, which begins with one.
    func retain(_ arena: DatagramArena) { arena.users.add(1, ordering: .relaxed) }

    /// Lets go of an arena; the last who does makes it free.
    func release(_ arena: DatagramArena) {
        guard arena.users.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else {
            return
        }
        monitor.lock()
        arena.removeAll()
        giveBack(arena)
        monitor.unlock()
    }

    /// Says that nothing more will come.
    func close() {
        monitor.lock()
        isClosed = true
        monitor.signal()
        monitor.unlock()
    }

    /// Whether nothing will come and nothing is left.
    var isDrained: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return isClosed && lanes.allSatisfy { $0.tail == nil && $0.full.isEmpty }
    }

    /// Arenas that may be in use at once.
    var capacity: Int { arenasMax }

    var counters: CollectorCounters.Queue {
        monitor.lock()
        defer { monitor.unlock() }
        var counters = CollectorCounters.Queue()
        counters.bytes = used * DatagramArena.memoryBytes
        counters.bytesMax = arenasMax * DatagramArena.memoryBytes
        counters.bytesHighest = highest * DatagramArena.memoryBytes
        counters.waits = waits
        return counters
    }

    // MARK: - With the lock held

    private func takeIdle() -> DatagramArena {
        if used >= arenasMax { waits += 1 }
        while used >= arenasMax {
            listenersWaiting += 1
            monitor.wait()
            listenersWaiting -= 1
        }
        used += 1
        highest = max(highest, used)
        return idle.take() ?? DatagramArena()
    }

    private func giveBack(_ arena: DatagramArena) {
        used -= 1
        if idle.count < Self.idleMax { idle.put(arena) }
        if listenersWaiting > 0 { monitor.signal() }
    }

    private func tellDecoder() {
        if isDecoderWaiting { monitor.signal() }
    }

    private func takeNext() -> DatagramArena? {
        for step in 0..<lanes.count {
            let lane = (turn + step) % lanes.count
            guard let arena = takeFirst(of: lane) else { continue }
            turn = lane + 1
            arena.users.store(1, ordering: .relaxed)
            return arena
        }
        return nil
    }

    private func takeFirst(of lane: Int) -> DatagramArena? {
        if !lanes[lane].full.isEmpty { return lanes[lane].full.removeFirst() }
        defer { lanes[lane].tail = nil }
        return lanes[lane].tail
    }
}
