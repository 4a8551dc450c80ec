public import FlowModel

/// Adds flows to a store.
///
/// One at a time: it holds the store's lock.
///
/// What it writes is in the store when ``publish()`` or ``finish()`` returns, all of it or nothing:
/// until then no reader sees it, and a writer that fails, is abandoned or killed leaves the store as
/// it was. After an error only ``abandon()`` is left. Not shared between threads.
public final class StoreWriter {
    let directory: StoreDirectory
    private var lock: WriterLock?
    private var manifest: Manifest
    private let segments: SegmentSet
    private let line: EncodingLine
    private var isOpen = true
    private var isChanged = false

    /// Opens a store for writing, and makes it where there is none.
    ///
    /// A directory that is not empty and not a store is refused.
    public convenience init(directory path: String) throws(StoreError) {
        try self.init(directory: path, limits: SegmentSet.Limits())
    }

    init(directory path: String, limits: SegmentSet.Limits) throws(StoreError) {
        let directory = StoreDirectory(path: path)
        try directory.prepare()
        let lock = try WriterLock(directory)
        let found = try directory.readManifest()
        let manifest = found ?? Manifest()
        if found == nil {
            try unsafe directory.replaceManifest(manifest.encoded().span.bytes)
            try directory.synchronize()
        }
        try directory.sweep(keeping: Set(manifest.segments.map(\.number)))
        let segments = SegmentSet(directory, nextNumber: manifest.nextSegment, limits: limits)
        self.directory = directory
        self.lock = consume lock
        self.manifest = manifest
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
        for rate in rates where manifest.rates.note(rate) { isChanged = true }
    }

    /// Notes that a file was imported.
    public func noteImport(fingerprint: ImportFingerprint) {
        if manifest.imports.insert(fingerprint).inserted { isChanged = true }
    }

    /// Whether that file was imported before.
    public func hasImported(fingerprint: ImportFingerprint) -> Bool {
        manifest.imports.contains(fingerprint)
    }

    /// Makes what was written part of the store, and safe from a power cut, and goes on.
    public func publish() throws(StoreError) {
        try checkOpen()
        guard isChanged else { return }
        try guarded { () throws(StoreError) in
            try line.drain()
            try segments.close()
            var next = manifest
            next.generation += 1
            next.nextSegment = segments.next
            next.segments += segments.closed
            try Descriptor(directory.segments, .directory).synchronize()
            try unsafe directory.replaceManifest(next.encoded().span.bytes)
            // From here on the segments are the store's: whatever fails, they stay.
            segments.forgetClosed()
            manifest = next
            isChanged = false
            try directory.synchronize()
        }
    }

    /// Publishes, and lets the store go.
    public func finish() throws(StoreError) {
        try publish()
        close()
    }

    /// Forgets what was not published, and lets the store go.
    public func abandon() {
        guard lock != nil else { return }
        close()
    }

    private func close() {
        isOpen = false
        line.stop()
        segments.discard()
        lock = nil
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
