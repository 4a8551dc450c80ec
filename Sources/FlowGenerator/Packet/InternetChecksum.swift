/// The one's complement sum of RFC 1071, in the machine's byte order until the end (§2 B).
struct InternetChecksum {
    private var sum: UInt64 = 0

    /// Adds octets; a piece with an odd count must be the last.
    mutating func add(_ bytes: RawSpan) {
        var offset = 0
        let count = bytes.byteCount
        while offset + 4 <= count {
            sum += UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt32.self))
            offset += 4
        }
        if offset + 2 <= count {
            sum += UInt64(bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt16.self))
            offset += 2
        }
        if offset < count {
            let last = bytes.unsafeLoad(fromByteOffset: offset, as: UInt8.self)
            sum += UInt64(UInt16(littleEndian: UInt16(last)))
        }
    }

    /// Adds a number as it is on the wire.
    mutating func add(_ value: UInt16) { sum += UInt64(value.bigEndian) }

    /// Adds a number as it is on the wire.
    mutating func add(_ value: UInt32) { sum += UInt64(value.bigEndian) }

    /// Adds a number as it is on the wire.
    mutating func add(_ value: UInt64) {
        add(UInt32(truncatingIfNeeded: value >> 32))
        add(UInt32(truncatingIfNeeded: value))
    }

    /// The checksum, to be stored in network byte order.
    var value: UInt16 {
        var folded = sum
        while folded > 0xffff { folded = folded & 0xffff + folded >> 16 }
        return ~UInt16(bigEndian: UInt16(folded))
    }

    /// The checksum for UDP, where 0 would mean "none" (RFC 768).
    var valueForUDP: UInt16 { value == 0 ? 0xffff : value }
}
