import Glibc
import NIOCore

/// The time of day.
enum WallClock {
    /// ms since 1970.
    static var milliseconds: Int64 {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

/// The system's words for an `errno`.
func systemWords(_ code: Int32) -> String { unsafe String(cString: strerror(code)) }

extension TimeAmount {
    init(_ duration: Duration) { self = .nanoseconds(duration.nanoseconds) }
}

extension Duration {
    /// The whole of it in nanoseconds, bounded by what an Int64 holds.
    var nanoseconds: Int64 {
        let (seconds, attoseconds) = components
        let (whole, isTooLong) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        return isTooLong ? .max / 2 : whole &+ attoseconds / 1_000_000_000
    }
}
