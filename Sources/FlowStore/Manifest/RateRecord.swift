import FlowModel

// A sampling rate in 48 octets: in the manifest, and in the journal until it is there.

extension [UInt8] {
    /// Appends a sampling rate.
    mutating func put(_ rate: SamplingRate) {
        let (kind, value): (UInt32, UInt64) =
            switch rate.subject {
            case .domain: (0, 0)
            case .sampler(let id): (1, id)
            case .interface(let index): (2, UInt64(index))
            }
        put(rate.exporter)
        put(rate.domain)
        put(kind)
        put(value)
        put(rate.since)
        put(rate.interval)
        put(UInt32(0))
    }
}

extension ByteReader {
    /// The next sampling rate.
    mutating func nextRate() throws(Damage) -> SamplingRate {
        let exporter = try nextAddress()
        let domain = try next(UInt32.self)
        let kind = try next(UInt32.self)
        let value = try next(UInt64.self)
        let since = try next(UInt64.self)
        let interval = try next(UInt32.self)
        _ = try next(UInt32.self)
        let subject: SamplingRate.Subject
        switch kind {
        case 0: subject = .domain
        case 1: subject = .sampler(value)
        case 2 where value <= UInt32.max: subject = .interface(UInt32(value))
        default: throw .value(part: "sampling rate")
        }
        return SamplingRate(
            exporter: exporter, domain: domain, subject: subject, interval: interval, since: since)
    }
}
