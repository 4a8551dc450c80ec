public import FlowCollector
import FlowStore

/// A sink with its queue on disk and the thread that empties it.
///
///     offer ─ plan, threshold ─▶ DiskQueue ─▶ thread: transport, again after a pause where it fails
///
/// Where the disk takes nothing, some events are held in memory, so that a full disk silences nobody.
public final class SinkRunner: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock; the transport is the thread's own.
    private let plan: SinkPlan
    private let transport: any SinkTransport
    private let queue: DiskQueue
    private let say: @Sendable (String) -> Void
    private let monitor = Monitor()
    private var gate: SinkGate?
    /// What the disk did not take.
    private var held: [DiskQueue.Item] = []
    private var worker: Worker?
    private var isStopping = false
    private var count: AlertCounters.Sink
    private var latency = LatencyHistogram()
    private var isOverflowSaid = false

    /// Nanoseconds until the first new attempt; each further one waits twice as long.
    private static let pauseFirst: UInt64 = 1_000_000_000
    private static let pauseMost: UInt64 = 60_000_000_000
    /// Events held in memory at most.
    private static let heldMax = 1000
    /// For what waits when the program ends.
    private let farewell: Duration

    /// - Parameters:
    ///   - folder: where the queue is kept.
    ///   - farewell: how long what waits at the end is delivered; a delivery that is under way is not ended.
    ///   - say: takes what people should know, a line each.
    public init(
        _ plan: SinkPlan, folder: String, farewell: Duration = .seconds(2),
        say: @escaping @Sendable (String) -> Void
    ) throws(SinkError) {
        self.plan = plan
        self.farewell = farewell
        self.say = say
        transport = plan.transport()
        queue = try DiskQueue(
            path: "\(folder)/\(Self.queueName(of: plan))", bytesMax: plan.queueBytes)
        gate = plan.threshold.map { SinkGate($0) }
        count = AlertCounters.Sink(name: plan.name)
    }

    /// The file of a sink's queue: what waits there is in its form, and for another form there is another.
    public static func queueName(of plan: SinkPlan) -> String {
        "\(fileName(plan.name)).\(plan.target.kind)-\(plan.form.rawValue).queue"
    }

    /// What counters and messages call the sink.
    public var name: String { plan.name }

    /// A name of a file for any name of a sink: other characters as their numbers.
    private static func fileName(_ name: String) -> String {
        name.unicodeScalars.map { scalar in
            scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                || scalar == "-"
                ? String(scalar) : "_" + String(scalar.value, radix: 16) + "_"
        }.joined()
    }

    /// Begins to deliver.
    public func start() throws(SinkError) {
        worker = Worker { [self] in run() }
        if worker == nil { throw SinkError("\(plan.name): the system has no thread to give") }
    }

    /// Delivers for a moment what waits, keeps the rest, and ends.
    public func stop() {
        monitor.lock()
        isStopping = true
        monitor.signal()
        monitor.unlock()
        worker?.join()
        worker = nil
    }

    /// What was counted, and how long deliveries took from the arrival of the flow on.
    public var counters: (sink: AlertCounters.Sink, latency: LatencyHistogram) {
        monitor.lock()
        defer { monitor.unlock() }
        var count = count
        count.waiting = UInt64(queue.waiting)
        return (count, latency)
    }

    /// Takes an event in where it is one for this sink.
    public func offer(_ event: AlertEvent) {
        guard plan.wants(event) else { return }
        monitor.lock()
        defer { monitor.unlock() }
        if gate?.passes(plan.key(of: event.alert), at: event.time / 1000) == false {
            count.heldBack += 1
            return
        }
        let octets = plan.octets(of: event)
        if queue.append(octets, received: event.received ?? 0) {
        } else if queue.hasRoom(for: octets), held.count < Self.heldMax {
            held.append(DiskQueue.Item(received: event.received ?? 0, octets: octets))
        } else {
            count.overflowed += 1
            if !isOverflowSaid { say("\(plan.name): the queue is full; events are lost") }
            isOverflowSaid = true
        }
        monitor.signal()
    }

    /// Puts what the disk did not take before to what waits there, at the end.
    private func keepHeld() {
        for item in held where !queue.append(item.octets, received: item.received) {
            count.overflowed += 1
        }
        held = []
    }

    private func run() {
        var pause = Self.pauseFirst
        var lastFailure = ""
        var end: UInt64?
        monitor.lock()
        defer {
            keepHeld()
            monitor.unlock()
        }
        while true {
            if isStopping, end == nil { end = Monitor.now + UInt64(farewell / .nanoseconds(1)) }
            let first = queue.first()
            guard let item = first?.item ?? held.first else {
                if isStopping { return }
                monitor.wait()
                continue
            }
            if let end, Monitor.now >= end { return }
            monitor.unlock()
            let failure: SinkError?
            do throws(SinkError) {
                try transport.deliver(item.octets)
                failure = nil
            } catch {
                failure = error
            }
            monitor.lock()
            guard let failure else {
                if let first { queue.remove(first.next) } else { held.removeFirst() }
                count.delivered += 1
                isOverflowSaid = false
                if item.received > 0 {
                    latency.note(millisecondsNow().since(item.received), datagrams: 1)
                }
                if !lastFailure.isEmpty { say("\(plan.name): delivers again") }
                lastFailure = ""
                pause = Self.pauseFirst
                continue
            }
            count.failures += 1
            if lastFailure != failure.description {
                lastFailure = failure.description
                say("\(plan.name): \(failure); it is tried again")
            }
            if isStopping { return }
            let due = Monitor.now + pause
            while !isStopping, Monitor.now < due { monitor.wait(until: due) }
            pause = min(pause * 2, Self.pauseMost)
        }
    }
}
