import FlowModel

/// What a column of a CSV file is, and how its cells are read.
struct CSVColumn {
    enum Reading {
        case number(max: UInt64)
        case instant
        /// Seconds with a fraction, or whole milliseconds: the end, where there is none.
        case duration
        case address
        /// A number or a name.
        case transportProtocol
        /// A number, or type and code of ICMP with a point between.
        case port
        /// A number or letters.
        case flags
        case mac
        /// A number, or label, EXP and bottom of stack with `-` between.
        case label
        /// Two letters; `..`, `--`, `-` and `??` say that the country is not known.
        case country
        case ignored
    }

    var reading: Reading
    var field: Field
    /// Of two columns for one field this one counts where the other has nothing.
    var isSecondChoice = false
    /// Whether zero is what nfdump prints for what is not there.
    var isNoneWhenZero = false
}

/// The columns of a CSV file, from its first line or from the user's map.
struct CSVColumns {
    /// Columns at most; lines with more are no flows.
    static let columnsMax = 4096

    /// One for each column as far as any is used.
    private(set) var columns: [CSVColumn] = []

    /// - Parameter headers: the cells of the first line; nil where it is a flow already.
    init(_ options: CSVOptions, headers: [String]?) throws(CSVError) {
        columns = (headers ?? []).map { Self.column(of: $0) ?? Self.ignored }
        for (name, source) in options.columns {
            guard let column = Self.column(of: name), column.isUsed else {
                throw .fieldUnknown(name)
            }
            let index: Int
            switch source {
            case .number(let number):
                guard (1...Self.columnsMax).contains(number) else { throw .numberInvalid(number) }
                index = number - 1
            case .header(let word):
                guard let found = headers?.firstIndex(of: word) else {
                    throw .headerMissing(word, has: headers ?? [])
                }
                index = found
            }
            // What the user says is the only column of its field.
            for other in columns.indices where columns[other].field == column.field {
                columns[other] = Self.ignored
            }
            while columns.count <= index { columns.append(Self.ignored) }
            columns[index] = column
        }
        guard columns.contains(where: \.isUsed) else { throw .noColumns(has: headers ?? []) }
        dropRepeated()
    }

    /// A field that several columns have is the first one's, but for second choices.
    private mutating func dropRepeated() {
        var seen: Set<Field> = []
        for index in columns.indices where columns[index].isUsed && !columns[index].isSecondChoice {
            if case .duration = columns[index].reading { continue }
            if !seen.insert(columns[index].field).inserted { columns[index] = Self.ignored }
        }
    }

    private static let ignored = CSVColumn(reading: .ignored, field: .start)

    /// What a header stands for: a field of the vocabulary, or a name in nfdump's CSV.
    static func column(of header: String) -> CSVColumn? {
        let name = header.lowercased()
        switch name {
        case "td", "duration": return CSVColumn(reading: .duration, field: .end)
        case "odmc", "outdstmac":
            return CSVColumn(reading: .mac, field: .dstmac, isSecondChoice: true)
        case "osmc", "outsrcmac":
            return CSVColumn(reading: .mac, field: .srcmac, isSecondChoice: true)
        default: break
        }
        guard let field = Field(name: synonyms[name] ?? name), let info = field.info else {
            return nil
        }
        guard let reading = reading(info) else { return nil }
        var column = CSVColumn(reading: reading, field: field)
        column.isNoneWhenZero = synonyms[name] != nil && printedAsZero.contains(field)
        return column
    }

    private static func reading(_ info: FieldInfo) -> CSVColumn.Reading? {
        switch info.meaning {
        case .instant: return .instant
        case .address: return .address
        case .transportProtocol: return .transportProtocol
        case .port: return .port
        case .tcpFlags: return .flags
        case .mac: return .mac
        case .country: return .country
        case .elements: return nil
        default:
            if (1...10).contains(where: { Field.mpls($0) == info.field }) { return .label }
            let bits = 8 * info.storage.width
            return .number(max: bits >= 64 ? .max : 1 << UInt64(bits) - 1)
        }
    }

    /// What few flows have and nfdump prints of all.
    private static let printedAsZero: Set<Field> = [
        .nexthop, .bgpnexthop, .natsrcip, .natdstip, .rpackets, .rbytes, .fwdstatus,
    ]

    /// The headers of nfdump 1.7.1's CSV, and of 1.7.8's.
    private static let synonyms: [String: String] = {
        var names = [
            "ts": "start", "firstseen": "start", "te": "end", "lastseen": "end", "tr": "received",
            "sa": "srcip", "srcaddr": "srcip", "da": "dstip", "dstaddr": "dstip", "sp": "srcport",
            "dp": "dstport", "pr": "proto", "flg": "flags", "fwd": "fwdstatus", "stos": "tos",
            "srctos": "tos", "dtos": "dsttos", "ipkt": "packets", "inpackets": "packets",
            "ibyt": "bytes", "inbytes": "bytes", "opkt": "rpackets", "outpackets": "rpackets",
            "obyt": "rbytes", "outbytes": "rbytes", "fl": "flows", "in": "inif", "input": "inif",
            "out": "outif", "output": "outif", "sas": "srcas", "das": "dstas", "smk": "srcmask",
            "dmk": "dstmask", "dir": "direction", "nh": "nexthop", "nextip": "nexthop",
            "nhb": "bgpnexthop", "bgpnextip": "bgpnexthop", "svln": "srcvlan", "dvln": "dstvlan",
            "ismc": "srcmac", "insrcmac": "srcmac", "idmc": "dstmac", "indstmac": "dstmac",
            "ra": "exporter", "routerip": "exporter", "srcxip": "natsrcip", "dstxip": "natdstip",
            "srcxport": "natsrcport", "dstxport": "natdstport", "ingressvrfid": "invrf",
            "egressvrfid": "outvrf", "nas": "nextas", "pas": "prevas",
        ]
        for depth in 1...10 { names["mplslabel\(depth)"] = "mpls\(depth)" }
        return names
    }()
}

extension CSVColumn {
    var isUsed: Bool { if case .ignored = reading { false } else { true } }
}
