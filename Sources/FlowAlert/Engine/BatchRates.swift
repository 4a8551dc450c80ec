import FlowModel
import FlowQuery

/// By how much the counters of a batch's rows are to be multiplied.
struct BatchRates {
    let rates: SamplingRates
    let overrides: RateOverrides?
    private var last: (key: Key, rate: UInt64)?

    private struct Key: Equatable {
        var exporter: IPAddress
        var domain: UInt32
        var sampler: UInt64?
        var interface: UInt64?
    }

    init(_ rates: SamplingRates, _ overrides: RateOverrides?) {
        self.rates = rates
        self.overrides = overrides
    }

    /// 1 in N; of an unknown rate 1, as nothing better is known now.
    mutating func rate(_ batch: FlowBatch, _ row: Int) -> UInt64 {
        let exporter = batch.address(.exporter, at: row) ?? .v6Zero
        let domain = UInt32(truncatingIfNeeded: batch.number(.domain, at: row) ?? 0)
        if overrides == nil, let own = batch.number(.sampling, at: row) { return max(own, 1) }
        let key = Key(
            exporter: exporter, domain: domain, sampler: batch.number(.samplerid, at: row),
            interface: batch.number(.inif, at: row))
        if let last, last.key == key { return last.rate }
        var rate = UInt64(overrides?.interval(exporter: exporter, domain: domain) ?? 0)
        if rate == 0 { rate = batch.number(.sampling, at: row) ?? 0 }
        if rate == 0 {
            rate = UInt64(
                rates.interval(
                    exporter: exporter, domain: domain, sampler: key.sampler,
                    interface: key.interface.map { UInt32(truncatingIfNeeded: $0) },
                    received: batch.number(.received, at: row) ?? 0))
        }
        last = (key, max(rate, 1))
        return max(rate, 1)
    }
}

/// What of a row an alert is made of.
struct AlertRow {
    var source: IPAddress?
    var target: IPAddress?
    var proto: UInt8
    var sourcePort: UInt16
    var targetPort: UInt16
    var flows: UInt64
    var packets: UInt64
    var bytes: UInt64
    var start: UInt64
    var end: UInt64
    var received: UInt64

    init(_ batch: FlowBatch, _ row: Int, rate: UInt64) {
        source = batch.address(.srcip, at: row)
        target = batch.address(.dstip, at: row)
        proto = UInt8(truncatingIfNeeded: batch.number(.proto, at: row) ?? 0)
        sourcePort = UInt16(truncatingIfNeeded: batch.number(.srcport, at: row) ?? 0)
        targetPort = UInt16(truncatingIfNeeded: batch.number(.dstport, at: row) ?? 0)
        flows = max(batch.number(.flows, at: row) ?? 1, 1)
        packets = (batch.number(.packets, at: row) ?? 0).scaled(by: rate)
        bytes = (batch.number(.bytes, at: row) ?? 0).scaled(by: rate)
        received = batch.number(.received, at: row) ?? 0
        start = batch.number(.start, at: row) ?? received
        end = batch.number(.end, at: row) ?? start
    }
}

extension UInt64 {
    /// Multiplied, and cut to the largest number.
    func scaled(by rate: UInt64) -> UInt64 {
        let (product, overflow) = multipliedReportingOverflow(by: rate)
        return overflow ? .max : product
    }

    /// The sum, cut to the largest number.
    func adding(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }

    /// The difference, 0 where it would be less.
    func since(_ earlier: UInt64) -> UInt64 { self > earlier ? self - earlier : 0 }
}
