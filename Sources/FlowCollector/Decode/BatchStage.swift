import FlowModel
import FlowStore

/// A bounded queue of batches with a thread that hands them to one reader.
///
///     offer ─▶ waiting (at most `depth`) ─▶ thread: reader.take ─▶ release
final class BatchStage: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.

    /// What becomes of a batch for which there is no room.
    enum WhenFull {
        /// Its sender waits.
        case wait
        /// It is thrown away.
        case shed
        /// Its sender waits, unless the reader has been at one batch for so many nanoseconds.
        case shedWhenStuck(UInt64)
    }

    private let reader: any BatchReader
    private let depth: Int
    private let whenFull: WhenFull
    private let report: @Sendable (CollectorEvent) -> Void
    private let monitor = Monitor()
    private var worker: Worker?
    private var waiting: [SharedBatch] = []
    /// When the reader began with what it is at; nil where it is idle.
    private var busySince: UInt64?
    private var isStopping = false
    private var count: CollectorCounters.Stage
    /// Flows thrown away since it was last said that it goes on.
    private var shedUnsaid: UInt64?

    init(
        name: String, _ reader: any BatchReader, depth: Int, whenFull: WhenFull,
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) {
        self.reader = reader
        self.depth = max(depth, 1)
        self.whenFull = whenFull
        self.report = report
        count = CollectorCounters.Stage(name: name)
    }

    func start() throws(CollectorError) {
        worker = Worker { [self] in run() }
        if worker == nil { throw .resources("thread") }
    }

    var counters: CollectorCounters.Stage {
        monitor.lock()
        defer { monitor.unlock() }
        var counters = count
        counters.waiting = waiting.count
        return counters
    }

    /// Takes a batch in, or counts it as thrown away.
    func offer(_ shared: SharedBatch) {
        monitor.lock()
        guard waitForRoom() else {
            count.shedBatches += 1
            count.shedFlows += UInt64(shared.batch.count)
            let isFirst = shedUnsaid == nil
            shedUnsaid = (shedUnsaid ?? 0) + UInt64(shared.batch.count)
            monitor.unlock()
            reader.miss(shared.batch.count)
            if isFirst, case .shedWhenStuck = whenFull { report(.shedding(stage: count.name)) }
            return
        }
        shared.retain()
        waiting.append(shared)
        count.waitingHighest = max(count.waitingHighest, waiting.count)
        let shed = shedUnsaid
        shedUnsaid = nil
        monitor.signal()
        monitor.unlock()
        if let shed, case .shedWhenStuck = whenFull {
            report(.shedEnded(stage: count.name, flows: shed))
        }
    }

    /// Hands over what waits, and ends.
    func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        worker = nil
    }

    private func waitForRoom() -> Bool {
        while waiting.count >= depth {
            switch whenFull {
            case .wait: monitor.wait()
            case .shed: return false
            case .shedWhenStuck(let limit):
                let due = (busySince ?? Monitor.now) + limit
                guard Monitor.now < due else { return false }
                monitor.wait(until: due)
            }
        }
        return true
    }

    private func run() {
        monitor.lock()
        while true {
            guard !waiting.isEmpty else {
                if isStopping { break }
                monitor.wait()
                continue
            }
            let shared = waiting.removeFirst()
            busySince = Monitor.now
            monitor.signal()
            monitor.unlock()
            let flows = UInt64(shared.batch.count)
            reader.take(shared)
            shared.release()
            monitor.lock()
            busySince = nil
            count.batches += 1
            count.flows += flows
            monitor.signal()
        }
        monitor.unlock()
    }
}
