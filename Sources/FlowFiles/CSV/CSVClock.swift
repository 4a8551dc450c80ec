/// Reads times of cells.
///
/// | cell | means |
/// |---|---|
/// | `1562841000236` | ms since 1970 |
/// | `1562841000`, `1562841000.236` | seconds since 1970: whole numbers below 10¹¹, and all with a fraction |
/// | `2019-07-11T10:30:00.236Z`, `…+02:00` | that instant (RFC 3339) |
/// | `2019-07-11 10:30:00.236` | that time of day in the user's zone |
struct CSVClock {
    private let localTime: @Sendable (Int64) -> Int64
    /// The quarter of an hour that was asked last, and how far the zone was from UTC in it: no zone
    /// changes within one.
    private var quarter = Int64.min
    private var offset: Int64 = 0
    /// The day that was asked last, as its eight digits, and its days since 1970.
    private var dayDigits: UInt64 = 0
    private var day: Int64 = 0

    init(localTime: @escaping @Sendable (Int64) -> Int64) { self.localTime = localTime }

    /// ms since 1970; nil for what is no time, or one before 1970.
    mutating func instant(_ cell: RawSpan) -> UInt64? {
        guard cell.byteCount >= 19, cell.octet(at: 4) == 0x2d else { return Self.number(cell) }
        guard let seconds = civil(cell) else { return nil }
        var end = 19
        var milliseconds: Int64 = 0
        if end < cell.byteCount, cell.octet(at: end) == 0x2e {
            end += 1
            var digits = 0
            while end < cell.byteCount, cell.octet(at: end) &- 0x30 <= 9 {
                if digits < 3 {
                    milliseconds = milliseconds * 10 + Int64(cell.octet(at: end) - 0x30)
                }
                digits += 1
                end += 1
            }
            guard digits > 0 else { return nil }
            while digits < 3 {
                milliseconds *= 10
                digits += 1
            }
        }
        guard let utc = utc(seconds, zone: cell.extracting(end..<cell.byteCount)), utc >= 0 else {
            return nil
        }
        return UInt64(utc * 1000 + milliseconds)
    }

    private static func number(_ cell: RawSpan) -> UInt64? {
        if let whole = csvDecimal(cell, 0..<cell.byteCount) {
            return whole < 100_000_000_000 ? whole * 1000 : whole
        }
        return csvThousandths(cell)
    }

    /// Seconds of `2019-07-11 10:30:00` as if in UTC.
    private mutating func civil(_ cell: RawSpan) -> Int64? {
        guard cell.octet(at: 7) == 0x2d, [0x20, 0x54, 0x74].contains(cell.octet(at: 10)),
            cell.octet(at: 13) == 0x3a, cell.octet(at: 16) == 0x3a
        else { return nil }
        guard let year = csvDecimal(cell, 0..<4), let month = csvDecimal(cell, 5..<7),
            let date = csvDecimal(cell, 8..<10), let hour = csvDecimal(cell, 11..<13),
            let minute = csvDecimal(cell, 14..<16), let second = csvDecimal(cell, 17..<19)
        else { return nil }
        guard year >= 1970, hour < 24, minute < 60, second <= 60 else { return nil }
        let digits = (year * 100 + month) * 100 + date
        if digits != dayDigits {
            guard let days = Self.days(Int64(year), Int64(month), Int64(date)) else { return nil }
            day = days
            dayDigits = digits
        }
        return day * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    private mutating func utc(_ seconds: Int64, zone: RawSpan) -> Int64? {
        if zone.byteCount == 0 {
            if seconds / 900 != quarter {
                quarter = seconds / 900
                offset = localTime(quarter * 900) - quarter * 900
            }
            return seconds + offset
        }
        switch (zone.octet(at: 0), zone.byteCount) {
        case (0x5a, 1), (0x7a, 1): return seconds
        case (0x2b, 5...6), (0x2d, 5...6):
            guard let hours = csvDecimal(zone, 1..<3),
                let minutes = csvDecimal(zone, zone.byteCount - 2..<zone.byteCount),
                zone.byteCount == 5 || zone.octet(at: 3) == 0x3a, hours < 24, minutes < 60
            else { return nil }
            let distance = Int64(hours * 3600 + minutes * 60)
            return zone.octet(at: 0) == 0x2b ? seconds - distance : seconds + distance
        default: return nil
        }
    }

    /// Days since 1970, by the Gregorian calendar in years that begin in March; nil for no date.
    private static func days(_ year: Int64, _ month: Int64, _ date: Int64) -> Int64? {
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths: [Int64] = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard (1...12).contains(month), (1...lengths[Int(month) - 1]).contains(date) else {
            return nil
        }
        let shifted = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + date - 1
        let yearOfEra = shifted % 400
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return shifted / 400 * 146_097 + dayOfEra - 719_468
    }
}
