import Dispatch
import FlowQuery
import Synchronization

/// Runs questions on threads of their own, a few at a time, and hands their answers on piece by piece.
final class QueryRunner: Sendable {
    private struct State {
        var running = 0
        var waiting: [Job] = []
        var isOpen = true
    }

    private struct Job {
        let query: any ServedQuery
        let stream: QueryStream
    }

    private let threads = DispatchQueue(label: "skein.queries", attributes: .concurrent)
    private let state = Mutex(State())
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
        let job = Job(query: query, stream: QueryStream())
        let (isTaken, needsThread) = state.withLock { state in
            guard state.isOpen else { return (false, false) }
            if state.running < runningMax {
                state.running += 1
                return (true, true)
            }
            // Whoever went away while waiting makes room.
            state.waiting.removeAll { $0.stream.isCancelled }
            guard state.waiting.count < waitingMax else { return (false, false) }
            state.waiting.append(job)
            return (true, false)
        }
        if needsThread { threads.async { self.work(job) } }
        return isTaken ? job.stream : nil
    }

    /// Ends what runs, and takes nothing more.
    func close() {
        let waiting = state.withLock { state in
            state.isOpen = false
            defer { state.waiting = [] }
            return state.waiting
        }
        for job in waiting { job.stream.cancel() }
    }

    private func work(_ first: Job) {
        var next: Job? = first
        while let job = next {
            job.stream.answer(job.query, within: time)
            next = state.withLock { state in
                if state.waiting.isEmpty {
                    state.running -= 1
                    return nil
                }
                return state.waiting.removeFirst()
            }
        }
    }
}
