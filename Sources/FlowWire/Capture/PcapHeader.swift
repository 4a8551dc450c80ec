/// The header of a pcap file (draft-ietf-opsawg-pcap).
struct PcapHeader {
    static let length = 24

    /// Whether the file's integers are in the other byte order than this machine's network reads.
    let isSwapped: Bool
    /// Nanoseconds in a unit of the stamps' lower half.
    let unit: UInt64
    /// Octets of a packet's header.
    let recordLength: Int
    let linkType: LinkType

    static func isMagic(_ magic: UInt32) -> Bool {
        switch magic {
        case 0xa1b2_c3d4, 0xd4c3_b2a1, 0xa1b2_3c4d, 0x4d3c_b2a1, 0xa1b2_cd34, 0x34cd_b2a1: true
        default: false
        }
    }

    /// - Parameter octets: at least ``length``.
    init(_ octets: RawSpan) throws(CaptureError) {
        let magic = octets.network32(at: 0)
        isSwapped = magic & 0xff00_0000 != 0xa100_0000
        let plain = isSwapped ? magic.byteSwapped : magic
        unit = plain == 0xa1b2_3c4d ? 1 : 1000
        recordLength = plain == 0xa1b2_cd34 ? 24 : 16  // Kuznetzov's: interface, protocol, type
        let major = octets.network16(at: 4)
        guard (isSwapped ? major.byteSwapped : major) == 2 else {
            throw .versionUnknown(major: isSwapped ? major.byteSwapped : major, position: 4)
        }
        // The upper half says whether frames end with a check sequence.
        let network = octets.network32(at: 20)
        linkType = LinkType(
            rawValue: UInt16(truncatingIfNeeded: isSwapped ? network.byteSwapped : network))
    }
}
