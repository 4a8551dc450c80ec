import FlowModel
import FlowStore

/// What every worker of a query shares.
struct ScanPlan: Sendable {
    /// Which rows.
    let filter: FilterPlan
    /// The sampling rates.
    let rates: RateTable
    /// Counters as exported.
    let raw: Bool
    /// Whether the answer depends on rates, so that unknown ones are to be counted.
    let countsUnknownRates: Bool
    /// Whether rows are placed in time, so that those without a start are to be counted.
    let placesInTime: Bool
}

/// Rows of a block to decode.
enum RowSet {
    /// Rows behind each other.
    case contiguous(Range<Int>)
    /// Places in the selection.
    case selected(Range<Int>)
    /// Places in ``BlockScan/listed``.
    case listed(Range<Int>)

    var count: Int {
        switch self {
        case .contiguous(let range), .selected(let range), .listed(let range): range.count
        }
    }
}

/// A block that cannot be read: its reader threw, or its parts contradict each other.
struct DamagedBlock: Error {}

/// Looks at one block after the other for one worker: filters it and decodes what is asked for.
///
///     block ─ summaries ─ none → pruned
///                       └ some → masks of 4,096 rows ─ selection ─ pieces of 1,024 decoded values
///
/// Columns are read when first needed. Whoever consumes the selection requires its columns before it
/// adds anything up, so a block that turns out to be damaged leaves no trace in the answer.
final class BlockScan {
    let plan: ScanPlan
    /// Counted so far.
    var footing = ScanFooting()

    /// Rows of the current block.
    private(set) var rows = 0
    /// Rows that passed the filter.
    private(set) var selectedCount = 0
    /// Whether all rows passed, and ``selection`` was not written.
    private(set) var selectsAll = false
    /// The rows that passed.
    let selection = Scratch<UInt16>(BlockScan.rowsMax + selectionSpare, repeating: 0)
    /// Rows that a consumer wants decoded.
    let listed = Scratch<UInt16>(BlockScan.rowsMax, repeating: 0)
    /// The current block.
    private(set) var block: (any BlockSource)?

    var states: [LeafState] = []
    let masks: Scratch<UInt8>
    let filterValues = Scratch<UInt64>(chunkRows, repeating: 0)
    let filterOthers = Scratch<UInt64>(chunkRows, repeating: 0)
    let durations = Scratch<UInt64>(chunkRows, repeating: 0)
    let starts = Scratch<UInt64>(chunkRows, repeating: 0)
    let offsets = Scratch<UInt64>(chunkRows, repeating: 0)
    let rateValues = Scratch<UInt64>(chunkRows, repeating: 0)
    lazy var resolver = RateResolver()
    var sampling: BlockSampling?
    /// The automata of this worker.
    var matchers: [RegexPattern: RegexMatcher] = [:]

    private var columns: [EncodedColumn?] = Array(repeating: nil, count: Field.lastOfAll + 1)
    private var isRead = Array(repeating: false, count: Field.lastOfAll + 1)

    /// Whether the current block's rows are sums over flows.
    var isOfRollup: Bool { block?.isRollup ?? false }

    /// Rows of a block at most.
    static let rowsMax = 65_536
    /// Of so many rows one is selected at most where columns are read for these rows alone.
    private static let narrowShare = 128

    init(_ plan: ScanPlan) {
        self.plan = plan
        masks = Scratch(chunkRows * (plan.filter.depth + 1), repeating: 0)
    }

    /// Filters a block and, where rows pass, hands over to `consume`, which finds them in
    /// ``pieces()``.
    ///
    /// A damaged block is counted. `consume` throws only before it adds anything up.
    func process(_ block: any BlockSource, _ consume: () throws -> Void) {
        begin(block)
        defer { self.block = nil }
        do {
            guard rows > 0, rows <= Self.rowsMax else {
                if rows > 0 { throw DamagedBlock() }
                return
            }
            guard try select() else {
                footing.blocksPruned += 1
                return
            }
            if selectedCount > 0 {
                let isRollup = block.isRollup
                let unplaced = plan.placesInTime ? try selectedWithoutStart() : 0
                let unknown = plan.countsUnknownRates ? try selectedOfUnknownRate() : 0
                let sums = isRollup ? try sumsSelected() : nil
                try consume()
                footing.flowsWithoutStart += sums?.withoutStart ?? UInt64(unplaced)
                footing.flowsOfUnknownRate +=
                    plan.countsUnknownRates ? sums?.ofUnknownRate ?? UInt64(unknown) : 0
            }
            footing.rowsScanned += UInt64(block.rows)
            footing.hasReverse = footing.hasReverse || block.hasReverse
        } catch {
            footing.blocksDamaged += 1
            footing.rowsDamaged += UInt64(max(block.rows, 0))
        }
    }

    /// Goes on with the selected rows as a block of their own where they are few, so that of columns only
    /// the parts are read that they lie in.
    ///
    /// What the summaries say of sums is then of other rows.
    func narrow() {
        guard !selectsAll, selectedCount > 0, selectedCount <= rows / Self.narrowShare else {
            return
        }
        let chosen = (0..<selectedCount).map { selection[$0] }
        guard let picked = block?.picking(chosen) else { return }
        block = picked
        rows = selectedCount
        selectsAll = true
        sampling = nil
        forgetColumns()
    }

    /// What the summaries of a block say of the filter, without reading a column.
    func triage(_ block: any BlockSource) -> Triage {
        begin(block)
        defer { self.block = nil }
        states = plan.filter.leaves.map { LeafState(summary($0)) }
        if case .decided(let triage) = simplify(plan.filter.root) { return triage }
        return .some
    }

    /// Decodes rows of a block that were chosen before.
    func decode(
        _ block: any BlockSource, rows chosen: [UInt16], _ outputs: [FlowOutput]
    ) throws -> FlowRows {
        begin(block)
        defer { self.block = nil }
        guard rows <= Self.rowsMax, chosen.allSatisfy({ Int($0) < rows }) else {
            throw DamagedBlock()
        }
        for (place, row) in chosen.enumerated() { selection[place] = row }
        selectedCount = chosen.count
        narrow()
        return try FlowRows(self, outputs)
    }

    /// Keeps only the first `count` selected rows.
    func truncate(to count: Int) { selectedCount = min(selectedCount, count) }

    private func begin(_ block: any BlockSource) {
        self.block = block.scanning()
        rows = block.rows
        selectedCount = 0
        selectsAll = false
        sampling = nil
        forgetColumns()
    }

    private func forgetColumns() {
        for index in isRead.indices where isRead[index] {
            isRead[index] = false
            columns[index] = nil
        }
    }

    /// The selected rows in pieces of at most ``pieceRows``.
    func pieces() -> [RowSet] {
        pieces(of: selectedCount) { selectsAll ? .contiguous($0) : .selected($0) }
    }

    /// `count` places in pieces of at most ``pieceRows``.
    func pieces(of count: Int, _ make: (Range<Int>) -> RowSet) -> [RowSet] {
        stride(from: 0, to: count, by: pieceRows).map { make($0..<min($0 + pieceRows, count)) }
    }

    /// Reads a column unless it is at hand; nil where no row has a value.
    func column(_ field: Field) throws -> EncodedColumn? {
        let index = Int(field.rawValue)
        guard index > 0, index < columns.count, field != .other else { return nil }
        if isRead[index] { return columns[index] }
        let column = try block?.column(field)
        if let column, !column.isSound(field: field, rows: rows) { throw DamagedBlock() }
        columns[index] = column
        isRead[index] = true
        return column
    }

    /// Takes a column that was read otherwise.
    func keep(_ column: EncodedColumn) {
        columns[Int(column.field.rawValue)] = column
        isRead[Int(column.field.rawValue)] = true
    }

    /// Whether a column was read for this block already.
    func isAtHand(_ field: Field) -> Bool {
        let index = Int(field.rawValue)
        return index < isRead.count && isRead[index]
    }

    // MARK: Filtering

    /// Fills the selection; false where the summaries say that no row passes.
    private func select() throws -> Bool {
        let tree = plan.filter
        states = tree.leaves.map { LeafState(summary($0)) }
        let node: BlockNode
        switch simplify(tree.root) {
        case .decided(.none): return false
        case .decided(.all):
            selectedCount = rows
            selectsAll = true
            return true
        case .decided(.some): preconditionFailure("a decided node is none or all")
        case .open(let open): node = open
        }
        var whole = true
        let (stack, chosen) = (masks, selection)
        for first in stride(from: 0, to: rows, by: chunkRows) {
            let chunk = first..<min(first + chunkRows, rows)
            let triage = try evaluate(node, chunk, depth: 0)
            if triage == .none {
                whole = false
                continue
            }
            var masks = stack.mutable
            if triage == .all {
                fillMask(&masks, at: 0, count: chunk.count, with: 0xff)
            }
            var selection = chosen.mutable
            let found = selectMarked(
                stack.span, at: 0, count: chunk.count, firstRow: first,
                into: &selection, from: selectedCount)
            whole = whole && found == chunk.count
            selectedCount += found
        }
        selectsAll = whole
        return true
    }

    private func selectedWithoutStart() throws -> Int {
        guard let summary = block?.summary(of: .start), summary.presentRows > 0 else {
            return selectedCount
        }
        if summary.presentRows == rows { return 0 }
        guard let presence = try presences(of: .field(.start)) else { return selectedCount }
        var present = 0
        let flags = Scratch<UInt8>(pieceRows, repeating: 0)
        for piece in pieces() {
            fillFlags(presence, piece, into: flags)
            for index in 0..<piece.count { present += Int(flags[index]) }
        }
        return selectedCount - present
    }

    /// How many flows the selected rows of a rollup count of which something is to be said.
    private func sumsSelected() throws -> (withoutStart: UInt64, ofUnknownRate: UInt64) {
        var sums = (withoutStart: UInt64(0), ofUnknownRate: UInt64(0))
        let (flows, flags) = (filterValues, Scratch<UInt8>(pieceRows, repeating: 1))
        let presence = try presences(of: .field(.start))
        for piece in pieces() {
            try stored(.flows, piece, into: flows)
            try rates(piece, into: rateValues)
            if let presence { fillFlags(presence, piece, into: flags) }
            for index in 0..<piece.count {
                if rateValues[index] == 0 { sums.ofUnknownRate &+= flows[index] }
                if plan.placesInTime, presence == nil || flags[index] == 0 {
                    sums.withoutStart &+= flows[index]
                }
            }
        }
        return sums
    }

    private func selectedOfUnknownRate() throws -> Int {
        switch try blockSampling() {
        case .constant(let rate): return rate == 0 ? selectedCount : 0
        case .rows:
            var unknown = 0
            for piece in pieces() {
                try rates(piece, into: rateValues)
                for index in 0..<piece.count where rateValues[index] == 0 { unknown += 1 }
            }
            return unknown
        }
    }
}

/// The part of the footing that workers count each for themselves.
struct ScanFooting {
    var rowsScanned: UInt64 = 0
    var blocksPruned = 0
    var flowsOfUnknownRate: UInt64 = 0
    var flowsWithoutStart: UInt64 = 0
    var blocksDamaged = 0
    var rowsDamaged: UInt64 = 0
    /// Whether a block that was not pruned has counters of the reverse direction.
    var hasReverse = false

    mutating func add(_ other: ScanFooting) {
        rowsScanned += other.rowsScanned
        blocksPruned += other.blocksPruned
        flowsOfUnknownRate += other.flowsOfUnknownRate
        flowsWithoutStart += other.flowsWithoutStart
        blocksDamaged += other.blocksDamaged
        rowsDamaged += other.rowsDamaged
        hasReverse = hasReverse || other.hasReverse
    }
}

extension BlockSource {
    /// Whether flows carry the counters of the reverse direction (RFC 5103).
    var hasReverse: Bool {
        summary(of: .rpackets)?.presentRows ?? 0 > 0 || summary(of: .rbytes)?.presentRows ?? 0 > 0
    }
}

extension EncodedColumn {
    /// Whether the parts fit each other, so that kernels need not check a row.
    fileprivate func isSound(field: Field, rows: Int) -> Bool {
        guard self.field == field, self.rows == rows else { return false }
        if case .some(let bits) = presence, bits.count < (rows + 63) / 64 * 8 { return false }
        switch values {
        case .frame(_, let codes):
            return codes.storage.count >= rows * codes.width && field.storage != .address
        case .dictionary(let dictionary, let codes):
            return codes.storage.count >= rows * codes.width && codes.width <= 2
                && !dictionary.isEmpty && field.storage != .address
        case .addresses(let dictionary, let codes):
            return codes.storage.count >= rows * codes.width && codes.width <= 2
                && dictionary.count > 0 && field.storage == .address
        case .afterStart(let codes):
            return codes.storage.count >= rows * codes.width && field == .end
        }
    }

    /// The presence bits; nil where every row has a value.
    var presenceBits: EncodedBytes? { presence.bits }
}

extension Presence {
    /// The bits; nil where every row has a value.
    var bits: EncodedBytes? {
        if case .some(let bits) = self { bits } else { nil }
    }
}
