import FlowModel

/// Gathers the flows of a journal into blocks, and blocks into segments that nobody sees yet.
///
/// Small batches make large blocks: flows go into one batch until it is full, and another thread
/// writes it while the next is filled. After an error it is of no use: what it had is in the journal.
final class JournalSealer {
    /// Flows taken.
    private(set) var rows = 0
    /// Largest `received` of them.
    private(set) var newest: UInt64 = 0
    private let segments: SegmentSet
    private let line: EncodingLine
    private var batch = FlowBatch()

    init(_ keeper: StoreKeeper, limits: SegmentSet.Limits) {
        let segments = SegmentSet(keeper, limits: limits)
        self.segments = segments
        line = EncodingLine { batch throws(StoreError) in try segments.append(batch) }
    }

    /// Takes the flows of a frame.
    func add(_ flows: JournalRows, _ frame: JournalFrame) throws(StoreError) {
        if !flows.fit(batch) { batch = try line.exchange(batch) }
        flows.append(to: batch)
        rows += frame.rows
        newest = max(newest, frame.received.upperBound)
    }

    /// Writes what is left, and answers the segments and their rollups, which are whole and on the
    /// disk.
    func close() throws(StoreError) -> (segments: [SegmentInfo], rollups: [RollupInfo]) {
        if batch.count > 0 { batch = try line.exchange(batch) }
        try line.drain()
        try segments.close()
        return (segments.closed, segments.rollups)
    }

    /// The segments belong to the store; the next flows make others.
    func forgetClosed() {
        segments.forgetClosed()
        rows = 0
        newest = 0
    }

    /// Deletes what the store does not have.
    func discard() {
        line.stop()
        segments.discard()
    }
}
