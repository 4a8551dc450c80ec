public import FlowModel

/// A consistent view of a store at one moment; may be used by many threads.
///
/// A segment whose footer is damaged is listed in ``damaged``, the others are read. A block that is
/// damaged says so when it is read.
public final class StoreReader: Sendable {
    /// The blocks, oldest first.
    public let blocks: [any BlockSource]
    /// The sampling rates that exporters announced.
    public let rates: SamplingRates
    /// The segments that could be opened, oldest first.
    public let segments: [SegmentInfo]
    /// The segments that could not.
    public let damaged: [DamagedSegment]
    /// The segments that the window spared: nothing of them was read.
    public let passedOver: [SegmentInfo]
    /// The rollups, of these segments and of such that have expired.
    public let rollups: [RollupInfo]
    /// The largest `received` of flows that have expired; nil where none have, as far as is known.
    public let expired: UInt64?
    /// Which of ``blocks`` are of each of ``segments``; the others are of the journal.
    public let blocksOfSegment: [Range<Int>]
    let directory: StoreDirectory
    let cache: BlockCache?
    /// What the reader was opened for; ``blocks`` have all flows of it, and others.
    public let window: StoreWindow
    /// How often the store had been changed.
    public let generation: UInt64
    /// What has arrived and is in no segment yet.
    public let journal: JournalInfo
    /// The first number of the journal that is in no segment.
    let journalStart: UInt64
    /// What its owner should know of the store; nothing in it keeps it from being read.
    public let notices: [StoreNotice]

    /// Rows that ``blocks`` have.
    public var rows: UInt64 { segments.reduce(journal.rows) { $0 + $1.rows } }
    /// Octets of ``segments`` on disk.
    public var octets: UInt64 { segments.reduce(0) { $0 + $1.octets } }
    /// Smallest and largest `received`; nil where there are no rows.
    public var received: ClosedRange<UInt64>? {
        Self.union(segments.map(\.received) + [journal.received].compactMap(\.self))
    }
    /// Smallest and largest `start`; nil where no row has one.
    public var start: ClosedRange<UInt64>? {
        Self.union(segments.compactMap(\.start) + [journal.start].compactMap(\.self))
    }

    /// Segments whose files are kept open; those beyond are opened for each read, and missing where
    /// they were merged or expired meanwhile.
    private static let openMax = Descriptor.raiseLimit() / 2

    /// Opens a store.
    ///
    /// - Parameters:
    ///   - window: what is of interest; segments that have no flow in it are not opened, so that an
    ///     hour out of a year costs an hour.
    ///   - cache: what keeps columns that were read, for this reader and those that come after it; nil
    ///     reads each column anew.
    public init(
        directory path: String, window: StoreWindow = StoreWindow(), cache: BlockCache? = nil
    ) throws(StoreError) {
        let directory = StoreDirectory(path: path)
        var found = try Self.manifest(of: directory)
        var contents = Self.contents(of: found.manifest, directory)
        var opened = Self.open(found.manifest, directory, window, cache)
        // Where the store was changed while we looked, files may be gone that we know of, or batches
        // have moved from the journal to a segment that we do not know of: look again.
        while true {
            let next = try Self.manifest(of: directory)
            if next.manifest.generation == found.manifest.generation { break }
            found = next
            contents = Self.contents(of: found.manifest, directory)
            opened = Self.open(found.manifest, directory, window, cache)
        }
        let inJournal = try contents.get()
        self.directory = directory
        self.cache = cache
        rollups = found.manifest.rollups
        expired = found.manifest.expired
        blocksOfSegment = opened.ranges
        blocks = opened.blocks + JournalBlock.blocks(of: inJournal)
        segments = opened.segments
        damaged = opened.damaged + inJournal.damaged
        passedOver = opened.passedOver
        self.window = window
        var rates = found.manifest.rates
        for rate in inJournal.rates() { rates.note(rate) }
        self.rates = rates
        journal = JournalInfo(inJournal)
        journalStart = found.manifest.journalStart
        notices =
            (found.trouble.map { [.manifestCopyUsed($0, segmentsSetAside: 0)] } ?? [])
            + inJournal.notices
        generation = found.manifest.generation
    }

    private static func contents(
        of manifest: Manifest, _ directory: StoreDirectory
    ) -> Result<JournalContents, StoreError> {
        Result { () throws(StoreError) in
            try JournalContents(directory, from: manifest.journalStart)
        }
    }

    private struct Opened {
        var blocks: [any BlockSource] = []
        var ranges: [Range<Int>] = []
        var segments: [SegmentInfo] = []
        var damaged: [DamagedSegment] = []
        var passedOver: [SegmentInfo] = []
    }

    private static func manifest(
        of directory: StoreDirectory
    ) throws(StoreError) -> FoundManifest {
        guard try StoreDirectory.exists(directory.path) else {
            throw StoreError(path: directory.path, cause: .missing)
        }
        guard let found = try directory.readManifest() else {
            let isEmpty = try directory.segmentNumbers().isEmpty
            throw StoreError(
                path: directory.path, cause: isEmpty ? .notAStore : .manifestMissing)
        }
        return found
    }

    private static func open(
        _ manifest: Manifest, _ directory: StoreDirectory, _ window: StoreWindow,
        _ cache: BlockCache?
    ) -> Opened {
        var opened = Opened()
        for info in manifest.segments.inReadingOrder {
            guard window.mayTouch(info) else {
                opened.passedOver.append(info)
                continue
            }
            do {
                let first = opened.blocks.count
                opened.blocks += try SegmentFile.blocks(
                    of: directory.segment(info.number), info: info,
                    keepOpen: opened.segments.count < openMax, cache: cache)
                opened.segments.append(info)
                opened.ranges.append(first..<opened.blocks.count)
            } catch {
                opened.damaged.append(DamagedSegment(info: info, error: error))
            }
        }
        return opened
    }

    private static func union(_ ranges: [ClosedRange<UInt64>]) -> ClosedRange<UInt64>? {
        guard let first = ranges.first else { return nil }
        return ranges.dropFirst().reduce(first) { $0.union($1) }
    }
}
