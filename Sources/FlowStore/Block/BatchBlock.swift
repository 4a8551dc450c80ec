public import FlowModel

/// Flows of a batch as a block that can be asked: a column is encoded when it is first asked for.
///
/// For whoever asks of flows as they arrive: only the columns that the question needs are touched. Not
/// shared between threads, and the batch must not change while it is used.
public final class BatchBlock: BlockSource, @unchecked Sendable {
    // Sendable: because blocks are; it is one thread's own.
    private let batch: FlowBatch
    private let encoder: BlockEncoder
    private var known: [Field: (column: EncodedColumn, summary: ColumnSummary)?] = [:]

    /// - Parameters:
    ///   - batch: at least one row.
    ///   - encoder: has the scratch memory, and is the same thread's.
    public init(_ batch: FlowBatch, by encoder: BlockEncoder) {
        precondition(batch.count > 0)
        self.batch = batch
        self.encoder = encoder
    }

    /// Rows of the batch.
    public var rows: Int { batch.count }

    /// What is known of a column, which is encoded for it.
    public func summary(of field: Field) -> ColumnSummary? {
        if field == .other { return batch.other.summary }
        return encoded(field)?.summary
    }

    /// The column; nil where no row has a value.
    public func column(_ field: Field) -> EncodedColumn? { encoded(field)?.column }

    /// The `other` column.
    public func otherElements() -> OtherElements { batch.other.slice(0..<batch.count) }

    private func encoded(_ field: Field) -> (column: EncodedColumn, summary: ColumnSummary)? {
        if let found = known[field] { return found }
        let found = encoder.encode(field, of: batch, rows: 0..<batch.count)
        known[field] = .some(found)
        return found
    }
}
