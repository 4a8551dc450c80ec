public import FlowModel

/// The headers of one packet, outermost to innermost: what a flow record needs of them.
///
///     Ethernet │ VLAN │ IPv4 │ UDP 4789 │ VXLAN │ Ethernet │ IPv6 │ TCP │ …
///       macs     vlan   tun*                      (macs)     the flow
///
/// The flow is the innermost IP header that could be read; the outermost one, where there are
/// several, is kept as the tunnel. An inner Ethernet header replaces the outer one's MAC addresses
/// (and VLAN, where it has one), but only together with an IP header inside it, so that a datagram
/// that merely looks like a tunnel stays what it is. A value without heap memory.
public struct PacketHeaders: BitwiseCopyable, Sendable {
    /// Which parts were found.
    public struct Contents: OptionSet, BitwiseCopyable, Sendable {
        /// One bit a part.
        public let rawValue: UInt16
        /// Makes a set of parts.
        @inlinable public init(rawValue: UInt16) { self.rawValue = rawValue }
        /// An IP header.
        @inlinable public static var ip: Self { Self(rawValue: 1 << 0) }
        /// Ports of TCP, UDP, UDP-Lite, SCTP or DCCP.
        @inlinable public static var ports: Self { Self(rawValue: 1 << 1) }
        /// TCP flags.
        @inlinable public static var tcp: Self { Self(rawValue: 1 << 2) }
        /// ICMP or ICMPv6 type and code.
        @inlinable public static var icmp: Self { Self(rawValue: 1 << 3) }
        /// A source MAC address.
        @inlinable public static var sourceMAC: Self { Self(rawValue: 1 << 4) }
        /// A destination MAC address.
        @inlinable public static var destinationMAC: Self { Self(rawValue: 1 << 5) }
        /// A VLAN tag.
        @inlinable public static var vlan: Self { Self(rawValue: 1 << 6) }
        /// A second VLAN tag.
        @inlinable public static var innerVLAN: Self { Self(rawValue: 1 << 7) }
        /// An outer IP header.
        @inlinable public static var tunnel: Self { Self(rawValue: 1 << 8) }
        /// The packet is a fragment, first or later.
        @inlinable public static var fragment: Self { Self(rawValue: 1 << 9) }
        /// An EtherType.
        @inlinable public static var ethertype: Self { Self(rawValue: 1 << 10) }
    }

    /// Which parts were found; what was not found is zero.
    public internal(set) var contents: Contents = []
    /// IP protocol number, behind IPv6's extension headers.
    public internal(set) var proto: UInt8 = 0
    /// Type of service or traffic class.
    public internal(set) var tos: UInt8 = 0
    /// Time to live or hop limit.
    public internal(set) var ttl: UInt8 = 0
    /// TCP flags.
    public internal(set) var tcpFlags: UInt8 = 0
    /// ICMP or ICMPv6 type.
    public internal(set) var icmpType: UInt8 = 0
    /// ICMP or ICMPv6 code.
    public internal(set) var icmpCode: UInt8 = 0
    /// IP protocol number of the outermost header, where there are several.
    public internal(set) var tunnelProto: UInt8 = 0
    /// IP headers read.
    public internal(set) var depth: UInt8 = 0
    /// MPLS labels in ``mpls``.
    public internal(set) var mplsCount: UInt8 = 0
    /// Whether more fragments follow.
    public internal(set) var moreFragments = false
    /// Source port.
    public internal(set) var sourcePort: UInt16 = 0
    /// Destination port.
    public internal(set) var destinationPort: UInt16 = 0
    /// The VLAN, of two tags the outer one's.
    public internal(set) var vlan: UInt16 = 0
    /// The VLAN of the second tag.
    public internal(set) var innerVLAN: UInt16 = 0
    /// The EtherType behind the VLAN tags of the outermost link header.
    public internal(set) var ethertype: UInt16 = 0
    /// Where in the original packet a fragment's octets belong.
    public internal(set) var fragmentOffset: UInt16 = 0
    /// What the fragments of one packet have in common.
    public internal(set) var fragmentID: UInt32 = 0
    /// Octets of the IP packet by its header; 0 where the header does not say (segmentation
    /// offload), to be taken from the length of the frame then.
    public internal(set) var ipLength: UInt32 = 0
    /// Where in the frame the IP header begins.
    public internal(set) var ipOffset: Int = 0
    /// Where the IP payload begins, behind options and extension headers.
    public internal(set) var transportOffset: Int = 0
    /// Where the payload of the transport protocol begins; ``payloadEnd`` where its header is cut.
    public internal(set) var payloadOffset: Int = 0
    /// Where the IP packet ends, within what was captured: link padding lies behind it.
    public internal(set) var payloadEnd: Int = 0
    /// Source address.
    public internal(set) var source = IPAddress.v6Zero
    /// Destination address.
    public internal(set) var destination = IPAddress.v6Zero
    /// Source address of the outermost header, where there are several.
    public internal(set) var tunnelSource = IPAddress.v6Zero
    /// Destination address of the outermost header, where there are several.
    public internal(set) var tunnelDestination = IPAddress.v6Zero
    /// Source MAC address, see ``FlowModel/MACAddress``.
    public internal(set) var sourceMAC: UInt64 = 0
    /// Destination MAC address.
    public internal(set) var destinationMAC: UInt64 = 0
    /// MPLS label stack entries without their TTL, top first.
    public internal(set) var mpls = InlineArray<10, UInt32>(repeating: 0)

    /// An inner link header's addresses, until an IP header inside it proves them.
    var pendingLink = PendingLink()

    struct PendingLink: BitwiseCopyable {
        var isSet = false
        var hasVLAN = false
        var vlan: UInt16 = 0
        var source: UInt64 = 0
        var destination: UInt64 = 0
    }

    /// Headers of nothing, for ``read(frame:linkType:unwrapsTunnels:)``.
    public init() {}

    /// Parses a frame that may be cut short; nil where no header is recognised at all.
    ///
    /// - Parameter unwrapsTunnels: whether to look for the flow inside of GRE, IP in IP, VXLAN and
    ///   their like; MPLS and PPPoE are part of the link and are always looked through.
    public init?(frame: RawSpan, linkType: LinkType, unwrapsTunnels: Bool = true) {
        self.init()
        guard read(frame: frame, linkType: linkType, unwrapsTunnels: unwrapsTunnels) else {
            return nil
        }
    }

    /// Parses a frame into headers that must be those of ``init()``; false where none is recognised.
    ///
    /// In place: it spares a hot loop the copies of ``init(frame:linkType:unwrapsTunnels:)``.
    public mutating func read(frame: RawSpan, linkType: LinkType, unwrapsTunnels: Bool) -> Bool {
        guard let layer = PacketLayer(linkType) else { return false }
        return read(frame, from: layer, unwrapsTunnels: unwrapsTunnels)
    }

    /// Takes the ports from another fragment of the same packet.
    public mutating func adoptPorts(of first: PacketHeaders) {
        guard first.contents.contains(.ports) else { return }
        sourcePort = first.sourcePort
        destinationPort = first.destinationPort
        contents.insert(.ports)
    }

    mutating func read(_ frame: RawSpan, from first: PacketLayer, unwrapsTunnels: Bool) -> Bool {
        var layer = first
        var offset = 0
        payloadEnd = frame.byteCount
        // Every layer is at least two octets further on, but a frame of tags only is no reason to
        // go on for long.
        var steps = 0
        while layer != .end, steps < Self.layersMax {
            layer = read(layer, of: frame, at: &offset, unwrapsTunnels: unwrapsTunnels)
            steps += 1
        }
        return !contents.isEmpty || mplsCount > 0
    }

    /// Layers looked at in one frame.
    static let layersMax = 32
    /// IP headers looked at in one frame.
    static let depthMax: UInt8 = 8

    @inline(__always)
    private mutating func read(
        _ layer: PacketLayer, of frame: RawSpan, at offset: inout Int, unwrapsTunnels: Bool
    ) -> PacketLayer {
        switch layer {
        case .ethernet: readEthernet(frame, &offset)
        case .ethertype(let type): readEtherType(type, frame, &offset)
        case .ip: readIP(frame, offset)
        case .ipv4: readIPv4(frame, &offset)
        case .ipv6: readIPv6(frame, &offset)
        case .transport: readTransport(frame, &offset, unwrapsTunnels)
        case .gre: readGRE(frame, &offset)
        case .vxlan: readVXLAN(frame, &offset)
        case .geneve: readGeneve(frame, &offset)
        case .gtp: readGTP(frame, &offset)
        case .mpls: readMPLS(frame, &offset)
        case .pppoe: readPPPoE(frame, &offset)
        case .ppp: readPPP(frame, &offset)
        case .ciscoHDLC: readCiscoHDLC(frame, &offset)
        case .linuxCooked: readLinuxCooked(frame, &offset)
        case .linuxCooked2: readLinuxCooked2(frame, &offset)
        case .addressFamily: readAddressFamily(frame, &offset)
        case .end: .end
        }
    }
}

/// What the octets that come next are said to be.
enum PacketLayer: Equatable {
    case ethernet
    case ethertype(UInt16)
    case ip, ipv4, ipv6, transport
    case gre, vxlan, geneve, gtp
    case mpls, pppoe, ppp, ciscoHDLC
    case linuxCooked, linuxCooked2, addressFamily
    case end

    init?(_ linkType: LinkType) {
        switch linkType.rawValue {
        case 1: self = .ethernet
        case 12, 14, 101: self = .ip
        case 228: self = .ipv4
        case 229: self = .ipv6
        case 113: self = .linuxCooked
        case 276: self = .linuxCooked2
        case 0, 108: self = .addressFamily
        case 9, 50: self = .ppp
        case 51: self = .pppoe
        case 104: self = .ciscoHDLC
        default: return nil
        }
    }
}
