public import FlowModel
import Synchronization

/// Adds flows to a store as they arrive, safe within moments.
///
///     append ─┬─▶ journal ── fsync, 5 times a second ──▶ acknowledged
///             └─▶ batch ─ full ─▶ block ─▶ segment ── sealed: hour over, or many ──▶ store
///                                 a thread of its own
///
/// Blocks and segments are another thread's work: appending waits for it only where that is two blocks
/// behind. Each batch goes to a journal, where readers see it at once; it is acknowledged when the journal is
/// on the disk, and from then on it is there exactly once whatever happens to the process or the
/// machine. Frequent small batches do not make small segments: flows gather until their hour is over,
/// or there are half a million.
///
/// One at a time: it holds the store's lock. May be used by many threads; appending is done by one of
/// them at a time.
///
/// A disk that is full or fails stops nothing for good: ``append(_:)`` throws, or what it took is not
/// acknowledged, until there is room again.
public final class LiveWriter: @unchecked Sendable {
    // Sendable: what changes, changes under the monitor's lock; the journal has its own.
    let keeper: StoreKeeper
    var directory: StoreDirectory { keeper.directory }
    private let journal: JournalWriter
    private let publisher: SegmentPublisher
    private let policy: JournalPolicy
    private let limits: SegmentSet.Limits
    private let journalLimits: JournalLimits
    let monitor = Monitor()
    private let encoder = JournalRowsEncoder()
    var rates: SamplingRates
    /// What gathers the journal's flows; nil where that failed, until it is tried anew.
    private var sealer: JournalSealer?
    private var rowsToRetry = 0
    private var rowsInJournal = 0
    private var isOpen = true
    /// Merges segments; nil where that is left to the owner.
    let merger: SegmentMerger?

    private static let hour: UInt64 = 3_600_000

    private var found: [StoreNotice] = []
    /// Flows that the journal had when the store was opened, left there by a writer that was stopped.
    public let recoveredRows: UInt64

    /// Opens a store for writing, makes it where there is none, and recovers its journal.
    ///
    /// - Parameter merges: whether a thread of its own merges small segments when there are some.
    public convenience init(
        directory path: String, policy: JournalPolicy = .standard, merges: Bool = true
    ) throws(StoreError) {
        try self.init(StoreDirectory(path: path), policy: policy, merges: merges)
    }

    /// One that seals after a few rows, for tests.
    package convenience init(
        directory path: String, policy: JournalPolicy, rowsMax: Int
    ) throws(StoreError) {
        try self.init(
            StoreDirectory(path: path), policy: policy,
            journalLimits: JournalLimits(
                rows: rowsMax, rowsOfHour: rowsMax / 4, spareOctets: 0),
            merges: true)
    }

    init(
        _ directory: StoreDirectory, policy: JournalPolicy,
        limits: SegmentSet.Limits = SegmentSet.Limits(),
        journalLimits: JournalLimits = JournalLimits(), merges: Bool = false
    ) throws(StoreError) {
        let keeper = try StoreKeeper(directory)
        let contents = try JournalContents(directory, from: keeper.manifest.journalStart)
        for path in contents.paths {
            // Written is not synchronized: only what is on the disk may be counted on.
            try Descriptor(path, .reading, probe: directory.probe).synchronize()
        }
        if !contents.paths.isEmpty { try directory.synchronize(directory.journal) }
        self.keeper = keeper
        self.policy = policy
        self.limits = limits
        self.journalLimits = journalLimits
        let merger = merges ? SegmentMerger(Compactor(keeper: keeper, limits: limits)) : nil
        self.merger = merger
        recoveredRows = contents.rows
        rates = keeper.manifest.rates
        journal = JournalWriter(
            directory, after: contents, policy: policy, spareOctets: journalLimits.spareOctets)
        publisher = SegmentPublisher(keeper, journal, merger: merger)
        sealer = try replay(contents)
        // What is damaged or cut is said once, and what was never acknowledged never taken for damage:
        // the files that have it go.
        if !found.isEmpty || contents.hasHoles { try publish() }
    }

    deinit { close() }

    /// What was found and mended when the store was opened, and later in the journal.
    public var notices: [StoreNotice] { keeper.notices + locked { found } }

    /// The number of the last batch that was appended, or announced rates; 0 in a new store.
    public var lastNumber: UInt64 { journal.lastNumber }

    /// Everything up to this number is safe: after a crash at any moment it is there, once.
    public var acknowledged: UInt64 { journal.synchronizedNumber }

    /// Why the last attempt to write journal or segments failed; nil where it did not.
    ///
    /// It is tried again: nothing is lost for it, but not acknowledged, or not sealed.
    public var trouble: StoreError? {
        publisher.trouble ?? locked { sealer?.failure } ?? journal.trouble
    }

    /// Sets what is called, by any thread, when ``acknowledged`` has grown.
    ///
    /// It must not append, nor wait for another thread that does.
    public func whenAcknowledged(_ body: (@Sendable (UInt64) -> Void)?) { journal.notify(body) }

    /// Appends the flows of a batch, which is left as it is, and answers their number.
    ///
    /// They are safe when ``acknowledged`` has reached it. After an error they were not taken, and may
    /// be appended again.
    @discardableResult
    public func append(_ batch: FlowBatch) throws(StoreError) -> UInt64 {
        monitor.lock()
        defer { monitor.unlock() }
        guard let frame = try journalize(batch) else { return journal.lastNumber }
        gather { sealer throws(StoreError) in try sealer.add(batch, frame) }
        finishAppending(frame)
        return frame.number
    }

    /// Appends the flows of a batch and takes it; answers an empty one.
    ///
    /// As ``append(_:)``, but a full batch becomes a block without being copied. After an error neither
    /// flows nor batch were taken. Fits `BatchAppender`.
    public func exchange(_ batch: FlowBatch) throws(StoreError) -> FlowBatch {
        monitor.lock()
        defer { monitor.unlock() }
        guard let frame = try journalize(batch) else { return batch }
        var empty: FlowBatch?
        gather { sealer throws(StoreError) in empty = try sealer.exchange(batch, frame) }
        finishAppending(frame)
        if let empty { return empty }
        batch.reset()
        return batch
    }

    /// Notes what exporters announced of their sampling; as safe as a batch.
    public func note(_ announced: [SamplingRate]) throws(StoreError) {
        monitor.lock()
        defer { monitor.unlock() }
        try checkOpen()
        var next = rates
        let news = announced.filter { next.note($0) }
        guard !news.isEmpty else { return }
        var payload: [UInt8] = []
        for rate in news { payload.put(rate) }
        let octets = journal.buffer()
        octets.begin()
        unsafe octets.put(payload.span.bytes)
        let frame = JournalFrame(kind: .rates, rows: news.count, payload: octets)
        let number = try journal.append(frame, octets)
        rates = next
        keeper.book.update(next)
        acknowledgeEach(number)
    }

    /// Waits until everything that was appended is acknowledged; throws where the disk refuses.
    public func synchronize() throws(StoreError) { try journal.wait(for: .max) }

    /// Waits until what has that number is acknowledged; throws where the disk refuses.
    public func synchronize(upTo number: UInt64) throws(StoreError) {
        try journal.wait(for: number)
    }

    /// Makes segments of the journal now.
    public func publish() throws(StoreError) {
        monitor.lock()
        defer { monitor.unlock() }
        try checkOpen()
        try seal()
        do {
            try sealer?.drain()
        } catch {
            giveUp(error)
            throw error
        }
    }

    /// Waits until segments that were begun belong to the store; for tests.
    func settle() {
        monitor.lock()
        defer { monitor.unlock() }
        // A failure shows with the next batch.
        try? sealer?.drain()
    }

    /// Makes segments of the journal, and lets the store go.
    public func finish() throws(StoreError) {
        try publish()
        close()
    }

    /// Merges segments of the same time; answers when it is done.
    ///
    /// Other threads may append meanwhile.
    ///
    /// - Parameter isCancelled: asked between blocks; true leaves the rest.
    public func compact(
        isCancelled: @escaping () -> Bool = { false }
    ) throws(StoreError) -> CompactionSummary {
        try keeper.maintenance.withLock { _ throws(StoreError) in
            try Compactor(keeper: keeper, limits: limits, isCancelled: isCancelled)
                .run(isEager: true)
        }
    }

    /// Makes rollups as the merging thread does, and answers of how many segments; for tests.
    func rollUpSettled() throws(StoreError) -> Int {
        try keeper.maintenance.withLock { _ throws(StoreError) in
            try keeper.rollUp(.settled(limits)).segments
        }
    }

    /// Makes rollups that are missing, and anew those that later sampling rates have made wrong.
    ///
    /// - Parameter isCancelled: asked between segments; true leaves the rest.
    public func rollUp(
        isCancelled: () -> Bool = { false }
    ) throws(StoreError) -> RollupSummary {
        try keeper.maintenance.withLock { _ throws(StoreError) in
            try keeper.rollUp(.all, isCancelled: isCancelled)
        }
    }

    /// Deletes segments that a policy does not keep, and first makes rollups of them where they have none
    /// and it keeps those.
    ///
    /// - Parameter now: ms since 1970.
    public func expire(_ policy: RetentionPolicy, now: UInt64) throws(StoreError) -> ExpirySummary {
        try keeper.maintenance.withLock { _ throws(StoreError) in
            if limits.rollups {
                let found = keeper.manifest
                let known = Set(found.rollups.map(\.segment))
                let lost = policy.expired(
                    found.segments, journalOctets: journal.fileOctets, now: now
                ).filter {
                    !known.contains($0.number) && policy.keepsRollups($0.received, now: now)
                }
                // On a full disk that fails, and room is what this is for.
                _ = try? keeper.rollUp(.only(Set(lost.map(\.number))))
            }
            return try keeper.expire(policy, journalOctets: journal.fileOctets, now: now)
        }
    }

    /// Lets the store go; the journal stays as it is, for the next writer.
    public func close() {
        monitor.lock()
        defer { monitor.unlock() }
        guard isOpen else { return }
        isOpen = false
        // The thread that seals may be waking the merger, and telling the journal.
        sealer?.discard()
        sealer = nil
        merger?.stop()
        journal.stop()
        keeper.close()
    }

    private func locked<Result>(_ body: () -> Result) -> Result {
        monitor.lock()
        defer { monitor.unlock() }
        return body()
    }

    func checkOpen() throws(StoreError) {
        guard isOpen else { throw StoreError(path: keeper.directory.path, cause: .closed) }
    }

    private func acknowledgeEach(_ number: UInt64) {
        // What the disk refuses is not acknowledged; that is all there is to say here.
        if policy == .eachBatch { try? journal.wait(for: number) }
    }

    private func isHourOver(at time: UInt64) -> Bool {
        guard let sealer, sealer.rows > 0 else { return false }
        if time / (24 * Self.hour) > sealer.newest / (24 * Self.hour) { return true }
        return sealer.rows >= journalLimits.rowsOfHour
            && time / Self.hour > sealer.newest / Self.hour
    }

    /// Writes a batch to the journal; nil where it is empty.
    private func journalize(_ batch: FlowBatch) throws(StoreError) -> JournalFrame? {
        try checkOpen()
        guard batch.count > 0 else { return nil }
        let octets = journal.buffer()
        var frame = encoder.encode(batch, into: octets)
        guard frame.payloadOctets <= JournalFrame.payloadOctetsMax else {
            throw StoreError(
                path: keeper.directory.path, cause: .tooLarge(octets: frame.payloadOctets))
        }
        if isHourOver(at: frame.received.lowerBound) { try? seal() }
        frame.number = try journal.append(frame, octets)
        rowsInJournal += frame.rows
        return frame
    }

    /// Has flows that are in the journal now taken into blocks.
    private func gather(_ take: (JournalSealer) throws(StoreError) -> Void) {
        guard let sealer else { return }
        do throws(StoreError) {
            // What failed on the other thread is no worse than what fails here.
            if let failure = sealer.failure { throw failure }
            try take(sealer)
        } catch {
            giveUp(error)
        }
    }

    private func finishAppending(_ frame: JournalFrame) {
        acknowledgeEach(frame.number)
        if publisher.trouble == nil { rowsToRetry = 0 }
        if rowsInJournal >= journalLimits.rows + rowsToRetry
            || journal.outputOctets >= journalLimits.octets && rowsToRetry == 0
        {
            try? seal()
        }
    }

    private func giveUp(_ error: StoreError) {
        publisher.note(error)
        sealer?.discard()
        sealer = nil
        rowsInJournal = max(rowsInJournal, journalLimits.rows)
        rowsToRetry += max(journalLimits.rows / 8, 1)
    }

    /// Has segments made of what the journal has, and the manifest say so, which makes them part of the
    /// store and the journal's frames not at once; another thread does it.
    private func seal() throws(StoreError) {
        do throws(StoreError) {
            if sealer == nil {
                let start = keeper.manifest.journalStart
                sealer = try replay(JournalContents(keeper.directory, from: start))
            }
            guard let sealer else { return }
            let number = journal.turn()
            try sealer.seal { [publisher, rates] closed, rollups, forgetClosed throws(StoreError) in
                try publisher.publish(
                    closed, rollups, upTo: number, rates, whenChanged: forgetClosed)
            }
        } catch {
            giveUp(error)
            throw error
        }
        rowsInJournal = 0
    }

    /// Takes up what a journal has.
    private func replay(_ contents: JournalContents) throws(StoreError) -> JournalSealer {
        found += contents.notices
        var limits = limits
        // Where segments are merged, what they become gets rollups.
        if merger != nil { limits.rollups = false }
        let sealer = JournalSealer(keeper, limits: limits)
        do throws(StoreError) {
            for entry in contents.entries {
                let payload: [UInt8]
                do throws(StoreError) {
                    payload = try entry.payload()
                } catch {
                    guard error.isDamage else { throw error }
                    found.append(.journalDamaged(error, batches: 1))
                    continue
                }
                switch entry.frame.kind {
                case .flows: try sealer.add(entry.rows(payload), entry.frame)
                case .rates:
                    for rate in try entry.rates(payload) { rates.note(rate) }
                    keeper.book.update(rates)
                default: throw entry.isOfNewerVersion
                }
            }
        } catch {
            sealer.discard()
            throw error
        }
        rowsInJournal = sealer.rows
        return sealer
    }
}
