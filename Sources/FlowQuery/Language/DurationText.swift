/// Reads lengths of time: `90s`, `5min`, `1h30min`, `1.5h`, `250ms`, `2d`, `1w`.
public enum DurationText {
    /// The length in ms; nil for what is not one.
    ///
    /// - Parameters:
    ///   - bare: what a number without a unit is counted in, in ms; nil: it is refused.
    ///   - minutes: whether `m` means minutes, as in options. In filters it is the million of every
    ///     other counter, as in nfdump.
    public static func milliseconds(
        _ text: String, bare: UInt64?, minutes: Bool = true
    ) -> UInt64? {
        var rest = Array(text.lowercased().utf8)[...]
        var total: UInt64 = 0
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { (48...57).contains($0) || $0 == UInt8(ascii: ".") }
            rest = rest.dropFirst(digits.count)
            let letters = rest.prefix { (97...122).contains($0) }
            rest = rest.dropFirst(letters.count)
            let unit: UInt64?
            switch String(decoding: letters, as: UTF8.self) {
            case "ms": unit = 1
            case "s", "sec": unit = 1000
            case "min": unit = 60_000
            case "m" where minutes: unit = 60_000
            case "h": unit = 3_600_000
            case "d": unit = 86_400_000
            case "w": unit = 604_800_000
            case "" where digits.count == text.utf8.count: unit = bare
            default: unit = nil
            }
            guard let unit,
                let part = DecimalText.multiple(of: unit, String(decoding: digits, as: UTF8.self))
            else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part)
            guard !overflow else { return nil }
            total = sum
        }
        return total
    }

    /// Appends a length of time for people, to three digits and more: `0.042s`, `12.345s`,
    /// `3min 05s`, `2h 07min`, `4d 03h`.
    public static func append(_ milliseconds: UInt64, to text: inout [UInt8]) {
        let seconds = milliseconds / 1000
        func two(_ large: UInt64, _ unit: String, _ small: UInt64, _ smallUnit: String) {
            text.append(decimal: large)
            text.append(contentsOf: unit.utf8)
            text.append(UInt8(ascii: " "))
            text.append(decimal: small, digits: 2)
            text.append(contentsOf: smallUnit.utf8)
        }
        switch seconds {
        case ..<60:
            text.append(decimal: seconds)
            text.append(UInt8(ascii: "."))
            text.append(decimal: milliseconds % 1000, digits: 3)
            text.append(UInt8(ascii: "s"))
        case ..<3600: two(seconds / 60, "min", seconds % 60, "s")
        case ..<86_400: two(seconds / 3600, "h", seconds / 60 % 60, "min")
        default: two(seconds / 86_400, "d", seconds / 3600 % 24, "h")
        }
    }
}

/// Reads whole numbers, also written as `1.5` of a unit.
enum DecimalText {
    /// `text` × `unit`; nil where that is no whole number or too large, or the text is no number.
    static func multiple(of unit: UInt64, _ text: String) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = digits(parts[0]) else { return nil }
        let (product, overflow) = whole.multipliedReportingOverflow(by: unit)
        guard !overflow else { return nil }
        guard parts.count == 2 else { return product }
        var tail = parts[1]
        while tail.last == "0" { tail.removeLast() }
        guard !parts[1].isEmpty else { return nil }
        var scale: UInt64 = 1
        // 10^18 is the largest power of ten below 2^63.
        guard tail.utf8.count <= 18 else { return nil }
        for _ in tail.utf8 { scale *= 10 }
        guard let fraction = tail.isEmpty ? 0 : digits(tail) else { return nil }
        let exact = fraction.multipliedFullWidth(by: unit)
        guard exact.high < scale else { return nil }
        let (quotient, remainder) = scale.dividingFullWidth(exact)
        guard remainder == 0 else { return nil }
        let (sum, tooLarge) = product.addingReportingOverflow(quotient)
        return tooLarge ? nil : sum
    }

    private static func digits(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return UInt64(text)
    }
}
