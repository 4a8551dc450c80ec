/// What an exporter said of a sampler's rate, and when.
public struct SamplingRate: Hashable, Sendable {
    /// What the rate is of.
    public enum Subject: Hashable, Sendable {
        /// All flows of the domain that name no sampler.
        case domain
        /// Flows that name this sampler or selector (elements 48, 302).
        case sampler(UInt64)
        /// Flows that came in through this interface and name no sampler.
        case interface(UInt32)
    }

    /// The exporter's address.
    public var exporter: IPAddress
    /// Its observation domain.
    public var domain: UInt32
    /// What the rate is of.
    public var subject: Subject
    /// 1 in N packets; never 0.
    public var interval: UInt32
    /// When it was announced, ms since 1970 by ``Field/received``.
    public var since: UInt64

    /// Notes a rate.
    public init(
        exporter: IPAddress, domain: UInt32, subject: Subject, interval: UInt32, since: UInt64
    ) {
        self.exporter = exporter
        self.domain = domain
        self.subject = subject
        self.interval = interval
        self.since = since
    }
}

/// The rates that exporters announced, over time: resolves `sampling` for rows that do not carry it.
///
/// A rate holds from its announcement to the next of the same subject; the first also holds for what
/// came before it, so a rate that arrives late mends what was stored earlier.
public struct SamplingRates: Sendable {
    private struct Key: Hashable, Sendable {
        var exporter: IPAddress
        var domain: UInt32
        var subject: SamplingRate.Subject
    }
    private var histories: [Key: [SamplingRate]] = [:]

    /// No rates.
    public init() {}

    /// Whether nothing was announced.
    public var isEmpty: Bool { histories.isEmpty }

    /// All announcements, each subject's in time order; subjects in no particular order.
    public var all: [SamplingRate] { histories.values.flatMap { $0 } }

    /// Notes an announcement; true where it changes what is known.
    @discardableResult
    public mutating func note(_ rate: SamplingRate) -> Bool {
        guard rate.interval > 0 else { return false }
        let key = Key(exporter: rate.exporter, domain: rate.domain, subject: rate.subject)
        return Self.enter(rate, into: &histories[key, default: []])
    }

    private static func enter(_ rate: SamplingRate, into history: inout [SamplingRate]) -> Bool {
        let earlier = history.lastIndex { $0.since <= rate.since }
        if let earlier, history[earlier].interval == rate.interval { return false }
        var next = earlier.map { $0 + 1 } ?? 0
        if let earlier, history[earlier].since == rate.since {
            history[earlier] = rate
        } else {
            history.insert(rate, at: next)
            next += 1
        }
        if next < history.count, history[next].interval == rate.interval {
            history.remove(at: next)
        }
        return true
    }

    /// 1 in N for a row that does not carry its rate itself.
    ///
    /// 1 where the exporter says nothing; 0 where the row names a sampler whose rate has not been seen.
    public func interval(
        exporter: IPAddress, domain: UInt32, sampler: UInt64?, interface: UInt32?, received: UInt64
    ) -> UInt32 {
        if histories.isEmpty { return sampler.map { $0 != 0 } ?? false ? 0 : 1 }
        func rate(_ subject: SamplingRate.Subject) -> UInt32? {
            guard let history = histories[Key(exporter: exporter, domain: domain, subject: subject)]
            else { return nil }
            return (history.last { $0.since <= received } ?? history[0]).interval
        }
        if let sampler, let interval = rate(.sampler(sampler)) { return interval }
        if let interface, let interval = rate(.interface(interface)) { return interval }
        if let interval = rate(.domain) { return interval }
        return sampler.map { $0 != 0 } ?? false ? 0 : 1
    }
}
