/// When a source is updated next.
struct FeedSchedule {
    /// How long after a good update the next one begins.
    let interval: Duration
    /// Updates in a row that brought no list.
    private(set) var failures = 0
    /// ms since 1970.
    private(set) var due: Int64

    /// The first wait after a failure; each further one is twice as long, up to the interval.
    private static let firstWait: Int64 = 60_000

    /// - Parameter checked: when it was last looked at; nil for never, so that it is due.
    init(interval: Duration, checked: Int64?, hasFailed: Bool, now: Int64) {
        self.interval = interval
        guard let checked, checked <= now else {
            due = now
            return
        }
        let wait =
            hasFailed
            ? min(Self.firstWait, Self.milliseconds(interval)) : Self.milliseconds(interval)
        due = max(now, checked + wait)
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.nanoseconds / 1_000_000
    }

    /// Plans the update after one that has ended.
    ///
    /// - Parameters:
    ///   - spread: 0 to 1, at random: servers are not to be asked by everybody at the same minute.
    ///   - notBefore: until when the server wants to be left alone.
    mutating func plan(isWhole: Bool, at now: Int64, spread: Double, notBefore: Int64?) {
        let usual = Self.milliseconds(interval)
        var wait = usual
        if isWhole {
            failures = 0
        } else {
            failures += 1
            wait = min(usual, Self.firstWait << min(20, failures - 1))
        }
        wait += Int64(Double(wait) * (spread - 0.5) / 5)
        due = max(now + wait, notBefore ?? 0)
    }
}
