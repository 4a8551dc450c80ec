/// What a file is, by its first octets.
public enum CaptureFormat: String, Sendable, CaseIterable {
    /// A libpcap capture.
    case pcap
    /// A pcapng capture.
    case pcapng
    /// IPFIX messages back to back (RFC 5655).
    case ipfix
    /// A file of nfdump's.
    case nfdump
    /// Compressed by gzip.
    case gzip
    /// Compressed by zstd.
    case zstd
    /// Compressed by xz.
    case xz
    /// Compressed by bzip2.
    case bzip2
    /// Nothing at all.
    case empty
    /// Text.
    case text
    /// None of these.
    case unknown

    /// Octets that ``detect(_:)`` wants to see, where the file has so many.
    public static let detectionBytes = 64

    /// What the file is that begins with `first`.
    public static func detect(_ first: RawSpan) -> CaptureFormat {
        if first.byteCount == 0 { return .empty }
        if first.byteCount >= 4 {
            let magic = first.network32(at: 0)
            if magic == PcapNGBlock.section { return .pcapng }
            if PcapHeader.isMagic(magic) { return .pcap }
            if magic >> 16 == 0x1f8b { return .gzip }
            if magic == 0x28b5_2ffd { return .zstd }
            if magic == 0xfd37_7a58 { return .xz }
            if magic >> 8 == 0x42_5a68 { return .bzip2 }
            if magic >> 16 == 0x0ca5 || magic >> 16 == 0xa50c { return .nfdump }
        }
        if IPFIXMessageHeader.isPlausible(first) { return .ipfix }
        return isText(first) ? .text : .unknown
    }

    private static func isText(_ octets: RawSpan) -> Bool {
        for index in 0..<min(octets.byteCount, detectionBytes) {
            switch octets.octet(at: index) {
            case 9, 10, 13, 0x20...0x7e, 0x80...: continue
            default: return false
            }
        }
        return true
    }
}

/// Why a capture cannot be read on.
///
/// Every case says at which octet of the file.
public enum CaptureError: Error, Hashable, CustomStringConvertible {
    /// Neither pcap nor pcapng.
    case formatUnknown(CaptureFormat)
    /// A pcap version other than 2.
    case versionUnknown(major: UInt16, position: UInt64)
    /// A packet longer than ``CaptureParser/packetBytesMax``.
    case packetTooLong(octets: UInt32, position: UInt64)
    /// A block length that cannot be.
    case blockLengthInvalid(octets: UInt32, position: UInt64)
    /// A pcapng section without a byte-order magic.
    case byteOrderUnknown(position: UInt64)
    /// A packet of an interface that no block described.
    case interfaceUnknown(number: UInt32, position: UInt64)
    /// More interfaces than ``CaptureParser/interfacesMax``.
    case tooManyInterfaces(position: UInt64)
    /// No IPFIX message where one should begin.
    case messageInvalid(version: UInt16, length: UInt16, position: UInt64)

    /// What is wrong and where.
    public var description: String {
        switch self {
        case .formatUnknown(.empty): "the file is empty"
        case .formatUnknown(let format): "not a pcap or pcapng capture but \(format.rawValue)"
        case .versionUnknown(let major, let position):
            "octet \(position): pcap version \(major) is not known, only 2 is"
        case .packetTooLong(let octets, let position):
            "octet \(position): a packet of \(octets) octets is more than "
                + "\(CaptureParser.packetBytesMax); the file is damaged from here on"
        case .blockLengthInvalid(let octets, let position):
            "octet \(position): a block cannot have \(octets) octets; the file is damaged from here on"
        case .byteOrderUnknown(let position):
            "octet \(position): the section header has no byte-order magic"
        case .interfaceUnknown(let number, let position):
            "octet \(position): the packet's interface \(number) was never described"
        case .tooManyInterfaces(let position):
            "octet \(position): more than \(CaptureParser.interfacesMax) interfaces"
        case .messageInvalid(let version, let length, let position):
            "octet \(position): no IPFIX message begins here (version \(version), length \(length))"
        }
    }
}

/// What a capture says of a packet beside its octets.
public struct PacketInfo: Hashable, Sendable {
    /// When it was captured, nanoseconds since 1970; 0 where the capture does not say.
    public var timestamp: UInt64
    /// How its octets begin.
    public var linkType: LinkType
    /// Octets captured.
    public var capturedLength: Int
    /// Octets that were on the wire.
    public var originalLength: Int
    /// The interface's number in its pcapng section; 0 in pcap.
    public var interface: UInt32

    /// Describes a packet.
    public init(
        timestamp: UInt64, linkType: LinkType, capturedLength: Int, originalLength: Int,
        interface: UInt32 = 0
    ) {
        self.timestamp = timestamp
        self.linkType = linkType
        self.capturedLength = capturedLength
        self.originalLength = originalLength
        self.interface = interface
    }
}

/// How the octets of a capture ended.
public enum CaptureEnding: Hashable, Sendable {
    /// Behind a whole packet, block or message.
    case clean
    /// Inside of one, of which `octets` are there: the last packet is lost, all before it are not.
    case truncated(octets: Int, position: UInt64)
}
