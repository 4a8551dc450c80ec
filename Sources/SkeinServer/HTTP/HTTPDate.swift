/// Times of HTTP, in the one form that is written today (RFC 9110 §5.6.7): `Tue, 07 Jun 2016 12:38:20 GMT`.
enum HTTPDate {
    private static let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]
    /// The last second of the year 9999.
    private static let last: Int64 = 253_402_300_799

    /// A time as text.
    ///
    /// - Parameter seconds: since 1970.
    static func text(_ seconds: Int64) -> String {
        let seconds = min(max(seconds, 0), last)
        let day = seconds / 86_400
        let (year, month, date) = civil(day)
        let rest = seconds % 86_400
        return "\(days[Int(day % 7)]), \(padded(date)) \(months[month - 1]) "
            + "\(String(repeating: "0", count: 4 - "\(year)".count))\(year) "
            + "\(padded(Int(rest / 3600))):\(padded(Int(rest / 60 % 60))):\(padded(Int(rest % 60))) GMT"
    }

    /// Reads a time, seconds since 1970; nil where it is none, or in a form of the past.
    static func parse(_ text: String) -> Int64? {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 6, words[0].count == 4, words[0].hasSuffix(","), words[5] == "GMT",
            let date = number(words[1], 2), let month = months.firstIndex(of: String(words[2])),
            let year = number(words[3], 4), year >= 1970
        else { return nil }
        let clock = words[4].split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 2), hour < 24,
            let minute = number(clock[1], 2), minute < 60, let second = number(clock[2], 2),
            second <= 60, (1...31).contains(date)
        else { return nil }
        let day = dayNumber(year, month + 1, date)
        return Int64(day) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    private static func padded(_ number: Int) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }

    private static func number(_ text: Substring, _ digits: Int) -> Int? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            return nil
        }
        return Int(text)
    }

    /// Days since 1970 of a date of the Gregorian calendar.
    private static func dayNumber(_ year: Int, _ month: Int, _ date: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + date - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    private static func civil(_ day: Int64) -> (year: Int, month: Int, date: Int) {
        let shifted = Int(day) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }
}
