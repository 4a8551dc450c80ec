import FlowModel

/// Writes one rollup: a segment whose rows are sums.
final class RollupWriter {
    private let file: SegmentWriter
    private let directory: StoreDirectory
    private let step: RollupStep
    private let segment: UInt64
    private let edition: UInt32
    private let bench: RollupBench
    private var pending: [Kind: PendingRows] = [:]

    private struct Kind: Hashable {
        var dimension: UInt16
        var part: RollupPart
    }

    init(
        _ directory: StoreDirectory, step: RollupStep, segment: UInt64, edition: UInt32,
        bench: RollupBench
    ) throws(StoreError) {
        self.directory = directory
        self.step = step
        self.segment = segment
        self.edition = edition
        self.bench = bench
        file = try SegmentWriter(
            directory, number: segment, received: nil,
            rollup: directory.rollup(segment, step, edition: edition))
    }

    /// Writes a bucket: the keys with most octets, and a remainder of the others.
    func append(
        _ settled: DimensionSums.Settled, _ dimension: RollupDimension, packer: BlockPacker,
        encoder: BlockEncoder
    ) throws(StoreError) {
        let tally = settled.tally
        let run = tally.merge()
        let keys = ListedKeys(
            run, bytes: tally.keyWords + 2, stride: tally.stride, max: dimension.keysMax)
        let rows = rows(dimension, .keys)
        for entry in keys.entries {
            if rows.isFull { try flush(rows, packer, encoder) }
            rows.append(settled, run, entry: entry)
        }
        guard !keys.others.isEmpty else { return }
        let remainders = self.rows(dimension, .remainder)
        let bounds = self.rows(dimension, .bounds)
        if remainders.isFull { try flush(remainders, packer, encoder) }
        if bounds.isFull { try flush(bounds, packer, encoder) }
        remainders.append(settled, run, sumOf: keys.others, into: bounds)
    }

    /// Writes what is left and the footer.
    func close(
        flows: UInt64, received: ClosedRange<UInt64>, stamp: RollupStamp, packer: BlockPacker,
        encoder: BlockEncoder
    ) throws(StoreError) -> RollupInfo {
        let left = pending.sorted {
            ($0.key.dimension, $0.key.part.rawValue) < ($1.key.dimension, $1.key.part.rawValue)
        }
        for (_, rows) in left where rows.count > 0 { try flush(rows, packer, encoder) }
        pending.removeAll()
        let head = RollupHead(
            step: step, edition: edition, segment: segment, flows: flows, stamp: stamp.value,
            received: received)
        return RollupInfo(head, try file.close(rollup: head))
    }

    /// Deletes what was written.
    func discard() {
        file.discard()
        // It may have been closed already, and nobody named it yet.
        try? directory.remove(directory.rollup(segment, step, edition: edition))
    }

    private func rows(_ dimension: RollupDimension, _ part: RollupPart) -> PendingRows {
        let kind = Kind(dimension: dimension.number, part: part)
        if let rows = pending[kind] { return rows }
        let rows = PendingRows(dimension, part)
        pending[kind] = rows
        return rows
    }

    private func flush(
        _ rows: PendingRows, _ packer: BlockPacker, _ encoder: BlockEncoder
    ) throws(StoreError) {
        let batch = bench.batch
        batch.reset()
        rows.fill(batch)
        try file.append(
            encoder.encode(batch), packer: packer,
            mark: SegmentFooter.Mark(dimension: rows.dimension.number, part: rows.part))
        batch.reset()
        rows.removeAll()
    }
}
