import FlowModel
import FlowStore

/// What one block adds to a total.
struct BlockTotal {
    /// The block's place in the store.
    let place: Int
    /// Without the times.
    var sums = GroupSums()
    var footing = ScanFooting()
    /// The earliest start and the latest end of the rows that pass; nil until they are read.
    var times: FlowTimes?
}

/// The earliest start and the latest end of some flows; nil where none has one.
struct FlowTimes {
    var first: UInt64?
    var last: UInt64?

    mutating func add(_ other: FlowTimes) {
        if let time = other.first { first = min(first ?? time, time) }
        if let time = other.last { last = max(last ?? time, time) }
    }
}

/// Adds up the rows of one worker's blocks that pass.
final class TotalScan {
    /// Of each block that was added.
    private(set) var totals: [BlockTotal] = []
    private let scan: BlockScan
    private let values = Scratch<UInt64>(pieceRows, repeating: 0)
    private let flags = Scratch<UInt8>(pieceRows, repeating: 0)

    init(_ plan: ScanPlan) { scan = BlockScan(plan) }

    /// Adds up a block; its times only where its summaries have them.
    func add(_ block: any BlockSource, at place: Int) {
        var total = BlockTotal(place: place)
        scan.footing = ScanFooting()
        scan.process(block) {
            let hasReverse = block.hasReverse
            let fields: [Field] =
                [.packets, .bytes] + (hasReverse ? [.rpackets, .rbytes] : [])
                + (block.isRollup ? [.flows] : [])
            try scan.require(fields.filter { knownSum($0) == nil }.map { .field($0) })
            total.sums.packets = try sum(.packets)
            total.sums.bytes = try sum(.bytes)
            if hasReverse {
                total.sums.reversePackets = try sum(.rpackets)
                total.sums.reverseBytes = try sum(.rbytes)
            }
            total.sums.flows =
                block.isRollup ? try sum(.flows) : UInt64(scan.selectedCount)
            if scan.selectsAll {
                total.times = FlowTimes(
                    first: block.summary(of: .start)?.range?.lowerBound,
                    last: block.summary(of: .end)?.range?.upperBound)
            }
        }
        if scan.footing.blocksDamaged > 0 { total = BlockTotal(place: place) }
        total.footing = scan.footing
        totals.append(total)
    }

    /// Reads the times of a block's rows that pass; nil where it turns out to be damaged.
    func times(of block: any BlockSource) -> FlowTimes? {
        var times = FlowTimes()
        scan.footing = ScanFooting()
        scan.process(block) {
            try scan.require([.field(.start), .field(.end)])
            let values = values
            for piece in scan.pieces() {
                if let count = try presentValues(.start, piece), count > 0 {
                    let first = leastNumber(values.span.extracting(0..<count))
                    times.add(FlowTimes(first: first))
                }
                if let count = try presentValues(.end, piece), count > 0 {
                    let last = greatestNumber(values.span.extracting(0..<count))
                    times.add(FlowTimes(last: last))
                }
            }
        }
        return scan.footing.blocksDamaged == 0 ? times : nil
    }

    private func sum(_ field: Field) throws -> UInt64 {
        if let sum = try knownSum(field) ?? frameSum(field) { return sum }
        var sum: UInt64 = 0
        let values = values
        for piece in scan.pieces() {
            try scan.counts(field, piece, flags, into: values)
            sum = sum.clampedAdding(sumNumbers(values.span.extracting(0..<piece.count)))
        }
        return sum
    }

    /// The sum over a whole block that its summary has; nil where it has not.
    private func knownSum(_ field: Field) -> UInt64? {
        guard scan.selectsAll, let sum = scan.block?.summary(of: field)?.sum else { return nil }
        if scan.plan.raw { return sum }
        guard let rate = scan.plan.rates.constant(forSummariesOf: scan.block) else { return nil }
        return sum.scaled(by: max(rate, 1))
    }

    /// The sum over a whole block without widening the codes; nil where that is not possible.
    private func frameSum(_ field: Field) throws -> UInt64? {
        guard scan.selectsAll, let column = try scan.column(field), column.presenceBits == nil,
            case .frame(let base, let codes) = column.values,
            let sum = codes.sum(scan.rows)
        else { return nil }
        let stored = sum.clampedAdding(base.scaled(by: UInt64(scan.rows)))
        if scan.plan.raw { return stored }
        guard case .constant(let rate) = try scan.blockSampling() else { return nil }
        return stored.scaled(by: max(rate, 1))
    }

    /// Decodes the values of the rows that have one, and answers how many do.
    private func presentValues(_ field: Field, _ piece: RowSet) throws -> Int? {
        guard let present = try scan.presences(of: .field(field)) else { return nil }
        try scan.stored(field, piece, into: values)
        if present.isEmpty { return piece.count }
        let (values, flags) = (values, flags)
        scan.fillFlags(present, piece, into: flags)
        var mutable = values.mutable
        return keepFlagged(&mutable, flags.span, count: piece.count)
    }
}
