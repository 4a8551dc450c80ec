package import FlowModel

/// The announced rates, arranged so that a whole block can often be given one.
package struct RateTable: Sendable {
    struct Source: Hashable, Sendable {
        var exporter: IPAddress
        var domain: UInt32
    }

    /// What was announced.
    package let rates: SamplingRates
    /// Exporters of which a rate is known, ascending.
    private let exporters: [IPAddress]
    /// When something was announced, by source, ascending.
    private let changes: [Source: [UInt64]]
    /// Sources that have rates by interface.
    private let byInterface: Set<Source>

    package init(_ rates: SamplingRates) {
        self.rates = rates
        var changes: [Source: [UInt64]] = [:]
        var byInterface: Set<Source> = []
        for rate in rates.all {
            let source = Source(exporter: rate.exporter, domain: rate.domain)
            changes[source, default: []].append(rate.since)
            if case .interface = rate.subject { byInterface.insert(source) }
        }
        exporters = Set(changes.keys.map(\.exporter)).sorted()
        self.changes = changes.mapValues { $0.sorted() }
        self.byInterface = byInterface
    }

    /// Whether the rate of any source depends on the interface.
    var knowsInterfaces: Bool { !byInterface.isEmpty }

    /// Whether the rate depends on the interface.
    func dependsOnInterface(_ source: Source) -> Bool {
        !byInterface.isEmpty && byInterface.contains(source)
    }

    /// The times around `received` between which nothing was announced.
    func steadyTime(of source: Source, around received: UInt64) -> ClosedRange<UInt64> {
        guard let times = changes[source] else { return 0...UInt64.max }
        let next = times.firstIndex { $0 > received } ?? times.count
        return (next > 0 ? times[next - 1] : 0)...(next < times.count ? times[next] - 1 : .max)
    }

    /// The rate of every row of the block, as far as the summaries tell; nil where they do not.
    package func constant(for block: any BlockSource) -> UInt64? {
        if let own = block.summary(of: .sampling), own.presentRows > 0 {
            guard own.presentRows == block.rows, let range = own.range else { return nil }
            return range.lowerBound == range.upperBound ? range.lowerBound : nil
        }
        guard let sampler = constant(.samplerid, of: block) else { return nil }
        let unannounced: UInt64 = sampler ?? 0 == 0 ? 1 : 0
        if exporters.isEmpty { return unannounced }

        let exporter =
            block.summary(of: .exporter)?.addressRange ?? IPAddress.v6Zero...IPAddress.v6Zero
        let place = exporters.firstIndex { $0 >= exporter.lowerBound } ?? exporters.count
        if place == exporters.count || exporters[place] > exporter.upperBound { return unannounced }

        guard exporter.lowerBound == exporter.upperBound,
            let domain = constant(.domain, of: block)
        else { return nil }
        let source = Source(
            exporter: exporter.lowerBound, domain: UInt32(truncatingIfNeeded: domain ?? 0))
        let received = block.summary(of: .received)?.range ?? 0...0
        guard
            steadyTime(of: source, around: received.lowerBound).upperBound >= received.upperBound
        else { return nil }
        var interface: UInt32?
        if dependsOnInterface(source) {
            guard let constant = constant(.inif, of: block) else { return nil }
            interface = constant.map { UInt32(truncatingIfNeeded: $0) }
        }
        return UInt64(
            rates.interval(
                exporter: source.exporter, domain: source.domain, sampler: sampler,
                interface: interface, received: received.lowerBound))
    }

    /// The one value of a column, `.some(nil)` where no row has one, nil where rows differ.
    private func constant(_ field: Field, of block: any BlockSource) -> UInt64?? {
        guard let summary = block.summary(of: field), summary.presentRows > 0 else {
            return .some(nil)
        }
        guard summary.presentRows == block.rows, let range = summary.range,
            range.lowerBound == range.upperBound
        else { return nil }
        return .some(range.lowerBound)
    }
}

/// A row's rate was looked up for this; the next row is often alike.
struct RateLookup {
    var exporter: IPAddress
    var domain: UInt32
    var sampler: UInt64?
    var interface: UInt32?
    var received: ClosedRange<UInt64>
    var interval: UInt64
}

/// Remembers the last lookups, so that a block of many exporters costs few.
package struct RateCache {
    private var entries: [RateLookup?] = Array(repeating: nil, count: 256)

    /// Remembers nothing.
    package init() {}

    /// The rate of one row.
    package mutating func interval(
        exporter: IPAddress, domain: UInt32, sampler: UInt64?, interface: UInt32?,
        received: UInt64, in table: RateTable
    ) -> UInt64 {
        let source = RateTable.Source(exporter: exporter, domain: domain)
        let interface = table.dependsOnInterface(source) ? interface : nil
        var mix = exporter.low ^ exporter.high &* 31
        mix = (mix ^ UInt64(domain) << 32 ^ (sampler ?? 0)) &* 0x9e37_79b9_7f4a_7c15
        mix = (mix ^ UInt64(interface ?? 0)) &* 0xbf58_476d_1ce4_e5b9
        let place = Int(truncatingIfNeeded: mix >> 56)
        if let entry = entries[place], entry.exporter == exporter, entry.domain == domain,
            entry.sampler == sampler, entry.interface == interface,
            entry.received.contains(received)
        {
            return entry.interval
        }
        let interval = UInt64(
            table.rates.interval(
                exporter: exporter, domain: domain, sampler: sampler, interface: interface,
                received: received))
        entries[place] = RateLookup(
            exporter: exporter, domain: domain, sampler: sampler, interface: interface,
            received: table.steadyTime(of: source, around: received), interval: interval)
        return interval
    }
}
