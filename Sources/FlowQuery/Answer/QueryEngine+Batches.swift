public import FlowModel
import FlowStore

extension QueryEngine {
    /// Hands over the flows that pass, in the order stored, as they are stored: counters as exported,
    /// `sampling` only where the record itself has it.
    ///
    /// The batch is the same one every time and holds what `body` is called for only until it returns.
    /// A damaged block is passed over and counted.
    public func batches(
        _ request: QueryRequest, _ body: (FlowBatch) throws -> Void
    ) throws -> Footing {
        let scan = BlockScan(plan(request))
        let copier = BatchCopier()
        for block in blocks {
            var isCopied = false
            scan.process(block) {
                try copier.copy(scan, block)
                isCopied = true
            }
            if isCopied { try body(copier.batch) }
        }
        return footing(scan.footing)
    }
}

/// Copies the selected rows of a block into a batch.
private final class BatchCopier {
    let batch = FlowBatch()
    private let values = Scratch<UInt64>(pieceRows, repeating: 0)
    private let flags = Scratch<UInt8>(pieceRows, repeating: 0)
    private let addresses = Scratch<IPAddress>(pieceRows, repeating: .v6Zero)

    func copy(_ scan: BlockScan, _ block: any BlockSource) throws {
        let (values, flags, addresses) = (values, flags, addresses)
        // Rows beyond the count may have been written by a copy that failed half-way.
        batch.reset(written: FlowBatch.capacity)
        for info in Field.table where info.storage != .elements {
            guard let column = try scan.column(info.field) else { continue }
            // An end may be kept as an offset to its start.
            if info.field == .end { _ = try scan.column(.start) }
            let target = batch.columnForWriting(info.field).writer
            let present = column.presenceBits.map { [$0] } ?? []
            var first = 0
            for piece in scan.pieces() {
                scan.fillFlags(present, piece, into: flags)
                if info.storage == .address {
                    try scan.addresses(info.field, piece, codes: values, into: addresses)
                    store(addresses.span, flags.span, count: piece.count, at: first, to: target)
                } else {
                    try scan.stored(info.field, piece, into: values)
                    store(values.span, flags.span, count: piece.count, at: first, to: target)
                }
                first += piece.count
            }
        }
        try copyElements(scan, block)
        batch.advance(by: scan.selectedCount)
    }

    private func copyElements(_ scan: BlockScan, _ block: any BlockSource) throws {
        let other = try block.otherElements()
        guard !other.isEmpty else { return }
        // Safe: octets are of a type without padding and outlive the loop.
        let octets = unsafe other.octets.span.bytes
        for place in 0..<scan.selectedCount {
            let row = scan.selectsAll ? place : Int(scan.selection[place])
            guard row < other.layoutOfRow.count, other.layoutOfRow[row] > 0,
                let layout = batch.other.layout(other.layouts[Int(other.layoutOfRow[row]) - 1])
            else { continue }
            let start = row == 0 ? 0 : Int(other.endOfRow[row - 1])
            batch.other.set(
                row: place, layout: layout,
                octets: octets.extracting(start..<Int(other.endOfRow[row])))
        }
    }
}

/// Stores the numbers of which the flag is set.
private func store(
    _ values: Span<UInt64>, _ flags: Span<UInt8>, count: Int, at first: Int, to column: ColumnWriter
) {
    precondition(count <= values.count && count <= flags.count)
    for index in 0..<count where flags[index] != 0 { column.set(values[index], at: first + index) }
}

/// Stores the addresses of which the flag is set.
private func store(
    _ values: Span<IPAddress>, _ flags: Span<UInt8>, count: Int, at first: Int,
    to column: ColumnWriter
) {
    precondition(count <= values.count && count <= flags.count)
    for index in 0..<count where flags[index] != 0 { column.set(values[index], at: first + index) }
}
