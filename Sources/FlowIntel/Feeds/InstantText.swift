/// Times as feeds write them, as ms since 1970; without a zone they are UTC.
package enum InstantText {
    /// Reads `2024-01-20`, `2024-01-20T00:00:00.5Z`, `2024-01-20 00:00:00 UTC`, `…+02:00`.
    package static func parse(_ text: String) -> Int64? {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(digits: 4), scanner.take("-"),
            let month = scanner.number(digits: 2), (1...12).contains(month), scanner.take("-"),
            let day = scanner.number(digits: 2), (1...31).contains(day)
        else { return nil }
        let days = Int64(daysSince1970(year: year, month: month, day: day))
        guard !scanner.isAtEnd else { return days * 86_400_000 }
        guard scanner.take("T") || scanner.take(" "), let hour = scanner.number(digits: 2),
            hour < 24, scanner.take(":"), let minute = scanner.number(digits: 2), minute < 60
        else { return nil }
        var ms = Int64(hour * 3600 + minute * 60) * 1000
        if scanner.take(":") {
            guard let second = scanner.number(digits: 2), second <= 60 else { return nil }
            ms += Int64(second) * 1000
        }
        if scanner.take(".") { ms += scanner.milliseconds() }
        return days * 86_400_000 + ms - (scanner.zoneMinutes() ?? 0) * 60_000
    }

    /// Days from 1970-01-01 in the proleptic Gregorian calendar.
    static func daysSince1970(year: Int, month: Int, day: Int) -> Int {
        let year = month <= 2 ? year - 1 : year
        let era = year / 400
        let yearOfEra = year - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    /// `2024-01-20T00:00:00Z`.
    package static func text(_ ms: Int64, milliseconds: Bool = false) -> String {
        let (days, rest) = ms.floorDivided(by: 86_400_000)
        let (year, month, day) = date(days: days)
        let time = [rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60].map { padded($0, 2) }
        return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2) + "T"
            + time.joined(separator: ":") + (milliseconds ? "." + padded(rest % 1000, 3) : "") + "Z"
    }

    /// Year, month and day of a day counted from 1970-01-01.
    static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let (era, dayOfEra) = (days + 719_468).floorDivided(by: 146_097)
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        let month = shifted < 10 ? shifted + 3 : shifted - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month,
            dayOfYear - (153 * shifted + 2) / 5 + 1
        )
    }

    static func padded(_ value: Int64, _ digits: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, digits - text.count)) + text
    }
}

extension Int64 {
    func floorDivided(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

private struct DigitScanner {
    private let octets: [UInt8]
    private var index = 0

    init(_ text: String) { octets = Array(text.utf8.prefix(64)) }

    var isAtEnd: Bool { index == octets.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard index < octets.count, UInt32(octets[index]) == character.value else { return false }
        index += 1
        return true
    }

    mutating func number(digits: Int) -> Int? {
        guard index + digits <= octets.count else { return nil }
        var value = 0
        for octet in octets[index..<(index + digits)] {
            guard (48...57).contains(octet) else { return nil }
            value = value * 10 + Int(octet - 48)
        }
        index += digits
        return value
    }

    /// The fraction of a second, of any length.
    mutating func milliseconds() -> Int64 {
        var (value, weight): (Int64, Int64) = (0, 100)
        while index < octets.count, (48...57).contains(octets[index]) {
            value += Int64(octets[index] - 48) * weight
            weight /= 10
            index += 1
        }
        return value
    }

    mutating func zoneMinutes() -> Int64? {
        while take(" ") {}
        let isWest = take("-")
        guard isWest || take("+"), let hours = number(digits: 2) else { return nil }
        _ = take(":")
        let minutes = Int64(hours * 60 + (number(digits: 2) ?? 0))
        return isWest ? -minutes : minutes
    }
}
