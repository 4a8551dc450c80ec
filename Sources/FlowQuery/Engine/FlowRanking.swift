import FlowModel
import FlowStore

/// Where a flow stands in a sorted list: less is earlier.
///
/// Flows without the quantity come last in either direction, equal ones in the order stored.
struct FlowRank: Comparable, BitwiseCopyable {
    var isAbsent: UInt64
    var high: UInt64
    var low: UInt64
    /// Block number × 65,536 + row.
    var position: UInt64

    @inline(__always)
    static func < (a: FlowRank, b: FlowRank) -> Bool {
        if a.isAbsent != b.isAbsent { return a.isAbsent < b.isAbsent }
        if a.high != b.high { return a.high < b.high }
        if a.low != b.low { return a.low < b.low }
        return a.position < b.position
    }
}

/// Ranks the rows of one worker and keeps the first of them.
final class FlowRanking {
    let scan: BlockScan
    private let sort: FlowSort
    private var leading: Leading<FlowRank>?
    private var all: [FlowRank] = []
    private let values = Scratch<UInt64>(pieceRows, repeating: 0)
    private let flags = Scratch<UInt8>(pieceRows, repeating: 0)
    private let addresses = Scratch<IPAddress>(pieceRows, repeating: .v6Zero)

    /// - Parameter limit: how many to keep; 0 = all.
    init(_ plan: ScanPlan, sort: FlowSort, limit: Int) {
        scan = BlockScan(plan)
        self.sort = sort
        if limit > 0 { leading = Leading(limit: limit) }
    }

    /// The ranks kept, in no particular order.
    var ranks: [FlowRank] { leading?.elements ?? all }

    /// Ranks the block's rows that pass.
    func process(_ block: any BlockSource, number: Int) {
        scan.process(block) { try rankSelected(of: number) }
    }

    /// Decodes the block's rows that pass, ranks them, and hands over both; a block that is damaged is
    /// counted, and nothing of it handed over.
    func process(
        _ block: any BlockSource, number: Int, _ fields: [FlowOutput],
        into sorter: RowSorter
    ) throws {
        var rows: FlowRows?
        all.removeAll(keepingCapacity: true)
        scan.process(block) {
            try rankSelected(of: number)
            rows = try FlowRows(scan, fields)
        }
        guard let rows else { return }
        let ranks = all
        try sorter.append(ranks.span, rows)
    }

    private func rankSelected(of number: Int) throws {
        try scan.require([sort.quantity])
        let present = try scan.presences(of: sort.quantity)
        for piece in scan.pieces() { try rank(piece, of: number, present) }
    }

    private func rank(_ piece: RowSet, of block: Int, _ present: [EncodedBytes]?) throws {
        let inversion: UInt64 = sort.descending ? .max : 0
        var isAddress = false
        if present != nil {
            if case .field(let field) = sort.quantity, field.storage == .address {
                isAddress = true
                try scan.addresses(field, piece, codes: values, into: addresses)
            } else {
                try scan.numbers(sort.quantity, piece, into: values)
            }
        }
        if let present { scan.fillFlags(present, piece, into: flags) }
        for index in 0..<piece.count {
            let row = scan.row(index, of: piece)
            var rank = FlowRank(
                isAbsent: 1, high: 0, low: 0, position: UInt64(block) << 16 | UInt64(row))
            if present != nil, flags[index] != 0 {
                rank.isAbsent = 0
                if isAddress {
                    rank.high = addresses[index].high ^ inversion
                    rank.low = addresses[index].low ^ inversion
                } else {
                    rank.low = values[index] ^ inversion
                }
            }
            if leading == nil {
                all.append(rank)
            } else {
                leading?.offer(rank, by: <)
            }
        }
    }
}

extension BlockScan {
    /// The number of a row within the block.
    @inline(__always)
    func row(_ index: Int, of piece: RowSet) -> Int {
        switch piece {
        case .contiguous(let range): range.lowerBound + index
        case .selected(let range): Int(selection[range.lowerBound + index])
        case .listed(let range): Int(listed[range.lowerBound + index])
        }
    }
}
