import FlowQuery

extension ValueFormat<Duration> {
    /// A length of time with its unit, within bounds.
    static func duration(_ bounds: ClosedRange<Duration>) -> ValueFormat {
        .scalar(
            "duration", noun: "a length of time",
            parse: { text throws(ValueProblem) in
                guard let milliseconds = DurationText.milliseconds(text, bare: nil),
                    let signed = Int64(exactly: milliseconds)
                else { throw .notAValue(hint: durationHint(text)) }
                let duration = Duration.milliseconds(signed)
                guard bounds.contains(duration) else {
                    throw .outOfRange(
                        least: durationText(bounds.lowerBound),
                        most: durationText(bounds.upperBound))
                }
                return duration
            }, write: durationText)
    }
}

/// What is wrong with a text that is no length of time.
private func durationHint(_ text: String) -> String {
    if !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }) {
        return "a unit is missing: \(text)s, \(text)min, \(text)h or \(text)d"
    }
    let unit = text.drop { $0.isNumber || $0 == "." || $0 == " " }
    let names = ["ms", "s", "min", "h", "d", "w"]
    if text.contains(" ") || text.hasPrefix("-") || unit.isEmpty || unit.count == text.count {
        return "write 200ms, 90s, 5min, 1h30min or 7d"
    }
    let long = [
        "sec", "second", "seconds", "secs", "minute", "minutes", "mins", "hour", "hours", "hr",
        "day", "days", "week", "weeks", "millis", "milliseconds", "msec",
    ]
    let short = [
        "s", "s", "s", "s", "min", "min", "min", "h", "h", "h", "d", "d", "w", "w", "ms", "ms",
        "ms",
    ]
    let known = long.firstIndex(of: unit.lowercased()).map { short[$0] }
    return "the units are \(names.joined(separator: ", "))"
        + (known.map { ": \(text.dropLast(unit.count))\($0)" } ?? "")
}

/// The shortest text of a length of time that reads as the same: `90s`, `1h30min`, `7d`.
func durationText(_ duration: Duration) -> String {
    let (seconds, attoseconds) = duration.components
    var rest = UInt64(clamping: seconds).multipliedReportingOverflow(by: 1000).partialValue
    rest += UInt64(clamping: attoseconds / 1_000_000_000_000_000)
    guard rest > 0 else { return "0s" }
    var text = ""
    let units: [(String, UInt64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000), ("ms", 1),
    ]
    for (name, unit) in units where rest >= unit {
        text += "\(rest / unit)\(name)"
        rest %= unit
    }
    return text
}

extension ValueFormat<UInt64> {
    /// A number of octets with its unit, within bounds.
    static func size(_ bounds: ClosedRange<UInt64>) -> ValueFormat {
        .scalar(
            "size", noun: "a size",
            parse: { text throws(ValueProblem) in
                guard let octets = SizeText.octets(text) else {
                    throw .notAValue(
                        hint: "write 500M, 200G, 1.5T, or binary 64Mi, 1Gi (octets)")
                }
                guard bounds.contains(octets) else {
                    throw .outOfRange(
                        least: SizeText.text(bounds.lowerBound),
                        most: SizeText.text(bounds.upperBound))
                }
                return octets
            }, write: SizeText.text)
    }
}

extension ValueFormat where Value: FixedWidthInteger {
    /// A whole number within bounds.
    static func number(_ bounds: ClosedRange<Value>) -> ValueFormat {
        .scalar(
            "\(bounds.lowerBound) to \(bounds.upperBound)", noun: "a whole number",
            parse: { text throws(ValueProblem) in
                guard !text.isEmpty,
                    text.utf8.allSatisfy({ (48...57).contains($0) }), text.utf8.count <= 20
                else { throw .notAValue }
                guard let number = Value(text), bounds.contains(number) else {
                    throw .outOfRange(least: "\(bounds.lowerBound)", most: "\(bounds.upperBound)")
                }
                return number
            }, write: { "\($0)" })
    }
}

extension ValueFormat<Double> {
    /// Degrees of latitude or longitude.
    static func degrees(_ limit: Double) -> ValueFormat {
        .scalar(
            "-\(Int(limit)) to \(Int(limit)) degrees", noun: "a number of degrees",
            parse: { text throws(ValueProblem) in
                guard text.utf8.count <= 20,
                    text.allSatisfy({ $0.isASCII && ($0.isNumber || "-.".contains($0)) }),
                    let number = Double(text)
                else { throw .notAValue(hint: "write 47.37 or -0.13") }
                guard abs(number) <= limit else {
                    throw .outOfRange(least: "-\(Int(limit))", most: "\(Int(limit))")
                }
                return number
            }, write: { "\($0)" })
    }
}

extension ValueFormat<Bool> {
    /// `true` or `false`, and what YAML takes for them.
    static let truth = ValueFormat.scalar(
        "`true` or `false`", noun: "true or false",
        parse: { text throws(ValueProblem) in
            switch text.lowercased() {
            case "true", "yes", "on": return true
            case "false", "no", "off": return false
            default: throw .notAValue
            }
        }, write: { $0 ? "true" : "false" })
}

extension ValueFormat<UInt64> {
    /// An instant, ms since 1970; a time without an offset is the machine's.
    static let instant = ValueFormat.scalar(
        "time", noun: "a time",
        parse: { text throws(ValueProblem) in
            if let first = text.first, "+-n".contains(first) {
                throw .notAValue(
                    hint: "a time here is fixed, such as 2024-06-07 or 2024-06-07T12:00Z")
            }
            guard let instant = TimeText(now: 0).instant(text) else {
                throw .notAValue(hint: "write 2024-06-07, 2024-06-07T12:00 or 2024-06-07T12:00Z")
            }
            return instant
        },
        write: { milliseconds in
            var text: [UInt8] = []
            TimeText(now: 0, zone: .utc).append(milliseconds, to: &text)
            text.append(UInt8(ascii: "Z"))
            return String(decoding: text, as: UTF8.self)
        })
}
