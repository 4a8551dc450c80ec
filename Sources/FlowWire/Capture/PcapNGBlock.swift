/// Block types of pcapng (draft-ietf-opsawg-pcapng §4), and what is read of them.
enum PcapNGBlock {
    static let section: UInt32 = 0x0a0d_0d0a
    static let interface: UInt32 = 1
    static let packet: UInt32 = 2
    static let simplePacket: UInt32 = 3
    static let enhancedPacket: UInt32 = 6

    /// Octets of a block whose content is read, so that it must be in memory at once.
    static let lengthMax = 1 << 19
    /// Octets of a block that is skipped.
    static let skippedLengthMax = 1 << 28
}

/// An interface of a pcapng section.
struct PcapNGInterface {
    var linkType: LinkType
    var snapLength: UInt32
    /// The option `if_tsresol`: a negative power of 10, or of 2 where the top bit is set.
    var resolution: UInt8 = 6
    /// The option `if_tsoffset`, seconds.
    var offset: Int64 = 0

    /// Nanoseconds since 1970 of a stamp; what cannot be said in 64 bits is the nearest that can.
    func nanoseconds(_ stamp: UInt64) -> UInt64 {
        let exponent = Int(resolution & 0x7f)
        let whole: UInt64
        let fraction: UInt64
        if resolution & 0x80 != 0 {
            if exponent >= 64 {
                whole = 0
                fraction =
                    exponent >= 128
                    ? 0
                    : (stamp >> UInt64(exponent - 64)).multipliedFullWidth(
                        by: 1_000_000_000
                    ).high
            } else {
                whole = stamp >> UInt64(exponent)
                // The fraction, moved to the top of a word, is read off the product's upper half.
                let bits = exponent == 0 ? 0 : stamp << UInt64(64 - exponent)
                fraction = bits.multipliedFullWidth(by: 1_000_000_000).high
            }
        } else if exponent <= 9 {
            let unit = Self.power(of: exponent)
            whole = stamp / unit
            fraction = stamp % unit * Self.power(of: 9 - exponent)
        } else if exponent <= 19 {
            let unit = Self.power(of: exponent)
            whole = stamp / unit
            fraction = stamp % unit / Self.power(of: exponent - 9)
        } else {
            whole = 0
            fraction = exponent <= 28 ? stamp / Self.power(of: exponent - 9) : 0
        }
        let (seconds, overflow) = Int64(clamping: whole).addingReportingOverflow(offset)
        guard !overflow, seconds >= 0 else { return overflow && offset > 0 ? .max : 0 }
        let (base, tooLate) = UInt64(seconds).multipliedReportingOverflow(by: 1_000_000_000)
        let (sum, carry) = base.addingReportingOverflow(fraction)
        return tooLate || carry ? .max : sum
    }

    private static func power(of exponent: Int) -> UInt64 {
        var power: UInt64 = 1
        for _ in 0..<exponent { power *= 10 }
        return power
    }
}
