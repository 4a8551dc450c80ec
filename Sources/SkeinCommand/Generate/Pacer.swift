import Glibc

/// The machine's clocks.
enum Clock {
    static func nanoseconds() -> UInt64 { read(CLOCK_MONOTONIC) }

    static func millisecondsSince1970() -> UInt64 { read(CLOCK_REALTIME) / 1_000_000 }

    /// Sleeps until `time`, ms since 1970.
    static func sleep(until time: UInt64) {
        while true {
            let now = millisecondsSince1970()
            guard time > now else { return }
            sleep(milliseconds: min(time - now, 1_000))
        }
    }

    static func sleep(milliseconds: UInt64) { usleep(useconds_t(milliseconds * 1_000)) }

    private static func read(_ clock: clockid_t) -> UInt64 {
        var time = timespec()
        clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}

/// Holds an output to so many flows a second, in steps of a millisecond.
struct Pacer {
    private let flowsPerSecond: UInt64
    private let begun = Clock.nanoseconds()

    /// - Parameter flowsPerSecond: 0 = never wait.
    init(flowsPerSecond: Int) { self.flowsPerSecond = UInt64(flowsPerSecond) }

    /// Waits until `flows` flows are due.
    mutating func wait(for flows: Int) {
        guard flowsPerSecond > 0 else { return }
        let whole = UInt64(flows) / flowsPerSecond * 1_000_000_000
        let due = begun + whole + UInt64(flows) % flowsPerSecond * 1_000_000_000 / flowsPerSecond
        while true {
            let now = Clock.nanoseconds()
            guard due > now + 1_000_000 else { return }
            Clock.sleep(milliseconds: min((due - now) / 1_000_000, 100))
        }
    }
}
