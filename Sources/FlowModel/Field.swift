/// A column of a flow record: one word of the vocabulary (design.md §4).
///
/// The raw value is the column's number on disk. It is never reused, and new ones are appended.
public struct Field: RawRepresentable, Hashable, Sendable {
    /// The column's number on disk.
    public let rawValue: UInt16

    /// Makes a field of a number that may be unknown to this build.
    @inlinable
    public init(rawValue: UInt16) { self.rawValue = rawValue }

    /// When the flow's first packet was seen, ms since 1970.
    public static let start = Field(rawValue: 1)
    /// When the flow's last packet was seen, ms since 1970.
    public static let end = Field(rawValue: 2)
    /// When the record arrived here (on import: the capture's time), ms since 1970.
    public static let received = Field(rawValue: 3)
    /// Source address; of several headers the innermost.
    public static let srcip = Field(rawValue: 4)
    /// Destination address; of several headers the innermost.
    public static let dstip = Field(rawValue: 5)
    /// Source port of TCP, UDP, SCTP, DCCP.
    public static let srcport = Field(rawValue: 6)
    /// Destination port.
    public static let dstport = Field(rawValue: 7)
    /// IP protocol number.
    public static let proto = Field(rawValue: 8)
    /// Union of the TCP flags.
    public static let flags = Field(rawValue: 9)
    /// IP type of service, or IPv6 traffic class.
    public static let tos = Field(rawValue: 10)
    /// Packets, forward, as exported.
    public static let packets = Field(rawValue: 11)
    /// Octets, forward, as exported.
    public static let bytes = Field(rawValue: 12)
    /// Packets of the reverse direction (RFC 5103).
    public static let rpackets = Field(rawValue: 13)
    /// Octets of the reverse direction (RFC 5103).
    public static let rbytes = Field(rawValue: 14)
    /// How many flows the record stands for.
    public static let flows = Field(rawValue: 15)
    /// SNMP index of the ingress interface.
    public static let inif = Field(rawValue: 16)
    /// SNMP index of the egress interface.
    public static let outif = Field(rawValue: 17)
    /// BGP source AS number.
    public static let srcas = Field(rawValue: 18)
    /// BGP destination AS number.
    public static let dstas = Field(rawValue: 19)
    /// Length of the source's route prefix.
    public static let srcmask = Field(rawValue: 20)
    /// Length of the destination's route prefix.
    public static let dstmask = Field(rawValue: 21)
    /// The next hop's address.
    public static let nexthop = Field(rawValue: 22)
    /// The BGP next hop's address.
    public static let bgpnexthop = Field(rawValue: 23)
    /// VLAN on ingress.
    public static let srcvlan = Field(rawValue: 24)
    /// VLAN on egress.
    public static let dstvlan = Field(rawValue: 25)
    /// 0 ingress, 1 egress.
    public static let direction = Field(rawValue: 26)
    /// ICMP or ICMPv6 type.
    public static let icmptype = Field(rawValue: 27)
    /// ICMP or ICMPv6 code.
    public static let icmpcode = Field(rawValue: 28)
    /// The exporter's address.
    public static let exporter = Field(rawValue: 29)
    /// Observation domain; v9: source id; v5: engine type × 256 + engine id; sFlow: sub-agent.
    public static let domain = Field(rawValue: 30)
    /// The sampler or selector that the record names.
    public static let samplerid = Field(rawValue: 31)
    /// 1 in N, as the record itself says; else resolved on reading, see ``SamplingRates``.
    public static let sampling = Field(rawValue: 32)
    /// Source address after translation.
    public static let natsrcip = Field(rawValue: 33)
    /// Destination address after translation.
    public static let natdstip = Field(rawValue: 34)
    /// Source port after translation.
    public static let natsrcport = Field(rawValue: 35)
    /// Destination port after translation.
    public static let natdstport = Field(rawValue: 36)
    /// Firewall event (element 233), or NAT event (element 230) where there is no firewall event.
    public static let event = Field(rawValue: 37)
    /// NAT event (element 230).
    public static let natevent = Field(rawValue: 38)
    /// Source MAC address.
    public static let srcmac = Field(rawValue: 39)
    /// Destination MAC address.
    public static let dstmac = Field(rawValue: 40)
    /// Source address of the outer header.
    public static let tunsrcip = Field(rawValue: 41)
    /// Destination address of the outer header.
    public static let tundstip = Field(rawValue: 42)
    /// IP protocol number of the outer header.
    public static let tunproto = Field(rawValue: 43)
    /// Lowest TTL or hop limit seen.
    public static let minttl = Field(rawValue: 44)
    /// Highest TTL or hop limit seen.
    public static let maxttl = Field(rawValue: 45)
    /// Forwarding status (RFC 7270 §4.12).
    public static let fwdstatus = Field(rawValue: 46)
    /// Why the flow ended (element 136).
    public static let endreason = Field(rawValue: 47)
    /// VRF on ingress.
    public static let invrf = Field(rawValue: 48)
    /// VRF on egress.
    public static let outvrf = Field(rawValue: 49)
    /// EtherType of the frame.
    public static let ethertype = Field(rawValue: 50)
    /// AS number of the neighbour towards the source.
    public static let prevas = Field(rawValue: 51)
    /// AS number of the neighbour towards the destination.
    public static let nextas = Field(rawValue: 52)
    /// MPLS labels 1 to 10, top first: 20 bits label, 3 bits EXP, 1 bit bottom of stack.
    public static let mpls1 = Field(rawValue: 53)
    /// Why an sFlow agent discarded the packet (sFlow discarded-packet samples).
    public static let discard = Field(rawValue: 63)
    /// Type of service on egress.
    public static let dsttos = Field(rawValue: 64)
    /// Elements without a column of their own; see ``OtherElements``.
    ///
    /// Not a numeric column.
    public static let other = Field(rawValue: 65)
    /// The source's country, a ``CountryCode``; absent where no database knows it.
    public static let srcgeo = Field(rawValue: 66)
    /// The destination's country.
    public static let dstgeo = Field(rawValue: 67)

    /// The protocol and the lower of the two ports: protocol × 65,536 + port.
    ///
    /// Not a column: it is derived when it is asked for.
    public static let service = Field(rawValue: 256)

    /// The MPLS label at `depth` 1 to 10.
    public static func mpls(_ depth: Int) -> Field {
        precondition((1...10).contains(depth))
        return Field(rawValue: mpls1.rawValue + UInt16(depth - 1))
    }
}

/// How a column's values are stored in a ``FlowBatch``.
public enum FieldStorage: UInt8, Sendable {
    /// One byte.
    case u8 = 1
    /// Two bytes.
    case u16 = 2
    /// Four bytes.
    case u32 = 4
    /// Eight bytes.
    case u64 = 8
    /// An ``IPAddress``, sixteen bytes.
    case address = 16
    /// Bytes of any length, only ``Field/other``.
    case elements = 0

    /// Bytes a value.
    @inlinable
    public var width: Int { Int(rawValue) }
}

/// What a value of a column means, for printing it and for reading it in a filter.
public enum FieldMeaning: Sendable {
    /// A plain number.
    case number
    /// Milliseconds since 1970 UTC.
    case instant
    /// An IP address.
    case address
    /// An IP protocol number.
    case transportProtocol
    /// A TCP or UDP port.
    case port
    /// TCP flags.
    case tcpFlags
    /// A counter that sampling scales.
    case counter
    /// A MAC address.
    case mac
    /// An AS number.
    case autonomousSystem
    /// A ``CountryCode``.
    case country
    /// A protocol and a port, ``Field/service``.
    case service
    /// Named values.
    case elements
}

/// One row of the vocabulary table.
public struct FieldInfo: Sendable {
    /// The column.
    public let field: Field
    /// Its name in filters, `--fields`, JSON and documents.
    public let name: String
    /// How it is stored.
    public let storage: FieldStorage
    /// What its values mean.
    public let meaning: FieldMeaning
    /// True for the columns that every row has: where the exporter says nothing they are 0, not null.
    public let isDense: Bool
    /// IPFIX element numbers that feed it, in words.
    public let source: String
    /// One sentence.
    public let summary: String
}
