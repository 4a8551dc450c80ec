import FlowModel
import FlowStore
import Synchronization

/// A thread that sends a copy of each datagram to another collector.
///
/// It never holds up decoding: what it cannot keep up with is left out, and counted.
final class Forwarder: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock; the packets are the thread's own.
    let target: ForwardTarget
    private let queue: ArrivalQueue
    private let plain: ForwardSocket
    /// Of IPv4, where the system permits it.
    private let raw: ForwardSocket?
    private let monitor = Monitor()
    private var worker: Worker?
    private var waiting: [DatagramArena] = []
    private var isStopping = false
    private var count: CollectorCounters.Forward
    private var packets = SourcePackets()

    init(
        _ target: ForwardTarget, queue: ArrivalQueue,
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(CollectorError) {
        self.target = target
        self.queue = queue
        count = CollectorCounters.Forward(target: target)
        let plain = try ForwardSocket(to: target)
        if target.keepsSource, plain.address.isV4 {
            do throws(CollectorError) {
                raw = try ForwardSocket(rawLike: plain, of: target)
            } catch {
                raw = nil
                report(.sourceNotKept(target, error))
            }
        } else {
            raw = nil
        }
        self.plain = plain
    }

    func start() throws(CollectorError) {
        worker = Worker { [self] in run() }
        if worker == nil { throw .resources("thread") }
    }

    var counters: CollectorCounters.Forward {
        monitor.lock()
        defer { monitor.unlock() }
        return count
    }

    /// Takes an arena in; called by its decoder.
    func offer(_ arena: DatagramArena) {
        monitor.lock()
        if waiting.count < max(queue.capacity / 8, 1) {
            queue.retain(arena)
            waiting.append(arena)
            monitor.signal()
        } else {
            count.dropped += UInt64(arena.count)
        }
        monitor.unlock()
    }

    /// Sends what waits, and ends.
    func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        worker = nil
    }

    private func run() {
        monitor.lock()
        while true {
            guard !waiting.isEmpty else {
                if isStopping { break }
                monitor.wait()
                continue
            }
            let arena = waiting.removeFirst()
            monitor.unlock()
            let outcome = send(arena)
            queue.release(arena)
            monitor.lock()
            count.datagrams += UInt64(outcome.sent)
            count.dropped += UInt64(outcome.dropped)
            count.refused += UInt64(outcome.refused)
        }
        monitor.unlock()
    }

    private func send(_ arena: DatagramArena) -> ForwardSocket.Outcome {
        var offsets: [UInt32] = []
        var lengths: [UInt32] = []
        packets.removeAll()
        for index in 0..<arena.count {
            let entry = arena.entry(index)
            guard entry.transport == .udp else { continue }
            if let raw, entry.address.isV4, Int(entry.length) <= SourcePackets.payloadMax {
                packets.append(
                    arena.payload(entry), from: entry.address, port: entry.port, to: raw.address,
                    port: raw.port)
            } else {
                offsets.append(entry.offset)
                lengths.append(entry.length)
            }
        }
        var outcome = unsafe plain.send(arena.octets, offsets, lengths)
        guard let raw else { return outcome }
        let more = unsafe packets.octets.withUnsafeBytes { memory in
            guard let start = memory.baseAddress else { return ForwardSocket.Outcome() }
            return unsafe raw.send(start, packets.offsets, packets.lengths)
        }
        outcome.sent += more.sent
        outcome.dropped += more.dropped
        outcome.refused += more.refused
        return outcome
    }
}

/// The forwarders there are; a reload replaces them.
final class SharedForwarders: Sendable {
    private let list = Mutex<[Forwarder]>([])

    var current: [Forwarder] { list.withLock { $0 } }

    func replace(by next: [Forwarder]) { list.withLock { $0 = next } }
}
