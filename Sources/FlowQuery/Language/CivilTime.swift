import Glibc

/// A date and time of day; parts may exceed their range by one and count as the next.
struct CivilTime {
    var year: Int64
    var month: Int64 = 1
    var day: Int64 = 1
    var hour: Int64 = 0
    var minute: Int64 = 0
    var second: Int64 = 0

    /// The parts of a stamp that were given, the finest last.
    enum Precision: Comparable {
        case year, month, day, hour, minute, second, millisecond
    }

    init(year: Int64) { self.year = year }

    var daysInMonth: Int64 {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The same moment of the next year, month, and so on.
    func next(_ precision: Precision) -> CivilTime {
        var next = self
        switch precision {
        case .year: next.year += 1
        case .month:
            next.month += 1
            if next.month == 13 {
                next.month = 1
                next.year += 1
            }
        case .day: next.day += 1
        case .hour: next.hour += 1
        case .minute: next.minute += 1
        case .second, .millisecond: next.second += 1
        }
        return next
    }

    /// By the proleptic Gregorian calendar, in a year that begins in March.
    var secondsSince1970: Int64 {
        let shiftedYear = month > 2 ? year : year - 1
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return ((days * 24 + hour) * 60 + minute) * 60 + second
    }
}

/// The C library's calendar, which knows the zones.
enum SystemCalendar {
    /// Seconds since 1970 of a time in the local zone.
    ///
    /// What the change to summer time leaves out is taken an hour later, what the change back
    /// repeats is taken as the C library prefers.
    static func seconds(local civil: CivilTime) -> Int {
        var parts = unsafe tm()
        unsafe parts.tm_year = Int32(truncatingIfNeeded: civil.year - 1900)
        unsafe parts.tm_mon = Int32(truncatingIfNeeded: civil.month - 1)
        unsafe parts.tm_mday = Int32(truncatingIfNeeded: civil.day)
        unsafe parts.tm_hour = Int32(truncatingIfNeeded: civil.hour)
        unsafe parts.tm_min = Int32(truncatingIfNeeded: civil.minute)
        unsafe parts.tm_sec = Int32(truncatingIfNeeded: civil.second)
        unsafe parts.tm_isdst = -1
        return unsafe mktime(&parts)
    }

    /// The date and time of day at a second.
    static func civil(at seconds: Int, zone: TimeText.Zone) -> CivilTime {
        let parts = unsafe parts(at: seconds, zone: zone)
        var civil = unsafe CivilTime(year: Int64(parts.tm_year) + 1900)
        unsafe civil.month = Int64(parts.tm_mon) + 1
        unsafe civil.day = Int64(parts.tm_mday)
        unsafe civil.hour = Int64(parts.tm_hour)
        unsafe civil.minute = Int64(parts.tm_min)
        unsafe civil.second = Int64(parts.tm_sec)
        return civil
    }

    /// The local zone's short name at a second.
    static func zoneName(at seconds: Int) -> String {
        let parts = unsafe parts(at: seconds, zone: .local)
        guard let name = unsafe parts.tm_zone else { return "UTC" }
        return unsafe String(cString: name)
    }

    private static func parts(at seconds: Int, zone: TimeText.Zone) -> tm {
        var seconds = seconds
        var parts = unsafe tm()
        switch zone {
        case .local: unsafe localtime_r(&seconds, &parts)
        case .utc: unsafe gmtime_r(&seconds, &parts)
        }
        return unsafe parts
    }
}
