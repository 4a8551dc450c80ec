import FlowModel
import FlowStore

/// Text made of octets: writers format into `[UInt8]`, a `String` a cell would be the greater part of
/// their time.
extension [UInt8] {
    /// Appends a number in decimal.
    mutating func append(decimal value: UInt64) {
        if value < 10 {
            append(48 + UInt8(truncatingIfNeeded: value))
            return
        }
        append(decimal: value, digits: 1)
    }

    /// Appends a number in decimal, with zeros, or what `fill` is, before it where it has fewer digits
    /// than `digits`, 1 to 20.
    mutating func append(decimal value: UInt64, digits: Int, fill: UInt8 = 48) {
        // The digits come lowest first; 20 of them are the longest number.
        var text = InlineArray<20, UInt8>(repeating: fill)
        var first = 20
        var rest = value
        repeat {
            let quotient = rest / 10
            first &-= 1
            text[first] = 48 &+ UInt8(truncatingIfNeeded: rest &- quotient &* 10)
            rest = quotient
        } while rest > 0
        first = Swift.min(first, 20 - digits)
        // Safe: first lies in 0…20, and the memory outlives the call.
        unsafe text.span.withUnsafeBufferPointer {
            unsafe append(contentsOf: UnsafeBufferPointer(rebasing: $0[first...]))
        }
    }

    /// Appends a number with its sign.
    mutating func append(decimal value: Int64) {
        if value < 0 { append(UInt8(ascii: "-")) }
        append(decimal: value.magnitude)
    }

    /// Appends the shortest text that reads back as the same number; `null` for what is none.
    mutating func append(real value: Double) {
        append(contentsOf: value.isFinite ? value.description.utf8 : "null".utf8)
    }

    /// Appends `tcp/443`; of a protocol without ports its name.
    mutating func append(service value: UInt64) {
        if let name = ProtocolNames.name(of: value >> 16) {
            append(contentsOf: name.lowercased().utf8)
        } else {
            append(decimal: value >> 16)
        }
        guard Service.hasPorts(value >> 16) else { return }
        append(UInt8(ascii: "/"))
        append(decimal: value & 0xffff)
    }

    /// Appends `aa:bb:cc:dd:ee:ff`.
    mutating func append(mac value: UInt64) {
        for shift in stride(from: UInt64(40), through: 0, by: -8) {
            if shift != 40 { append(UInt8(ascii: ":")) }
            append(hexadecimal: UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends the two letters of a country; a number that is none in hexadecimal.
    mutating func append(country value: UInt64) {
        append(
            contentsOf: CountryCode(rawValue: UInt16(truncatingIfNeeded: value)).description.utf8)
    }

    /// Appends two hexadecimal digits.
    mutating func append(hexadecimal value: UInt8) {
        for digit in [value >> 4, value & 15] {
            append(digit < 10 ? 48 + digit : 87 + digit)
        }
    }

    /// Appends text in the quotes and escapes of JSON (RFC 8259 §7).
    ///
    /// DEL and U+0080 to U+009F are escaped too: a terminal would obey them.
    mutating func append(json text: String) {
        append(UInt8(ascii: "\""))
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": append(contentsOf: #"\""#.utf8)
            case "\\": append(contentsOf: #"\\"#.utf8)
            case "\n": append(contentsOf: #"\n"#.utf8)
            case "\r": append(contentsOf: #"\r"#.utf8)
            case "\t": append(contentsOf: #"\t"#.utf8)
            case "\u{0}"..<"\u{20}", "\u{7f}"..."\u{9f}":
                append(contentsOf: #"\u00"#.utf8)
                append(hexadecimal: UInt8(truncatingIfNeeded: scalar.value))
            default: append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            }
        }
        append(UInt8(ascii: "\""))
    }
}

/// A service in words, as tables write it.
public func serviceText(_ number: UInt64) -> String {
    var text: [UInt8] = []
    text.append(service: number)
    return String(decoding: text, as: UTF8.self)
}
