import FlowModel

/// Merges segments into larger ones.
///
/// The new segment is written beside the old ones and takes their place in one change of the manifest;
/// a crash before leaves a draft, a crash after leaves files without a name in the manifest, and the
/// next writer sweeps both away. Whoever reads the old ones goes on.
struct Compactor {
    let keeper: StoreKeeper
    let limits: SegmentSet.Limits
    /// Asked between blocks; true ends the work.
    var isCancelled: () -> Bool = { false }

    /// Merges what is worth it.
    ///
    /// Where more merging is to come, the rollups are left to the last: see
    /// ``StoreKeeper/rollUp(_:isCancelled:)``.
    func run(isEager: Bool) throws(StoreError) -> CompactionSummary {
        var summary = CompactionSummary()
        // Two rounds: what was merged within its hour may be small enough for its day.
        for _ in 0..<2 {
            let tried = Set(summary.unreadable.map(\.info.number))
            let candidates = keeper.manifest.segments.filter { !tried.contains($0.number) }
            let plan = CompactionPlan(candidates, limits: limits, isEager: isEager)
            let settled = SettledSegments(keeper.manifest.segments, limits: limits)
            for run in plan.runs {
                if isCancelled() { return summary }
                do throws(StoreError) {
                    try merge(run, rollups: isEager || settled.has(run), &summary)
                } catch {
                    // A segment that cannot be read stays as it is, for others to tell.
                    guard error.isDamage || error.isMissingFile || error.isNewer else {
                        throw error
                    }
                    let culprit = run.first { keeper.directory.segment($0.number) == error.path }
                    summary.unreadable.append(
                        DamagedSegment(info: culprit ?? run[0], error: error))
                }
            }
            if plan.runs.isEmpty { break }
        }
        return summary
    }

    private func merge(
        _ run: [SegmentInfo], rollups isSettled: Bool, _ summary: inout CompactionSummary
    ) throws(StoreError) {
        let directory = keeper.directory
        let writer = try SegmentWriter(
            directory, number: keeper.numbers.take(), received: run[0].received)
        let merged: SegmentInfo
        var rollups: [RollupInfo] = []
        let builder =
            limits.rollups && isSettled
            ? try RollupBuilder(
                directory, segment: writer.number, book: keeper.book, bench: RollupBench())
            : nil
        do throws(StoreError) {
            guard try copy(run, to: writer, builder, &rollups) else {
                writer.discard()
                builder?.discard()
                return
            }
            merged = try writer.close()
        } catch {
            writer.discard()
            builder?.discard()
            keeper.delete(rollups)
            throw error
        }
        let old = Set(run.map(\.number))
        var (isInPlace, oldRollups) = (false, [RollupInfo]())
        do throws(StoreError) {
            let isDone = try keeper.publish(
                { next in
                    let others = next.segments.filter { !old.contains($0.number) }
                    guard others.count + old.count == next.segments.count else { return false }
                    next.segments = others + [merged]
                    oldRollups = next.rollups.filter { old.contains($0.segment) }
                    next.rollups.removeAll { old.contains($0.segment) }
                    next.rollups += rollups
                    return true
                }, whenChanged: { isInPlace = true })
            guard isDone else {
                keeper.delete([merged])
                keeper.delete(rollups)
                return
            }
        } catch {
            if !isInPlace {
                keeper.delete([merged])
                keeper.delete(rollups)
            }
            throw error
        }
        keeper.delete(run)
        keeper.delete(oldRollups)
        summary.segmentsBefore += run.count
        summary.segmentsAfter += 1
        summary.rows += merged.rows
        summary.octetsBefore += run.reduce(0) { $0 + $1.octets }
        summary.octetsAfter += merged.octets
    }

    /// Writes all flows of some segments, in their order, and their rollups; false where it was
    /// cancelled.
    private func copy(
        _ run: [SegmentInfo], to writer: SegmentWriter, _ builder: RollupBuilder?,
        _ rollups: inout [RollupInfo]
    ) throws(StoreError) -> Bool {
        let decoder = BlockDecoder()
        let encoder = BlockEncoder()
        let packer = BlockPacker()
        let rollupPacker = BlockPacker(forRollups: true)
        let batch = FlowBatch()
        func take(_ block: any BlockSource) throws(StoreError) {
            try builder?.take(block, packer: rollupPacker, encoder: encoder)
        }
        func flush() throws(StoreError) {
            guard batch.count > 0 else { return }
            let block = encoder.encode(batch)
            try writer.append(block, packer: packer)
            try take(block)
            batch.reset()
        }
        for info in run {
            let path = keeper.directory.segment(info.number)
            for block in try SegmentFile.blocks(of: path, info: info, keepOpen: true) {
                if isCancelled() { return false }
                guard try block.isUnderstood() else {
                    throw StoreError(
                        path: path,
                        cause: .newerVersion(
                            found: SegmentFooter.version + 1, known: SegmentFooter.version))
                }
                // What is full gains nothing from being encoded anew.
                if block.rows >= FlowBatch.blockRowsMin {
                    try flush()
                    if try writer.append(copyOf: block) {
                        try take(block.scanning())
                        continue
                    }
                }
                let content = try BlockDecoder.Content(segment: block)
                if !content.fit(batch) { try flush() }
                decoder.append(content, to: batch)
            }
        }
        try flush()
        rollups = try builder?.close(packer: rollupPacker, encoder: encoder) ?? []
        return true
    }
}

extension BlockDecoder.Content {
    /// Reads a block of a segment.
    fileprivate init(segment block: SegmentBlock) throws(StoreError) {
        do {
            try self.init(block)
        } catch let error as StoreError {
            throw error
        } catch {
            preconditionFailure("a segment's block throws only StoreError: \(error)")
        }
    }
}

extension StoreError {
    fileprivate var isNewer: Bool {
        if case .newerVersion = cause { return true }
        return false
    }
}

/// What merging segments did.
public struct CompactionSummary: Hashable, Sendable {
    /// Segments that were merged.
    public internal(set) var segmentsBefore = 0
    /// Segments that they became.
    public internal(set) var segmentsAfter = 0
    /// Flows in them.
    public internal(set) var rows: UInt64 = 0
    /// Octets that they had.
    public internal(set) var octetsBefore: UInt64 = 0
    /// Octets that they have.
    public internal(set) var octetsAfter: UInt64 = 0
    /// Segments that were left as they are because they could not be read.
    public internal(set) var unreadable: [DamagedSegment] = []

    /// Nothing merged.
    public init() {}
}
