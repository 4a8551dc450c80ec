import FlowModel

/// A tag of a layout, such as `%sap`: what it reads, how it prints it and its head.
struct FlowTag: Sendable, Hashable {
    /// How the values are printed; in brackets what ``fields`` are then.
    enum Form: Sendable, Hashable {
        /// The number of the line.
        case ordinal
        /// `2016-06-07 12:38:20.123` [instant].
        case instant(isUTC: Bool)
        /// Seconds since 1970 with three decimals [instant].
        case epoch
        /// `    00:00:01.998`, or seconds [start, end].
        case duration(isSeconds: Bool)
        /// A counter with units [counter].
        case counter
        /// A counter a second × `times` [start, end, counter].
        case rate(times: UInt64)
        /// Octets a packet [bytes, packets].
        case bytesPerPacket
        /// How many flows the record stands for, 1 where it does not say [flows].
        case flows
        /// A number, after `lead` blanks [number].
        case number(width: Int, lead: Int)
        /// Two numbers [number, number].
        case numbers
        /// Type and number of the engine that metered: the octets of NetFlow v5's domain [domain].
        case engine
        /// A destination port, or `type.code` of ICMP [dstport, proto, icmptype, icmpcode].
        case service
        /// ICMP type or code; where there is none that octet of the port [number, dstport].
        case icmp(shift: UInt64)
        /// The protocol's name [proto].
        case transportProtocol
        /// TCP flags, none for other protocols [proto, flags].
        case flags
        /// `I` or `E` [direction].
        case direction
        /// An address [address].
        case address
        /// An address and a port [address, port].
        case addressPort
        /// An address and a destination port or ICMP type and code [address, then as `service`].
        case addressService
        /// An address and its country in brackets [address, country].
        case addressCountry
        /// The same and a port [address, country, port].
        case addressCountryPort
        /// The same and a destination port or ICMP type and code [address, country, then as `service`].
        case addressCountryService
        /// An address cut to its mask, and the mask [address, mask].
        case network
        /// A MAC address [mac].
        case mac
        /// Two letters, `..` where there are none [country].
        case country
        /// `label-exp-bottom` of MPLS label entries [labels].
        case labels
        /// The observation domain, hexadecimal [domain].
        case domain
        /// The name of a firewall or NAT event [event, natevent].
        case event
        /// Elements without a column [other].
        case elements(ElementTag)
        /// The end of a line.
        case newline
    }

    /// Without the `%`.
    let name: String
    /// What stands over it, as wide as what it prints or not: as nfdump has it.
    let head: String
    let form: Form
    let fields: [Field]

    /// Whether the head grows with addresses that are printed whole.
    let isAddress: Bool

    init(
        _ name: String, _ head: String, _ form: Form, _ fields: [Field], isAddress: Bool = false
    ) {
        self.name = name
        self.head = head
        self.form = form
        self.fields = fields
        self.isAddress = isAddress
    }

    /// Every tag.
    static let all: [FlowTag] =
        times + counters + addresses + places + routing + labels + translation + elements + other

    /// The tag of that name.
    static func named(_ name: String) -> FlowTag? { byName[name] }

    /// nfdump's tags for what Skein does not keep with a flow.
    static let withoutField: Set<String> = [
        "nfv", "idt", "exp", "inam", "onam", "nbnam", "ipl", "opl", "ivrfnam", "evrfnam", "pfifn",
        "pfact", "pfrea", "pfdir", "pfrule", "ja3", "ja4", "sni", "tls", "sloc", "dloc", "sasn",
        "dasn", "stor", "dtor", "lbl",
    ]

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })

    private static func number(
        _ name: String, _ head: String, _ field: Field, width: Int, lead: Int = 0
    ) -> FlowTag {
        FlowTag(name, head, .number(width: width, lead: lead), [field])
    }

    private static let times = [
        FlowTag("ts", "Date first seen        ", .instant(isUTC: false), [.start]),
        FlowTag("tfs", "Date first seen        ", .instant(isUTC: false), [.start]),
        FlowTag("tsr", "First seen raw", .epoch, [.start]),
        FlowTag("tsg", "First seen GMT         ", .instant(isUTC: true), [.start]),
        FlowTag("te", "Date last seen         ", .instant(isUTC: false), [.end]),
        FlowTag("ter", "Last seen raw ", .epoch, [.end]),
        FlowTag("teg", "Last seen GMT          ", .instant(isUTC: true), [.end]),
        FlowTag("tr", "Date flow received     ", .instant(isUTC: false), [.received]),
        FlowTag("trr", "Received raw  ", .epoch, [.received]),
        FlowTag("trg", "Date flow received GMT ", .instant(isUTC: true), [.received]),
        FlowTag("td", "Duration        ", .duration(isSeconds: false), [.start, .end]),
        FlowTag("tds", "Duration        ", .duration(isSeconds: true), [.start, .end]),
    ]

    private static let counters = [
        FlowTag("pkt", " Packets", .counter, [.packets]),
        FlowTag("ipkt", "  In Pkt", .counter, [.packets]),
        FlowTag("opkt", " Out Pkt", .counter, [.rpackets]),
        FlowTag("byt", "   Bytes", .counter, [.bytes]),
        FlowTag("ibyt", " In Byte", .counter, [.bytes]),
        FlowTag("obyt", "Out Byte", .counter, [.rbytes]),
        FlowTag("fl", "Flows", .flows, [.flows]),
        FlowTag("pps", "     pps", .rate(times: 1000), [.start, .end, .packets]),
        FlowTag("bps", "     bps", .rate(times: 8000), [.start, .end, .bytes]),
        FlowTag("bpp", "   Bpp", .bytesPerPacket, [.bytes, .packets]),
    ]

    private static let service: [Field] = [.dstport, .proto, .icmptype, .icmpcode]

    private static let addresses = [
        FlowTag("sa", "     Src IP Addr", .address, [.srcip], isAddress: true),
        FlowTag("da", "     Dst IP Addr", .address, [.dstip], isAddress: true),
        FlowTag(
            "sap", "     Src IP Addr:Port ", .addressPort, [.srcip, .srcport], isAddress: true),
        FlowTag(
            "dap", "     Dst IP Addr:Port ", .addressService, [.dstip] + service, isAddress: true),
        number("sp", "Src Pt", .srcport, width: 6),
        FlowTag("dp", "Dst Pt", .service, service),
        FlowTag("it", "ICMP-T", .icmp(shift: 8), [.icmptype, .dstport]),
        FlowTag("ic", "ICMP-C", .icmp(shift: 0), [.icmpcode, .dstport]),
        FlowTag("pr", "Proto", .transportProtocol, [.proto]),
        FlowTag("flg", "   Flags", .flags, [.proto, .flags]),
        number("tos", " Tos", .tos, width: 4), number("stos", "STos", .tos, width: 4),
        number("dtos", "DTos", .dsttos, width: 4),
        FlowTag("sn", "        Src Network", .network, [.srcip, .srcmask], isAddress: true),
        FlowTag("dn", "        Dst Network", .network, [.dstip, .dstmask], isAddress: true),
        number("smk", "SMask", .srcmask, width: 5), number("dmk", "DMask", .dstmask, width: 5),
    ]

    private static let places = [
        FlowTag(
            "gsa", "     Src IP Addr(..)", .addressCountry, [.srcip, .srcgeo], isAddress: true),
        FlowTag(
            "gda", "     Dst IP Addr(..)", .addressCountry, [.dstip, .dstgeo], isAddress: true),
        FlowTag(
            "gsap", "     Src IP Addr(..):Port ", .addressCountryPort,
            [.srcip, .srcgeo, .srcport], isAddress: true),
        FlowTag(
            "gdap", "     Dst IP Addr(..):Port ", .addressCountryService,
            [.dstip, .dstgeo] + service, isAddress: true),
    ]

    private static let routing = [
        number("in", " Input", .inif, width: 6), number("out", "Output", .outif, width: 6),
        number("sas", "Src AS", .srcas, width: 6), number("das", "Dst AS", .dstas, width: 6),
        FlowTag("sc", "SC", .country, [.srcgeo]), FlowTag("dc", "DC", .country, [.dstgeo]),
        number("nas", "Next AS", .nextas, width: 6, lead: 1),
        number("pas", "Prev AS", .prevas, width: 6, lead: 1),
        FlowTag("nh", "     Next-hop IP", .address, [.nexthop], isAddress: true),
        FlowTag("nhb", " BGP next-hop IP", .address, [.bgpnexthop], isAddress: true),
        FlowTag("ra", "       Router IP", .address, [.exporter], isAddress: true),
        FlowTag("dir", "Dir", .direction, [.direction]),
        number("fwd", "Fwd", .fwdstatus, width: 3), number("end", "End", .endreason, width: 3),
        number("vrf", "  I-VRF-ID", .invrf, width: 10),
        number("ivrf", "  I-VRF-ID", .invrf, width: 10),
        number("evrf", "  E-VRF-ID", .outvrf, width: 10),
        FlowTag("odid", "obsDomainID", .domain, [.domain]),
        FlowTag("eng", " engine", .engine, [.domain]),
    ]

    private static let labels =
        [
            number("svln", "SVlan", .srcvlan, width: 5),
            number("dvln", "DVlan", .dstvlan, width: 5),
            FlowTag("ismc", "  In src MAC Addr", .mac, [.srcmac]),
            FlowTag("odmc", " Out dst MAC Addr", .mac, [.dstmac]),
            FlowTag("idmc", "  In dst MAC Addr", .mac, [.dstmac]),
            FlowTag("osmc", " Out src MAC Addr", .mac, [.srcmac]),
        ]
        + (1...10).map {
            FlowTag("mpls\($0)", " MPLS lbl \($0)" + ($0 < 10 ? " " : ""), .labels, [.mpls($0)])
        } + [FlowTag("mpls", allLabelsHead, .labels, (1...10).map { .mpls($0) })]

    private static let allLabelsHead =
        String(repeating: " ", count: 47) + "MPLS labels 1-10" + String(repeating: " ", count: 67)

    private static let translation =
        [
            FlowTag("evt", "   Event", .event, [.event, .natevent])
        ]
        + ["x", "n"].flatMap { letter in
            [
                FlowTag("\(letter)sa", "   X-late Src IP", .address, [.natsrcip]),
                FlowTag("\(letter)da", "   X-late Dst IP", .address, [.natdstip]),
                FlowTag(
                    "\(letter)sap", "   X-Src IP Addr:Port ", .addressPort,
                    [.natsrcip, .natsrcport], isAddress: true),
                FlowTag(
                    "\(letter)dap", "   X-Dst IP Addr:Port ", .addressPort,
                    [.natdstip, .natdstport], isAddress: true),
                number("\(letter)sp", "XsPort", .natsrcport, width: 6),
                number("\(letter)dp", "XdPort", .natdstport, width: 6),
            ]
        }

    private static let other = [
        FlowTag("ttl", "min/maxTTL", .numbers, [.minttl, .maxttl]),
        number("minttl", "minTTL", .minttl, width: 6),
        number("maxttl", "maxTTL", .maxttl, width: 6),
        FlowTag("cnt", "Count", .ordinal, []),
        FlowTag("n", "", .newline, []),
    ]
}
