import FlowModel
import FlowStore
import Synchronization

/// Hands batches to the store, again and again where it refuses.
final class StoreReceiver: BatchReader, @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.
    private let writer: LiveWriter
    private let report: @Sendable (CollectorEvent) -> Void
    private let monitor = Monitor()
    /// When to give up, by `Monitor.now`.
    private var end = UInt64.max
    private var lost: UInt64 = 0
    private var refusals: UInt64 = 0
    /// Why the store last refused a batch; nil since it took one.
    private var refusal: StoreError?
    private var visible = LatencyHistogram()
    private var durable = LatencyHistogram()
    /// What is in the journal and not acknowledged, in the order of its numbers.
    private var pending: [(number: UInt64, arrivals: BatchArrivals)] = []

    /// Nanoseconds between two attempts.
    private static let pause: UInt64 = 100_000_000
    /// Batches that may be in the journal and not on the disk: it keeps them in memory until then.
    private static let unsafeMax: UInt64 = 32

    init(_ writer: LiveWriter, report: @escaping @Sendable (CollectorEvent) -> Void) {
        self.writer = writer
        self.report = report
        writer.whenAcknowledged { [weak self] number in self?.settle(upTo: number) }
    }

    func take(_ shared: SharedBatch) {
        var isStuck = false
        while true {
            do throws(StoreError) {
                let number = try append(shared)
                note(shared.arrivals, number)
                waitForDisk(number, &isStuck)
                break
            } catch {
                count(refusal: error, &isStuck)
                guard Self.mayPass(error), waitAMoment() else {
                    lose(shared.batch, error)
                    return
                }
            }
        }
        monitor.lock()
        refusal = nil
        monitor.unlock()
        if isStuck { report(.storeRecovered) }
    }

    /// Answers the number up to which the disk is to acknowledge.
    private func append(_ shared: SharedBatch) throws(StoreError) -> UInt64 {
        guard shared.isLastReader else { return try writer.append(shared.batch) }
        // Who is alone with it need not copy it.
        shared.replace(by: try writer.exchange(shared.batch))
        return writer.lastNumber
    }

    /// Notes that a batch is in the journal, where every query finds it.
    private func note(_ arrivals: BatchArrivals, _ number: UInt64) {
        monitor.lock()
        visible.note(arrivals, now: millisecondsNow())
        pending.append((number, arrivals))
        monitor.unlock()
        // It may have been acknowledged before it was noted.
        settle(upTo: writer.acknowledged)
    }

    /// Notes that everything up to a number is on the disk.
    private func settle(upTo number: UInt64) {
        monitor.lock()
        let settled = pending.prefix { $0.number <= number }
        if !settled.isEmpty {
            let now = millisecondsNow()
            for batch in settled { durable.note(batch.arrivals, now: now) }
            pending.removeFirst(settled.count)
        }
        monitor.unlock()
    }

    /// Makes ``take(_:)`` give up a batch that the store does not take within `limit`.
    func requestEnd(within limit: Duration) {
        monitor.lock()
        end = Monitor.now + limit.nanoseconds
        monitor.signal()
        monitor.unlock()
    }

    func fill(_ counters: inout CollectorCounters.Store) {
        monitor.lock()
        counters.lostFlows = lost
        counters.refusals = refusals
        let refusal = refusal
        counters.visible = visible
        counters.durable = durable
        monitor.unlock()
        counters.appended = writer.lastNumber
        counters.acknowledged = writer.acknowledged
        counters.trouble = writer.trouble ?? refusal
    }

    /// Waits where the disk does not acknowledge: what it does not have is in memory.
    private func waitForDisk(_ number: UInt64, _ isStuck: inout Bool) {
        while true {
            let trouble = writer.trouble
            let behind = number - min(number, writer.acknowledged)
            guard behind > (trouble == nil ? Self.unsafeMax : 0) else { return }
            if let trouble { count(refusal: trouble, &isStuck) }
            guard waitAMoment() else { return }
        }
    }

    private func count(refusal error: StoreError, _ isStuck: inout Bool) {
        monitor.lock()
        refusals += 1
        refusal = error
        monitor.unlock()
        if !isStuck { report(.storeStuck(error)) }
        isStuck = true
    }

    private func lose(_ batch: FlowBatch, _ error: StoreError) {
        monitor.lock()
        lost += UInt64(batch.count)
        monitor.unlock()
        report(.batchLost(error, flows: batch.count))
    }

    /// Whether trying again may help.
    private static func mayPass(_ error: StoreError) -> Bool {
        switch error.cause {
        case .tooLarge, .closed, .newerVersion: false
        default: true
        }
    }

    /// False where it is time to give up.
    private func waitAMoment() -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        let due = Monitor.now + Self.pause
        while Monitor.now < min(due, end) { monitor.wait(until: min(due, end)) }
        return Monitor.now < end
    }
}
