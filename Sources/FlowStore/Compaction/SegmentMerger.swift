import CAllocator
import Glibc
import Synchronization

/// A thread that merges segments when there are new ones, and yields to all other work.
final class SegmentMerger: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.
    private let compactor: Compactor
    private let monitor = Monitor()
    private var worker: Worker?
    private var isAwake = false
    private var isStopping = false

    /// How often memory is given back where nothing is merged: what was, is wanted again soon.
    private static let tidyEvery = Duration.seconds(10)

    init(_ compactor: Compactor) { self.compactor = compactor }

    /// Says that there may be something to do.
    func wake() {
        monitor.lock()
        isAwake = true
        if worker == nil, !isStopping { worker = Worker { [self] in run() } }
        monitor.signal()
        monitor.unlock()
    }

    /// Ends the thread; what it was at is given up.
    func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        let worker = worker
        self.worker = nil
        monitor.unlock()
        worker?.join()
    }

    private func run() {
        // On Linux a thread's own priority; what it merges can wait.
        _ = setpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0, 10)
        var compactor = compactor
        compactor.isCancelled = { [self] in isEnding }
        var tidied = ContinuousClock.now
        monitor.lock()
        while !isStopping {
            if isAwake {
                isAwake = false
                monitor.unlock()
                // Where it fails the segments stay as they are, and it is tried again with the next.
                let keeper = compactor.keeper
                let merged = keeper.maintenance.withLock { _ in
                    try? compactor.run(isEager: false)
                }
                var isChanged = merged.map { $0.segmentsBefore > 0 } ?? true
                while rollUp(compactor) { isChanged = true }
                // What is merged, and an hour's keys, take a hundred megabytes, and what piles up while
                // another program has the processors takes tens: without this they would stay with the
                // process, in pieces that the next does not fit into.
                let now = ContinuousClock.now
                if isChanged || now - tidied > Self.tidyEvery {
                    BufferPool.shared.clear()
                    callocator_trim()
                    tidied = now
                }
                monitor.lock()
            } else {
                monitor.wait()
            }
        }
        monitor.unlock()
    }

    /// Makes the rollups of one segment, so that others get their turn; false where none lacks them.
    private func rollUp(_ compactor: Compactor) -> Bool {
        guard compactor.limits.rollups else { return false }
        let summary = compactor.keeper.maintenance.withLock { _ in
            try? compactor.keeper.rollUp(
                .settled(compactor.limits), atMost: 1, isCancelled: compactor.isCancelled)
        }
        return summary.map { $0.segments > 0 } ?? false
    }

    private var isEnding: Bool {
        monitor.lock()
        defer { monitor.unlock() }
        return isStopping
    }
}
