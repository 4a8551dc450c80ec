import FlowModel

/// A thread that writes batches while the next is filled.
///
///     exchange(full) ─▶ waiting (at most 2) ─▶ thread: write ─▶ idle ─▶ answered by exchange
///
/// It starts with the first exchange. The writing is done by one thread at a time: by this one, or
/// after ``drain()`` by the caller's.
final class EncodingLine {
    private static let waitingMax = 2
    private let shared: Shared
    private var thread: Worker?

    init(write: @escaping (FlowBatch) throws(StoreError) -> Void) {
        shared = Shared(write)
    }

    deinit { stop() }

    /// What stopped the thread; nil while it works.
    var failure: StoreError? {
        shared.lock()
        defer { shared.unlock() }
        return shared.error
    }

    /// Hands a batch to the thread; answers an empty one, waiting where the thread is behind.
    func exchange(_ batch: FlowBatch) throws(StoreError) -> FlowBatch {
        guard thread != nil || start() else {
            // No thread to be had: slower, not wrong.
            try shared.write(batch)
            batch.reset()
            return batch
        }
        try add(.batch(batch))
        shared.lock()
        defer { shared.unlock() }
        return shared.idle.popLast() ?? FlowBatch()
    }

    /// Has the thread do something when all that was handed over before is written.
    func perform(_ action: @escaping () throws(StoreError) -> Void) throws(StoreError) {
        guard thread != nil || start() else { return try action() }
        try add(.action(action))
    }

    /// Waits until everything that was handed over is done.
    func drain() throws(StoreError) {
        shared.lock()
        defer { shared.unlock() }
        while thread != nil, shared.error == nil, shared.isBusy || !shared.waiting.isEmpty {
            shared.wait()
        }
        if let error = shared.error { throw error }
    }

    /// Ends the thread; what it has not begun is not done.
    func stop() {
        guard let thread else { return }
        shared.lock()
        shared.isStopping = true
        shared.signal()
        shared.unlock()
        thread.join()
        self.thread = nil
    }

    private func add(_ work: Work) throws(StoreError) {
        shared.lock()
        defer { shared.unlock() }
        while shared.waiting.count >= Self.waitingMax, shared.error == nil { shared.wait() }
        if let error = shared.error { throw error }
        shared.waiting.append(work)
        shared.signal()
    }

    private func start() -> Bool {
        thread = Worker { [shared] in shared.run() }
        return thread != nil
    }

    private enum Work {
        case batch(FlowBatch)
        case action(() throws(StoreError) -> Void)
    }

    /// What both threads see, under one lock.
    // Sendable: what changes, changes under the lock; `write` is called by one thread at a time.
    private final class Shared: @unchecked Sendable {
        var waiting: [Work] = []
        var idle: [FlowBatch] = []
        var isBusy = false
        var isStopping = false
        var error: StoreError?
        let write: (FlowBatch) throws(StoreError) -> Void
        private let monitor = Monitor()

        init(_ write: @escaping (FlowBatch) throws(StoreError) -> Void) {
            self.write = write
        }

        func lock() { monitor.lock() }
        func unlock() { monitor.unlock() }
        func wait() { monitor.wait() }
        func signal() { monitor.signal() }

        /// The thread's work.
        func run() {
            lock()
            while true {
                while waiting.isEmpty, !isStopping { wait() }
                if isStopping { break }
                let work = waiting.removeFirst()
                isBusy = true
                signal()
                unlock()
                let failure = attempt(work)
                lock()
                isBusy = false
                if case .batch(let batch) = work { idle.append(batch) }
                if let failure {
                    error = failure
                    isStopping = true
                }
                signal()
            }
            unlock()
        }

        private func attempt(_ work: Work) -> StoreError? {
            do {
                switch work {
                case .batch(let batch):
                    defer { batch.reset() }
                    try write(batch)
                case .action(let action): try action()
                }
                return nil
            } catch {
                return error
            }
        }
    }
}
