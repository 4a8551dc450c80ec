import FlowModel

/// Which segments are merged with which.
///
/// Segments that follow each other in time are merged where the result stays within one clock hour, or
/// is small and stays within one day: what ``SegmentSet`` would have written, had it all come at once.
/// While more may come for that time, merging waits until the smaller ones are twice as large as the
/// largest, so that each flow is written again once or twice.
struct CompactionPlan {
    /// Segments to merge, in the order in which readers see them; at least two each.
    private(set) var runs: [[SegmentInfo]] = []

    private static let hour: UInt64 = 3_600_000
    private static let day = 24 * hour

    /// - Parameter isEager: whether to merge without waiting.
    init(_ segments: [SegmentInfo], limits: SegmentSet.Limits, isEager: Bool) {
        let inOrder = segments.inReadingOrder
        let newest = segments.map(\.received.upperBound).max() ?? 0
        var run: [SegmentInfo] = []
        func take() {
            if run.count > 1, isEager || Self.isDue(run, newest: newest, limits) {
                runs.append(run)
            }
        }
        for segment in inOrder {
            if !run.isEmpty, !Self.mayMerge(run + [segment], limits) {
                take()
                run.removeAll()
            }
            run.append(segment)
        }
        take()
    }

    private static func mayMerge(_ run: [SegmentInfo], _ limits: SegmentSet.Limits) -> Bool {
        let octets = octets(run)
        let received = run.dropFirst().reduce(run[0].received) { $0.union($1.received) }
        func isWithin(_ length: UInt64) -> Bool {
            received.lowerBound / length == received.upperBound / length
        }
        return isWithin(hour) && octets <= limits.segmentOctets
            || isWithin(day) && octets <= limits.smallOctets
    }

    private static func isDue(
        _ run: [SegmentInfo], newest: UInt64, _ limits: SegmentSet.Limits
    ) -> Bool {
        let octets = octets(run)
        let largest = run.map(\.octets).max() ?? 0
        let isPast = (run.map(\.received.upperBound).max() ?? 0) / day < newest / day
        return (octets - largest) / 2 >= largest || isPast && octets <= limits.smallOctets
    }

    private static func octets(_ run: [SegmentInfo]) -> UInt64 {
        run.reduce(0) { $0.addingReportingOverflow($1.octets).partialValue }
    }
}

/// Which segments will hardly be merged again: those whose hour is over, and large ones.
///
/// Rollups are made of these only. What is newer is read flow by flow; there is at most an hour of it.
struct SettledSegments {
    private let newest: UInt64
    private let limits: SegmentSet.Limits

    init(_ segments: [SegmentInfo], limits: SegmentSet.Limits) {
        newest = segments.map(\.received.upperBound).max() ?? 0
        self.limits = limits
    }

    /// Whether what some segments become is settled.
    func has(_ run: [SegmentInfo]) -> Bool {
        let hour: UInt64 = 3_600_000
        let last = run.map(\.received.upperBound).max() ?? 0
        return last / hour < newest / hour
            || run.reduce(0) { $0 + $1.octets } >= limits.segmentOctets / 2
    }
}

extension [SegmentInfo] {
    /// The order in which readers see segments.
    var inReadingOrder: [SegmentInfo] {
        sorted { ($0.received.lowerBound, $0.number) < ($1.received.lowerBound, $1.number) }
    }
}
