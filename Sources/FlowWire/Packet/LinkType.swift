/// A link type of libpcap's registry (LINKTYPE_…).
public struct LinkType: RawRepresentable, Hashable, Sendable {
    /// The number in capture files.
    public let rawValue: UInt16
    /// Makes a link type.
    public init(rawValue: UInt16) { self.rawValue = rawValue }
    /// BSD loopback: the address family in the byte order of the capturing machine.
    public static let null = Self(rawValue: 0)
    /// IEEE 802.3 Ethernet.
    public static let ethernet = Self(rawValue: 1)
    /// PPP, with or without HDLC's address and control.
    public static let ppp = Self(rawValue: 9)
    /// PPP in HDLC framing, or Cisco HDLC.
    public static let pppHDLC = Self(rawValue: 50)
    /// PPPoE without the Ethernet header.
    public static let pppoe = Self(rawValue: 51)
    /// IPv4 or IPv6 without a link header.
    public static let raw = Self(rawValue: 101)
    /// Cisco HDLC.
    public static let ciscoHDLC = Self(rawValue: 104)
    /// OpenBSD loopback: the address family in network byte order.
    public static let loop = Self(rawValue: 108)
    /// Linux cooked capture, version 1.
    public static let linuxCooked = Self(rawValue: 113)
    /// IPv4 without a link header.
    public static let ipv4 = Self(rawValue: 228)
    /// IPv6 without a link header.
    public static let ipv6 = Self(rawValue: 229)
    /// Linux cooked capture, version 2.
    public static let linuxCooked2 = Self(rawValue: 276)
}
