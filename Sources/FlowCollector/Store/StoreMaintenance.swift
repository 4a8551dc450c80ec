import FlowStore
import Synchronization

/// A thread that writes what is known of exporters to the store, and deletes what is too old.
final class StoreMaintenance: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock.
    private let writer: LiveWriter
    private let notes: ExporterNotes
    private let report: @Sendable (CollectorEvent) -> Void
    private let monitor = Monitor()
    private var worker: Worker?
    private var isStopping = false
    private var retention: RetentionPolicy
    private let retentionInterval: UInt64
    private var nextRetention: UInt64 = 0
    private var expired: UInt64 = 0
    private var lastFailure: StoreError?

    /// Nanoseconds between two looks.
    private static let interval: UInt64 = 200_000_000

    init(
        _ writer: LiveWriter, notes: ExporterNotes, configuration: CollectorConfiguration,
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) {
        self.writer = writer
        self.notes = notes
        self.report = report
        retention = configuration.retention
        retentionInterval = configuration.retentionInterval.nanoseconds
    }

    func start() throws(CollectorError) {
        worker = Worker { [self] in run() }
        if worker == nil { throw .resources("thread") }
    }

    /// Writes what is left, and ends.
    func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        worker = nil
    }

    /// Applies another policy from now on.
    func setRetention(_ policy: RetentionPolicy) {
        monitor.lock()
        retention = policy
        nextRetention = 0
        monitor.signal()
        monitor.unlock()
    }

    /// Flows that were deleted.
    var expiredFlows: UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        return expired
    }

    /// Why the latest attempt failed; nil where it did not.
    var trouble: StoreError? {
        monitor.lock()
        defer { monitor.unlock() }
        return lastFailure
    }

    /// Notes how an attempt went; whether that is news.
    private func note(_ failure: StoreError?) -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        defer { lastFailure = failure }
        return lastFailure != failure
    }

    private func run() {
        while true {
            monitor.lock()
            let due = Monitor.now + Self.interval
            while !isStopping, Monitor.now < due { monitor.wait(until: due) }
            let (isLast, policy) = (isStopping, retention)
            let isDue = !isLast && Monitor.now >= nextRetention
            if isDue { nextRetention = Monitor.now + retentionInterval }
            monitor.unlock()
            do throws(StoreError) {
                try notes.write(to: writer)
                if isDue { try expire(policy) }
                _ = note(nil)
            } catch {
                // Said once, however often it fails.
                if note(error) { report(.maintenanceFailed(error)) }
            }
            if isLast { return }
        }
    }

    private func expire(_ policy: RetentionPolicy) throws(StoreError) {
        guard policy != RetentionPolicy() else { return }
        let summary = try writer.expire(policy, now: millisecondsNow())
        guard summary.segments > 0 else { return }
        monitor.lock()
        expired += summary.rows
        monitor.unlock()
        report(.expired(summary))
    }
}
