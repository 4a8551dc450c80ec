import FlowModel

// Values out of the octets of cells: each answers nil for what is none, and none makes a string.

/// A decimal number; `0x` before it makes it hexadecimal.
func csvNumber(_ cell: RawSpan) -> UInt64? {
    let count = cell.byteCount
    if count > 2, cell.octet(at: 0) == 0x30, cell.octet(at: 1) | 0x20 == 0x78 {
        return csvHexadecimal(cell.extracting(2..<count))
    }
    return csvDecimal(cell, 0..<count)
}

/// One or more digits and nothing else.
@inline(__always)
func csvDecimal(_ cell: RawSpan, _ range: Range<Int>) -> UInt64? {
    guard !range.isEmpty, range.count <= 20 else { return nil }
    var value: UInt64 = 0
    for index in range {
        let digit = cell.octet(at: index) &- 0x30
        guard digit <= 9 else { return nil }
        let (product, isTooLarge) = value.multipliedReportingOverflow(by: 10)
        let (sum, overflows) = product.addingReportingOverflow(UInt64(digit))
        guard !isTooLarge, !overflows else { return nil }
        value = sum
    }
    return value
}

private func csvHexadecimal(_ digits: RawSpan) -> UInt64? {
    guard (1...16).contains(digits.byteCount) else { return nil }
    var value: UInt64 = 0
    for index in 0..<digits.byteCount {
        let octet = digits.octet(at: index)
        let digit: UInt8
        switch octet {
        case 0x30...0x39: digit = octet - 0x30
        case 0x41...0x46: digit = octet - 0x41 + 10
        case 0x61...0x66: digit = octet - 0x61 + 10
        default: return nil
        }
        value = value << 4 | UInt64(digit)
    }
    return value
}

/// Digits, and perhaps a point and more of them, in thousandths; what is finer is cut off.
func csvThousandths(_ cell: RawSpan) -> UInt64? {
    var point = 0
    while point < cell.byteCount, cell.octet(at: point) != 0x2e { point += 1 }
    guard let whole = csvDecimal(cell, 0..<point), whole < 1 << 53 else { return nil }
    guard point < cell.byteCount else { return whole * 1000 }
    return csvFraction(cell, from: point + 1).map { whole * 1000 + $0 }
}

/// Thousandths out of the digits behind a point.
private func csvFraction(_ cell: RawSpan, from start: Int) -> UInt64? {
    guard start < cell.byteCount else { return nil }
    var value: UInt64 = 0
    for index in 0..<max(3, cell.byteCount - start) {
        var digit: UInt8 = 0
        if start + index < cell.byteCount {
            digit = cell.octet(at: start + index) &- 0x30
            guard digit <= 9 else { return nil }
        }
        if index < 3 { value = value * 10 + UInt64(digit) }
    }
    return value
}

/// A port; ICMP's type and code, `8.0`, as the number that exporters send for them.
func csvPort(_ cell: RawSpan) -> UInt64? {
    var point = 0
    while point < cell.byteCount, cell.octet(at: point) != 0x2e { point += 1 }
    guard point < cell.byteCount else {
        return csvNumber(cell).flatMap { $0 <= 0xffff ? $0 : nil }
    }
    guard let first = csvDecimal(cell, 0..<point),
        let second = csvDecimal(cell, point + 1..<cell.byteCount), first <= 255, second <= 255
    else { return nil }
    return first << 8 | second
}

/// TCP flags: a number, or letters of `CEUAPRSF`; points and spaces stand for those that are not set.
func csvFlags(_ cell: RawSpan) -> UInt64? {
    if cell.octet(at: 0) &- 0x30 <= 9 {
        return csvNumber(cell).flatMap { $0 <= 255 ? $0 : nil }
    }
    var value: UInt64 = 0
    for index in 0..<cell.byteCount {
        switch cell.octet(at: index) & 0xdf {
        case 0x46: value |= 1  // F
        case 0x53: value |= 2  // S
        case 0x52: value |= 4  // R
        case 0x50: value |= 8  // P
        case 0x41: value |= 16  // A
        case 0x55: value |= 32  // U
        case 0x45: value |= 64  // E
        case 0x43, 0x57: value |= 128  // C, or W as others say
        default:
            guard [0x2e, 0x20, 0x2d].contains(cell.octet(at: index)) else { return nil }
        }
    }
    return value
}

/// An MPLS label entry: a number, or `label-EXP-bottom`.
func csvLabel(_ cell: RawSpan) -> UInt64? {
    var parts = (UInt64(0), UInt64(0), UInt64(0))
    var start = 0
    var count = 0
    for index in 0...cell.byteCount
    where index == cell.byteCount || cell.octet(at: index) == 0x2d {
        guard let part = csvDecimal(cell, start..<index), count < 3 else { return nil }
        parts = (parts.1, parts.2, part)
        count += 1
        start = index + 1
    }
    if count == 1 { return parts.2 <= UInt32.max ? parts.2 : nil }
    guard count == 3, parts.0 < 1 << 20, parts.1 < 8, parts.2 < 2 else { return nil }
    return parts.0 << 4 | parts.1 << 1 | parts.2
}

/// Two letters of a country, 0 for what says that it is not known.
func csvCountry(_ cell: RawSpan) -> CountryCode? {
    guard (1...2).contains(cell.byteCount) else { return nil }
    let (first, last) = (cell.octet(at: 0), cell.octet(at: cell.byteCount - 1))
    if first == last, [0x2d, 0x2e, 0x3f].contains(first) { return CountryCode(rawValue: 0) }
    return cell.byteCount == 2 ? CountryCode(first, last) : nil
}

/// An IPv4 or IPv6 address.
func csvAddress(_ cell: RawSpan) -> IPAddress? {
    IPAddress.parse(unsafe cell._unsafeView(as: UInt8.self))
}
