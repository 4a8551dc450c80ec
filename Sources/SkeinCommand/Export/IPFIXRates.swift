import FlowModel

/// Announcements of sampling rates as options data.
///
/// The exporter's address stands in the scope, because several exporters may share a domain.
struct IPFIXRates {
    private struct Source: Hashable {
        var exporter: IPAddress
        var domain: UInt32
    }

    private var histories: [Source: [SamplingRate]] = [:]
    /// How many of a source's are said.
    private var said: [Source: Int] = [:]

    /// The ids of the six options templates; those of data follow.
    static let firstDataTemplate: UInt16 = 262

    init(_ rates: SamplingRates) {
        for rate in rates.all {
            histories[Source(exporter: rate.exporter, domain: rate.domain), default: []]
                .append(rate)
        }
        for source in histories.keys { histories[source]?.sort { Self.isBefore($0, $1) } }
    }

    var isEmpty: Bool { histories.isEmpty }

    /// In the order of time; of one moment in any order that is always the same.
    private static func isBefore(_ a: SamplingRate, _ b: SamplingRate) -> Bool {
        if a.since != b.since { return a.since < b.since }
        let (first, second) = (place(a.subject), place(b.subject))
        return first.kind != second.kind ? first.kind < second.kind : first.number < second.number
    }

    private static func place(_ subject: SamplingRate.Subject) -> (kind: Int, number: UInt64) {
        switch subject {
        case .domain: (0, 0)
        case .sampler(let id): (1, id)
        case .interface(let index): (2, UInt64(index))
        }
    }

    /// What is to be said before a flow of this source that arrived at `received`: the first rate of
    /// each subject, and each that was announced up to then.
    mutating func due(
        exporter: IPAddress, domain: UInt32, received: UInt64
    ) -> ArraySlice<SamplingRate> {
        let source = Source(exporter: exporter, domain: domain)
        guard let history = histories[source] else { return [] }
        let first = said[source] ?? 0
        guard first < history.count else { return [] }
        var end = first
        while end < history.count, history[end].since <= received { end += 1 }
        if first == 0 { end = max(end, history.count { $0.since == history[0].since }) }
        said[source] = end
        return history[first..<end]
    }

    /// What holds for these sources now, to be said again.
    func current(domain: UInt32, of exporters: [IPAddress]) -> [SamplingRate] {
        exporters.flatMap { exporter -> [SamplingRate] in
            let source = Source(exporter: exporter, domain: domain)
            var latest: [SamplingRate.Subject: SamplingRate] = [:]
            for rate in histories[source]?.prefix(said[source] ?? 0) ?? [] {
                latest[rate.subject] = rate
            }
            return latest.values.sorted { Self.isBefore($0, $1) }
        }
    }

    /// The options template that announces a rate, and the record.
    static func announcement(
        of rate: SamplingRate
    ) -> (id: UInt16, fields: [IPFIXField], scopes: Int, record: [UInt8]) {
        let isV4 = rate.exporter.isV4
        var fields = [isV4 ? IPFIXField(130, 4) : IPFIXField(131, 16)]
        var record: [UInt8] = []
        if isV4 {
            record.append(network: UInt32(truncatingIfNeeded: rate.exporter.low))
        } else {
            record.append(network: rate.exporter.high)
            record.append(network: rate.exporter.low)
        }
        let id: UInt16
        switch rate.subject {
        case .sampler(let sampler):
            // Systematic count-based sampling (RFC 5477 §8.2.1): 1 packet taken, the rest left out.
            id = 256
            fields += [.init(302, 8), .init(304, 2), .init(305, 4), .init(306, 4)]
            record.append(network: sampler)
            record.append(network: UInt16(1))
            record.append(network: UInt32(1))
            record.append(network: rate.interval - 1)
        case .domain:
            id = 258
            fields += [.init(149, 4), .init(34, 4), .init(35, 1)]
            record.append(network: rate.domain)
            record.append(network: rate.interval)
            record.append(1)
        case .interface(let index):
            id = 260
            fields += [.init(10, 4), .init(34, 4), .init(35, 1)]
            record.append(network: index)
            record.append(network: rate.interval)
            record.append(1)
        }
        return (isV4 ? id : id + 1, fields, 2, record)
    }
}
