/// CRC-32C of octets (RFC 3720 §B.4), eight octets a step.
func checksum(_ octets: RawSpan) -> UInt32 {
    checksum(octets, tables: checksumTables.span)
}

private func checksum(_ octets: RawSpan, tables: Span<UInt32>) -> UInt32 {
    precondition(tables.count == 8 * 256)
    var state = ~UInt32(0)
    var offset = 0
    let whole = octets.byteCount & ~7
    while offset < whole {
        let word =
            unsafe octets.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self) ^ UInt64(state)
        state =
            tables[7 &* 256 &+ Int(word & 0xff)]
            ^ tables[6 &* 256 &+ Int(word >> 8 & 0xff)]
            ^ tables[5 &* 256 &+ Int(word >> 16 & 0xff)]
            ^ tables[4 &* 256 &+ Int(word >> 24 & 0xff)]
            ^ tables[3 &* 256 &+ Int(word >> 32 & 0xff)]
            ^ tables[2 &* 256 &+ Int(word >> 40 & 0xff)]
            ^ tables[256 &+ Int(word >> 48 & 0xff)]
            ^ tables[Int(word >> 56)]
        offset &+= 8
    }
    while offset < octets.byteCount {
        let octet = unsafe octets.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
        state = tables[Int(UInt8(truncatingIfNeeded: state) ^ octet)] ^ state >> 8
        offset &+= 1
    }
    return ~state
}

/// Table k answers for an octet that k more octets follow.
private let checksumTables: [UInt32] = {
    var tables = [UInt32](repeating: 0, count: 8 * 256)
    for octet in 0..<256 {
        var state = UInt32(octet)
        for _ in 0..<8 { state = state & 1 != 0 ? state >> 1 ^ 0x82f6_3b78 : state >> 1 }
        tables[octet] = state
    }
    for index in 256..<8 * 256 {
        let before = tables[index - 256]
        tables[index] = before >> 8 ^ tables[Int(before & 0xff)]
    }
    return tables
}()
