import FlowModel

/// How the octets of an element become a column's value.
enum FieldReading: Hashable {
    case number
    case address
    case milliseconds
    case seconds
    case ntp
    /// Microseconds before the export time.
    case beforeExport
    /// Milliseconds of system uptime.
    case uptime

    /// Whether a field of that length can be read so.
    func accepts(_ length: Int) -> Bool {
        switch self {
        case .address: length == 4 || length == 16
        case .ntp: length == 8
        default: (1...8).contains(length)
        }
    }
}

/// That an element can feed a column.
struct ElementClaim {
    var field: Field
    /// 0 = the element that the column is named for; higher = the next best.
    var rank: Int
    var reading: FieldReading
}

/// What to do where a template has several elements for one column.
enum ClaimPolicy {
    /// Only the best rank is used; the others are different quantities and go to `other`.
    case best
    /// All are used; the best that is not zero wins.
    case nonZero
    /// As `nonZero`, and a zero leaves the row as it is.
    case onlyNonZero
    /// The best rank, or the union of all of the next.
    case bestOrUnion
}

/// Which columns the elements feed: the code beside FlowModel's `Field.table`.
///
/// Addresses of the flow (8, 12, 27, 28), ICMP, packet sections and lists are not here: they need more
/// than one element, see ``RecordPlan``.
enum ElementClaims {
    static func policy(_ field: Field) -> ClaimPolicy {
        switch field {
        case .start, .end, .packets, .bytes, .rpackets, .rbytes, .event: .best
        case .exporter, .sampling: .onlyNonZero
        case .flags: .bestOrUnion
        default: .nonZero
        }
    }

    static func of(_ field: TemplateField, version: UInt16) -> [ElementClaim] {
        switch field.enterprise {
        case InformationElement.ianaEnterprise:
            if let claims = table[field.id] { return claims }
            return version == 9 ? netflow9Only[field.id] ?? [] : []
        case InformationElement.reverseEnterprise: return reverse[field.id] ?? []
        case InformationElement.certEnterprise: return cert[field.id] ?? []
        default: return []
        }
    }

    private static func one(
        _ field: Field, _ rank: Int = 0, _ reading: FieldReading = .number
    ) -> [ElementClaim] {
        [ElementClaim(field: field, rank: rank, reading: reading)]
    }

    private static func both(_ rank: Int, _ reading: FieldReading) -> [ElementClaim] {
        one(.start, rank, reading) + one(.end, rank, reading)
    }

    private static let table: [UInt16: [ElementClaim]] = {
        var table: [UInt16: [ElementClaim]] = [
            // Deltas before a biflow's counters before totals; they are never added up.
            1: one(.bytes), 231: one(.bytes, 1), 85: one(.bytes, 2),
            2: one(.packets), 298: one(.packets, 1), 86: one(.packets, 2),
            232: one(.rbytes, 1), 299: one(.rpackets, 1),
            3: one(.flows), 4: one(.proto), 5: one(.tos), 6: one(.flags),
            7: one(.srcport), 180: one(.srcport, 1), 182: one(.srcport, 1),
            11: one(.dstport), 181: one(.dstport, 1), 183: one(.dstport, 1),
            10: one(.inif), 252: one(.inif, 1), 14: one(.outif), 253: one(.outif, 1),
            16: one(.srcas), 17: one(.dstas), 128: one(.nextas), 129: one(.prevas),
            9: one(.srcmask), 29: one(.srcmask, 1), 13: one(.dstmask), 30: one(.dstmask, 1),
            15: one(.nexthop, 0, .address), 62: one(.nexthop, 1, .address),
            18: one(.bgpnexthop, 0, .address), 63: one(.bgpnexthop, 1, .address),
            58: one(.srcvlan), 243: one(.srcvlan, 1), 59: one(.dstvlan), 254: one(.dstvlan, 1),
            61: one(.direction), 55: one(.dsttos),
            130: one(.exporter, 0, .address), 131: one(.exporter, 1, .address),
            48: one(.samplerid), 302: one(.samplerid, 1),
            34: one(.sampling, 1), 50: one(.sampling),
            225: one(.natsrcip, 0, .address), 281: one(.natsrcip, 1, .address),
            226: one(.natdstip, 0, .address), 282: one(.natdstip, 1, .address),
            227: one(.natsrcport), 228: one(.natdstport),
            233: one(.event), 230: one(.natevent) + one(.event, 2),
            56: one(.srcmac), 81: one(.srcmac, 1), 80: one(.dstmac), 57: one(.dstmac, 1),
            52: one(.minttl), 53: one(.maxttl), 192: one(.minttl, 1) + one(.maxttl, 1),
            89: one(.fwdstatus), 136: one(.endreason), 234: one(.invrf), 235: one(.outvrf),
            256: one(.ethertype),
            152: one(.start, 0, .milliseconds), 153: one(.end, 0, .milliseconds),
            156: one(.start, 1, .ntp), 157: one(.end, 1, .ntp),
            154: one(.start, 2, .ntp), 155: one(.end, 2, .ntp),
            150: one(.start, 3, .seconds), 151: one(.end, 3, .seconds),
            158: one(.start, 4, .beforeExport), 159: one(.end, 4, .beforeExport),
            22: one(.start, 5, .uptime), 21: one(.end, 5, .uptime),
            323: both(6, .milliseconds), 325: both(7, .ntp), 324: both(8, .ntp),
            322: both(9, .seconds),
        ]
        for depth in 1...10 { table[UInt16(69 + depth)] = one(.mpls(depth)) }
        return table
    }()

    /// Field types of Cisco's ASA from before the IPFIX numbers existed.
    private static let netflow9Only: [UInt16: [ElementClaim]] = [
        40001: one(.natsrcip, 2, .address), 40002: one(.natdstip, 2, .address),
        40003: one(.natsrcport, 2), 40004: one(.natdstport, 2), 40005: one(.event, 1),
    ]

    private static let reverse: [UInt16: [ElementClaim]] = [
        1: one(.rbytes), 85: one(.rbytes, 2), 2: one(.rpackets), 86: one(.rpackets, 2),
    ]

    /// YAF's flags of the first packet, and of all others.
    private static let cert: [UInt16: [ElementClaim]] = [14: one(.flags, 1), 15: one(.flags, 1)]
}
