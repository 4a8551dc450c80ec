import FlowModel

/// What a row has: rows with the same are records of one template.
struct IPFIXPattern: Hashable {
    /// The columns that have a value, by their numbers.
    var low: UInt64 = 0
    var high: UInt64 = 0
    /// The columns of these whose address is IPv6.
    var sixes: UInt64 = 0
    /// The protocol, as far as the template depends on it.
    var family = ICMPFamily.other
    /// Whether a destination port of 0 is left out: of ICMP, where readers would take it for type and
    /// code.
    var isPortless = false
    /// The layout of the elements without a column; 0 = none.
    var elements = 0

    /// Where type and code of ICMP go.
    enum ICMPFamily {
        case other
        case v4
        case v6
        /// ICMP said by the elements alone: the record has no protocol.
        case implied
    }

    func has(_ field: Field) -> Bool {
        let bit = UInt64(field.rawValue)
        return (bit < 64 ? low >> bit : high >> (bit & 63)) & 1 != 0
    }

    mutating func insert(_ field: Field) {
        let bit = UInt64(field.rawValue)
        if bit < 64 { low |= 1 << bit } else { high |= 1 << (bit & 63) }
    }

    /// Whether ICMP type and code go as one element, which more programs read than know the two.
    var sendsTypeAndCode: Bool { isPortless && has(.icmptype) && has(.icmpcode) }

    func isV6(_ field: Field) -> Bool { sixes >> UInt64(field.rawValue) & 1 != 0 }
}

/// A template and how its records are made of a batch's columns.
///
/// The elements are those that `FlowWire` reads into the same columns, so that what is exported comes
/// back the same.
struct IPFIXTemplate {
    /// A step of making a record.
    enum Step {
        case number(Field, octets: Int)
        case v4(Field)
        case v6(Field)
        /// ICMP type × 256 + code.
        case typeAndCode
    }

    let fields: [IPFIXField]
    /// The outer header's, before the elements without a column.
    let outer: [Step]
    /// What comes behind them.
    let steps: [Step]

    /// - Parameters:
    ///   - pattern: which columns there are.
    ///   - elements: those without a column, as they are to be sent.
    init(_ pattern: IPFIXPattern, elements: [OtherElement]) {
        var fields: [IPFIXField] = []
        var steps: [Step] = []
        func add(_ field: Field, _ id: UInt16, _ octets: Int, enterprise: UInt32 = 0) {
            fields.append(IPFIXField(id, UInt16(octets), enterprise: enterprise))
            steps.append(.number(field, octets: octets))
        }
        func add(_ field: Field, v4: UInt16, v6: UInt16, isV6: Bool) {
            fields.append(IPFIXField(isV6 ? v6 : v4, isV6 ? 16 : 4))
            steps.append(isV6 ? .v6(field) : .v4(field))
        }
        // The outer header comes first: of repeated elements the last is the flow's.
        if pattern.has(.tunsrcip) || pattern.has(.tundstip) {
            let isV6 = pattern.isV6(.tunsrcip) || pattern.isV6(.tundstip)
            add(.tunsrcip, v4: 8, v6: 27, isV6: isV6)
            add(.tundstip, v4: 12, v6: 28, isV6: isV6)
        }
        if pattern.has(.tunproto) { add(.tunproto, 4, 1) }
        outer = steps
        steps = []
        // What stands among the elements without a column was repeated further behind in the record.
        fields += elements.map { IPFIXField($0.id, $0.length, enterprise: $0.enterprise) }
        for (field, v4, v6) in Self.addresses where pattern.has(field) {
            add(field, v4: v4, v6: v6, isV6: pattern.isV6(field))
        }
        for (field, id, octets) in Self.numbers where pattern.has(field) {
            switch field {
            case .proto where pattern.family == .implied: continue
            case .dstport where pattern.isPortless: continue
            case .rpackets, .rbytes:
                add(field, id, octets, enterprise: IPFIXField.reverseEnterprise)
            case .icmptype where pattern.sendsTypeAndCode:
                fields.append(IPFIXField(pattern.family == .v6 ? 139 : 32, 2))
                steps.append(.typeAndCode)
            case .icmpcode where pattern.sendsTypeAndCode: continue
            case .icmptype: add(field, pattern.family == .v6 ? 178 : 176, 1)
            case .icmpcode: add(field, pattern.family == .v6 ? 179 : 177, 1)
            case .srcmask: add(field, pattern.isV6(.srcip) ? 29 : 9, 1)
            case .dstmask: add(field, pattern.isV6(.dstip) ? 30 : 13, 1)
            default: add(field, id, octets)
            }
        }
        self.steps = steps
        self.fields = fields
    }

    /// Columns of addresses: the element of IPv4, of IPv6.
    static let addresses: [(field: Field, v4: UInt16, v6: UInt16)] = [
        (.srcip, 8, 27), (.dstip, 12, 28), (.nexthop, 15, 62), (.bgpnexthop, 18, 63),
        (.exporter, 130, 131), (.natsrcip, 225, 281), (.natdstip, 226, 282),
    ]

    /// Columns of numbers: the element and its octets.
    static let numbers: [(field: Field, id: UInt16, octets: Int)] =
        [
            (.start, 152, 8), (.end, 153, 8), (.srcport, 7, 2), (.dstport, 11, 2), (.proto, 4, 1),
            (.flags, 6, 1), (.tos, 5, 1), (.packets, 2, 8), (.bytes, 1, 8), (.rpackets, 2, 8),
            (.rbytes, 1, 8), (.flows, 3, 8), (.inif, 10, 4), (.outif, 14, 4), (.srcas, 16, 4),
            (.dstas, 17, 4), (.srcmask, 9, 1), (.dstmask, 13, 1), (.srcvlan, 58, 2),
            (.dstvlan, 59, 2), (.direction, 61, 1), (.icmptype, 176, 1), (.icmpcode, 177, 1),
            (.samplerid, 302, 8), (.sampling, 34, 4), (.natsrcport, 227, 2), (.natdstport, 228, 2),
            (.event, 233, 1), (.natevent, 230, 1), (.srcmac, 56, 6), (.dstmac, 80, 6),
            (.minttl, 52, 1), (.maxttl, 53, 1), (.fwdstatus, 89, 1), (.endreason, 136, 1),
            (.invrf, 234, 4), (.outvrf, 235, 4), (.ethertype, 256, 2), (.prevas, 129, 4),
            (.nextas, 128, 4), (.dsttos, 55, 1),
        ] + (1...10).map { (.mpls($0), UInt16(69 + $0), 3) }

    /// Columns that no element stands for: ``Field/received`` and ``Field/domain`` are in the header of
    /// a message, ``Field/discard`` is only sFlow's, and countries are looked up anew.
    static let unsent: Set<Field> = [.received, .domain, .discard, .srcgeo, .dstgeo]

    /// The columns of a batch that a pattern looks at.
    static func isSent(_ field: Field) -> Bool { !unsent.contains(field) && field != .other }
}
