extension IPAddress: LosslessStringConvertible, CustomStringConvertible {
    /// The canonical text: dotted quad, or RFC 5952 for IPv6.
    public var description: String {
        var text: [UInt8] = []
        text.reserveCapacity(39)
        append(to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the canonical text as ASCII; for writers that must not make a `String` an address.
    public func append(to text: inout [UInt8]) {
        if let v4 {
            for shift in stride(from: 24, through: 0, by: -8) {
                if shift != 24 { text.append(UInt8(ascii: ".")) }
                Self.append(decimal: UInt8(truncatingIfNeeded: v4 >> UInt32(shift)), to: &text)
            }
            return
        }
        // RFC 5952 §4.2: "::" replaces the longest run of at least two zero groups, the first of equals.
        var longest = 0..<0
        var run = 0
        for index in 0..<8 {
            run = group(index) == 0 ? run + 1 : 0
            if run > longest.count { longest = (index + 1 - run)..<(index + 1) }
        }
        if longest.count < 2 { longest = 0..<0 }
        var index = 0
        while index < 8 {
            if !longest.isEmpty && index == longest.lowerBound {
                text.append(UInt8(ascii: ":"))
                text.append(UInt8(ascii: ":"))
                index = longest.upperBound
                continue
            }
            if index > 0 && index != longest.upperBound { text.append(UInt8(ascii: ":")) }
            Self.append(hexadecimal: group(index), to: &text)
            index += 1
        }
    }

    /// Reads a dotted quad or any IPv6 form of RFC 4291 §2.2; nil for anything else.
    ///
    /// Leading zeros in a dotted quad are refused: `010.0.0.1` means 8.0.0.1 to some programs.
    public init?(_ text: String) {
        var text = text
        guard let address = text.withUTF8({ unsafe Self.parse($0.span) }) else { return nil }
        self = address
    }

    /// Reads an address from ASCII bytes; see ``init(_:)``.
    public static func parse(_ text: Span<UInt8>) -> IPAddress? {
        guard text.count <= 45 else { return nil }
        for index in text.indices where text[index] == UInt8(ascii: ":") { return parseV6(text) }
        return parseV4(text, from: 0).map { IPAddress(v4: $0) }
    }

    private func group(_ index: Int) -> UInt16 {
        let half = index < 4 ? high : low
        return UInt16(truncatingIfNeeded: half >> UInt64(48 - 16 * (index & 3)))
    }

    private static func append(decimal value: UInt8, to text: inout [UInt8]) {
        if value >= 100 { text.append(48 + value / 100) }
        if value >= 10 { text.append(48 + value / 10 % 10) }
        text.append(48 + value % 10)
    }

    private static func append(hexadecimal value: UInt16, to text: inout [UInt8]) {
        var started = false
        for shift in stride(from: UInt16(12), through: 0, by: -4) {
            let digit = UInt8(truncatingIfNeeded: value >> shift) & 15
            if digit == 0 && !started && shift != 0 { continue }
            started = true
            text.append(digit < 10 ? 48 + digit : 87 + digit)
        }
    }

    private static func parseV4(_ text: Span<UInt8>, from start: Int) -> UInt32? {
        var address: UInt32 = 0
        var index = start
        for octet in 0..<4 {
            if octet > 0 {
                guard index < text.count, text[index] == UInt8(ascii: ".") else { return nil }
                index += 1
            }
            var value: UInt32 = 0
            let first = index
            while index < text.count, text[index] >= 48, text[index] <= 57, index - first < 3 {
                value = value * 10 + UInt32(text[index] - 48)
                index += 1
            }
            guard index > first, value < 256, index - first == 1 || text[first] != 48 else {
                return nil
            }
            address = address << 8 | value
        }
        return index == text.count ? address : nil
    }

    private static func parseV6(_ text: Span<UInt8>) -> IPAddress? {
        var groups: [UInt16] = []
        var gap: Int?
        var index = 0
        if text.count >= 2, text[0] == UInt8(ascii: ":") {
            guard text[1] == UInt8(ascii: ":") else { return nil }
            gap = 0
            index = 2
        }
        while index < text.count {
            guard groups.count < 8 else { return nil }
            let first = index
            var value: UInt32 = 0
            while index < text.count, let digit = hexadecimalDigit(text[index]), index - first < 4 {
                value = value << 4 | UInt32(digit)
                index += 1
            }
            if index < text.count, text[index] == UInt8(ascii: ".") {
                guard groups.count <= 6, let v4 = parseV4(text, from: first) else { return nil }
                groups.append(UInt16(truncatingIfNeeded: v4 >> 16))
                groups.append(UInt16(truncatingIfNeeded: v4))
                index = text.count
                break
            }
            guard index > first else { return nil }
            groups.append(UInt16(value))
            if index == text.count { break }
            guard text[index] == UInt8(ascii: ":"), index + 1 < text.count else { return nil }
            index += 1
            if text[index] == UInt8(ascii: ":") {
                guard gap == nil else { return nil }
                gap = groups.count
                index += 1
            }
        }
        if let gap {
            guard groups.count < 8 else { return nil }
            groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        }
        guard groups.count == 8 else { return nil }
        let half = { (range: Range<Int>) in
            groups[range].reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
        }
        return IPAddress(high: half(0..<4), low: half(4..<8))
    }

    private static func hexadecimalDigit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 48...57: byte - 48
        case 65...70: byte - 55
        case 97...102: byte - 87
        default: nil
        }
    }
}
