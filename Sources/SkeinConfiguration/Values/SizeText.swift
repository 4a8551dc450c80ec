/// Reads and writes numbers of octets: `200G`, `1.5TB`, `64Mi`; units are decimal, with `i` binary.
public enum SizeText {
    private static let decimal: [(String, UInt64)] = [
        ("P", 1_000_000_000_000_000), ("T", 1_000_000_000_000), ("G", 1_000_000_000),
        ("M", 1_000_000), ("k", 1000),
    ]
    private static let binary: [(String, UInt64)] = [
        ("Pi", 1 << 50), ("Ti", 1 << 40), ("Gi", 1 << 30), ("Mi", 1 << 20), ("Ki", 1 << 10),
    ]

    /// The octets; nil for what is not a whole number of them below 2^63.
    public static func octets(_ text: String) -> UInt64? {
        var text = text.lowercased()[...]
        if text.hasSuffix("b") { text = text.dropLast() }
        for (name, unit) in binary + decimal where text.hasSuffix(name.lowercased()) {
            return number(text.dropLast(name.count), unit)
        }
        return number(text, 1)
    }

    private static func number(_ text: Substring, _ unit: UInt64) -> UInt64? {
        let parts = text.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard !text.isEmpty, text.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }),
            let whole = UInt64(parts[0]), whole <= (UInt64.max >> 1) / unit
        else { return nil }
        guard parts.count == 2 else { return whole * unit }
        // Six digits of a unit are enough for people, and exact.
        guard (1...6).contains(parts[1].count), let digits = UInt64(parts[1]) else { return nil }
        var scale: UInt64 = 1
        for _ in parts[1] { scale *= 10 }
        let (high, low) = digits.multipliedFullWidth(by: unit)
        guard high < scale else { return nil }
        let (octets, remainder) = scale.dividingFullWidth((high, low))
        let sum = octets + whole * unit
        return remainder == 0 && sum <= UInt64.max >> 1 ? sum : nil
    }

    /// The shortest text that reads as the same.
    public static func text(_ octets: UInt64) -> String {
        if octets == 0 { return "0" }
        for (name, unit) in decimal + binary where octets % unit == 0 {
            return "\(octets / unit)\(name)"
        }
        return "\(octets)"
    }
}
