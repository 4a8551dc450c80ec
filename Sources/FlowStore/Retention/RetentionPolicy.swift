/// How long flows are kept.
public struct RetentionPolicy: Hashable, Sendable {
    /// Segments whose newest flow arrived longer ago go; nil = however old.
    public var maxAge: Duration?
    /// While segments and journal have more octets the oldest segment goes; nil = however many.
    public var maxOctets: UInt64?

    /// Rollups of 1 min whose newest flow arrived longer ago go, once the flows are gone; nil = however old.
    public var maxMinuteAge: Duration?
    /// Rollups of any kind whose newest flow arrived longer ago go, once the flows are gone; nil = however old.
    public var maxRollupAge: Duration?

    /// By default everything is kept.
    public init(
        maxAge: Duration? = nil, maxOctets: UInt64? = nil, maxMinuteAge: Duration? = nil,
        maxRollupAge: Duration? = nil
    ) {
        self.maxAge = maxAge
        self.maxOctets = maxOctets
        self.maxMinuteAge = maxMinuteAge
        self.maxRollupAge = maxRollupAge
    }
}

/// What a policy deleted.
public struct ExpirySummary: Hashable, Sendable {
    /// Segments.
    public internal(set) var segments = 0
    /// Flows in them.
    public internal(set) var rows: UInt64 = 0
    /// Octets of them.
    public internal(set) var octets: UInt64 = 0
    /// Smallest and largest `received` of the flows; nil where nothing was deleted.
    public internal(set) var received: ClosedRange<UInt64>?
    /// Rollups.
    public internal(set) var rollups = 0
    /// Octets of them.
    public internal(set) var rollupOctets: UInt64 = 0

    /// Nothing deleted.
    public init() {}
}

extension RetentionPolicy {
    /// The segments that go, oldest first.
    ///
    /// A segment is as old as its newest flow. The journal is not touched: what is in it has just
    /// arrived.
    ///
    /// - Parameters:
    ///   - journalOctets: octets that count besides those of the segments.
    ///   - now: ms since 1970.
    func expired(
        _ segments: [SegmentInfo], journalOctets: UInt64, now: UInt64
    ) -> [SegmentInfo] {
        let byAge = segments.sorted {
            ($0.received.upperBound, $0.number) < ($1.received.upperBound, $1.number)
        }
        var octets = segments.reduce(journalOctets) {
            $0.addingReportingOverflow($1.octets).partialValue
        }
        let oldest = maxAge.map { Self.time($0, before: now) }
        return Array(
            byAge.prefix { segment in
                let isOld = oldest.map { segment.received.upperBound < $0 } ?? false
                let isTooMuch = maxOctets.map { octets > $0 } ?? false
                octets -= min(octets, segment.octets)
                return isOld || isTooMuch
            })
    }

    /// Whether rollups of any kind are kept of flows that arrived then.
    func keepsRollups(_ received: ClosedRange<UInt64>, now: UInt64) -> Bool {
        maxRollupAge.map { received.upperBound >= Self.time($0, before: now) } ?? true
    }

    /// The rollups that go.
    ///
    /// A rollup is as old as the newest flow that it counts. It stays at least as long as its flows: it takes a
    /// tenth of their room, and answers in a hundredth of the time.
    func expired(
        _ rollups: [RollupInfo], of segments: [SegmentInfo], now: UInt64
    ) -> [RollupInfo] {
        let numbers = Set(segments.map(\.number))
        return rollups.filter { rollup in
            if numbers.contains(rollup.segment) { return false }
            let ages = [maxRollupAge, rollup.step == .minute ? maxMinuteAge : nil]
            return ages.compactMap(\.self).contains {
                rollup.received.upperBound < Self.time($0, before: now)
            }
        }
    }

    private static func time(_ age: Duration, before now: UInt64) -> UInt64 {
        let milliseconds = max(age.components.seconds, 0).multipliedReportingOverflow(by: 1000)
        return milliseconds.overflow ? 0 : now - min(now, UInt64(milliseconds.partialValue))
    }
}

extension StoreKeeper {
    /// Deletes what a policy does not keep; whoever reads it goes on.
    func expire(
        _ policy: RetentionPolicy, journalOctets: UInt64, now: UInt64
    ) throws(StoreError) -> ExpirySummary {
        var gone: [SegmentInfo] = []
        var rollupsGone: [RollupInfo] = []
        try publish({ next in
            gone = policy.expired(next.segments, journalOctets: journalOctets, now: now)
            let numbers = Set(gone.map(\.number))
            next.segments.removeAll { numbers.contains($0.number) }
            rollupsGone = policy.expired(next.rollups, of: next.segments, now: now)
            let removed = Set(rollupsGone)
            next.rollups.removeAll { removed.contains($0) }
            if let last = gone.map(\.received.upperBound).max() {
                next.expired = max(next.expired ?? 0, last)
            }
            return !gone.isEmpty || !rollupsGone.isEmpty
        })
        delete(gone)
        delete(rollupsGone)
        var summary = ExpirySummary()
        summary.rollups = rollupsGone.count
        summary.rollupOctets = rollupsGone.reduce(0) { $0 + $1.octets }
        for segment in gone {
            summary.segments += 1
            summary.rows += segment.rows
            summary.octets += segment.octets
            summary.received = summary.received?.union(segment.received) ?? segment.received
        }
        return summary
    }
}
