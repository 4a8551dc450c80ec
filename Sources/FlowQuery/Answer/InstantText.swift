/// Writes instants one after the other as `2016-06-07 12:38:20.123`.
///
/// Asks the C library's calendar once a quarter of an hour of flows, not once a flow: since 1972 no
/// zone changed its offset at another moment.
struct InstantText {
    private let times: TimeText
    private var quarter: UInt64?
    /// Seconds that local time is ahead.
    private var offset: Int64 = 0
    private var day: Int64?
    /// The text of the last instant; only what differs is written again.
    private var text = Array("0000-00-00 00:00:00.000".utf8)

    /// Beyond these the calendar is asked: times before 1970 here or after the year 9999.
    private static let simple: Range<UInt64> = 86_400_000..<253_402_200_000_000
    private static let quarterLength: UInt64 = 900_000

    init(_ times: TimeText) { self.times = times }

    /// Appends an instant, ms since 1970.
    mutating func append(_ instant: UInt64, to target: inout [UInt8]) {
        guard Self.simple.contains(instant) else {
            times.append(instant, to: &target)
            return
        }
        if quarter != instant / Self.quarterLength { beginQuarter(of: instant) }
        let local = Int64(instant / 1000) + offset
        if day != local / 86_400 { beginDay(local / 86_400) }
        let second = UInt32(truncatingIfNeeded: local % 86_400)
        text.replace(at: 11, with: second / 3600)
        text.replace(at: 14, with: second / 60 % 60)
        text.replace(at: 17, with: second % 60)
        let milliseconds = UInt32(truncatingIfNeeded: instant % 1000)
        text[20] = 48 &+ UInt8(truncatingIfNeeded: milliseconds / 100)
        text.replace(at: 21, with: milliseconds % 100)
        target.append(contentsOf: text)
    }

    private mutating func beginQuarter(of instant: UInt64) {
        quarter = instant / Self.quarterLength
        let seconds = Int64(instant / 1000)
        offset =
            SystemCalendar.civil(at: Int(seconds), zone: times.zone).secondsSince1970 - seconds
    }

    private mutating func beginDay(_ day: Int64) {
        self.day = day
        let civil = SystemCalendar.civil(at: Int(day * 86_400), zone: .utc)
        let year = UInt32(truncatingIfNeeded: civil.year)
        text.replace(at: 0, with: year / 100)
        text.replace(at: 2, with: year % 100)
        text.replace(at: 5, with: UInt32(truncatingIfNeeded: civil.month))
        text.replace(at: 8, with: UInt32(truncatingIfNeeded: civil.day))
    }
}

extension [UInt8] {
    /// Writes a number below 100 as two digits.
    @inline(__always)
    fileprivate mutating func replace(at place: Int, with value: UInt32) {
        self[place] = 48 &+ UInt8(truncatingIfNeeded: value / 10)
        self[place + 1] = 48 &+ UInt8(truncatingIfNeeded: value % 10)
    }
}
