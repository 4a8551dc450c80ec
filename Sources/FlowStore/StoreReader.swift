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
    /// What the reader was opened for; ``blocks`` have all flows of it, and others.
    public let window: StoreWindow
    /// How often the store had been changed.
    public let generation: UInt64

    /// Rows that ``blocks`` have.
    public var rows: UInt64 { segments.reduce(0) { $0 + $1.rows } }
    /// Octets of ``segments`` on disk.
    public var octets: UInt64 { segments.reduce(0) { $0 + $1.octets } }
    /// Smallest and largest `received`; nil where there are no rows.
    public var received: ClosedRange<UInt64>? { Self.union(segments.map(\.received)) }
    /// Smallest and largest `start`; nil where no row has one.
    public var start: ClosedRange<UInt64>? { Self.union(segments.compactMap(\.start)) }

    /// Segments whose files are kept open; those beyond are opened for each read.
    private static let openMax = 256

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
        var manifest = try Self.manifest(of: directory)
        var opened = Self.open(manifest, directory, window, cache)
        // A segment that went away was replaced while we looked: look again.
        while opened.damaged.contains(where: { $0.error.isMissingFile }) {
            let next = try Self.manifest(of: directory)
            if next.generation == manifest.generation { break }
            manifest = next
            opened = Self.open(manifest, directory, window, cache)
        }
        blocks = opened.blocks
        segments = opened.segments
        damaged = opened.damaged
        passedOver = opened.passedOver
        self.window = window
        rates = manifest.rates
        generation = manifest.generation
    }

    private struct Opened {
        var blocks: [any BlockSource] = []
        var segments: [SegmentInfo] = []
        var damaged: [DamagedSegment] = []
        var passedOver: [SegmentInfo] = []
    }

    private static func manifest(of directory: StoreDirectory) throws(StoreError) -> Manifest {
        guard try StoreDirectory.exists(directory.path) else {
            throw StoreError(path: directory.path, cause: .missing)
        }
        guard let manifest = try directory.readManifest() else {
            throw StoreError(path: directory.path, cause: .notAStore)
        }
        return manifest
    }

    private static func open(
        _ manifest: Manifest, _ directory: StoreDirectory, _ window: StoreWindow,
        _ cache: BlockCache?
    ) -> Opened {
        var opened = Opened()
        let inOrder = manifest.segments.sorted {
            ($0.received.lowerBound, $0.number) < ($1.received.lowerBound, $1.number)
        }
        for info in inOrder {
            guard window.mayTouch(info) else {
                opened.passedOver.append(info)
                continue
            }
            do {
                opened.blocks += try SegmentFile.blocks(
                    of: directory.segment(info.number), info: info,
                    keepOpen: opened.segments.count < openMax, cache: cache)
                opened.segments.append(info)
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

extension StoreError {
    fileprivate var isMissingFile: Bool {
        if case .system(_, SystemCode.noFile) = cause { return true }
        return false
    }
}
