import FlowModel

/// Gathers the flows of a journal into blocks, and blocks into segments that nobody sees yet.
///
/// Small batches make large blocks: flows go into one batch until it is full, and another thread
/// writes it while the next is filled. That thread makes the segments whole, too. After an error it is
/// of no use: what it had is in the journal.
final class JournalSealer {
    /// Flows taken since segments were last asked for.
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

    /// Why no more segments are made; nil while they are.
    var failure: StoreError? { line.failure }

    /// Takes the flows of a frame that was read.
    func add(_ flows: JournalRows, _ frame: JournalFrame) throws(StoreError) {
        if !flows.fit(batch) { batch = try line.exchange(batch) }
        flows.append(to: batch)
        note(frame)
    }

    /// Takes the flows of a frame out of the batch it was made of, which is left as it is.
    func add(_ flows: FlowBatch, _ frame: JournalFrame) throws(StoreError) {
        if !flows.fit(batch) { batch = try line.exchange(batch) }
        flows.append(to: batch)
        note(frame)
    }

    /// Takes the flows of a frame with the batch it was made of, and answers an empty one.
    func exchange(_ flows: FlowBatch, _ frame: JournalFrame) throws(StoreError) -> FlowBatch {
        guard flows.count >= FlowBatch.blockRowsMin else {
            try add(flows, frame)
            flows.reset()
            return flows
        }
        let empty = try line.exchange(flows)
        note(frame)
        return empty
    }

    /// Has segments made of what was taken, and handed to `publish`, by another thread; what is taken
    /// from now on goes to others.
    ///
    /// - Parameter publish: gets segments that are whole and on the disk, and a function to call when
    ///   they belong to the store.
    func seal(
        _ publish:
            @escaping ([SegmentInfo], [RollupInfo], () -> Void) throws(StoreError) ->
            Void
    ) throws(StoreError) {
        if batch.count > 0 { batch = try line.exchange(batch) }
        rows = 0
        newest = 0
        try line.perform { [segments] () throws(StoreError) in
            try segments.close()
            try publish(segments.closed, segments.rollups, segments.forgetClosed)
        }
    }

    /// Waits until all that was asked for is done.
    func drain() throws(StoreError) { try line.drain() }

    /// Deletes what the store does not have.
    func discard() {
        line.stop()
        segments.discard()
    }

    private func note(_ frame: JournalFrame) {
        rows += frame.rows
        newest = max(newest, frame.received.upperBound)
    }
}

extension FlowBatch {
    /// Flows from which on a batch is worth a block of its own.
    static let blockRowsMin = capacity / 16 * 15

    /// Whether the flows fit into a batch that has others already.
    fileprivate func fit(_ batch: FlowBatch) -> Bool { batch.room >= count && batch.fits(other) }

    /// Appends the flows to a batch into which they fit.
    fileprivate func append(to batch: FlowBatch) {
        batch.copyColumns(of: self)
        batch.append(other, rows: count)
        batch.advance(by: count)
    }
}
