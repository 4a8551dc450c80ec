/// An unsigned integer of a fixed number of octets in network byte order.
///
/// IPFIX integers may be sent in fewer octets than their type has (RFC 7011 §6.2), so all eight sizes
/// occur. Each size is a type, so that a kernel is compiled for it.
protocol WireUnsigned {
    /// How many octets.
    static var octets: Int { get }
    /// The value at `offset`, which the caller has checked.
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64
}

enum Wire1: WireUnsigned {
    static let octets = 1
    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        unsafe UInt64(bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt8.self))
    }
}

enum Wire2: WireUnsigned {
    static let octets = 2
    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        unsafe UInt64(
            UInt16(
                bigEndian: bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: UInt16.self)))
    }
}

enum Wire4: WireUnsigned {
    static let octets = 4
    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        unsafe UInt64(
            UInt32(
                bigEndian: bytes.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: UInt32.self)))
    }
}

enum Wire8: WireUnsigned {
    static let octets = 8
    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        unsafe UInt64(
            bigEndian: bytes.unsafeLoadUnaligned(fromUncheckedByteOffset: offset, as: UInt64.self))
    }
}

/// A size that is the sum of two others, the first one's octets uppermost.
enum WirePair<High: WireUnsigned, Low: WireUnsigned>: WireUnsigned {
    @inline(__always)
    static var octets: Int { High.octets + Low.octets }
    @inline(__always)
    static func load(_ bytes: RawSpan, unchecked offset: Int) -> UInt64 {
        High.load(bytes, unchecked: offset) << UInt64(8 &* Low.octets)
            | Low.load(bytes, unchecked: offset &+ High.octets)
    }
}

typealias Wire3 = WirePair<Wire1, Wire2>
typealias Wire5 = WirePair<Wire1, Wire4>
typealias Wire6 = WirePair<Wire2, Wire4>
typealias Wire7 = WirePair<Wire3, Wire4>

extension RawSpan {
    /// An integer of 1 to 8 octets at `offset`, nil for any other length; traps past the end.
    func wireUnsigned(at offset: Int, length: Int) -> UInt64? {
        switch length {
        case 1: return UInt64(octet(at: offset))
        case 2: return UInt64(network16(at: offset))
        case 4: return UInt64(network32(at: offset))
        case 8: return network64(at: offset)
        case 3, 5, 6, 7:
            var value: UInt64 = 0
            for index in 0..<length { value = value << 8 | UInt64(octet(at: offset + index)) }
            return value
        default: return nil
        }
    }

    /// Whether all octets from `offset` on are zero.
    func isZero(from offset: Int) -> Bool {
        for index in offset..<byteCount where octet(at: index) != 0 { return false }
        return true
    }

    /// A copy of the octets in `range`; traps past the end.
    func copy(_ range: Range<Int>) -> [UInt8] {
        let part = extracting(range)
        return unsafe [UInt8](unsafeUninitializedCapacity: part.byteCount) { buffer, count in
            unsafe part.withUnsafeBytes {
                unsafe UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0)
            }
            count = part.byteCount
        }
    }
}
