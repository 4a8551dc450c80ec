import FlowModel

extension NetFlowDecoder {
    /// How each of its exporters is doing.
    func statuses() -> [ExporterStatus] { sources.values.map(\.status) }

    /// Counts rows that name a sampler whose rate was not announced.
    ///
    /// It may come later and then holds for them too, see `SamplingRates`.
    func checkRates(
        of source: ExportSource, _ plan: RecordPlan, rows: Range<Int>, of batch: FlowBatch
    ) {
        guard plan.columns.contains(.samplerid), !plan.columns.contains(.sampling),
            let column = batch.column(.samplerid)
        else { return }
        let samplers = column.values(as: UInt64.self)
        var (latest, isKnown): (UInt64, Bool) = (0, true)
        for row in rows {
            if samplers[row] != latest {
                latest = samplers[row]
                isKnown = latest == 0 || source.knowsRate(of: latest)
            }
            if !isKnown { source.tally.rateUnknown += 1 }
        }
    }
}
