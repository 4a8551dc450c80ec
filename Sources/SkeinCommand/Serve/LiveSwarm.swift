import FlowAlert
import FlowCollector
import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm
import SkeinServer
import Synchronization

/// The swarm of what arrives, for all who watch the same.
///
///     batch ─ filter ─▶ steps ─ thread, twice a second ─▶ scene ─▶ ring ─▶ those who watch
///
/// A thread that cannot keep up leaves out whole steps, which are counted: nobody waits for it.
final class LiveSwarm: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock or the mutex; `rows` is the subscriber's own.

    /// What is watched; who asks for the same shares it.
    struct Question: Hashable, Sendable {
        var filter: String
        var seed: UInt64
        var raw: Bool
    }

    /// What one who watches finds.
    enum Look {
        case opening([UInt8])
        case scene([UInt8], skipped: UInt64)
        case end
        /// There is nothing after so many changes.
        case wait(UInt64)
    }

    /// What was counted.
    struct Counts {
        var flows: UInt64 = 0
        var folded: UInt64 = 0
        var dropped: UInt64 = 0
    }

    let question: Question
    private let knowledge: LiveKnowledge
    private let monitor = Monitor()
    private let filter: BatchFilter
    private var rates: BatchRates
    private var steps: LiveSteps?
    private var count = Counts()
    private var isWanted = true
    private var rows: [Int32] = []
    /// Flows that were never handed to it; who counts them waits for no lock.
    private let missed = Atomic<UInt64>(0)
    private let hasBegun = Atomic<Bool>(false)

    private struct Shown {
        var ring = SceneRing()
        var settings: SwarmSettings?
        var changes: UInt64 = 0
        var viewers = 0
        var skipped: UInt64 = 0
        var isOver = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }
    private let shown = Mutex(Shown())
    /// Steps count by it: it never jumps, whatever becomes of the machine's clock.
    private let clock = LiveClock()

    /// Milliseconds of a step: two a second, as fast as the page plays.
    static let step: UInt64 = 500
    /// How long after its end a step is closed, ms: batches are handed on within 200 ms.
    static let grace: UInt64 = 250
    /// Steps behind from which on they are left out.
    private static let behindMax: UInt64 = 2
    /// Between two looks at what the store knows of sampling rates, steps.
    private static let rateInterval: UInt64 = 60

    init(_ question: Question, _ filter: FlowExpression, _ knowledge: LiveKnowledge) {
        self.question = question
        self.knowledge = knowledge
        self.filter = BatchFilter(filter, overrides: knowledge.overrides)
        rates = BatchRates(SamplingRates(), knowledge.overrides)
    }

    // MARK: - What arrives

    /// Takes what passes the filter; called by the thread of the subscription.
    func take(_ batch: FlowBatch) {
        monitor.lock()
        defer { monitor.unlock() }
        guard isWanted, steps != nil else { return }
        rows.removeAll(keepingCapacity: true)
        filter.select(batch, into: &rows)
        guard !rows.isEmpty else { return }
        let columns = AlertColumns(batch)
        let (packetsBack, bytesBack) = (batch.column(.rpackets), batch.column(.rbytes))
        for row in rows {
            let row = Int(row)
            let rate = question.raw ? 1 : rates.rate(columns, row)
            let flow = AlertRow(columns, row, rate: rate)
            let service = UInt32(
                clamping: Service.number(
                    proto: UInt64(flow.proto), srcport: UInt64(flow.sourcePort),
                    dstport: UInt64(flow.targetPort)))
            let edge = SwarmEdge(
                source: flow.source ?? .v6Zero, target: flow.target ?? .v6Zero, service: service,
                sums: SwarmSums(flows: flow.flows, packets: flow.packets, bytes: flow.bytes))
            steps?.add(edge, received: flow.received)
            count.flows += 1
            let back = SwarmSums(
                packets: (packetsBack?.number(at: row) ?? 0).scaled(by: rate),
                bytes: (bytesBack?.number(at: row) ?? 0).scaled(by: rate))
            guard back.packets > 0 || back.bytes > 0 else { continue }
            steps?.add(
                SwarmEdge(
                    source: edge.target, target: edge.source, service: service, sums: back),
                received: flow.received)
        }
    }

    /// Counts flows that came too fast to be looked at.
    func miss(_ flows: UInt64) {
        if hasBegun.load(ordering: .relaxed) { missed.add(flows, ordering: .relaxed) }
    }

    // MARK: - Scenes

    /// Makes scenes until nobody watches any more; a thread of its own.
    ///
    /// - Parameter isWatched: asked before each step.
    func run(while isWatched: () -> Bool) {
        let settings = knowledge.settings(question)
        let engine = SwarmEngine(settings)
        shown.withLock { $0.settings = settings }
        monitor.lock()
        var next = clock.milliseconds / Self.step
        steps = LiveSteps(step: Self.step, from: next, services: settings.services)
        monitor.unlock()
        hasBegun.store(true, ordering: .relaxed)
        while isWatched() {
            if next % Self.rateInterval == 0 { refreshRates() }
            guard wait(for: (next + 1) * Self.step + Self.grace) else { break }
            publish(engine.take(close()))
            next += 1
        }
        end()
    }

    /// False where it is to end.
    private func wait(for due: UInt64) -> Bool {
        monitor.lock()
        defer { monitor.unlock() }
        while isWanted, clock.milliseconds < due { monitor.wait(until: clock.instant(of: due)) }
        return isWanted
    }

    private func close() -> SwarmStep {
        monitor.lock()
        defer { monitor.unlock() }
        guard let next = steps?.next else { return SwarmStep(number: 0, edges: []) }
        let isLate = clock.milliseconds > (next + 1 + Self.behindMax) * Self.step + Self.grace
        if isLate, let dropped = steps?.drop() {
            count.dropped += dropped
            return SwarmStep(number: next, edges: [])
        }
        let closed = steps?.close()
        count.folded = steps?.foldedFlows ?? 0
        return closed ?? SwarmStep(number: next, edges: [])
    }

    private func refreshRates() {
        guard let known = knowledge.rates(), !known.isEmpty else { return }
        monitor.lock()
        filter.replaceRates(by: known, knowledge.overrides)
        rates = BatchRates(known, knowledge.overrides)
        monitor.unlock()
    }

    private func publish(_ scene: SwarmScene) {
        let waiting = shown.withLock { shown in
            shown.ring.append(scene)
            return Self.changed(&shown)
        }
        for reader in waiting { reader.resume() }
    }

    private static func changed(_ shown: inout Shown) -> [CheckedContinuation<Void, Never>] {
        shown.changes += 1
        defer { shown.waiting = [] }
        return shown.waiting
    }

    /// Ends it; whoever watches is told.
    func end() {
        monitor.lock()
        isWanted = false
        monitor.signal()
        monitor.unlock()
        let waiting = shown.withLock { shown in
            shown.isOver = true
            return Self.changed(&shown)
        }
        for reader in waiting { reader.resume() }
    }

    // MARK: - Those who watch

    /// What is next for one who watches.
    ///
    /// - Parameter place: where; nil before the beginning.
    func look(_ place: inout SceneRing.Place?, from first: UInt64?) -> Look {
        shown.withLock { shown in
            if shown.isOver { return .end }
            guard var at = place else {
                guard let begin = shown.ring.place(from: first), let settings = shown.settings
                else { return .wait(shown.changes) }
                place = begin
                return .opening(knowledge.opening(settings, step: Self.step, from: begin.next))
            }
            defer { place = at }
            switch shown.ring.read(&at) {
            case .scene(let octets, _, let skipped):
                shown.skipped += skipped
                return .scene(octets, skipped: skipped)
            case .nothing: return .wait(shown.changes)
            }
        }
    }

    /// Waits until something has changed since.
    func wait(after seen: UInt64) async {
        await withCheckedContinuation { continuation in
            let isThere = shown.withLock { shown in
                if shown.changes != seen || shown.isOver { return true }
                shown.waiting.append(continuation)
                return false
            }
            if isThere { continuation.resume() }
        }
    }

    /// What is told beside a scene.
    func status(skipped: UInt64) -> [UInt8] {
        SceneEncoder.status(
            SceneStreamStatus(
                clock: clock.milliseconds, droppedFlows: counts.dropped, skippedScenes: skipped,
                viewers: shown.withLock { $0.viewers }))
    }

    /// Notes how many watch.
    func set(viewers: Int) { shown.withLock { $0.viewers = viewers } }

    /// What was counted so far.
    var counts: Counts {
        monitor.lock()
        defer { monitor.unlock() }
        var count = count
        count.dropped += missed.load(ordering: .relaxed)
        return count
    }

    /// Scenes that those who watch have not got, as they were too slow.
    var skippedScenes: UInt64 { shown.withLock { $0.skipped } }
}

/// The machine's clock as it was at the beginning, and what has passed since.
struct LiveClock: Sendable {
    private let begun = Clock.millisecondsSince1970()
    private let instant = Monitor.now

    /// ms since 1970.
    var milliseconds: UInt64 { begun + (Monitor.now - instant) / 1_000_000 }

    /// When that is, for a monitor.
    func instant(of milliseconds: UInt64) -> UInt64 {
        instant + (milliseconds > begun ? milliseconds - begun : 0) * 1_000_000
    }
}
