import FlowModel

#if _endian(big)
#error("the store keeps columns as they lie in memory of a little-endian machine")
#endif

/// Reads little-endian numbers out of octets whose length and content nobody vouches for.
struct ByteReader {
    private let octets: [UInt8]
    /// Where the next read begins.
    private(set) var offset: Int
    private let end: Int

    init(_ octets: [UInt8]) { self.init(octets, octets.indices) }

    init(_ octets: [UInt8], _ range: Range<Int>) {
        precondition(range.lowerBound >= 0 && range.upperBound <= octets.count)
        self.octets = octets
        offset = range.lowerBound
        end = range.upperBound
    }

    /// Octets left.
    var remaining: Int { end - offset }

    /// The next number.
    mutating func next<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ type: T.Type
    ) throws(Damage) -> T {
        try need(MemoryLayout<T>.size)
        let value = unsafe octets.span.bytes.unsafeLoadUnaligned(
            fromUncheckedByteOffset: offset, as: T.self)
        offset += MemoryLayout<T>.size
        return value
    }

    /// The next address.
    mutating func nextAddress() throws(Damage) -> IPAddress {
        IPAddress(high: try next(UInt64.self), low: try next(UInt64.self))
    }

    /// The next `count` octets, for a reader of their own.
    mutating func part(_ count: Int) throws(Damage) -> ByteReader {
        try need(count)
        defer { offset += count }
        return ByteReader(octets, offset..<offset + count)
    }

    /// The next `count` octets as they are.
    mutating func take(_ count: Int) throws(Damage) -> [UInt8] {
        try need(count)
        defer { offset += count }
        return Array(octets[offset..<offset + count])
    }

    private func need(_ count: Int) throws(Damage) {
        guard count >= 0, count <= end - offset else {
            throw .truncated(need: UInt64(clamping: count), have: UInt64(end - offset))
        }
    }
}

extension [UInt8] {
    /// Appends a number, little-endian.
    mutating func put<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) {
            append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }

    /// Appends an address, upper half first.
    mutating func put(_ address: IPAddress) {
        put(address.high)
        put(address.low)
    }

    /// Appends octets that lie elsewhere.
    mutating func put(_ octets: RawSpan) {
        unsafe octets.withUnsafeBytes { unsafe append(contentsOf: $0) }
    }
}
