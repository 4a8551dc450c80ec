import Dispatch
import FlowQuery
import Synchronization

/// Why there is no answer, or no more of it.
enum QueryFailure: Error, Hashable {
    /// It took too long.
    case timeout
    /// Whoever asked went away.
    case cancelled
}

/// An answer on its way from the thread that makes it to the task that sends it.
///
/// A few pieces at most lie between them: a client that reads slowly makes the query wait.
final class QueryStream: Sendable {
    private struct State {
        var pieces: [[UInt8]] = []
        var end: Result<Void, any Error>?
        var reader: CheckedContinuation<[UInt8]?, any Error>?
        var stop: QueryStop?
        var isCancelled = false
    }

    private let state = Mutex(State())
    private let room = DispatchSemaphore(value: 0)
    private static let piecesMax = 4

    init() {
        // Not by its first value: a semaphore must not end with less than that.
        for _ in 0..<Self.piecesMax { room.signal() }
    }

    /// Whether nobody wants the answer any more.
    var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Makes the answer; called by the thread that does.
    func answer(_ query: any ServedQuery, within time: Duration) {
        let stop = QueryStop(after: time)
        let isWanted = state.withLock { state in
            state.stop = stop
            return !state.isCancelled
        }
        guard isWanted else { return }
        do {
            try query.run(stop: stop) { piece in try self.put(piece, stop) }
            finish(.success(()))
        } catch {
            // Whatever it gave up with: it was told to.
            finish(.failure(stop.isRequested ? QueryFailure.timeout : error))
        }
    }

    private func put(_ piece: [UInt8], _ stop: QueryStop) throws {
        if stop.isRequested { throw QueryFailure.timeout }
        let limit = DispatchTime.now() + .milliseconds(stop.remaining.milliseconds)
        guard room.wait(timeout: limit) == .success else {
            throw QueryFailure.timeout
        }
        let reader = state.withLock { state -> CheckedContinuation<[UInt8]?, any Error>? in
            guard let reader = state.reader else {
                state.pieces.append(piece)
                return nil
            }
            state.reader = nil
            return reader
        }
        if let reader {
            room.signal()
            reader.resume(returning: piece)
        }
    }

    private func finish(_ end: Result<Void, any Error>) {
        let reader = state.withLock { state in
            if state.end == nil { state.end = end }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume(with: end.map { nil })
    }

    /// The next piece, nil after the last; one task at a time.
    ///
    /// Cancelling the task ends the query.
    func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                enum Step {
                    case piece([UInt8])
                    case end(Result<Void, any Error>)
                    case wait
                }
                let step = state.withLock { state -> Step in
                    if state.isCancelled { return .end(.failure(QueryFailure.cancelled)) }
                    if !state.pieces.isEmpty { return .piece(state.pieces.removeFirst()) }
                    if let end = state.end { return .end(end) }
                    state.reader = continuation
                    return .wait
                }
                switch step {
                case .piece(let piece):
                    room.signal()
                    continuation.resume(returning: piece)
                case .end(let end): continuation.resume(with: end.map { nil })
                case .wait: break
                }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Says that nobody wants the answer any more.
    func cancel() {
        let (stop, reader) = state.withLock { state in
            state.isCancelled = true
            state.pieces = []
            defer { state.reader = nil }
            return (state.stop, state.reader)
        }
        stop?.request()
        // A thread that waits for room must not wait for its deadline.
        room.signal()
        reader?.resume(throwing: QueryFailure.cancelled)
    }
}
