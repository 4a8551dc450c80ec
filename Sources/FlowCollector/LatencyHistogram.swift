/// How many datagrams took how long, from their arrival on.
public struct LatencyHistogram: Hashable, Sendable {
    /// The upper bounds of the buckets, ms; what took longer is in one more.
    public static let bounds: [UInt64] = [
        10, 25, 50, 100, 200, 300, 500, 750, 1000, 2500, 5000, 10_000, 60_000,
    ]

    /// Datagrams in each bucket, the last above all bounds.
    public private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)
    /// The sum of what they took, ms.
    public private(set) var sum: UInt64 = 0

    /// Nothing noted.
    public init() {}

    /// Datagrams noted.
    public var count: UInt64 { counts.reduce(0, +) }

    /// Datagrams that took no longer than each of ``bounds``.
    public var cumulative: [UInt64] {
        var total: UInt64 = 0
        return counts.dropLast().map { count in
            total += count
            return total
        }
    }

    /// Notes that so many datagrams took so long.
    public mutating func note(_ milliseconds: UInt64, datagrams: UInt64) {
        let bucket = Self.bounds.firstIndex { milliseconds <= $0 } ?? Self.bounds.count
        counts[bucket] += datagrams
        sum &+= milliseconds &* datagrams
    }

    /// Adds what another has noted.
    public mutating func add(_ other: LatencyHistogram) {
        for bucket in counts.indices { counts[bucket] += other.counts[bucket] }
        sum &+= other.sum
    }

    /// Notes what a batch has, now that it is somewhere.
    ///
    /// - Parameter now: ms since 1970. A clock that was set back makes no time of less than 0.
    mutating func note(_ arrivals: BatchArrivals, now: UInt64) {
        for run in arrivals.runs {
            note(now - min(run.received, now), datagrams: run.datagrams)
        }
    }
}

/// When the datagrams of a batch arrived: many come in the same millisecond.
struct BatchArrivals: Sendable {
    struct Run: Hashable, Sendable {
        /// ms since 1970.
        var received: UInt64
        var datagrams: UInt64
    }

    private(set) var runs: [Run] = []

    /// Notes a datagram whose last flow is in the batch.
    mutating func note(_ received: UInt64) {
        if let last = runs.indices.last, runs[last].received == received {
            runs[last].datagrams += 1
        } else {
            runs.append(Run(received: received, datagrams: 1))
        }
    }

    /// Answers what there is and begins anew.
    mutating func take() -> BatchArrivals {
        defer { runs = [] }
        return self
    }
}
