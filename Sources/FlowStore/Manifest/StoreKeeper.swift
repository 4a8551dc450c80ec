import FlowModel
import Synchronization

/// A store that is held for writing: its lock, its manifest, and the numbers of its segments.
///
/// May be used by several threads: one that adds segments, one that merges or deletes them.
final class StoreKeeper: Sendable {
    let directory: StoreDirectory
    let numbers: SegmentNumbers
    /// The sampling rates, for whoever writes rollups.
    let book: RateBook
    /// What was found and mended when the store was opened.
    let notices: [StoreNotice]
    /// Held while segments are merged or deleted, which two must not do at once.
    let maintenance = Mutex<Void>(())
    private let state: Mutex<State>

    private struct State: ~Copyable {
        var manifest: Manifest
        var lock: WriterLock?
    }

    /// Opens a store for writing, and makes it where there is none.
    convenience init(directory path: String) throws(StoreError) {
        try self.init(StoreDirectory(path: path))
    }

    init(_ directory: StoreDirectory) throws(StoreError) {
        try directory.prepare()
        let lock = try WriterLock(directory)
        let found = try directory.readManifest()
        var notices: [StoreNotice] = []
        let manifest = found?.manifest ?? Manifest()
        if let trouble = found?.trouble {
            // A copy may be older by one change, and what that added is not to be deleted.
            let count = try directory.setAside(from: manifest.nextSegment)
            notices.append(.manifestCopyUsed(trouble, segmentsSetAside: count))
        }
        let octets = manifest.encoded()
        if found == nil || found?.trouble != nil {
            try unsafe directory.replace(directory.manifest, with: octets.span.bytes)
            try directory.synchronize()
        }
        directory.copyManifest(octets)
        try directory.sweep(
            keeping: Set(manifest.segments.map(\.number)),
            rollups: manifest.rollups)
        self.directory = directory
        self.notices = notices
        numbers = SegmentNumbers(next: manifest.nextSegment)
        book = RateBook(manifest.rates)
        state = Mutex(State(manifest: manifest, lock: lock))
    }

    /// The manifest as it is now.
    var manifest: Manifest { state.withLock { $0.manifest } }

    /// Replaces the manifest by one that `change` made of it.
    ///
    /// - Parameters:
    ///   - change: answers false where nothing is to be changed after all.
    ///   - whenChanged: called as soon as the new manifest is in place, also where waiting for the
    ///     disk fails afterwards: whatever it names belongs to the store from then on.
    @discardableResult
    func publish(
        _ change: (inout Manifest) -> Bool, whenChanged: () -> Void = {}
    ) throws(StoreError) -> Bool {
        try state.withLock { state throws(StoreError) in
            guard state.lock != nil else { throw StoreError(path: directory.path, cause: .closed) }
            var next = state.manifest
            guard change(&next) else { return false }
            next.generation += 1
            next.nextSegment = numbers.next
            try directory.synchronize(directory.segments)
            if next.rollups != state.manifest.rollups {
                try directory.synchronize(directory.rollups)
            }
            let octets = next.encoded()
            try unsafe directory.replace(directory.manifest, with: octets.span.bytes)
            state.manifest = next
            whenChanged()
            try directory.synchronize()
            directory.copyManifest(octets)
            return true
        }
    }

    /// Deletes segments that the manifest no longer names.
    ///
    /// Whoever reads them goes on: the octets go when the last reader closes the file. One that
    /// cannot be deleted now is swept by the next writer.
    func delete(_ segments: [SegmentInfo]) {
        for segment in segments { try? directory.remove(directory.segment(segment.number)) }
    }

    /// Deletes rollups that the manifest no longer names.
    func delete(_ rollups: [RollupInfo]) {
        for rollup in rollups {
            try? directory.remove(directory.rollup(rollup))
        }
    }

    /// Lets the store go.
    func close() { state.withLock { $0.lock = nil } }
}

/// Gives segments their numbers, each once.
final class SegmentNumbers: Sendable {
    private let number: Mutex<UInt64>

    init(next: UInt64) { number = Mutex(next) }

    /// The number that the next segment would get.
    var next: UInt64 { number.withLock { $0 } }

    /// Takes a number.
    func take() -> UInt64 { take(1).lowerBound }

    /// Takes numbers one behind the other.
    func take(_ count: UInt64) -> Range<UInt64> {
        number.withLock { number in
            defer { number += count }
            return number..<number + count
        }
    }
}

/// What was found when a store was opened that its owner should know, and that did not stop anything.
public enum StoreNotice: Hashable, Sendable {
    /// The manifest was unusable and its copy was taken; segments that the copy does not know of are
    /// in `aside/`.
    case manifestCopyUsed(StoreError, segmentsSetAside: Int)
    /// Octets at the end of a journal were not written whole when the writer or the machine stopped;
    /// nothing that was acknowledged is in them.
    case journalCut(path: String, octets: UInt64)
    /// Acknowledged batches that the journal should have and that cannot be read.
    case journalDamaged(StoreError, batches: UInt64)
}

extension StoreNotice: CustomStringConvertible {
    /// What, where, and what it means.
    public var description: String {
        switch self {
        case .manifestCopyUsed(let error, let count):
            "\(error); its copy is used"
                + (count == 0
                    ? ""
                    : "; \(count) segments that the copy does not name were moved to aside/")
        case .journalCut(let path, let octets):
            "\(path): the last \(octets) octets were not written whole and are left out; "
                + "nothing in them had been acknowledged"
        case .journalDamaged(let error, let batches):
            "\(error); \(batches) \(batches == 1 ? "batch" : "batches") of flows cannot be read"
        }
    }
}
