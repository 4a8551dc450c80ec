import FlowModel
import Synchronization

/// A batch that has been decoded and is read by several threads, each in its own time.
final class SharedBatch: @unchecked Sendable {
    // Sendable: nobody changes the batch while somebody else reads it.
    private(set) var batch: FlowBatch
    /// When what is in it arrived.
    let arrivals: BatchArrivals
    private let users = Atomic<Int>(1)
    private let pool: BatchPool

    /// Begins with one user, who hands it out.
    init(_ batch: FlowBatch, arrivals: BatchArrivals = BatchArrivals(), pool: BatchPool) {
        self.batch = batch
        self.arrivals = arrivals
        self.pool = pool
    }

    /// Whether its last reader asks, who may then replace it.
    var isLastReader: Bool { users.load(ordering: .acquiring) == 1 }

    /// Puts an empty batch in the place of one that was taken, by the last reader.
    func replace(by empty: FlowBatch) {
        precondition(isLastReader)
        batch = empty
    }

    func retain() { users.add(1, ordering: .relaxed) }

    /// The last who lets go empties the batch.
    func release() {
        guard users.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 else { return }
        pool.put(batch)
    }
}

/// Batches that wait to be filled anew; the stages' queues say how many there can be.
final class BatchPool: @unchecked Sendable {
    // Sendable: what changes, changes under the mutex, and an idle batch is nobody's.
    private struct Idle: @unchecked Sendable {
        var batches = SpareList<FlowBatch>(span: 64)
    }
    // Sendable: on its way in or out of the mutex a batch is that of the thread that brings or takes it.
    private struct Handed: @unchecked Sendable { let batch: FlowBatch? }
    private let idle = Mutex(Idle())

    func take() -> FlowBatch {
        idle.withLock { Handed(batch: $0.batches.take()) }.batch ?? FlowBatch()
    }

    func put(_ batch: FlowBatch) {
        batch.reset()
        let emptied = Handed(batch: batch)
        idle.withLock { idle in
            if let batch = emptied.batch { idle.batches.put(batch) }
        }
    }
}

/// What a stage hands batches to.
protocol BatchReader: Sendable {
    /// Reads a batch, which holds until it returns.
    func take(_ shared: SharedBatch)
    /// Hears of flows that were thrown away before it.
    func miss(_ flows: Int)
}

extension BatchReader {
    func miss(_ flows: Int) {}
}

/// A subscriber as a reader.
struct SubscribedReader: BatchReader {
    let subscriber: any BatchSubscriber

    func take(_ shared: SharedBatch) { subscriber.take(shared.batch) }

    func miss(_ flows: Int) { subscriber.miss(flows) }
}
