extension Field {
    /// The vocabulary, in the order of the column numbers.
    ///
    /// `docs/fields.md` is made from it.
    public static let table: [FieldInfo] = [
        row(
            .start, "start", .u64, .instant, "150, 152, 154, 156, 158, 22, 323",
            "first packet of the flow"),
        row(
            .end, "end", .u64, .instant, "151, 153, 155, 157, 159, 21, 323",
            "last packet of the flow"),
        row(
            .received, "received", .u64, .instant, "",
            "when the record arrived; on import the capture's time", dense: true),
        row(
            .srcip, "srcip", .address, .address, "8, 27",
            "source address; of several headers the innermost"),
        row(
            .dstip, "dstip", .address, .address, "12, 28",
            "destination address; of several headers the innermost"),
        row(.srcport, "srcport", .u16, .port, "7, 180, 182", "source port", dense: true),
        row(.dstport, "dstport", .u16, .port, "11, 181, 183", "destination port", dense: true),
        row(.proto, "proto", .u8, .transportProtocol, "4", "IP protocol number", dense: true),
        row(.flags, "flags", .u8, .tcpFlags, "6", "union of the TCP flags"),
        row(.tos, "tos", .u8, .number, "5", "IP type of service or IPv6 traffic class"),
        row(.packets, "packets", .u64, .counter, "2, 86, 298", "packets, forward", dense: true),
        row(.bytes, "bytes", .u64, .counter, "1, 85, 231", "octets, forward", dense: true),
        row(.rpackets, "rpackets", .u64, .counter, "29305/2, 29305/86, 299", "packets, reverse"),
        row(.rbytes, "rbytes", .u64, .counter, "29305/1, 29305/85, 232", "octets, reverse"),
        row(
            .flows, "flows", .u64, .number, "3",
            "flows that the record stands for; answers count records"),
        row(.inif, "inif", .u32, .number, "10, 252", "SNMP index of the ingress interface"),
        row(.outif, "outif", .u32, .number, "14, 253", "SNMP index of the egress interface"),
        row(.srcas, "srcas", .u32, .autonomousSystem, "16", "BGP source AS number"),
        row(.dstas, "dstas", .u32, .autonomousSystem, "17", "BGP destination AS number"),
        row(.srcmask, "srcmask", .u8, .number, "9, 29", "length of the source's route prefix"),
        row(
            .dstmask, "dstmask", .u8, .number, "13, 30", "length of the destination's route prefix"),
        row(.nexthop, "nexthop", .address, .address, "15, 62", "next hop"),
        row(.bgpnexthop, "bgpnexthop", .address, .address, "18, 63", "BGP next hop"),
        row(.srcvlan, "srcvlan", .u16, .number, "58, 243", "VLAN on ingress"),
        row(.dstvlan, "dstvlan", .u16, .number, "59, 254", "VLAN on egress"),
        row(.direction, "direction", .u8, .number, "61", "0 ingress, 1 egress"),
        row(.icmptype, "icmptype", .u8, .number, "32, 139, 176, 178", "ICMP or ICMPv6 type"),
        row(.icmpcode, "icmpcode", .u8, .number, "32, 139, 177, 179", "ICMP or ICMPv6 code"),
        row(
            .exporter, "exporter", .address, .address, "130, 131", "the exporter's address",
            dense: true),
        row(
            .domain, "domain", .u32, .number, "",
            "observation domain; v9 source id; v5 engine; sFlow sub-agent"),
        row(.samplerid, "samplerid", .u64, .number, "48, 302", "the sampler that the record names"),
        row(
            .sampling, "sampling", .u32, .number, "34, 50, 305+306, 309+310",
            "1 in N packets; 0: the sampler's rate has not been seen"),
        row(
            .natsrcip, "natsrcip", .address, .address, "225, 281",
            "source address after translation"),
        row(
            .natdstip, "natdstip", .address, .address, "226, 282",
            "destination address after translation"),
        row(.natsrcport, "natsrcport", .u16, .port, "227", "source port after translation"),
        row(.natdstport, "natdstport", .u16, .port, "228", "destination port after translation"),
        row(.event, "event", .u8, .number, "233, 230", "firewall event, else NAT event"),
        row(.natevent, "natevent", .u8, .number, "230", "NAT event"),
        row(.srcmac, "srcmac", .u64, .mac, "56, 81", "source MAC address"),
        row(.dstmac, "dstmac", .u64, .mac, "80, 57", "destination MAC address"),
        row(
            .tunsrcip, "tunsrcip", .address, .address, "8, 27 (outer)",
            "source address of the outer header"),
        row(
            .tundstip, "tundstip", .address, .address, "12, 28 (outer)",
            "destination address of the outer header"),
        row(
            .tunproto, "tunproto", .u8, .transportProtocol, "4 (outer)",
            "IP protocol of the outer header"),
        row(.minttl, "minttl", .u8, .number, "52, 192", "lowest TTL or hop limit"),
        row(.maxttl, "maxttl", .u8, .number, "53, 192", "highest TTL or hop limit"),
        row(.fwdstatus, "fwdstatus", .u8, .number, "89", "forwarding status"),
        row(.endreason, "endreason", .u8, .number, "136", "why the flow ended"),
        row(.invrf, "invrf", .u32, .number, "234", "VRF on ingress"),
        row(.outvrf, "outvrf", .u32, .number, "235", "VRF on egress"),
        row(.ethertype, "ethertype", .u16, .number, "256", "EtherType of the frame"),
        row(
            .prevas, "prevas", .u32, .autonomousSystem, "129",
            "AS number of the neighbour towards the source"),
        row(
            .nextas, "nextas", .u32, .autonomousSystem, "128",
            "AS number of the neighbour towards the destination"),
        row(
            .mpls(1), "mpls1", .u32, .number, "70",
            "top MPLS label entry: label × 16 + EXP × 2 + bottom of stack"),
        row(.mpls(2), "mpls2", .u32, .number, "71", "second MPLS label entry"),
        row(.mpls(3), "mpls3", .u32, .number, "72", "third MPLS label entry"),
        row(.mpls(4), "mpls4", .u32, .number, "73", "fourth MPLS label entry"),
        row(.mpls(5), "mpls5", .u32, .number, "74", "fifth MPLS label entry"),
        row(.mpls(6), "mpls6", .u32, .number, "75", "sixth MPLS label entry"),
        row(.mpls(7), "mpls7", .u32, .number, "76", "seventh MPLS label entry"),
        row(.mpls(8), "mpls8", .u32, .number, "77", "eighth MPLS label entry"),
        row(.mpls(9), "mpls9", .u32, .number, "78", "ninth MPLS label entry"),
        row(.mpls(10), "mpls10", .u32, .number, "79", "tenth MPLS label entry"),
        row(.discard, "discard", .u16, .number, "", "why an sFlow agent discarded the packet"),
        row(.dsttos, "dsttos", .u8, .number, "55", "type of service on egress"),
        row(
            .other, "other", .elements, .elements, "any",
            "elements without a column of their own, by name"),
        row(
            .srcgeo, "srcgeo", .u16, .country, "",
            "country of the source address as of the flow's arrival; `ZZ`: no public address"),
        row(
            .dstgeo, "dstgeo", .u16, .country, "",
            "country of the destination address; `ZZ`: no public address"),
    ]

    /// Words that are no columns: they are derived from columns when they are asked for.
    ///
    /// Their numbers follow each other from 256 on, and are on no disk.
    public static let derived: [FieldInfo] = [
        row(
            .service, "service", .u32, .service, "",
            "protocol and lower port: the service's, with few exceptions; `tcp/443`", dense: true)
    ]

    /// Numbers of columns and of ``derived`` run to this.
    public static let lastOfAll = 256

    /// Column numbers run from 1 to this.
    public static let lastNumber = 67

    /// The table's row of this field; nil for a number that this build does not know.
    public var info: FieldInfo? {
        if rawValue >= 256 {
            let index = Int(rawValue) - 256
            return Self.derived.indices.contains(index) ? Self.derived[index] : nil
        }
        let index = Int(rawValue) - 1
        return Self.table.indices.contains(index) ? Self.table[index] : nil
    }

    /// The field's name, `column 99` for an unknown number.
    public var name: String { info?.name ?? "column \(rawValue)" }

    /// Whether every row has a value; see ``FieldInfo/isDense``.
    public var isDense: Bool { info?.isDense ?? false }

    /// How the field is stored; nil for an unknown number.
    public var storage: FieldStorage? { info?.storage }

    /// The field of that name, case ignored.
    public init?(name: String) {
        guard let field = Self.byName[name.lowercased()] else { return nil }
        self = field
    }

    private static let byName = Dictionary(
        uniqueKeysWithValues: (table + derived).map { ($0.name, $0.field) })

    private static func row(
        _ field: Field, _ name: String, _ storage: FieldStorage, _ meaning: FieldMeaning,
        _ source: String, _ summary: String, dense: Bool = false
    ) -> FieldInfo {
        FieldInfo(
            field: field, name: name, storage: storage, meaning: meaning,
            isDense: dense, source: source, summary: summary)
    }
}
