import FlowModel
import FlowStore
import FlowWire
import Synchronization

/// The thread that decodes what has arrived, and hands full or old batches on.
///
///     ArrivalQueue ─ arena ─┬─▶ forwarders, a copy each
///                           └─▶ ExportDecoder ─▶ batch ─ enrich ─┬─▶ store
///                                                                └─▶ subscribers
final class DecodeStage: @unchecked Sendable {
    // Sendable: but for the counters, all is the thread's own.
    private let queue: ArrivalQueue
    private let handOver: HandOver
    private let notes: ExporterNotes
    private let forwarders: SharedForwarders
    private let batchAge: UInt64
    private var worker: Worker?

    private let decoder: ExportDecoder
    private let appender: BatchAppender
    /// When the batch got its first flow, by `Monitor.now`; nil while it is empty.
    private var batchBegan: UInt64?
    private var templatesSaved: UInt64 = 0
    private var datagramsSaved: UInt64 = 0
    private var hasLearned = false
    private var nextSnapshot = Monitor.now
    private let beat = Atomic<UInt64>(Monitor.now)
    private let published = Mutex<(exports: ExportCounters, batches: UInt64)>((.init(), 0))

    /// Nanoseconds between two looks at the templates at least.
    private static let snapshotInterval: UInt64 = 1_000_000_000
    /// Nanoseconds after which what is known of exporters is saved although no template has changed:
    /// their times and counts have.
    private static let snapshotAge: UInt64 = 5_000_000_000

    init(
        queue: ArrivalQueue, stages: [BatchStage], enricher: SharedEnricherMaker,
        notes: ExporterNotes, forwarders: SharedForwarders, configuration: CollectorConfiguration
    ) {
        self.queue = queue
        self.notes = notes
        self.forwarders = forwarders
        batchAge = configuration.batchAge.nanoseconds
        let handOver = HandOver(stages: stages, enricher: enricher)
        appender = BatchAppender { batch in handOver.hand(batch) }
        decoder = ExportDecoder(appender: appender, configuration: configuration.decoder)
        self.handOver = handOver
        if let templates = notes.restored {
            unsafe decoder.restoreExporters(templates.span.bytes)
            templatesSaved = decoder.templateChanges
        }
    }

    func start() throws(CollectorError) {
        worker = Worker { [self] in run() }
        if worker == nil { throw .resources("thread") }
    }

    /// Waits for the end, which comes when the queue is closed and empty.
    func join() {
        worker?.join()
        worker = nil
    }

    var counters: (exports: ExportCounters, batches: UInt64) { published.withLock { $0 } }

    /// How long ago the thread last looked for something to do.
    var sinceLastBeat: Duration {
        .nanoseconds(Int64(Monitor.now - min(beat.load(ordering: .relaxed), Monitor.now)))
    }

    // MARK: - The thread

    private func run() {
        while true {
            beat.store(Monitor.now, ordering: .relaxed)
            let deadline = batchBegan.map { $0 + batchAge } ?? Monitor.now + Self.snapshotInterval
            if let arena = queue.next(until: deadline) {
                for forwarder in forwarders.current { forwarder.offer(arena) }
                decode(arena)
                queue.release(arena)
            } else if queue.isDrained {
                break
            }
            let now = Monitor.now
            if appender.batch.count == 0 {
                batchBegan = nil
            } else if let began = batchBegan, now >= began + batchAge {
                flush()
            } else if batchBegan == nil {
                batchBegan = now
            }
            passNotes(now)
            publish()
        }
        flush()
        passNotes(Monitor.now)
        // Before the sequences begin anew.
        if decoder.counters.datagrams > 0 || hasLearned {
            notes.keep(decoder.exporterSnapshot(withSequences: true))
        }
        neverThrows { try decoder.finish() }
        publish()
    }

    private func decode(_ arena: DatagramArena) {
        let batchesBefore = handOver.batches
        var rows = appender.rowsEmitted + appender.batch.count
        for index in 0..<arena.count {
            let entry = arena.entry(index)
            let sender = ExporterEndpoint(address: entry.address, port: entry.port)
            neverThrows {
                try decoder.decode(
                    arena.payload(entry), from: sender, received: entry.received,
                    over: entry.transport == .udp ? .datagram : .stream)
            }
            let rowsNow = appender.rowsEmitted + appender.batch.count
            if rowsNow != rows { handOver.arrivals.note(entry.received) }
            rows = rowsNow
        }
        // What is in the batch now has come with this arena.
        if handOver.batches != batchesBefore { batchBegan = nil }
    }

    private func flush() {
        neverThrows { try appender.flush() }
        batchBegan = nil
    }

    /// Passes on what exporters announced, and the templates when they have changed.
    private func passNotes(_ now: UInt64) {
        let rates = decoder.takeRates()
        if !rates.isEmpty { notes.announce(rates) }
        learn()
        guard now >= nextSnapshot else { return }
        let changes = decoder.templateChanges
        let isOld = now >= nextSnapshot &+ Self.snapshotAge
        let datagrams = decoder.counters.datagrams
        guard changes != templatesSaved || isOld && datagrams != datagramsSaved else { return }
        let began = Monitor.now
        notes.keep(decoder.exporterSnapshot())
        templatesSaved = changes
        datagramsSaved = datagrams
        // However many templates there are and however often they change: a fiftieth of the time.
        let pause = max(Self.snapshotInterval, (Monitor.now - began) * 50)
        nextSnapshot = now.addingReportingOverflow(pause).partialValue
    }

    /// Takes over what imports have learned.
    private func learn() {
        for exporters in notes.takeLearned() {
            unsafe decoder.restoreExporters(exporters.span.bytes)
            hasLearned = true
            // To be kept, whatever it was.
            templatesSaved = .max
        }
    }

    private func publish() {
        let now = (decoder.counters, handOver.batches)
        published.withLock { $0 = now }
    }
}
