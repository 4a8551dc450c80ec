import FlowQuery
import FlowStore

/// Runs questions on threads of their own, a few at a time, and hands their answers on piece by piece.
///
/// Threads, not tasks: a query computes for seconds and waits for slow clients, and tasks that did so
/// would leave no thread for the requests beside it.
final class QueryRunner: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.
    private struct Job {
        let query: any ServedQuery
        let stream: QueryStream
    }

    private let monitor = Monitor()
    private var threads: [Worker] = []
    private var waiting: [Job] = []
    private var running: [QueryStream] = []
    private var isOpen = true
    private let time: Duration
    private let runningMax: Int
    private let waitingMax: Int

    /// - Parameters:
    ///   - time: how long a question may take once it runs.
    ///   - running: how many run at once.
    ///   - waiting: how many wait for their turn.
    init(time: Duration, running: Int, waiting: Int) {
        self.time = time
        runningMax = running
        waitingMax = waiting
    }

    /// Answers when it is the question's turn; nil where too many wait.
    func start(_ query: any ServedQuery) -> QueryStream? {
        monitor.lock()
        defer { monitor.unlock() }
        // Whoever went away while waiting makes room.
        waiting.removeAll { $0.stream.isCancelled }
        let busy = running.count + waiting.count
        guard isOpen, busy < runningMax + waitingMax else { return nil }
        if busy >= threads.count, threads.count < runningMax {
            guard let thread = Worker({ self.work() }) else { return nil }
            threads.append(thread)
        }
        let job = Job(query: query, stream: QueryStream())
        waiting.append(job)
        monitor.signal()
        return job.stream
    }

    /// Ends what runs, and takes nothing more.
    func close() {
        monitor.lock()
        isOpen = false
        let streams = running + waiting.map(\.stream)
        let threads = threads
        waiting = []
        self.threads = []
        monitor.signal()
        monitor.unlock()
        for stream in streams { stream.cancel() }
        for thread in threads { thread.join() }
    }

    private func work() {
        while let job = next() {
            job.stream.answer(job.query, within: time)
            monitor.lock()
            running.removeAll { $0 === job.stream }
            monitor.unlock()
        }
    }

    private func next() -> Job? {
        monitor.lock()
        defer { monitor.unlock() }
        while waiting.isEmpty {
            if !isOpen { return nil }
            monitor.wait()
        }
        let job = waiting.removeFirst()
        running.append(job.stream)
        return job
    }
}
