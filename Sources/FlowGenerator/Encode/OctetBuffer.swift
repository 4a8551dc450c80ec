/// Octets of fixed count that numbers are stored into in network byte order.
struct OctetBuffer: Sendable {
    private(set) var octets: [UInt8]

    /// As many zeros.
    init(count: Int) { octets = [UInt8](repeating: 0, count: count) }

    /// Stores a number and moves `offset` behind it.
    @inline(__always)
    mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(
        _ value: Number, at offset: inout Int
    ) {
        var span = octets.mutableSpan
        var bytes = span.mutableBytes
        bytes.storeBytes(of: value.bigEndian, toByteOffset: offset, as: Number.self)
        offset += MemoryLayout<Number>.size
    }

    subscript(offset: Int) -> UInt8 { octets[offset] }

    subscript(range: PartialRangeUpTo<Int>) -> ArraySlice<UInt8> { octets[range] }
}
