import FlowModel

/// Adds up the flows of one segment, block by block, in all dimensions.
///
///     block ─ rows by minute ─ cells by code ─┬─▶ tally of the minute ─┐
///                                             └─▶ tally of the hour ───┴─ settled ─▶ file
///
/// Rows of a minute are added up in an array indexed by the block's codes, and what that makes goes, in
/// the order of the keys, to the tallies. A tally is settled, written out, when the segment ends, or earlier where there
/// are too many keys: then its bucket may get rows once more, and a reader adds them up.
final class RollupBuilder {
    private let writers: [RollupStep: RollupWriter]
    private let bench: RollupBench
    private let directory: StoreDirectory
    private let segment: UInt64
    private var sums: [DimensionSums]
    private var blocks = 0
    private var exporters: Set<IPAddress> = []
    private var editions: [RateBook.Edition] = []
    private var received: ClosedRange<UInt64>?
    private var flows: UInt64 = 0
    private let book: RateBook

    /// Begins the rollups of a segment.
    init(
        _ directory: StoreDirectory, segment: UInt64, book: RateBook, bench: RollupBench,
        edition: UInt32 = 0
    ) throws(StoreError) {
        self.book = book
        self.directory = directory
        self.segment = segment
        self.bench = bench
        var writers: [RollupStep: RollupWriter] = [:]
        do throws(StoreError) {
            for step in RollupStep.allCases {
                writers[step] = try RollupWriter(
                    directory, step: step, segment: segment, edition: edition, bench: bench)
            }
        } catch {
            for writer in writers.values { writer.discard() }
            throw error
        }
        self.writers = writers
        sums = RollupDimension.all.map { DimensionSums($0, bench) }
    }

    /// Adds a block of a segment, or one that was just encoded; after an error there is no rollup.
    func take(
        _ block: any BlockSource, packer: BlockPacker, encoder: BlockEncoder
    ) throws(StoreError) {
        do {
            try add(block, packer: packer, encoder: encoder)
        } catch let error as StoreError {
            throw error
        } catch {
            throw StoreError(
                path: directory.segment(segment),
                cause: .damaged(error as? Damage ?? .value(part: "block")))
        }
    }

    private func add(_ block: any BlockSource, packer: BlockPacker, encoder: BlockEncoder) throws {
        let edition = book.edition
        if editions.last?.number != edition.number { editions.append(edition) }
        blocks += 1
        flows += UInt64(block.rows)
        if let range = block.summary(of: .received)?.range {
            received = received?.union(range) ?? range
        }
        let (rows, scratch) = (bench.rows, bench.scratch)
        try rows.begin(block, rates: edition.table, scratch)
        let places = Dictionary(
            uniqueKeysWithValues: sums.enumerated().map { ($1.dimension.number, $0) })
        for index in sums.indices {
            let dimension = sums[index].dimension
            switch dimension.source {
            case .within: continue
            case .everything: try addTotals(rows, block, to: sums[index])
            default:
                let codes = try RollupCodes.read(dimension.source, of: block, scratch)
                if dimension.fields.first == .exporter { note(codes) }
                let inner = RollupDimension.all.filter {
                    $0.source == .within(dimension.number)
                }.compactMap { places[$0.number] }.map { sums[$0] }
                addRows(rows, codes, to: sums[index], within: inner)
            }
        }
        for dimension in sums { try settle(dimension, packer, encoder) }
    }

    /// Writes out what is gathered, so that it takes no memory while other segments are written.
    func relieve(packer: BlockPacker, encoder: BlockEncoder) throws(StoreError) {
        for dimension in sums {
            for step in RollupStep.allCases {
                try write(dimension, step, dimension.takeAll(step), packer, encoder)
            }
        }
    }

    /// Writes everything, and answers what is on the disk.
    func close(packer: BlockPacker, encoder: BlockEncoder) throws(StoreError) -> [RollupInfo] {
        try relieve(packer: packer, encoder: encoder)
        let received = received ?? 0...0
        let stamps = Set(
            editions.map {
                RollupStamp($0.table.rates, exporters: exporters, received: received)
            })
        let stamp = stamps.count == 1 ? stamps.first ?? .mixed : .mixed
        var infos: [RollupInfo] = []
        for step in RollupStep.allCases {
            guard let writer = writers[step] else { continue }
            infos.append(
                try writer.close(
                    flows: flows, received: received, stamp: stamp, packer: packer,
                    encoder: encoder))
        }
        return infos
    }

    /// Deletes what was written.
    func discard() { for writer in writers.values { writer.discard() } }

    private func note(_ codes: RollupCodes) {
        let keys = codes.keys
        let words = keys.values(as: UInt64.self)
        for code in 0..<codes.count {
            let key = code * codes.keyWords
            exporters.insert(IPAddress(high: words[key], low: words[key + 1]))
        }
    }

    // MARK: Adding up

    /// All rows of each group, without a key.
    private func addTotals(
        _ rows: RollupRows, _ block: any BlockSource, to sums: DimensionSums
    ) throws {
        let times = try rows.times(of: block, bench.scratch)
        let cells = sums.cells
        cells.begin(1, hasReverse: rows.hasReverse)
        for (index, group) in rows.groups.enumerated() {
            cells.addAll(rows, group.rows)
            cells.pick()
            for step in RollupStep.allCases {
                let tally = sums.tally(step, group.bucket, group.kind, block: blocks)
                tally.times.add(times[index])
                tally.add(cells, RollupCodes.one)
            }
            cells.clear()
        }
    }

    private func addRows(
        _ rows: RollupRows, _ codes: RollupCodes, to sums: DimensionSums,
        within: [DimensionSums]
    ) {
        let all = [(sums, codes)] + zip(within, codes.within)
        for (sums, codes) in all {
            sums.cells.begin(codes.count, hasReverse: rows.hasReverse)
            sums.hourCells.begin(codes.count, hasReverse: rows.hasReverse)
        }
        let ordered = codes.codes.map { rows.inOrder($0) }
        for (index, group) in rows.groups.enumerated() {
            if let ordered {
                sums.cells.add(rows, group.rows, codes: ordered)
            } else {
                sums.cells.addAll(rows, group.rows)
            }
            sums.cells.pick()
            for (inner, innerCodes) in zip(within, codes.within) {
                inner.cells.add(sums.cells, by: innerCodes.codes)
            }
            let hour = group.bucket / RollupStep.hour.milliseconds * RollupStep.hour.milliseconds
            var isLast = index + 1 == rows.groups.count
            if !isLast {
                let next = rows.groups[index + 1]
                isLast =
                    next.kind != group.kind
                    || next.bucket / RollupStep.hour.milliseconds
                        != group.bucket / RollupStep.hour.milliseconds
            }
            for (place, (sums, codes)) in all.enumerated() {
                if place > 0 { sums.cells.pick() }
                sums.tally(.minute, group.bucket, group.kind, block: blocks)
                    .add(sums.cells, codes)
                sums.hourCells.addPicked(of: sums.cells)
                sums.cells.clear()
                guard isLast else { continue }
                sums.hourCells.pick()
                sums.tally(.hour, hour, group.kind, block: blocks).add(sums.hourCells, codes)
                sums.hourCells.clear()
            }
        }
    }

    // MARK: Writing

    private func settle(
        _ dimension: DimensionSums, _ packer: BlockPacker, _ encoder: BlockEncoder
    ) throws(StoreError) {
        for step in RollupStep.allCases {
            try write(dimension, step, dimension.takeSurplus(step), packer, encoder)
        }
    }

    private func write(
        _ dimension: DimensionSums, _ step: RollupStep, _ settled: [DimensionSums.Settled],
        _ packer: BlockPacker, _ encoder: BlockEncoder
    ) throws(StoreError) {
        for tally in settled {
            try writers[step]?.append(
                tally, dimension.dimension, packer: packer, encoder: encoder)
        }
    }
}

/// Memory that the rollups of one segment after the other are made in.
final class RollupBench {
    let rows = RollupRows()
    let scratch = RollupScratch()
    let batch = FlowBatch()
    private var cells: [Int: (RollupCells, RollupCells)] = [:]

    /// The cells of a dimension, for minutes and hours; all are 0 between dimensions.
    ///
    /// One dimension is added up after the other, together with those within it: only these need cells
    /// at the same time.
    func cells(of dimension: RollupDimension) -> (RollupCells, RollupCells) {
        var place = 0
        if case .within = dimension.source {
            let beside = RollupDimension.all.filter { $0.source == dimension.source }
            place = 1 + (beside.firstIndex { $0.number == dimension.number } ?? 0)
        }
        if let found = cells[place] { return found }
        let made = (RollupCells(), RollupCells())
        cells[place] = made
        return made
    }
}

/// The open tallies of a dimension.
final class DimensionSums {
    /// A tally that is to be written.
    struct Settled {
        var bucket: UInt64
        var kind: RollupKind
        var tally: RollupTally
    }

    private struct Place: Hashable {
        var bucket: UInt64
        var kind: RollupKind
    }

    let dimension: RollupDimension
    let cells: RollupCells
    let hourCells: RollupCells
    private var tallies: [RollupStep: [Place: RollupTally]] = [.minute: [:], .hour: [:]]

    /// Keys in the tallies of a dimension and step, of all buckets, beyond which some are settled.
    private static func keysMax(_ step: RollupStep) -> Int { step == .minute ? 1 << 16 : 1 << 17 }
    /// Tallies of a dimension and step at most.
    private static let talliesMax = 4096

    init(_ dimension: RollupDimension, _ bench: RollupBench) {
        self.dimension = dimension
        (cells, hourCells) = bench.cells(of: dimension)
    }

    /// The tally of a bucket, which is about to be added to.
    func tally(
        _ step: RollupStep, _ start: UInt64, _ kind: RollupKind, block: Int
    ) -> RollupTally {
        let bucket = start / step.milliseconds * step.milliseconds
        let place = Place(bucket: bucket, kind: kind)
        let tally: RollupTally
        if let open = tallies[step]?[place] {
            tally = open
        } else {
            tally = RollupTally(keyWords: dimension.keyWords)
            tallies[step]?[place] = tally
        }
        tally.lastBlock = block
        return tally
    }

    /// Takes all tallies, in the order of their buckets.
    func takeAll(_ step: RollupStep) -> [Settled] {
        defer { tallies[step] = [:] }
        return (tallies[step] ?? [:]).map {
            Settled(bucket: $0.bucket, kind: $0.kind, tally: $1)
        }.sorted(by: Self.precedes)
    }

    /// Takes those that were not added to lately, where there are too many keys.
    func takeSurplus(_ step: RollupStep) -> [Settled] {
        guard let open = tallies[step] else { return [] }
        var keys = open.values.reduce(0) { $0 + $1.count }
        var count = open.count
        if keys > Self.keysMax(step) {
            // Many of them may be the same ones.
            for tally in open.values { tally.merge() }
            keys = open.values.reduce(0) { $0 + $1.count }
        }
        guard keys > Self.keysMax(step) || count > Self.talliesMax else { return [] }
        let byAge = open.sorted {
            ($0.value.lastBlock, $0.key.bucket, $0.key.kind.rawValue)
                < ($1.value.lastBlock, $1.key.bucket, $1.key.kind.rawValue)
        }
        var taken: [Settled] = []
        for (place, tally) in byAge {
            if keys <= Self.keysMax(step) / 2, count <= Self.talliesMax / 2 { break }
            taken.append(Settled(bucket: place.bucket, kind: place.kind, tally: tally))
            tallies[step]?[place] = nil
            keys -= tally.count
            count -= 1
        }
        return taken.sorted(by: Self.precedes)
    }

    private static func precedes(_ a: Settled, _ b: Settled) -> Bool {
        (a.kind.rawValue, a.bucket) < (b.kind.rawValue, b.bucket)
    }
}
