import FlowModel
import Synchronization

/// What counting anew did.
public struct RollupSummary: Hashable, Sendable {
    /// Segments that got rollups, or others.
    public internal(set) var segments = 0
    /// Flows in them.
    public internal(set) var rows: UInt64 = 0
    /// Segments that could not be read.
    public internal(set) var unreadable: [DamagedSegment] = []

    /// Nothing counted.
    public init() {}
}

extension StoreKeeper {
    /// Which segments are looked at.
    enum RollupScope {
        case all
        /// Those with these numbers.
        case only(Set<UInt64>)
        /// Those of which rates became known while they were written, and those without rollups that
        /// will hardly be merged again.
        case settled(SegmentSet.Limits)
    }

    /// Makes the rollups that segments lack, and anew those that are damaged or were counted with other
    /// sampling rates than are known now.
    ///
    /// Where only one of the steps is there, the other has expired, and stays away.
    ///
    /// - Parameter atMost: segments that are counted.
    func rollUp(
        _ scope: RollupScope, atMost: Int = .max, isCancelled: () -> Bool = { false }
    ) throws(StoreError) -> RollupSummary {
        var summary = RollupSummary()
        let bench = RollupBench()
        let found = manifest
        var settled: SettledSegments?
        if case .settled(let limits) = scope {
            settled = SettledSegments(found.segments, limits: limits)
        }
        let bySegment = Dictionary(grouping: found.rollups, by: \.segment)
        for segment in found.segments.inReadingOrder {
            if isCancelled() || summary.segments >= atMost { break }
            let rollups = bySegment[segment.number] ?? []
            switch scope {
            case .all: break
            case .only(let numbers): if !numbers.contains(segment.number) { continue }
            case .settled:
                let isDue =
                    rollups.isEmpty
                    ? settled?.has([segment]) ?? false
                    : rollups.contains { $0.stamp == RollupStamp.mixed.value }
                if !isDue { continue }
            }
            if !rollups.isEmpty, rollups.allSatisfy({ isGood($0) }) { continue }
            do throws(StoreError) {
                if try replace(rollups, of: segment, bench) {
                    summary.segments += 1
                    summary.rows += segment.rows
                }
            } catch {
                guard error.isDamage || error.isMissingFile else { throw error }
                summary.unreadable.append(DamagedSegment(info: segment, error: error))
            }
        }
        return summary
    }

    private func isGood(_ rollup: RollupInfo) -> Bool {
        do {
            let blocks = try rollup.open(directory, keepOpen: false)
            return try rollup.isCurrent(blocks, book.edition.table.rates)
        } catch {
            return false
        }
    }

    /// Counts a segment; false where it went meanwhile.
    private func replace(
        _ rollups: [RollupInfo], of segment: SegmentInfo, _ bench: RollupBench
    ) throws(StoreError) -> Bool {
        let edition = rollups.map(\.edition).max().map { $0 &+ 1 } ?? 0
        let (packer, encoder) = (BlockPacker(forRollups: true), BlockEncoder())
        let builder = try RollupBuilder(
            directory, segment: segment.number, book: book, bench: bench, edition: edition)
        var made: [RollupInfo] = []
        do throws(StoreError) {
            let path = directory.segment(segment.number)
            for block in try SegmentFile.blocks(of: path, info: segment, keepOpen: true) {
                // Two columns of addresses share a dictionary: it is read once.
                try builder.take(block.scanning(), packer: packer, encoder: encoder)
            }
            made = try builder.close(packer: packer, encoder: encoder)
        } catch {
            builder.discard()
            throw error
        }
        let steps = Set(rollups.map(\.step))
        let kept = made.filter { steps.isEmpty || steps.contains($0.step) }
        delete(made.filter { !kept.contains($0) })
        let old = Set(rollups)
        var isInPlace = false
        do throws(StoreError) {
            let isDone = try publish(
                { next in
                    guard next.segments.contains(where: { $0.number == segment.number }) else {
                        return false
                    }
                    next.rollups.removeAll { old.contains($0) }
                    next.rollups += kept
                    return true
                }, whenChanged: { isInPlace = true })
            delete(isDone ? rollups : kept)
            return isDone
        } catch {
            if !isInPlace { delete(kept) }
            throw error
        }
    }
}
