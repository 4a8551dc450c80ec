public import FlowModel

/// Adds flows to a store.
///
/// One at a time: it holds the store's lock.
///
/// What it writes is in the store when ``publish()`` or ``finish()`` returns, all of it or nothing:
/// until then no reader sees it, and a writer that fails, is abandoned or killed leaves the store as
/// it was. After an error only ``abandon()`` is left. Not shared between threads. For flows that must be
/// safe as they arrive there is ``LiveWriter``. Where one of these holds the store already, ``adding(to:)``
/// asks it to take in what is written.
public final class StoreWriter {
    let hold: StoreHold
    private var rates: SamplingRates
    private var imports: Set<ImportFingerprint>
    private let segments: SegmentSet
    private let line: EncodingLine
    private var isOpen = true
    private var isChanged = false
    private var ratesAreNew = false

    var directory: StoreDirectory { hold.directory }

    /// What was found and mended when the store was opened.
    public var notices: [StoreNotice] { hold.notices }

    /// Opens a store for writing, and makes it where there is none.
    ///
    /// A directory that is not empty and not a store is refused.
    public convenience init(directory path: String) throws(StoreError) {
        try self.init(directory: path, limits: SegmentSet.Limits())
    }

    convenience init(directory path: String, limits: SegmentSet.Limits) throws(StoreError) {
        self.init(.own(try StoreKeeper(directory: path)), limits: limits)
    }

    /// Opens a store for writing; one that a server holds, by asking that.
    ///
    /// - Throws: what ``init(directory:)`` throws, also where whoever holds the store lets nobody in.
    public static func adding(to path: String) throws(StoreError) -> StoreWriter {
        do throws(StoreError) {
            return try StoreWriter(directory: path)
        } catch {
            guard case .locked = error.cause,
                let ticket = try ImportTicket.ask(StoreDirectory(path: path))
            else { throw error }
            return StoreWriter(.lent(ticket), limits: SegmentSet.Limits())
        }
    }

    private init(_ hold: StoreHold, limits: SegmentSet.Limits) {
        let segments = SegmentSet(hold, limits: limits)
        self.hold = hold
        let manifest = hold.manifest
        rates = manifest.rates
        imports = manifest.imports
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
        hold.book.update(self.rates)
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
            switch hold {
            case .own(let keeper): try publish(keeper)
            case .lent(let ticket): try publish(ticket)
            }
            isChanged = false
            ratesAreNew = false
        }
    }

    private func publish(_ keeper: StoreKeeper) throws(StoreError) {
        let written = Set(segments.closed.map(\.number))
        try keeper.publish(
            { next in
                next.segments += segments.closed
                next.rollups += segments.rollups
                next.rates = rates
                next.imports = imports
                return true
            }, whenChanged: segments.forgetClosed)
        // Rates that came behind the first flows: the rollups are counted anew.
        if ratesAreNew { _ = try keeper.rollUp(.only(written)) }
    }

    private func publish(_ ticket: ImportTicket) throws(StoreError) {
        var addition = Manifest()
        addition.segments = segments.closed
        addition.rollups = segments.rollups
        addition.rates = rates
        addition.imports = imports.subtracting(ticket.manifest.imports)
        // Before it is asked for: whether or not an answer comes, the files are not ours to delete.
        segments.forgetClosed()
        try ticket.publish(addition)
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
        hold.close()
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
