/// The names that nfdump's layouts print for numbers.
enum LayoutNames {
    /// The name of an IP protocol, its number where it has none.
    static func append(transportProtocol number: UInt64, to text: inout [UInt8]) {
        if number < UInt64(protocols.count) {
            text.append(contentsOf: protocols[Int(number)])
        } else {
            text.append(decimal: number)
        }
    }

    /// The name of a firewall event (element 233), in eight octets.
    static func firewallEvent(_ number: UInt64) -> String {
        number < UInt64(firewallEvents.count)
            ? String(firewallEvents[Int(number)]) : "\(number)-Unknw"
    }

    /// Why a Cisco ASA denied a flow, as nfdump writes it.
    static func extendedFirewallEvent(_ number: UInt64) -> String {
        switch number {
        case 0: "IGNORE"
        case 1001: "I-ACL"
        case 1002: "E-ACL"
        case 1003: "DENY"
        case 1004: "NOSYN"
        default: "\(number)"
        }
    }

    /// The name of a NAT event (element 230, RFC 8158 §4.3).
    static func natEvent(_ number: UInt64) -> String {
        number < UInt64(natEvents.count) ? String(natEvents[Int(number)]) : "\(number)-Unknown"
    }

    /// At most five octets each, by number from 0.
    private static let protocols: [[UInt8]] = """
        0 ICMP IGMP GGP IPIP ST TCP CBT EGP IGP BBN NVPII PUP ARGUS ENCOM XNET CHAOS UDP MUX DCN HMP \
        PRM XNS Trnk1 Trnk2 Leaf1 Leaf2 RDP IRTP ISO-4 NETBK MFESP MEINP DCCP 3PC IDPR XTP DDP IDPR \
        TP++ IL IPv6 SDRP Rte6 Frag6 IDRP RSVP GRE MHRP BNA ESP AH INLSP SWIPE NARP MOBIL TLSP SKIP \
        ICMP6 NOHE6 OPTS6 HOST CFTP NET SATNT KLAN RVD IPPC FS SATM VISA IPCV CPNX CPHB WSN PVP BSATM \
        SUNND WBMON WBEXP ISOIP VMTP SVMTP VINES TTP NSIGP DGP TCF EIGRP OSPF S-RPC LARP MTP AX.25 OS \
        MICP SCCSP ETHIP ENCAP 99 GMTP IFMP PNNI PIM ARIS SCPS QNX A/N IPcmp SNP CpqPP IPXIP VRRP PGM \
        0hop L2TP DDX IATP STP SRP UTI SMP SM PTP ISIS4 FIRE CRTP CRUDP 128 IPLT SPS PIPE SCTP FC 134 \
        MHEAD UDP-L MPLS
        """.split(separator: " ").map { Array($0.utf8) }

    private static let firewallEvents = "IGNORE CREATE DELETE DENIED ALERT UPDATE".split(
        separator: " ")

    private static let natEvents = """
        INVALID ADD DELETE EXHAUST ADD44 DEL44 ADD64 DEL64 ADD44BIB DEL44BIB ADD64BIB DEL64BIB \
        PEXHAUST QUOTAEXH ADDADDR DELADDR ADDPBLK DELPBLK THRESHLD
        """.split(separator: " ")
}
