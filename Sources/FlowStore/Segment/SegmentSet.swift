import FlowModel

/// The segments that a writer has open, and the choice of the one that a block goes to.
///
/// A segment should hold an hour of `received`, so that retention and windows fit, and should not be
/// small, so that there are not thousands. Live traffic comes in order: one segment an hour. Imports
/// come in any order and may hold a row a day: then a segment spans more, and its directory and the
/// manifest say what it truly spans. The rules, for a block:
///
/// 1. an open segment with which it stays within one clock hour;
/// 2. else one that is still small (``smallOctets``) and stays within a day;
/// 3. else a new one, where fewer than ``openMax`` are open or one of them is no longer small and can
///    be closed;
/// 4. else the one whose span grows least.
///
/// So all but the last few segments of an import are an hour long, or not small, or full.
final class SegmentSet {
    /// How segments are cut; others than the default only in tests.
    struct Limits: Sendable {
        /// Octets at which a segment is closed.
        var segmentOctets: UInt64 = 1 << 30
        /// Octets below which a segment is not closed for the sake of its hour.
        var smallOctets: UInt64 = 32 << 20
        /// Segments open at once.
        var openMax = 4
        /// Whether rollups are written beside segments.
        var rollups = true
        /// Octets of `other` in one block.
        var otherOctets = otherOctetsMax
    }

    private static let hour: UInt64 = 3_600_000

    private let directory: StoreDirectory
    private let limits: Limits
    private let encoder = BlockEncoder()
    private let packer = BlockPacker()
    /// Rollups have the same columns in another form: what suits them says nothing of flows.
    private lazy var rollupPacker = BlockPacker(forRollups: true)
    private var open: [SegmentWriter] = []
    private let numbers: SegmentNumbers
    private let book: RateBook
    private lazy var bench = RollupBench()
    /// The rollups of the open segments, by the segments' numbers.
    private var builders: [UInt64: RollupBuilder] = [:]
    private(set) var closed: [SegmentInfo] = []
    /// The rollups of ``closed``.
    private(set) var rollups: [RollupInfo] = []

    convenience init(_ keeper: StoreKeeper, limits: Limits) {
        self.init(.own(keeper), limits: limits)
    }

    init(_ hold: StoreHold, limits: Limits) {
        directory = hold.directory
        numbers = hold.numbers
        book = hold.book
        self.limits = limits
    }

    /// Writes the rows of a batch as one block; as several where `other` is too large for one.
    func append(_ batch: FlowBatch) throws(StoreError) {
        var start = 0
        while start < batch.count {
            let end = endOfBlock(batch, from: start)
            let block = encoder.encode(batch, rows: start..<end)
            let received = block.summary(of: .received)?.range ?? 0...0
            let segment = try segment(for: received)
            try segment.append(block, packer: packer)
            try addUp(block, of: segment)
            if segment.octets >= limits.segmentOctets { try close(segment) }
            start = end
        }
    }

    /// Closes all segments; ``closed`` has them.
    func close() throws(StoreError) {
        for segment in open { try close(segment) }
    }

    /// Forgets what ``closed`` has, which the manifest has now.
    func forgetClosed() {
        closed.removeAll()
        rollups.removeAll()
    }

    /// Deletes everything that was written and is not in a manifest.
    func discard() {
        for segment in open { segment.discard() }
        open.removeAll()
        for builder in builders.values { builder.discard() }
        builders.removeAll()
        for rollup in rollups {
            try? directory.remove(directory.rollup(rollup))
        }
        rollups.removeAll()
        for info in closed { try? directory.remove(directory.segment(info.number)) }
        closed.removeAll()
    }

    private func close(_ segment: SegmentWriter) throws(StoreError) {
        closed.append(try segment.close())
        open.removeAll { $0 === segment }
        if let builder = builders[segment.number] {
            rollups += try builder.close(packer: rollupPacker, encoder: encoder)
            builders[segment.number] = nil
        }
    }

    /// Adds a block's flows to the rollups of its segment.
    private func addUp(_ block: EncodedBlock, of segment: SegmentWriter) throws(StoreError) {
        guard limits.rollups else { return }
        let builder: RollupBuilder
        if let known = builders[segment.number] {
            builder = known
        } else {
            for other in builders.values {
                try other.relieve(packer: rollupPacker, encoder: encoder)
            }
            builder = try RollupBuilder(
                directory, segment: segment.number, book: book, bench: bench)
            builders[segment.number] = builder
        }
        try builder.take(block, packer: rollupPacker, encoder: encoder)
    }

    /// The most rows, in whole words of presence, whose `other` fits a chunk.
    private func endOfBlock(_ batch: FlowBatch, from start: Int) -> Int {
        let ends = batch.other.endOfRow
        let base = start == 0 || ends.isEmpty ? 0 : Int(ends[min(start, ends.count) - 1])
        var end = batch.count
        func octets(_ end: Int) -> Int {
            ends.isEmpty ? 0 : Int(ends[min(end, ends.count) - 1]) - base
        }
        while octets(end) > limits.otherOctets, end - start > 64 {
            end = start + ((end - start) / 2 + 63) / 64 * 64
        }
        return end
    }

    private func segment(for received: ClosedRange<UInt64>) throws(StoreError) -> SegmentWriter {
        func span(_ segment: SegmentWriter) -> ClosedRange<UInt64> {
            segment.received.union(received)
        }
        if let fitting = open.first(where: { Self.isWithinHour(span($0)) }) { return fitting }
        func isSmall(_ segment: SegmentWriter) -> Bool { segment.octets < limits.smallOctets }
        if let small = open.first(where: { isSmall($0) && Self.length(span($0)) <= 24 * Self.hour })
        {
            return small
        }
        if open.count >= limits.openMax {
            guard let large = open.first(where: { !isSmall($0) }) else {
                return open.min { Self.length(span($0)) < Self.length(span($1)) } ?? open[0]
            }
            try close(large)
        }
        let segment = try SegmentWriter(directory, number: numbers.take(), received: received)
        open.append(segment)
        return segment
    }

    private static func isWithinHour(_ range: ClosedRange<UInt64>) -> Bool {
        range.lowerBound / hour == range.upperBound / hour
    }

    private static func length(_ range: ClosedRange<UInt64>) -> UInt64 {
        range.upperBound - range.lowerBound
    }
}
