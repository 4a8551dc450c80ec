/// How regular contacts are, after RITA: a program that calls home does so at equal intervals with
/// messages of equal size, and people do not.
///
/// Of the intervals and of the sizes each: how even their quartiles lie (Bowley's skewness), and how near
/// they are to their median (the median of absolute deviations). Besides, for how much of the time there
/// were contacts, and how small they are.
public struct BeaconScore: Hashable, Sendable {
    /// 0 to 100.
    public var score: UInt64
    /// The median of the intervals, ms.
    public var interval: UInt64
    /// The median of their deviations from it, ms.
    public var jitter: UInt64
    /// The median of the sizes, octets.
    public var size: UInt64

    /// Octets above which a message is not small at all.
    private static let largeSize = 65_536.0

    /// Scores contacts; nil for fewer than four.
    ///
    /// - Parameters:
    ///   - starts: ms, ascending.
    ///   - sizes: octets, as many.
    ///   - window: ms that were looked at.
    public init?(starts: [UInt64], sizes: [UInt64], window: UInt64) {
        guard starts.count >= 4, starts.count == sizes.count, let first = starts.first,
            let last = starts.last, last > first
        else { return nil }
        let intervals = zip(starts.dropFirst(), starts).map { $0 - min($0, $1) }.sorted()
        let sizes = sizes.sorted()
        let (interval, jitter) = Self.middle(intervals)
        let (size, spread) = Self.middle(sizes)
        // Contacts that fill half of the time that was looked at are as steady as can be asked.
        let steadiness = min(1, 2 * Double(last - first) / Double(max(window, 1)))
        let times = [Self.evenness(intervals), Self.nearness(jitter, to: interval), steadiness]
        let amounts = [
            Self.evenness(sizes), Self.nearness(spread, to: size),
            max(0, 1 - Double(size) / Self.largeSize),
        ]
        let sum = (times + amounts).reduce(0, +)
        // Intervals that are nowhere near each other are no beacon, whatever else is even.
        let share = times[1] < 0.3 ? 0.5 : 1
        score = UInt64((100 * share * sum / 6).rounded())
        self.interval = interval
        self.jitter = jitter
        self.size = size
    }

    /// The median of sorted numbers and the median of their distances from it.
    private static func middle(_ numbers: [UInt64]) -> (median: UInt64, deviation: UInt64) {
        let median = numbers[numbers.count / 2]
        let deviations = numbers.map { $0 > median ? $0 - median : median - $0 }.sorted()
        return (median, deviations[deviations.count / 2])
    }

    /// 1 less Bowley's skewness: (Q1 + Q3 − 2 × Q2) ÷ (Q3 − Q1).
    private static func evenness(_ numbers: [UInt64]) -> Double {
        let quarter = numbers.count / 4
        let low = Double(numbers[quarter])
        let middle = Double(numbers[numbers.count / 2])
        let high = Double(numbers[numbers.count - 1 - quarter])
        guard high > low else { return 1 }
        return 1 - abs((low + high - 2 * middle) / (high - low))
    }

    private static func nearness(_ deviation: UInt64, to median: UInt64) -> Double {
        guard median > 0 else { return 0 }
        return max(0, 1 - Double(deviation) / Double(median))
    }
}
