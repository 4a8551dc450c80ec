/// How long flows are kept.
public struct RetentionPolicy: Hashable, Sendable {
    /// Segments whose newest flow arrived longer ago go; nil = however old.
    public var maxAge: Duration?
    /// While segments and journal have more octets the oldest segment goes; nil = however many.
    public var maxOctets: UInt64?

    /// By default everything is kept.
    public init(maxAge: Duration? = nil, maxOctets: UInt64? = nil) {
        self.maxAge = maxAge
        self.maxOctets = maxOctets
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
        let oldest = maxAge.map { age in
            let milliseconds = max(age.components.seconds, 0).multipliedReportingOverflow(by: 1000)
            return milliseconds.overflow ? 0 : now - min(now, UInt64(milliseconds.partialValue))
        }
        return Array(
            byAge.prefix { segment in
                let isOld = oldest.map { segment.received.upperBound < $0 } ?? false
                let isTooMuch = maxOctets.map { octets > $0 } ?? false
                octets -= min(octets, segment.octets)
                return isOld || isTooMuch
            })
    }
}

extension StoreKeeper {
    /// Deletes what a policy does not keep; whoever reads it goes on.
    func expire(
        _ policy: RetentionPolicy, journalOctets: UInt64, now: UInt64
    ) throws(StoreError) -> ExpirySummary {
        var gone: [SegmentInfo] = []
        try publish({ next in
            gone = policy.expired(next.segments, journalOctets: journalOctets, now: now)
            let numbers = Set(gone.map(\.number))
            next.segments.removeAll { numbers.contains($0.number) }
            return !gone.isEmpty
        })
        delete(gone)
        var summary = ExpirySummary()
        for segment in gone {
            summary.segments += 1
            summary.rows += segment.rows
            summary.octets += segment.octets
            summary.received = summary.received?.union(segment.received) ?? segment.received
        }
        return summary
    }
}
