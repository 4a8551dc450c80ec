extension InformationElement {
    /// The value of any element.
    ///
    /// Octets whose number does not suit the element's type, and those of elements that are in no
    /// table, are shown in hexadecimal: nothing is guessed.
    public static func value(of element: OtherElement, octets: some Collection<UInt8>) -> Value {
        let known = lookup(enterprise: element.enterprise, id: element.id)
        return value(of: known?.type ?? .octets, octets: octets)
    }

    private static func value(of type: DataType, octets: some Collection<UInt8>) -> Value {
        let count = octets.count
        switch type {
        case .unsigned, .seconds, .milliseconds, .microseconds, .nanoseconds:
            return (1...8).contains(count)
                ? .unsigned(number(octets)) : .hexadecimal(hexadecimal(octets))
        case .signed:
            guard (1...8).contains(count) else { return .hexadecimal(hexadecimal(octets)) }
            // RFC 7011 §6.2: a reduced-size integer is extended by its sign.
            let unused = UInt64(64 - 8 * count)
            return .signed(Int64(bitPattern: number(octets) << unused) >> Int64(unused))
        case .float:
            switch count {
            case 4: return .real(Double(Float(bitPattern: UInt32(number(octets)))))
            case 8: return .real(Double(bitPattern: number(octets)))
            default: return .hexadecimal(hexadecimal(octets))
            }
        case .boolean:
            // RFC 7011 §6.1.5: 1 is true, 2 is false, all else is undefined.
            guard count == 1, let octet = octets.first else {
                return .hexadecimal(hexadecimal(octets))
            }
            return octet == 1
                ? .boolean(true) : octet == 2 ? .boolean(false) : .unsigned(UInt64(octet))
        case .mac:
            return count == 6
                ? .text(MACAddress(rawValue: number(octets)).description)
                : .hexadecimal(hexadecimal(octets))
        case .string:
            // Fixed-length text is filled up with NUL.
            let text = Array(octets)
            let end = text.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
            return .text(String(decoding: text[..<end], as: UTF8.self))
        case .address:
            switch count {
            case 4: return .text(IPAddress(v4: UInt32(number(octets))).description)
            case 16:
                let high = number(octets.prefix(8))
                let low = number(octets.dropFirst(8))
                return .text(IPAddress(high: high, low: low).description)
            default: return .hexadecimal(hexadecimal(octets))
            }
        case .octets, .list:
            return .hexadecimal(hexadecimal(octets))
        }
    }

    private static func number(_ octets: some Collection<UInt8>) -> UInt64 {
        octets.reduce(0) { $0 << 8 | UInt64($1) }
    }

    private static func hexadecimal(_ octets: some Collection<UInt8>) -> String {
        var text = Array("0x".utf8)
        text.reserveCapacity(2 + 2 * octets.count)
        for octet in octets {
            for digit in [octet >> 4, octet & 15] {
                text.append(digit < 10 ? 48 + digit : 87 + digit)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
