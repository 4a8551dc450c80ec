import FlowCapture
import FlowMeter
import FlowModel
import FlowStore
import FlowWire
import Synchronization

/// The thread that meters the packets of an interface, and hands its flows on like those of exports.
///
///     kernel's ring ─ packets ─▶ FlowMeter ─▶ batch ─ enrich ─┬─▶ store
///                                                             └─▶ subscribers
///
/// Where the store makes it wait, the ring fills, and the kernel's counter says what it drops.
final class InterfaceMeter: @unchecked Sendable {
    // Sendable: but for the counters and the request to end, all is the thread's own.

    /// What it was made of; nil where it reads a file.
    let configuration: InterfaceConfiguration?
    private var tap: InterfaceTap
    private let meter: FlowMeter
    private let appender: BatchAppender
    private let handOver: HandOver
    private let batchAge: UInt64
    private let report: @Sendable (CollectorEvent) -> Void
    private let wakeUp: WakeUp
    private var worker: Worker?
    /// When to end, by ``Monitor/now``; 0 = go on.
    private let end = Atomic<UInt64>(0)
    private let beat = Atomic<UInt64>(Monitor.now)

    /// Packets up to this time, ns since 1970, were metered by the one before.
    private var begin: UInt64 = 0
    private var octets: UInt64 = 0
    private var latest: UInt64 = 0
    /// When the batch got its first flow, by `Monitor.now`; nil while it is empty.
    private var batchBegan: UInt64?
    private var nextLook: UInt64 = 0
    private var dropped: (kernel: UInt64, interface: UInt64) = (0, 0)
    private let published: Mutex<(interface: CollectorCounters.Interface, batches: UInt64)>

    /// Milliseconds after which flows that have ended are reported although no packet comes.
    private static let lookInterval: Int32 = 200
    /// Nanoseconds that a packet may be on its way through the kernel, at the very most: flows are
    /// reported as of so long ago, so that none is for a packet that came late.
    private static let transit: UInt64 = 1_000_000_000

    /// Opens an interface; its packets wait in the kernel until ``start()``.
    convenience init(
        _ configuration: InterfaceConfiguration, handOver: HandOver, batchAge: Duration,
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(CollectorError) {
        let tap: InterfaceTap
        do throws(PacketCaptureError) {
            tap = try InterfaceTap(configuration.capture, report: report)
        } catch {
            throw .capture(error)
        }
        try self.init(
            tap, configuration.meter, configuration: configuration, handOver: handOver,
            batchAge: batchAge,
            report: report)
    }

    /// Meters `tap`.
    init(
        _ tap: InterfaceTap, _ options: MeterOptions,
        configuration: InterfaceConfiguration? = nil, handOver: HandOver, batchAge: Duration,
        report: @escaping @Sendable (CollectorEvent) -> Void
    ) throws(CollectorError) {
        self.configuration = configuration
        self.tap = tap
        self.handOver = handOver
        self.batchAge = batchAge.nanoseconds
        self.report = report
        wakeUp = try WakeUp()
        appender = BatchAppender { batch in handOver.hand(batch) }
        meter = FlowMeter(options: options, appender: appender)
        published = Mutex((CollectorCounters.Interface(name: tap.name), 0))
    }

    /// Begins to meter.
    ///
    /// - Parameter begin: packets up to then, ns since 1970, are left out: another has had them.
    func start(after begin: UInt64 = 0) throws(CollectorError) {
        self.begin = begin
        worker = Worker { [self] in run() }
        if worker == nil { throw .resources("thread") }
        report(.capturing(tap.name))
    }

    /// Takes what the kernel has, reports all flows, and ends; a file is read to its end.
    func requestEnd(within limit: Duration) {
        // Two blocks' time: then what came until now was handed over.
        let wait = min(limit, PacketCapture.blockTimeout * 2)
        end.store(max(Monitor.now + wait.nanoseconds, 1), ordering: .relaxed)
        wakeUp.wake()
    }

    /// Waits for the end; answers the time of the last packet, ns since 1970.
    @discardableResult
    func join() -> UInt64 {
        worker?.join()
        worker = nil
        return latest
    }

    var counters: (interface: CollectorCounters.Interface, batches: UInt64) {
        published.withLock { $0 }
    }

    /// How long ago the thread last looked for something to do.
    var sinceLastBeat: Duration {
        .nanoseconds(Int64(Monitor.now - min(beat.load(ordering: .relaxed), Monitor.now)))
    }

    // MARK: - The thread

    private func run() {
        while let count = tap.read({ frame, info in take(frame, info) }) {
            let now = Monitor.now
            beat.store(now, ordering: .relaxed)
            if now >= nextLook {
                nextLook = now + UInt64(Self.lookInterval) * 1_000_000
                look()
            }
            flushIfOld(now)
            publish()
            let end = end.load(ordering: .relaxed)
            if tap.isLive, end != 0, now >= end { break }
            if count == 0 {
                // What was woken once stays so.
                if end == 0 {
                    tap.wait(milliseconds: Self.lookInterval, wakeUp)
                } else {
                    tap.wait(milliseconds: 10, nil)
                }
            }
        }
        dropped = tap.dropped
        neverThrows { try meter.finish() }
        publish()
    }

    private func take(_ frame: RawSpan, _ info: PacketInfo) {
        guard info.timestamp > begin || begin == 0 else { return }
        octets &+= UInt64(info.originalLength)
        latest = max(latest, info.timestamp)
        neverThrows { try meter.add(frame: frame, info: info) }
    }

    /// Reports flows that have ended, and asks the kernel what it dropped.
    private func look() {
        dropped = tap.dropped
        // A file's time is not ours.
        guard tap.isLive else { return }
        let now = millisecondsNow() * 1_000_000
        neverThrows { try meter.expire(now: now - min(Self.transit, now)) }
    }

    private func flushIfOld(_ now: UInt64) {
        guard appender.batch.count > 0 else {
            batchBegan = nil
            return
        }
        guard let began = batchBegan else {
            batchBegan = now
            return
        }
        guard now >= began + batchAge else { return }
        neverThrows { try appender.flush() }
        batchBegan = nil
    }

    private func publish() {
        let counts = meter.counters
        var interface = CollectorCounters.Interface(name: tap.name)
        interface.packets = counts.packets
        interface.octets = octets
        interface.flows = counts.flows
        interface.activeFlows = UInt64(meter.activeFlows)
        interface.kernelDrops = dropped.kernel
        interface.interfaceDrops = dropped.interface
        interface.otherPackets = counts.otherPackets
        interface.orphanFragments = counts.orphanFragments
        interface.evictedFlows = counts.evictedFlows
        interface.isUp = tap.isUp
        let now = (interface, handOver.batches)
        published.withLock { $0 = now }
    }
}
