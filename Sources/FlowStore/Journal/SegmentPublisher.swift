import FlowModel
import Synchronization

/// Makes segments that have a journal's flows part of the store, on the thread that wrote them.
final class SegmentPublisher: Sendable {
    private let keeper: StoreKeeper
    private let journal: JournalWriter
    /// Merges segments; nil where that is left to the owner.
    private let merger: SegmentMerger?
    private let failure = Mutex<StoreError?>(nil)

    init(_ keeper: StoreKeeper, _ journal: JournalWriter, merger: SegmentMerger?) {
        self.keeper = keeper
        self.journal = journal
        self.merger = merger
    }

    /// Why no segments could be made; nil since some could.
    var trouble: StoreError? { failure.withLock { $0 } }

    /// Notes why no segments can be made.
    func note(_ error: StoreError) { failure.withLock { $0 = error } }

    /// Has the manifest name segments, and their rollups, that have all frames up to `number`, which makes them part of the
    /// store and the frames not at once.
    ///
    /// - Parameter whenChanged: called as soon as the segments belong to the store.
    func publish(
        _ closed: [SegmentInfo], _ rollups: [RollupInfo], upTo number: UInt64,
        _ rates: SamplingRates, whenChanged: () -> Void
    ) throws(StoreError) {
        if number >= keeper.manifest.journalStart || journal.fileOctets > 0 {
            try keeper.publish(
                { next in
                    next.segments += closed
                    next.rollups += rollups
                    // Added to: an import may have brought others meanwhile.
                    for rate in rates.all { next.rates.note(rate) }
                    next.journalStart = number + 1
                    return true
                }, whenChanged: whenChanged)
            journal.sealed(upTo: number)
            merger?.wake()
        }
        failure.withLock { $0 = nil }
    }
}
