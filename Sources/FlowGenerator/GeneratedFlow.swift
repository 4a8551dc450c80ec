public import FlowModel

/// What a generated flow is part of; the truth that a judgement over the flows can be held against.
public enum FlowKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Pages and downloads over HTTPS and QUIC.
    case web
    /// Name resolution, of clients and of the resolvers.
    case dns
    /// Time.
    case ntp
    /// Mail between servers and of clients.
    case mail
    /// Video calls.
    case call
    /// Files on the organisation's own servers.
    case fileShare
    /// The organisation's own web applications.
    case application
    /// Guests behind their one translated address.
    case guest
    /// Copies of the servers, at night.
    case backup
    /// SNMP, syslog and ICMP echo.
    case monitoring
    /// Visitors of the organisation's own site.
    case visitor
    /// The password guessing that every SSH server sees.
    case bruteForce
    /// Stray probes from everywhere.
    case noise
    /// Story: one outsider tries the ports of one server.
    case portScan
    /// Story: one outsider tries one service on every host of a network.
    case sweep
    /// Story: one workstation calls out once a minute.
    case beacon
    /// Story: a server drowns in packets from forged sources.
    case flood
    /// Story: one host uploads a little, all night.
    case exfiltration
    /// Story: insiders talk to hosts of the documentation ranges.
    case listedContact

    /// Whether the kind is a chapter of the story and not of the ordinary day.
    public var isStory: Bool { rawValue >= Self.portScan.rawValue }
}

/// Why a generated flow ended, with the numbers of IPFIX element 136.
public enum FlowEnd: UInt8, Sendable, BitwiseCopyable {
    /// Nothing was seen for the idle timeout.
    case idle = 1
    /// The flow went on, but a record was due.
    case active = 2
    /// TCP said so.
    case detected = 3
}

/// One unidirectional flow as its router exports it.
public struct GeneratedFlow: Hashable, Sendable, BitwiseCopyable {
    /// Source address.
    public var source: IPAddress
    /// Destination address.
    public var destination: IPAddress
    /// Next hop; unspecified where the destination is on a connected network.
    public var nextHop: IPAddress
    /// First packet, ms since 1970.
    public var start: UInt64
    /// Last packet, ms since 1970.
    public var end: UInt64
    /// When the router exports the record, ms since 1970; never before ``end``.
    public var exported: UInt64
    /// IP packets, at least 1.
    public var packets: UInt64
    /// IP octets, headers included.
    public var bytes: UInt64
    /// AS of the source.
    public var sourceAS: UInt32
    /// AS of the destination.
    public var destinationAS: UInt32
    /// Source port, 0 for ICMP.
    public var sourcePort: UInt16
    /// Destination port, 0 for ICMP.
    public var destinationPort: UInt16
    /// ICMP type × 256 + code, 0 for others.
    public var icmp: UInt16
    /// SNMP index of the ingress interface.
    public var input: UInt16
    /// SNMP index of the egress interface.
    public var output: UInt16
    /// VLAN on ingress, 0 where untagged.
    public var sourceVLAN: UInt16
    /// VLAN on egress, 0 where untagged.
    public var destinationVLAN: UInt16
    /// IP protocol number.
    public var proto: UInt8
    /// Union of the TCP flags.
    public var flags: UInt8
    /// Type of service or traffic class.
    public var tos: UInt8
    /// TTL or hop limit of every packet.
    public var ttl: UInt8
    /// Length of the source's route prefix.
    public var sourceMask: UInt8
    /// Length of the destination's route prefix.
    public var destinationMask: UInt8
    /// Which router saw it, an index into ``ExporterProfile/fleet(of:sampling:)``.
    public var exporter: UInt8
    /// Why it ended.
    public var endReason: FlowEnd
    /// What it is part of.
    public var kind: FlowKind
    /// Whether it answers the flow before it, which then has the same ``exported`` and is next to it.
    public var isReply: Bool

    /// Whether both addresses are IPv4.
    public var isV4: Bool { source.isV4 }
}

/// TCP flags as header and records carry them (RFC 9293 §3.1).
enum TCPFlags {
    static let fin: UInt8 = 1
    static let syn: UInt8 = 2
    static let reset: UInt8 = 4
    static let push: UInt8 = 8
    static let ack: UInt8 = 16
}

/// IP protocol numbers that the script uses.
enum IPProtocolNumber {
    static let icmp: UInt8 = 1
    static let tcp: UInt8 = 6
    static let udp: UInt8 = 17
    static let icmp6: UInt8 = 58
}

/// Octets of the IP and transport headers without options.
func headerBytes(proto: UInt8, isV4: Bool) -> UInt64 {
    (isV4 ? 20 : 40) + (proto == IPProtocolNumber.tcp ? 20 : 8)
}

extension GeneratedFlow {
    /// Octets of its packets' headers without options.
    var headerBytes: UInt64 { FlowGenerator.headerBytes(proto: proto, isV4: isV4) }
}
