import FlowModel

/// The columns of the batch that is being filled, each looked up once a batch whatever the number of
/// templates that write to it.
final class BatchColumns {
    private var writers = [ColumnWriter?](repeating: nil, count: Field.lastNumber + 1)
    /// Those of `writers` that are there.
    private var opened: [Int] = []
    /// They are good while this is the appender's.
    private var epoch = -1

    /// Forgets the columns of a batch that was handed on.
    @inline(__always)
    func follow(_ appender: BatchAppender) {
        guard epoch != appender.rowsEmitted else { return }
        epoch = appender.rowsEmitted
        for index in opened { writers[index] = nil }
        opened.removeAll(keepingCapacity: true)
    }

    /// The column of a field of `batch`, the one of the appender that was followed last.
    @inline(__always)
    func writer(_ field: Field, in batch: FlowBatch) -> ColumnWriter {
        let index = Int(field.rawValue)
        return writers[index] ?? open(field, in: batch)
    }

    /// The columns, by the number of their field; those that a plan's operations write to are there.
    func writers(for plan: RecordPlan, in batch: FlowBatch) -> [ColumnWriter?] {
        if plan.columnsEpoch != epoch {
            for operation in plan.operations { _ = writer(operation.field, in: batch) }
            plan.columnsEpoch = epoch
        }
        return writers
    }

    private func open(_ field: Field, in batch: FlowBatch) -> ColumnWriter {
        let writer = batch.columnForWriting(field).writer
        writers[Int(field.rawValue)] = writer
        opened.append(Int(field.rawValue))
        return writer
    }
}
