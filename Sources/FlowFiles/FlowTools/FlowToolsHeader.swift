/// The beginning of a flow-tools file, stream format 3.
///
///     0xCF 0x10 order:8 version:8 records:32 { type:16 length:16 value } …
///
/// `order` is 1 where all numbers are little-endian, 2 where they are big-endian; `records` is where
/// the records begin.
struct FlowToolsHeader {
    /// Octets of a header at most; comments and names of interfaces are in it.
    static let octetsMax = 1 << 20

    let isBigEndian: Bool
    let octets: Int
    /// The version of the exports, 5 for NetFlow v5.
    private(set) var exportVersion: UInt16 = 0
    /// In version 8 what the router aggregated by.
    private(set) var aggregation: UInt8 = 0
    private(set) var isCompressed = false
    private(set) var hostName: String?
    /// What the collector counted, nil where it does not say.
    private(set) var flows: UInt64?
    private(set) var lost: UInt64 = 0

    private static let flagCompressed: UInt32 = 2

    /// Reads the header, nil where more octets are needed.
    init?(_ bytes: RawSpan) throws(FlowFileError) {
        guard bytes.byteCount >= 8 else { return nil }
        guard bytes.octet(at: 0) == 0xcf, bytes.octet(at: 1) == 0x10 else { throw .magicUnknown }
        switch bytes.octet(at: 2) {
        case 1: isBigEndian = false
        case 2: isBigEndian = true
        default: throw .magicUnknown
        }
        let version = bytes.octet(at: 3)
        guard version == 3 else { throw .versionUnknown(UInt16(version)) }
        let octets = Self.number32(bytes, at: 4, isBigEndian)
        guard octets <= Self.octetsMax else { throw .headerTooLong(octets: octets) }
        guard octets >= 8 else { throw .magicUnknown }
        guard bytes.byteCount >= octets else { return nil }
        self.octets = Int(octets)
        var offset = 8
        // What is shorter than a type and a length fills up to a multiple of four.
        while offset + 4 <= self.octets {
            let type = Self.number16(bytes, at: offset, isBigEndian)
            let length = Int(Self.number16(bytes, at: offset + 2, isBigEndian))
            guard offset + 4 + length <= self.octets else { break }
            take(type, bytes.extracting(offset + 4..<offset + 4 + length))
            offset += 4 + length
        }
    }

    private mutating func take(_ type: UInt16, _ value: RawSpan) {
        switch (type, value.byteCount) {
        case (2, 2): exportVersion = Self.number16(value, at: 0, isBigEndian)
        case (4, 1): aggregation = value.octet(at: 0)
        case (8, 4):
            isCompressed = Self.number32(value, at: 0, isBigEndian) & Self.flagCompressed != 0
        case (10, 4): flows = UInt64(Self.number32(value, at: 0, isBigEndian))
        case (11, 4): lost = UInt64(Self.number32(value, at: 0, isBigEndian))
        case (15, 1...): hostName = value.text(at: 0, count: value.byteCount)
        default: break
        }
    }

    private static func number16(_ bytes: RawSpan, at offset: Int, _ isBigEndian: Bool) -> UInt16 {
        let value = bytes.little16(at: offset)
        return isBigEndian ? value.byteSwapped : value
    }

    private static func number32(_ bytes: RawSpan, at offset: Int, _ isBigEndian: Bool) -> UInt32 {
        let value = bytes.little32(at: offset)
        return isBigEndian ? value.byteSwapped : value
    }
}
