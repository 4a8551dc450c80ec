import FlowModel

/// A NetFlow v9 or IPFIX message under construction: a header, then sets, the last of them open.
struct ExportMessage: Sendable {
    /// The octets; those up to ``count`` are in use.
    var bytes = OctetBuffer(count: datagramBytesMax + 4)
    private(set) var count: Int
    /// Records of every kind, templates included.
    private(set) var records = 0
    private(set) var dataRecords = 0
    private let headerBytes: Int
    private var setStart = 0
    /// The open set; nil where none is.
    ///
    /// Number 0 is a set too, of v9's templates.
    private var setID: UInt16?

    init(headerBytes: Int) {
        self.headerBytes = headerBytes
        count = headerBytes
    }

    var isEmpty: Bool { records == 0 }

    /// Whether a record of `length` fits behind what there is.
    func hasRoom(for length: Int, in id: UInt16) -> Bool {
        // Padding of the set that is open and of the one that takes the record, and a set header.
        count + length + (id == setID ? 3 : 10) <= datagramBytesMax
    }

    /// Makes room for a record of `length` in set `id` and answers where it goes.
    mutating func place(record length: Int, in id: UInt16, isData: Bool = true) -> Int {
        if id != setID { open(id) }
        let place = count
        count += length
        records += 1
        if isData { dataRecords += 1 }
        return place
    }

    private mutating func open(_ id: UInt16) {
        closeSet()
        setID = id
        setStart = count
        put(id)
        put(UInt16(0))
    }

    /// Ends the open set: pads it to four octets (RFC 7011 §3.3.1) and writes its length.
    mutating func closeSet() {
        guard setID != nil else { return }
        while count % 4 != 0 { put(UInt8(0)) }
        let length = UInt16(count - setStart)
        var place = setStart + 2
        bytes.put(length, at: &place)
        setID = nil
    }

    private mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ value: Number) {
        bytes.put(value, at: &count)
    }

    /// Writes a template record: its number, its field count, each field.
    ///
    /// - Parameter scopes: how many of the fields are scopes; nil for a template of data.
    mutating func add(
        template id: UInt16, _ fields: [TemplateField], scopes: Int?, in set: UInt16,
        lengthsInOctets: Bool
    ) {
        let fieldBytes = fields.reduce(0) { $0 + $1.specifierBytes }
        var offset = place(
            record: (scopes == nil ? 4 : 6) + fieldBytes, in: set, isData: false)
        bytes.put(id, at: &offset)
        if let scopes {
            if lengthsInOctets {
                // RFC 3954 §6.1: the length of the scope fields, then of the options.
                bytes.put(UInt16(scopes * 4), at: &offset)
                bytes.put(UInt16((fields.count - scopes) * 4), at: &offset)
            } else {
                bytes.put(UInt16(fields.count), at: &offset)
                bytes.put(UInt16(scopes), at: &offset)
            }
        } else {
            bytes.put(UInt16(fields.count), at: &offset)
        }
        for field in fields {
            if field.enterprise == 0 {
                bytes.put(field.id, at: &offset)
                bytes.put(field.length, at: &offset)
            } else {
                bytes.put(0x8000 | field.id, at: &offset)
                bytes.put(field.length, at: &offset)
                bytes.put(field.enterprise, at: &offset)
            }
        }
    }

    /// Begins anew.
    mutating func reset() {
        count = headerBytes
        records = 0
        dataRecords = 0
        setID = nil
    }
}

/// A field of a template.
struct TemplateField: Sendable {
    var id: UInt16
    var length: UInt16
    /// Private enterprise number, 0 for IANA's elements.
    var enterprise: UInt32 = 0

    init(_ id: UInt16, _ length: UInt16, enterprise: UInt32 = 0) {
        self.id = id
        self.length = length
        self.enterprise = enterprise
    }

    var specifierBytes: Int { enterprise == 0 ? 4 : 8 }
}

extension [TemplateField] {
    /// Octets of a record of these fields.
    var recordBytes: Int { reduce(0) { $0 + Int($1.length) } }

    /// What v9 and IPFIX records have in common, in the order of ``storeCommon(_:to:at:)``.
    static func common(isV4: Bool) -> [TemplateField] {
        let addresses: [TemplateField] =
            isV4
            ? [.init(8, 4), .init(12, 4), .init(15, 4)]
            : [.init(27, 16), .init(28, 16), .init(62, 16)]
        return addresses + [
            .init(7, 2), .init(11, 2), .init(4, 1), .init(6, 1), .init(5, 1),
            .init(isV4 ? 32 : 139, 2), .init(10, 4), .init(14, 4), .init(16, 4), .init(17, 4),
            .init(58, 2), .init(59, 2), .init(isV4 ? 9 : 29, 1), .init(isV4 ? 13 : 30, 1),
            .init(52, 1), .init(53, 1), .init(61, 1), .init(2, 4), .init(1, 8),
        ]
    }
}

/// Stores the fields of `[TemplateField].common(isV4:)` and moves `offset` behind them.
func storeCommon(_ flow: GeneratedFlow, to out: inout OctetBuffer, at offset: inout Int) {
    if flow.isV4 {
        out.put(UInt32(truncatingIfNeeded: flow.source.low), at: &offset)
        out.put(UInt32(truncatingIfNeeded: flow.destination.low), at: &offset)
        out.put(UInt32(truncatingIfNeeded: flow.nextHop.low), at: &offset)
    } else {
        out.put(flow.source.high, at: &offset)
        out.put(flow.source.low, at: &offset)
        out.put(flow.destination.high, at: &offset)
        out.put(flow.destination.low, at: &offset)
        out.put(flow.nextHop.high, at: &offset)
        out.put(flow.nextHop.low, at: &offset)
    }
    out.put(flow.sourcePort, at: &offset)
    out.put(flow.destinationPort, at: &offset)
    out.put(flow.proto, at: &offset)
    out.put(flow.flags, at: &offset)
    out.put(flow.tos, at: &offset)
    out.put(flow.icmp, at: &offset)
    out.put(UInt32(flow.input), at: &offset)
    out.put(UInt32(flow.output), at: &offset)
    out.put(flow.sourceAS, at: &offset)
    out.put(flow.destinationAS, at: &offset)
    out.put(flow.sourceVLAN, at: &offset)
    out.put(flow.destinationVLAN, at: &offset)
    out.put(flow.sourceMask, at: &offset)
    out.put(flow.destinationMask, at: &offset)
    out.put(flow.ttl, at: &offset)
    out.put(flow.ttl, at: &offset)
    out.put(UInt8(0), at: &offset)  // direction: metered on ingress
    out.put(UInt32(clamping: flow.packets), at: &offset)
    out.put(flow.bytes, at: &offset)
}
