package import FlowModel
package import FlowQuery

/// The columns of a batch that alerts are made of, looked for once.
package struct AlertColumns {
    fileprivate let source: FlowColumn?
    fileprivate let target: FlowColumn?
    fileprivate let proto: FlowColumn?
    fileprivate let sourcePort: FlowColumn?
    fileprivate let targetPort: FlowColumn?
    fileprivate let flows: FlowColumn?
    fileprivate let packets: FlowColumn?
    fileprivate let bytes: FlowColumn?
    fileprivate let start: FlowColumn?
    fileprivate let end: FlowColumn?
    fileprivate let received: FlowColumn?
    fileprivate let exporter: FlowColumn?
    fileprivate let domain: FlowColumn?
    fileprivate let sampling: FlowColumn?
    fileprivate let sampler: FlowColumn?
    fileprivate let interface: FlowColumn?

    /// Looks for them.
    package init(_ batch: FlowBatch) {
        source = batch.column(.srcip)
        target = batch.column(.dstip)
        proto = batch.column(.proto)
        sourcePort = batch.column(.srcport)
        targetPort = batch.column(.dstport)
        flows = batch.column(.flows)
        packets = batch.column(.packets)
        bytes = batch.column(.bytes)
        start = batch.column(.start)
        end = batch.column(.end)
        received = batch.column(.received)
        exporter = batch.column(.exporter)
        domain = batch.column(.domain)
        sampling = batch.column(.sampling)
        sampler = batch.column(.samplerid)
        interface = batch.column(.inif)
    }
}

/// By how much the counters of a batch's rows are to be multiplied.
package struct BatchRates {
    package let rates: SamplingRates
    package let overrides: RateOverrides?
    private var last: (key: Key, rate: UInt64)?

    private struct Key: Equatable {
        var exporter: IPAddress
        var domain: UInt32
        var sampler: UInt64?
        var interface: UInt64?
    }

    /// Goes by what exporters say, and by what is known better.
    package init(_ rates: SamplingRates, _ overrides: RateOverrides?) {
        self.rates = rates
        self.overrides = overrides
    }

    /// 1 in N; of an unknown rate 1, as nothing better is known now.
    package mutating func rate(_ columns: borrowing AlertColumns, _ row: Int) -> UInt64 {
        let own = columns.sampling?.number(at: row)
        if overrides == nil {
            if let own { return max(own, 1) }
            // Nobody has said anything of sampling.
            if rates.isEmpty { return 1 }
        }
        let key = Key(
            exporter: columns.exporter?.address(at: row) ?? .v6Zero,
            domain: UInt32(truncatingIfNeeded: columns.domain?.number(at: row) ?? 0),
            sampler: columns.sampler?.number(at: row),
            interface: columns.interface?.number(at: row))
        if let last, last.key == key, own == nil { return last.rate }
        var rate = UInt64(overrides?.interval(exporter: key.exporter, domain: key.domain) ?? 0)
        if rate == 0, let own { return max(own, 1) }
        if rate == 0 {
            rate = UInt64(
                rates.interval(
                    exporter: key.exporter, domain: key.domain, sampler: key.sampler,
                    interface: key.interface.map { UInt32(truncatingIfNeeded: $0) },
                    received: columns.received?.number(at: row) ?? 0))
        }
        last = (key, max(rate, 1))
        return max(rate, 1)
    }
}

/// What of a row an alert is made of.
package struct AlertRow {
    package var source: IPAddress?
    package var target: IPAddress?
    package var proto: UInt8
    package var sourcePort: UInt16
    package var targetPort: UInt16
    package var flows: UInt64
    package var packets: UInt64
    package var bytes: UInt64
    package var start: UInt64
    package var end: UInt64
    package var received: UInt64

    /// Reads a row; counters are multiplied by `rate`.
    package init(_ columns: borrowing AlertColumns, _ row: Int, rate: UInt64) {
        source = columns.source?.address(at: row)
        target = columns.target?.address(at: row)
        proto = UInt8(truncatingIfNeeded: columns.proto?.number(at: row) ?? 0)
        sourcePort = UInt16(truncatingIfNeeded: columns.sourcePort?.number(at: row) ?? 0)
        targetPort = UInt16(truncatingIfNeeded: columns.targetPort?.number(at: row) ?? 0)
        flows = max(columns.flows?.number(at: row) ?? 1, 1)
        packets = (columns.packets?.number(at: row) ?? 0).scaled(by: rate)
        bytes = (columns.bytes?.number(at: row) ?? 0).scaled(by: rate)
        received = columns.received?.number(at: row) ?? 0
        start = columns.start?.number(at: row) ?? received
        end = columns.end?.number(at: row) ?? start
    }
}

extension UInt64 {
    /// Multiplied, and cut to the largest number.
    package func scaled(by rate: UInt64) -> UInt64 {
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
