/// An element of a template (RFC 7011 §3.2).
struct IPFIXField: Hashable {
    /// Private enterprise number; 0 = IANA.
    var enterprise: UInt32
    /// Element number, below 32,768.
    var id: UInt16
    /// Octets of a value; 65535: each says its own.
    var length: UInt16

    init(_ id: UInt16, _ length: UInt16, enterprise: UInt32 = 0) {
        self.enterprise = enterprise
        self.id = id
        self.length = length
    }

    /// Elements of RFC 5103 §6.1: the reverse direction's.
    static let reverseEnterprise: UInt32 = 29_305
    /// The length that stands for "varies".
    static let variable: UInt16 = 65_535
}

/// An IPFIX message under construction (RFC 7011 §3): a header, then sets, the last of them open.
struct IPFIXMessage {
    /// The octets so far; the header is written by ``finish(exportTime:sequence:domain:)``.
    private(set) var octets: [UInt8] = []
    /// Records of data and of options.
    private(set) var records = 0
    private var set: (id: UInt16, start: Int)?

    private static let headerLength = 16
    /// A message says its length in sixteen bits.
    static let octetsMax = 65_535

    init() { reset() }

    var isEmpty: Bool { octets.count == Self.headerLength }

    /// Whether `count` octets fit into set `id` behind what there is, in `limit` octets.
    func hasRoom(for count: Int, in id: UInt16, limit: Int) -> Bool {
        octets.count + count + (set?.id == id ? 0 : 4) <= limit
    }

    /// Adds a record of data, or of options, in the template's set.
    mutating func add(record: [UInt8], in id: UInt16) {
        open(id)
        octets.append(contentsOf: record)
        records += 1
    }

    /// Adds a template of data, or with `scopes` one of options.
    mutating func add(template id: UInt16, _ fields: [IPFIXField], scopes: Int? = nil) {
        open(scopes == nil ? 2 : 3)
        octets.append(network: id)
        octets.append(network: UInt16(fields.count))
        if let scopes { octets.append(network: UInt16(scopes)) }
        for field in fields {
            octets.append(network: field.enterprise == 0 ? field.id : 0x8000 | field.id)
            octets.append(network: field.length)
            if field.enterprise != 0 { octets.append(network: field.enterprise) }
        }
    }

    /// Adds the withdrawal of all templates of data (RFC 7011 §8.1).
    mutating func addWithdrawal() {
        open(2)
        octets.append(network: UInt16(2))
        octets.append(network: UInt16(0))
    }

    /// Octets of a template in a message.
    static func octets(ofTemplate fields: [IPFIXField]) -> Int {
        fields.reduce(4) { $0 + ($1.enterprise == 0 ? 4 : 8) }
    }

    /// Writes the header and answers the message.
    mutating func finish(exportTime: UInt32, sequence: UInt32, domain: UInt32) -> [UInt8] {
        closeSet()
        var header: [UInt8] = []
        header.append(network: UInt16(10))
        header.append(network: UInt16(octets.count))
        header.append(network: exportTime)
        header.append(network: sequence)
        header.append(network: domain)
        octets.replaceSubrange(0..<Self.headerLength, with: header)
        return octets
    }

    /// Begins anew.
    mutating func reset() {
        octets.removeAll(keepingCapacity: true)
        octets.append(contentsOf: repeatElement(0, count: Self.headerLength))
        records = 0
        set = nil
    }

    private mutating func open(_ id: UInt16) {
        if let set, set.id == id { return }
        closeSet()
        set = (id, octets.count)
        octets.append(network: id)
        octets.append(network: UInt16(0))
    }

    private mutating func closeSet() {
        guard let set else { return }
        let length = octets.count - set.start
        octets[set.start + 2] = UInt8(truncatingIfNeeded: length >> 8)
        octets[set.start + 3] = UInt8(truncatingIfNeeded: length)
        self.set = nil
    }
}

extension [UInt8] {
    /// Appends a number in network byte order.
    @inline(__always)
    mutating func append<Number: FixedWidthInteger>(network value: Number) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }

    /// Appends the lowest `octets` octets of a number in network byte order.
    @inline(__always)
    mutating func append(network value: UInt64, octets: Int) {
        switch octets {
        case 1: append(UInt8(truncatingIfNeeded: value))
        case 2: append(network: UInt16(truncatingIfNeeded: value))
        case 4: append(network: UInt32(truncatingIfNeeded: value))
        case 8: append(network: value)
        default:
            for index in (0..<octets).reversed() {
                append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
            }
        }
    }
}
