public import FlowModel

/// Adds flows to a store.
///
/// One at a time: it holds the store's lock.
///
/// What it writes is in the store when ``publish()`` or ``finish()`` returns, all of it or nothing:
/// until then no reader sees it, and a writer that fails, is abandoned or killed leaves the store as
/// it was. After an error only ``abandon()`` is left. Not shared between threads. For flows that must be
/// safe as they arrive there is ``LiveWriter``.
public final class StoreWriter {
    private let keeper: StoreKeeper
    private var rates: SamplingRates
    private var imports: Set<ImportFingerprint>
    private let segments: SegmentSet
    private let line: EncodingLine
    private var isOpen = true
    private var isChanged = false
    private var ratesAreNew = false

    var directory: StoreDirectory { keeper.directory }

    /// What was found and mended when the store was opened.
    public var notices: [StoreNotice] { keeper.notices }

    /// Opens a store for writing, and makes it where there is none.
    ///
    /// A directory that is not empty and not a store is refused.
    public convenience init(directory path: String) throws(StoreError) {
        try self.init(directory: path, limits: SegmentSet.Limits())
    }

    init(directory path: String, limits: SegmentSet.Limits) throws(StoreError) {
        let keeper = try StoreKeeper(directory: path)
        let segments = SegmentSet(keeper, limits: limits)
        self.keeper = keeper
        rates = keeper.manifest.rates
        imports = keeper.manifest.imports
        self.segments = segments
        line = EncodingLine { batch throws(StoreError) in try segments.append(batch) }
    }

    deinit { abandon() }

    /// Writes the batch's rows and leaves the batch as it is.
    public func append(_ batch: FlowBatch) throws(StoreError) {
        try checkOpen()
        isChanged = true
        try guarded { () throws(StoreError) in
            try line.drain()
            try segments.append(batch)
        }
    }

    /// Takes a full batch and answers an empty one, while another thread writes what it took.
    ///
    /// Fits ``BatchAppender``. An error of the other thread comes with a later call, at the latest
    /// with ``finish()``.
    public func exchange(_ batch: FlowBatch) throws(StoreError) -> FlowBatch {
        try checkOpen()
        isChanged = true
        return try guarded { () throws(StoreError) in try line.exchange(batch) }
    }

    /// Notes what exporters announced of their sampling.
    public func note(_ rates: [SamplingRate]) {
        var isNew = false
        for rate in rates where self.rates.note(rate) { isNew = true }
        guard isNew else { return }
        isChanged = true
        ratesAreNew = true
        keeper.book.update(self.rates)
    }

    /// Notes that a file was imported.
    public func noteImport(fingerprint: ImportFingerprint) {
        if imports.insert(fingerprint).inserted { isChanged = true }
    }

    /// Whether that file was imported before.
    public func hasImported(fingerprint: ImportFingerprint) -> Bool {
        imports.contains(fingerprint)
    }

    /// Makes what was written part of the store, and safe from a power cut, and goes on.
    public func publish() throws(StoreError) {
        try checkOpen()
        guard isChanged else { return }
        try guarded { () throws(StoreError) in
            try line.drain()
            try segments.close()
            let written = Set(segments.closed.map(\.number))
            try keeper.publish(
                { next in
                    next.segments += segments.closed
                    next.rollups += segments.rollups
                    next.rates = rates
                    next.imports = imports
                    return true
                }, whenChanged: segments.forgetClosed)
            isChanged = false
            if ratesAreNew {
                // Rates that came behind the first flows: the rollups are counted anew.
                ratesAreNew = false
                _ = try keeper.rollUp(.only(written))
            }
        }
    }

    /// Publishes, and lets the store go.
    public func finish() throws(StoreError) {
        try publish()
        close()
    }

    /// Forgets what was not published, and lets the store go.
    public func abandon() { close() }

    private func close() {
        isOpen = false
        line.stop()
        segments.discard()
        keeper.close()
    }

    func checkOpen() throws(StoreError) {
        guard isOpen else { throw StoreError(path: directory.path, cause: .closed) }
    }

    /// After an error the open segments hold half a block: nothing more may be written.
    private func guarded<Result>(
        _ body: () throws(StoreError) -> Result
    ) throws(StoreError) -> Result {
        do {
            return try body()
        } catch {
            isOpen = false
            throw error
        }
    }
}
