/// Tells one imported file from another: 128 bits made of its content.
public struct ImportFingerprint: Hashable, Sendable {
    /// The upper 64 bits.
    public let high: UInt64
    /// The lower 64 bits.
    public let low: UInt64

    /// Puts a fingerprint together.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }
}

/// Makes the fingerprint of content that comes in pieces; where it is cut does not matter.
///
/// MurmurHash3 x64 128 with seed 0: fast and spread well, but who wants to can make two contents with
/// one fingerprint, so it finds repetition, not forgery.
public struct FingerprintHasher {
    private var first: UInt64 = 0
    private var second: UInt64 = 0
    private var count: UInt64 = 0
    private var rest: [UInt8] = []

    private static let firstFactor: UInt64 = 0x87c3_7b91_1142_53d5
    private static let secondFactor: UInt64 = 0x4cf5_ad43_2745_937f

    /// A hasher that has seen nothing.
    public init() {}

    /// Takes the next octets.
    public mutating func update(_ octets: RawSpan) {
        count &+= UInt64(octets.byteCount)
        var offset = 0
        if !rest.isEmpty {
            offset = min(16 - rest.count, octets.byteCount)
            rest.put(octets.extracting(0..<offset))
            guard rest.count == 16 else { return }
            let whole = rest
            unsafe mix(whole.span.bytes)
            rest.removeAll(keepingCapacity: true)
        }
        let end = offset + (octets.byteCount - offset) / 16 * 16
        mix(octets.extracting(offset..<end))
        rest.put(octets.extracting(end..<octets.byteCount))
    }

    /// The fingerprint of everything taken.
    public consuming func finish() -> ImportFingerprint {
        let tail = rest + [UInt8](repeating: 0, count: 16 - rest.count)
        let bytes = unsafe tail.span.bytes
        first ^= Self.scatterFirst(
            unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 0, as: UInt64.self))
        second ^= Self.scatterSecond(
            unsafe bytes.unsafeLoadUnaligned(fromByteOffset: 8, as: UInt64.self))
        first ^= count
        second ^= count
        first &+= second
        second &+= first
        first = Self.finalize(first)
        second = Self.finalize(second)
        first &+= second
        second &+= first
        return ImportFingerprint(high: first, low: second)
    }

    /// Takes octets whose number is a multiple of 16.
    private mutating func mix(_ octets: RawSpan) {
        precondition(octets.byteCount & 15 == 0)
        var offset = 0
        while offset < octets.byteCount {
            first ^= Self.scatterFirst(
                unsafe octets.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset, as: UInt64.self))
            first = (Self.rotate(first, 27) &+ second) &* 5 &+ 0x52dc_e729
            second ^= Self.scatterSecond(
                unsafe octets.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: offset &+ 8, as: UInt64.self))
            second = (Self.rotate(second, 31) &+ first) &* 5 &+ 0x3849_5ab5
            offset &+= 16
        }
    }

    private static func scatterFirst(_ word: UInt64) -> UInt64 {
        rotate(word &* firstFactor, 31) &* secondFactor
    }

    private static func scatterSecond(_ word: UInt64) -> UInt64 {
        rotate(word &* secondFactor, 33) &* firstFactor
    }

    private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
        word << bits | word >> (64 - bits)
    }

    private static func finalize(_ word: UInt64) -> UInt64 {
        var word = word
        word = (word ^ word >> 33) &* 0xff51_afd7_ed55_8ccd
        word = (word ^ word >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return word ^ word >> 33
    }
}
