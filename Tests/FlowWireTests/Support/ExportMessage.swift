/// Builds export messages octet by octet.
struct ExportMessage {
    var bytes: [UInt8]
    private let isIPFIX: Bool

    /// An IPFIX message; its length is kept right as sets are added.
    static func ipfix(
        seconds: UInt64 = 1_700_000_000, sequence: UInt64 = 0, domain: UInt64 = 1
    )
        -> ExportMessage
    {
        var bytes: [UInt8] = []
        bytes.put(10, 2)
        bytes.put(16, 2)
        bytes.put(seconds, 4)
        bytes.put(sequence, 4)
        bytes.put(domain, 4)
        return ExportMessage(bytes: bytes, isIPFIX: true)
    }

    /// A NetFlow v9 message.
    static func v9(
        count: UInt64 = 1, uptime: UInt64 = 3_600_000, seconds: UInt64 = 1_700_000_000,
        sequence: UInt64 = 0, domain: UInt64 = 1
    ) -> ExportMessage {
        var bytes: [UInt8] = []
        bytes.put(9, 2)
        bytes.put(count, 2)
        bytes.put(uptime, 4)
        bytes.put(seconds, 4)
        bytes.put(sequence, 4)
        bytes.put(domain, 4)
        return ExportMessage(bytes: bytes, isIPFIX: false)
    }

    /// A NetFlow v5 datagram of `records` flows of 100 octets each.
    static func v5(
        records: Int, count: UInt64? = nil, uptime: UInt64 = 3_600_000, sequence: UInt64 = 0,
        first: UInt64 = 3_599_000, engine: UInt64 = 0, sampling: UInt64 = 0
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.put(5, 2)
        bytes.put(count ?? UInt64(records), 2)
        bytes.put(uptime, 4)
        bytes.put(1_700_000_000, 4)
        bytes.put(0, 4)
        bytes.put(sequence, 4)
        bytes.put(engine, 2)
        bytes.put(sampling, 2)
        for _ in 0..<records {
            bytes.put(0x0a00_0001, 4)
            bytes.put(0x0a00_0002, 4)
            bytes.put(0, 4)
            bytes.put(1, 2)
            bytes.put(2, 2)
            bytes.put(1, 4)
            bytes.put(100, 4)
            bytes.put(first, 4)
            bytes.put(first + 500, 4)
            bytes.put(1234, 2)
            bytes.put(443, 2)
            bytes += [0, 0x1b, 6, 0]
            bytes.put(64500, 2)
            bytes.put(64501, 2)
            bytes += [24, 16, 0, 0]
        }
        return bytes
    }

    /// With a set of these contents.
    func set(_ id: UInt64, _ content: [UInt8]) -> ExportMessage {
        var message = self
        message.bytes.put(id, 2)
        message.bytes.put(UInt64(4 + content.count), 2)
        message.bytes += content
        if isIPFIX {
            let length = message.bytes.count
            message.bytes[2] = UInt8(length >> 8)
            message.bytes[3] = UInt8(length & 255)
        }
        return message
    }

    /// With a template: (element, length) or (element, length, enterprise).
    func template(_ id: UInt64, _ fields: [Element]) -> ExportMessage {
        var content: [UInt8] = []
        content.put(id, 2)
        content.put(UInt64(fields.count), 2)
        for field in fields { field.put(to: &content) }
        return set(isIPFIX ? 2 : 0, content)
    }

    /// With an options template.
    func options(_ id: UInt64, scope: [Element], _ fields: [Element]) -> ExportMessage {
        var content: [UInt8] = []
        content.put(id, 2)
        if isIPFIX {
            content.put(UInt64(scope.count + fields.count), 2)
            content.put(UInt64(scope.count), 2)
        } else {
            content.put(UInt64(4 * scope.count), 2)
            content.put(UInt64(4 * fields.count), 2)
        }
        for field in scope + fields { field.put(to: &content) }
        return set(isIPFIX ? 3 : 1, content)
    }

    /// With a data set of one record: (value, octets) one behind another.
    func data(_ id: UInt64, _ values: [(UInt64, Int)]) -> ExportMessage {
        var content: [UInt8] = []
        for (value, octets) in values { content.put(value, octets) }
        return set(id, content)
    }

    struct Element {
        var id: UInt64
        var length: UInt64
        var enterprise: UInt64?

        func put(to bytes: inout [UInt8]) {
            bytes.put(enterprise == nil ? id : id | 0x8000, 2)
            bytes.put(length, 2)
            if let enterprise { bytes.put(enterprise, 4) }
        }
    }
}

/// A field of a template.
func field(_ id: UInt64, _ length: UInt64, enterprise: UInt64? = nil) -> ExportMessage.Element {
    ExportMessage.Element(id: id, length: length, enterprise: enterprise)
}

extension [UInt8] {
    /// Appends the lower `octets` octets of a number, in network order.
    mutating func put(_ value: UInt64, _ octets: Int) {
        for index in (0..<octets).reversed() {
            append(index < 8 ? UInt8(truncatingIfNeeded: value >> UInt64(8 * index)) : 0)
        }
    }
}
