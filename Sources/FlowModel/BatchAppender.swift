/// Hands a batch on whenever it is full, so that a decoder only asks for rows.
public final class BatchAppender {
    /// The batch being filled.
    public private(set) var batch: FlowBatch
    /// Rows handed on so far, without those in ``batch``.
    public private(set) var rowsEmitted = 0

    private let emit: (FlowBatch) throws -> FlowBatch

    /// - Parameter emit: takes a full batch and answers the empty one to go on with: the same after
    ///   ``FlowBatch/reset(written:)``, or another, so that a pipeline can work while this one fills.
    public init(emit: @escaping (FlowBatch) throws -> FlowBatch) {
        batch = FlowBatch()
        self.emit = emit
    }

    /// Makes sure that `rows` rows fit into ``batch``.
    ///
    /// At most ``FlowBatch/capacity``.
    @inline(__always)
    public func reserve(_ rows: Int) throws {
        if batch.room < rows { try flush() }
    }

    /// Hands on what there is.
    public func flush() throws {
        guard batch.count > 0 else { return }
        rowsEmitted += batch.count
        batch = try emit(batch)
    }
}
