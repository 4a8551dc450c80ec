import Glibc

/// Reads and writes instants as people do: RFC 3339, parts of it, and times relative to now.
///
/// | text | means |
/// |---|---|
/// | `2016-06-07T12:38:20.5Z`, `…+02:00` | that instant (RFC 3339) |
/// | `2016-06-07 12:38`, `2016-06-07T12`, `2016-06-07`, `2016-06`, `2016` | that minute, hour, day, month, year in the zone |
/// | `now`, `-1h`, `-1h30min`, `now-2d`, `+5min` | relative to the clock |
/// | `1465303100123` | ms since 1970 (at least 12 digits) |
public struct TimeText: Sendable {
    /// What a time without an offset is in.
    public enum Zone: Sendable {
        /// The zone of `$TZ`, else of the machine.
        case local
        /// Coordinated universal time.
        case utc
    }

    /// What "now" is, ms since 1970.
    public var now: UInt64
    /// What a time without an offset is in.
    public var zone: Zone

    /// Reads with the given clock.
    public init(now: UInt64, zone: Zone = .local) {
        self.now = now
        self.zone = zone
        if zone == .local { tzset() }
    }

    /// Reads with the machine's clock.
    public init(zone: Zone = .local) {
        var clock = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &clock)
        self.init(
            now: UInt64(max(clock.tv_sec, 0)) * 1000 + UInt64(clock.tv_nsec / 1_000_000),
            zone: zone)
    }

    /// The instants that a text stands for, ms since 1970: `2016-06-07T12` is an hour, an exact
    /// instant is a range of one.
    ///
    /// Nil for what is not a time, or before 1970.
    public func instants(_ text: String) -> ClosedRange<UInt64>? {
        let text = text.lowercased()
        if let relative = relative(text) { return relative...relative }
        var reader = Digits(Array(text.utf8))
        if reader.bytes.count >= 12, let number = reader.number(digits: 12...18), reader.isAtEnd {
            return number...number
        }
        return stamp(&reader)
    }

    /// The first instant that a text stands for; see ``instants(_:)``.
    public func instant(_ text: String) -> UInt64? { instants(text)?.lowerBound }

    // MARK: Reading

    private func relative(_ text: String) -> UInt64? {
        var rest = Substring(text)
        let saysNow = rest.hasPrefix("now")
        if saysNow { rest.removeFirst(3) }
        guard let sign = rest.first else { return saysNow ? now : nil }
        guard sign == "-" || sign == "+",
            let distance = DurationText.milliseconds(String(rest.dropFirst()), bare: nil)
        else { return nil }
        if sign == "-" { return now >= distance ? now - distance : 0 }
        let (sum, overflow) = now.addingReportingOverflow(distance)
        return overflow ? nil : sum
    }

    private func stamp(_ reader: inout Digits) -> ClosedRange<UInt64>? {
        guard let year = reader.number(digits: 4...4), (1970...9999).contains(year) else {
            return nil
        }
        var civil = CivilTime(year: Int64(year))
        var precision = CivilTime.Precision.year
        var milliseconds: UInt64 = 0
        if reader.skip("-") {
            guard let month = reader.number(digits: 2...2), (1...12).contains(month) else {
                return nil
            }
            civil.month = Int64(month)
            precision = .month
            if reader.skip("-") {
                guard let day = reader.number(digits: 2...2), day >= 1, day <= civil.daysInMonth
                else { return nil }
                civil.day = Int64(day)
                precision = .day
                if reader.skip("t") || reader.skip(" ") {
                    guard let hour = reader.number(digits: 2...2), hour <= 23 else { return nil }
                    civil.hour = Int64(hour)
                    precision = .hour
                    if reader.skip(":") {
                        guard let minute = reader.number(digits: 2...2), minute <= 59 else {
                            return nil
                        }
                        civil.minute = Int64(minute)
                        precision = .minute
                        if reader.skip(":") {
                            // 60 is a leap second (RFC 3339 §5.6); it lies in the next minute here.
                            guard let second = reader.number(digits: 2...2), second <= 60 else {
                                return nil
                            }
                            civil.second = Int64(second)
                            precision = .second
                            if reader.skip(".") {
                                guard let fraction = reader.fraction() else { return nil }
                                milliseconds = fraction
                                precision = .millisecond
                            }
                        }
                    }
                }
            }
        }
        var offset: Int64?
        if precision >= .hour {
            if reader.skip("z") {
                offset = 0
            } else if let sign = reader.sign() {
                guard let hours = reader.number(digits: 2...2), hours <= 23 else { return nil }
                let hasColon = reader.skip(":")
                let minutes = reader.number(digits: 2...2)
                guard minutes ?? 0 <= 59, !(hasColon && minutes == nil) else { return nil }
                offset = sign * Int64(hours * 3600 + (minutes ?? 0) * 60)
            }
        }
        guard reader.isAtEnd, let first = seconds(civil, offset: offset) else { return nil }
        let start = first * 1000 + milliseconds
        guard precision != .millisecond else { return start...start }
        guard let next = seconds(civil.next(precision), offset: offset), next > first
        else { return nil }
        return start...(next * 1000 - 1)
    }

    private func seconds(_ civil: CivilTime, offset: Int64?) -> UInt64? {
        if offset == nil && zone == .local {
            return UInt64(exactly: SystemCalendar.seconds(local: civil))
        }
        return UInt64(exactly: civil.secondsSince1970 - (offset ?? 0))
    }

    /// Takes a text from the left.
    private struct Digits {
        let bytes: [UInt8]
        var position = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { position == bytes.count }

        mutating func skip(_ character: Unicode.Scalar) -> Bool {
            guard position < bytes.count, bytes[position] == UInt8(ascii: character) else {
                return false
            }
            position += 1
            return true
        }

        mutating func sign() -> Int64? {
            if skip("+") { return 1 }
            return skip("-") ? -1 : nil
        }

        /// As many digits as the range allows, at most 18; nil, and nothing taken, for fewer.
        mutating func number(digits: ClosedRange<Int>) -> UInt64? {
            var value: UInt64 = 0
            var end = position
            while end < bytes.count, end - position < digits.upperBound,
                (48...57).contains(bytes[end])
            {
                value = value * 10 + UInt64(bytes[end] - 48)
                end += 1
            }
            guard digits.contains(end - position) else { return nil }
            position = end
            return value
        }

        /// Digits after the point as ms; what is finer is dropped.
        mutating func fraction() -> UInt64? {
            let start = position
            var value: UInt64 = 0
            while position < bytes.count, (48...57).contains(bytes[position]) {
                let digit = UInt64(bytes[position] - 48)
                if position - start < 3 { value = value * 10 + digit }
                position += 1
            }
            let count = position - start
            guard count > 0, count <= 9 else { return nil }
            return count == 1 ? value * 100 : count == 2 ? value * 10 : value
        }
    }
}

extension TimeText {
    /// Appends `2016-06-07 12:38:20.123` in the zone.
    public func append(_ instant: UInt64, to text: inout [UInt8]) {
        guard let civil = civil(at: instant) else {
            text.append(decimal: instant)
            return
        }
        text.append(decimal: UInt64(civil.year), digits: 4)
        for (mark, value) in [
            ("-", civil.month), ("-", civil.day), (" ", civil.hour), (":", civil.minute),
            (":", civil.second),
        ] as [(Unicode.Scalar, Int64)] {
            text.append(UInt8(ascii: mark))
            text.append(decimal: UInt64(value), digits: 2)
        }
        text.append(UInt8(ascii: "."))
        text.append(decimal: instant % 1000, digits: 3)
    }

    /// The zone's short name at an instant: `CEST`, `UTC`.
    public func zoneName(at instant: UInt64) -> String {
        guard zone == .local, instant < Self.end else { return "UTC" }
        return SystemCalendar.zoneName(at: Int(instant / 1000))
    }

    /// The beginning of the year 10000, where four digits end.
    private static let end: UInt64 = 253_402_300_800_000

    private func civil(at instant: UInt64) -> CivilTime? {
        guard instant < Self.end - 86_400_000 else { return nil }
        return SystemCalendar.civil(at: Int(instant / 1000), zone: zone)
    }
}
