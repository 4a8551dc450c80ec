import FlowModel

/// How nfdump writes numbers, lengths of time and addresses, octet for octet.
extension [UInt8] {
    /// Appends what `body` appends, with blanks before it where it has fewer than `width` octets.
    @inline(__always)
    mutating func append(rightIn width: Int, _ body: (inout [UInt8]) -> Void) {
        let start = count
        body(&self)
        let missing = width - (count - start)
        guard missing > 0 else { return }
        insert(contentsOf: repeatElement(UInt8(ascii: " "), count: missing), at: start)
    }

    /// Appends what `body` appends, with blanks after it where it has fewer than `width` octets.
    @inline(__always)
    mutating func append(leftIn width: Int, _ body: (inout [UInt8]) -> Void) {
        let start = count
        body(&self)
        let missing = width - (count - start)
        if missing > 0 { append(contentsOf: repeatElement(UInt8(ascii: " "), count: missing)) }
    }

    /// Appends a number with blanks before it, at most 20 octets wide.
    @inline(__always)
    mutating func append(_ value: UInt64, width: Int) {
        append(decimal: value, digits: width, fill: UInt8(ascii: " "))
    }

    /// Appends a counter: whole below a million, then `1.2 M`, `3.4 G`, `5.6 T` (powers of 1000).
    ///
    /// - Parameter minimum: octets that the part before the unit has at least.
    mutating func append(counter value: UInt64, isPlain: Bool, minimum: Int = 1) {
        if isPlain || value < 1_000_000 {
            append(value, width: isPlain ? 1 : Swift.min(minimum, 4))
            return
        }
        let number = Double(value)
        let (unit, name): (Double, Character) =
            number >= 1e12 ? (1e12, "T") : number >= 1e9 ? (1e9, "G") : (1e6, "M")
        let tenths = Self.tenths(number / unit)
        append(rightIn: minimum) { text in
            text.append(decimal: tenths / 10)
            text.append(UInt8(ascii: "."))
            text.append(decimal: tenths % 10)
        }
        append(UInt8(ascii: " "))
        append(contentsOf: name.utf8)
    }

    /// Ten times a number below 10⁸, rounded as printf does: the exact binary value to the nearest,
    /// and in the middle to the even one.
    static func tenths(_ value: Double) -> UInt64 {
        let nearest = (value * 10).rounded(.toNearestOrEven)
        // The product was rounded; this is what it lost and what the rounding took, exactly.
        let rest = (-nearest).addingProduct(value, 10)
        let tenths = UInt64(nearest)
        if rest > 0.5 || (rest == 0.5 && tenths & 1 == 1) { return tenths + 1 }
        if rest < -0.5 || (rest == -0.5 && tenths & 1 == 1) { return tenths - 1 }
        return tenths
    }

    /// Appends `    00:00:01.998`, and days before it where there are any.
    mutating func append(clock milliseconds: UInt64) {
        let seconds = milliseconds / 1000
        let days = seconds / 86_400
        if days == 0 {
            append(contentsOf: "    ".utf8)
        } else {
            append(days, width: 2)
            append(contentsOf: "d ".utf8)
        }
        append(decimal: seconds % 86_400 / 3600, digits: 2)
        append(UInt8(ascii: ":"))
        append(decimal: seconds % 3600 / 60, digits: 2)
        append(UInt8(ascii: ":"))
        append(decimal: seconds % 60, digits: 2)
        append(UInt8(ascii: "."))
        append(decimal: milliseconds % 1000, digits: 3)
    }

    /// Appends seconds with three decimals.
    mutating func append(seconds milliseconds: UInt64, width: Int = 1) {
        append(milliseconds / 1000, width: Swift.max(1, width - 4))
        append(UInt8(ascii: "."))
        append(decimal: milliseconds % 1000, digits: 3)
    }

    /// Appends an address as the C library writes it.
    ///
    /// That is RFC 5952 but for `::a.b.c.d`, the IPv4-compatible addresses of old (RFC 4291
    /// §2.5.5.1), which it writes with dots.
    mutating func append(library address: IPAddress) {
        guard address.high == 0, address.low >> 32 == 0, address.low >> 16 != 0 else {
            address.append(to: &self)
            return
        }
        append(contentsOf: "::".utf8)
        IPAddress(v4: UInt32(truncatingIfNeeded: address.low)).append(to: &self)
    }

    /// Appends an address; where it is longer than 16 octets only its first and last seven.
    mutating func append(condensed address: IPAddress) {
        let start = count
        append(library: address)
        guard count - start > 16 else { return }
        replaceSubrange(start + 7..<count - 7, with: "..".utf8)
    }

    /// Appends the letters of TCP flags, the highest bit first, `.` for those not set.
    mutating func append(tcpFlags flags: UInt64) {
        for (bit, letter) in "CEUAPRSF".utf8.enumerated() {
            append(flags >> UInt64(7 - bit) & 1 != 0 ? letter : UInt8(ascii: "."))
        }
    }

    /// Appends `0x` and a hexadecimal number of at least `digits` digits.
    mutating func append(hexadecimal value: UInt64, digits: Int) {
        append(contentsOf: "0x".utf8)
        let text = String(value, radix: 16)
        append(contentsOf: repeatElement(48, count: Swift.max(0, digits - text.utf8.count)))
        append(contentsOf: text.utf8)
    }
}
