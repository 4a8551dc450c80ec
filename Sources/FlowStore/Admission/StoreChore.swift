import Synchronization

/// A task that a thread of its own does for another process.
final class StoreChore: @unchecked Sendable {
    // Sendable: the worker is whoever's who starts and stops.
    private let task: StoreTask
    private let writer: LiveWriter
    private let answer: (AdmissionMessage) -> Void
    private let isCancelled = Atomic(false)
    private var worker: Worker?

    /// - Parameter answer: called by the thread with the answer, or a refusal.
    init(_ task: StoreTask, _ writer: LiveWriter, answer: @escaping (AdmissionMessage) -> Void) {
        self.task = task
        self.writer = writer
        self.answer = answer
    }

    /// Begins; false where there is no thread.
    func start() -> Bool {
        worker = Worker { [self] in
            do {
                answer(try result())
            } catch {
                answer(.refused("\(error)"))
            }
        }
        return worker != nil
    }

    /// Gives up what is not done, and waits for that.
    func stop() {
        isCancelled.store(true, ordering: .relaxed)
        worker?.join()
        worker = nil
    }

    private func result() throws(StoreError) -> AdmissionMessage {
        let isCancelled = { [self] in self.isCancelled.load(ordering: .relaxed) }
        let answer: StoreTask.Answer
        switch task {
        case .compact: answer = try writer.compact(isCancelled: isCancelled).answer
        case .expire(let policy, let now): answer = try writer.expire(policy, now: now).answer
        case .rollUp: answer = try writer.rollUp(isCancelled: isCancelled).answer
        }
        return isCancelled() ? .refused("it was given up; try again") : .answer(answer)
    }
}
