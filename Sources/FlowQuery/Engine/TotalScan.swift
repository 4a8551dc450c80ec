import FlowModel
import FlowStore

/// Adds up the rows of one worker.
final class TotalScan {
    let scan: BlockScan
    private(set) var sums = GroupSums()
    private(set) var hasStart = false
    private(set) var hasEnd = false

    private let values = Scratch<UInt64>(pieceRows, repeating: 0)
    private let flags = Scratch<UInt8>(pieceRows, repeating: 0)

    init(_ plan: ScanPlan) { scan = BlockScan(plan) }

    /// Adds the block's rows that pass.
    func process(_ block: any BlockSource) {
        scan.process(block) {
            var quantities: [Quantity] = [.field(.packets), .field(.bytes)]
            if block.hasReverse { quantities += [.field(.rpackets), .field(.rbytes)] }
            if !scan.selectsAll { quantities += [.field(.start), .field(.end)] }
            try scan.require(quantities)
            sums.flows = sums.flows.clampedAdding(UInt64(scan.selectedCount))
            sums.packets = sums.packets.clampedAdding(try sum(.packets))
            sums.bytes = sums.bytes.clampedAdding(try sum(.bytes))
            if block.hasReverse {
                sums.reversePackets = sums.reversePackets.clampedAdding(try sum(.rpackets))
                sums.reverseBytes = sums.reverseBytes.clampedAdding(try sum(.rbytes))
            }
            try addTimes(block)
        }
    }

    /// Adds what another worker found.
    func add(_ other: TotalScan) {
        sums.flows = sums.flows.clampedAdding(other.sums.flows)
        sums.packets = sums.packets.clampedAdding(other.sums.packets)
        sums.bytes = sums.bytes.clampedAdding(other.sums.bytes)
        sums.reversePackets = sums.reversePackets.clampedAdding(other.sums.reversePackets)
        sums.reverseBytes = sums.reverseBytes.clampedAdding(other.sums.reverseBytes)
        sums.first = min(sums.first, other.sums.first)
        sums.last = max(sums.last, other.sums.last)
        hasStart = hasStart || other.hasStart
        hasEnd = hasEnd || other.hasEnd
        scan.footing.add(other.scan.footing)
    }

    private func sum(_ field: Field) throws -> UInt64 {
        if let sum = try frameSum(field) { return sum }
        var sum: UInt64 = 0
        let values = values
        for piece in scan.pieces() {
            try scan.counts(field, piece, flags, into: values)
            sum = sum.clampedAdding(sumNumbers(values.span.extracting(0..<piece.count)))
        }
        return sum
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

    private func addTimes(_ block: any BlockSource) throws {
        if scan.selectsAll {
            if let start = block.summary(of: .start)?.range {
                sums.first = min(sums.first, start.lowerBound)
                hasStart = true
            }
            if let end = block.summary(of: .end)?.range {
                sums.last = max(sums.last, end.upperBound)
                hasEnd = true
            }
            return
        }
        for piece in scan.pieces() {
            if let count = try presentValues(.start, piece), count > 0 {
                let values = values
                sums.first = min(sums.first, leastNumber(values.span.extracting(0..<count)))
                hasStart = true
            }
            if let count = try presentValues(.end, piece), count > 0 {
                let values = values
                sums.last = max(sums.last, greatestNumber(values.span.extracting(0..<count)))
                hasEnd = true
            }
        }
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
