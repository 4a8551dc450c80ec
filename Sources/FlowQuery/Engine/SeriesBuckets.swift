/// Which buckets a series shows: those with flows, and empty ones between and around them.
///
///     [from][ · ][ · ][flows][ · … many … · ][flows][flows][ · ][to]
///                             └ left out, counted ┘
///
/// One flow with a wild clock must neither fail the question nor bury the answer under decades of empty
/// buckets. So where the window leaves an end open, or lies within what is shown, at most
/// ``emptyMax`` empty buckets are shown beyond it: the longest runs of them are left out.
struct SeriesBuckets {
    /// Empty buckets next to each other.
    struct Run {
        var first: UInt64
        var count: UInt64
    }

    /// Runs of empty buckets that are shown, ascending.
    private(set) var empty: [Run] = []
    /// Empty buckets that are not shown.
    private(set) var leftOut: UInt64 = 0

    /// Empty buckets that are shown where nobody asked for their time.
    static let emptyMax: UInt64 = 100_000

    /// - Parameters:
    ///   - places: the buckets with flows, ascending.
    ///   - bounds: the first and the last bucket that may be shown.
    ///   - window: the buckets that are shown in any case.
    init(_ places: [UInt64], within bounds: ClosedRange<UInt64>, window: ClosedRange<UInt64>?) {
        var open: [Run] = []
        func add(_ first: UInt64, _ end: UInt64) {
            // The stretch from `first` up to `end`, before, within and behind the window.
            var cuts = [first, end]
            if let window {
                cuts += [window.lowerBound, window.upperBound.clampedAdding(1)].filter {
                    $0 > first && $0 < end
                }
            }
            cuts.sort()
            for (from, to) in zip(cuts, cuts.dropFirst()) where from < to {
                let run = Run(first: from, count: to - from)
                if window?.contains(from) == true { empty.append(run) } else { open.append(run) }
            }
        }
        var next = bounds.lowerBound
        for place in places {
            add(next, place)
            next = place.clampedAdding(1)
        }
        add(next, bounds.upperBound.clampedAdding(1))

        var total = open.reduce(UInt64(0)) { $0.clampedAdding($1.count) }
        open.sort { $0.count != $1.count ? $0.count > $1.count : $0.first < $1.first }
        var shown = open[...]
        while total > Self.emptyMax, let longest = shown.popFirst() {
            leftOut = leftOut.clampedAdding(longest.count)
            total -= min(longest.count, total)
        }
        empty += shown
        empty.sort { $0.first < $1.first }
    }
}
