import FlowModel

/// What becomes of a batch when it is full or old: used by one thread alone, which decodes or meters.
final class HandOver {
    private(set) var batches: UInt64 = 0
    /// When the datagrams arrived whose last flows are in the batch that is being filled.
    var arrivals = BatchArrivals()
    private let stages: [BatchStage]
    private let maker: SharedEnricherMaker
    private var enricher: (number: Int, value: (any BatchEnricher)?) = (-1, nil)
    private let pool = BatchPool()

    init(stages: [BatchStage], enricher: SharedEnricherMaker) {
        self.stages = stages
        maker = enricher
    }

    func hand(_ batch: FlowBatch) -> FlowBatch {
        let wanted = maker.current
        if wanted.number != enricher.number { enricher = (wanted.number, wanted.make?()) }
        enricher.value?.enrich(batch)
        let shared = SharedBatch(batch, arrivals: arrivals.take(), pool: pool)
        // The store, which may block, comes last: nobody else waits for it.
        for stage in stages.reversed() { stage.offer(shared) }
        shared.release()
        batches += 1
        return pool.take()
    }
}

/// Runs what throws only what handing over throws, which is nothing.
@inline(__always)
func neverThrows(_ body: () throws -> Void) {
    do { try body() } catch { preconditionFailure("handing over failed: \(error)") }
}
