import FlowModel

/// Reads XDR (RFC 4506) out of a part of a datagram: four octets at a time, big-endian.
///
/// Every read answers nil at the end, and then the reader stays where it is.
struct XDRReader: ~Escapable {
    let bytes: RawSpan
    private(set) var offset = 0

    @_lifetime(copy bytes)
    init(_ bytes: RawSpan) { self.bytes = bytes }

    /// Octets left.
    var remaining: Int { bytes.byteCount - offset }

    @inline(__always)
    @_lifetime(self: copy self)
    mutating func word() -> UInt32? {
        guard remaining >= 4 else { return nil }
        defer { offset += 4 }
        return bytes.network32(at: offset)
    }

    @_lifetime(self: copy self)
    mutating func skip(words: Int) -> Bool {
        guard words >= 0, words <= remaining / 4 else { return false }
        offset += words * 4
        return true
    }

    /// The next `count` octets, with the padding to four behind them where it is there.
    @_lifetime(copy self)
    mutating func opaque(_ count: UInt32) -> RawSpan? {
        guard Int(count) <= remaining else { return nil }
        let part = bytes.extracting(offset..<(offset + Int(count)))
        offset = min(offset + (Int(count) + 3) & ~3, bytes.byteCount)
        return part
    }

    /// A MAC address: six octets in eight.
    @_lifetime(self: copy self)
    mutating func mac() -> UInt64? {
        guard remaining >= 8 else { return nil }
        defer { offset += 8 }
        return bytes.network48(at: offset)
    }

    @_lifetime(self: copy self)
    mutating func v4() -> IPAddress? { word().map { IPAddress(v4: $0) } }

    @_lifetime(self: copy self)
    mutating func v6() -> IPAddress? {
        guard remaining >= 16 else { return nil }
        defer { offset += 16 }
        return IPAddress(high: bytes.network64(at: offset), low: bytes.network64(at: offset + 8))
    }

    /// An address with its type before it: 0 none, 1 IPv4, 2 IPv6.
    ///
    /// The outer nil is the end or an unknown type, the inner one "none".
    @_lifetime(self: copy self)
    mutating func address() -> IPAddress?? {
        switch word() {
        case 0: return .some(nil)
        case 1: return v4().map { .some($0) }
        case 2: return v6().map { .some($0) }
        default: return nil
        }
    }
}
