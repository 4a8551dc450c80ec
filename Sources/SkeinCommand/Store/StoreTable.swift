import FlowQuery

/// Text for people about stores.
enum StoreTable {
    /// Lines of two columns.
    static func lines(_ rows: [(name: String, text: String)]) -> [String] {
        let width = rows.map(\.name.count).max() ?? 0
        return rows.map { padded($0.name, to: width) + "  " + $0.text }
    }

    /// A table, its first column aligned left and the others right, the last one as wanted.
    static func table(
        _ header: [String], _ rows: [[String]], lastIsText: Bool = false
    ) -> [String] {
        let all = [header] + rows
        let widths = header.indices.map { column in all.map { $0[column].count }.max() ?? 0 }
        return all.map { row in
            row.enumerated().map { column, text in
                let blanks = String(repeating: " ", count: widths[column] - text.count)
                if lastIsText, column == header.count - 1 { return text }
                return column == 0 ? text + blanks : blanks + text
            }.joined(separator: "  ")
        }
    }

    /// `1 segment`, `1,234 segments`.
    static func counted(_ count: UInt64, _ noun: String, plural: String? = nil) -> String {
        "\(grouped(count)) \(count == 1 ? noun : plural ?? noun + "s")"
    }

    /// `12,345,678`.
    static func grouped(_ number: UInt64) -> String {
        var text = ""
        for (place, digit) in String(number).reversed().enumerated() {
            if place > 0, place % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return String(text.reversed())
    }

    /// `12.3 MB`; decimal units, as `--max-size` takes them.
    static func octets(_ octets: UInt64) -> String {
        var value = Double(octets)
        for unit in ["B", "kB", "MB", "GB", "TB"] {
            if value < 999.95 || unit == "TB" {
                return unit == "B" ? "\(octets) B" : "\(fixed(value, decimals: 1)) \(unit)"
            }
            value /= 1000
        }
        return "\(octets) B"
    }

    /// A number with so many digits behind the point.
    static func fixed(_ value: Double, decimals: Int) -> String {
        var scale = 1.0
        for _ in 0..<decimals { scale *= 10 }
        let whole = UInt64(min(max((value * scale).rounded(), 0), 1e18))
        let digits = String(whole)
        if decimals == 0 { return digits }
        let filled = String(repeating: "0", count: max(decimals + 1 - digits.count, 0)) + digits
        return filled.dropLast(decimals) + "." + filled.suffix(decimals)
    }

    /// `2016-06-07 12:00:00.000 to 2016-06-08 11:59:59.999 UTC`; `none` for nil.
    static func range(_ range: ClosedRange<UInt64>?, _ times: TimeText) -> String {
        guard let range else { return "none" }
        var text: [UInt8] = []
        times.append(range.lowerBound, to: &text)
        text += Array(" to ".utf8)
        times.append(range.upperBound, to: &text)
        return String(decoding: text, as: UTF8.self) + " " + times.zoneName(at: range.upperBound)
    }

    private static func padded(_ text: String, to width: Int) -> String {
        text + String(repeating: " ", count: max(width - text.count, 0))
    }
}

extension JSONValue {
    /// `[first, last]` or null.
    static func range(_ range: ClosedRange<UInt64>?) -> JSONValue {
        range.map { .array([.number($0.lowerBound), .number($0.upperBound)]) } ?? .null
    }
}
