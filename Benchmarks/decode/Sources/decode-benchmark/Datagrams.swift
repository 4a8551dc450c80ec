/// Export datagrams from memory, and what the records in them add up to.
struct Datagrams {
    var payloads: [[UInt8]] = []
    var records = 0
    var octets: UInt64 = 0
    var packets: UInt64 = 0
    var ports: UInt64 = 0

    private var random = SplitMix(state: 7)

    /// NetFlow v5, 29 records a datagram.
    static func netflow5(count: Int) -> Datagrams {
        var all = Datagrams()
        for index in 0..<count {
            let number = 29
            var bytes: [UInt8] = []
            bytes.append(5, 2)
            bytes.append(UInt64(number), 2)
            bytes.append(3_600_000, 4)
            bytes.append(1_700_000_000, 4)
            bytes.append(0, 4)
            bytes.append(UInt64(index * number), 4)
            bytes.append(0, 4)
            for _ in 0..<number {
                all.appendRandom(14, to: &bytes)  // addresses, next hop, input
                all.appendRandom(2, to: &bytes)
                all.packets += all.append(16, 4, to: &bytes)
                all.octets += all.append(20, 4, to: &bytes)
                bytes.append(3_500_000, 4)
                bytes.append(3_550_000, 4)
                all.ports += all.append(16, 2, to: &bytes)
                all.ports += all.append(16, 2, to: &bytes)
                bytes += [0, 0x1b, 6, 0]
                all.appendRandom(4, to: &bytes)
                bytes += [24, 16, 0, 0]
            }
            all.records += number
            all.payloads.append(bytes)
        }
        return all
    }

    /// Elements and octets of the IPFIX records: 24 fields, the addresses first.
    private static func fields(isV6: Bool) -> [(id: UInt64, length: UInt64)] {
        let addresses: [(UInt64, UInt64)] =
            isV6 ? [(27, 16), (28, 16), (62, 16)] : [(8, 4), (12, 4), (15, 4)]
        let rest: [(UInt64, UInt64)] = [
            (10, 4), (14, 4), (2, 8), (1, 8), (152, 8), (153, 8), (7, 2), (11, 2), (4, 1), (6, 2),
            (5, 1), (16, 4), (17, 4), (isV6 ? 29 : 9, 1), (isV6 ? 30 : 13, 1), (58, 2), (59, 2),
            (61, 1), (136, 1), (256, 2), (234, 4),
        ]
        return (addresses + rest).map { (id: $0.0, length: $0.1) }
    }

    /// IPFIX datagrams of up to 1,400 octets; the first has the templates, every fourth is IPv6.
    static func ipfix(count: Int) -> Datagrams {
        var all = Datagrams()
        var templates: [UInt8] = []
        for (id, isV6) in [(UInt64(256), false), (257, true)] {
            let fields = Self.fields(isV6: isV6)
            templates.append(id, 2)
            templates.append(UInt64(fields.count), 2)
            for field in fields {
                templates.append(field.id, 2)
                templates.append(field.length, 2)
            }
        }
        all.payloads.append(message(set: 2, templates, sequence: 0))
        for index in 0..<count {
            let isV6 = index % 4 == 3
            let fields = Self.fields(isV6: isV6)
            let length = Int(fields.reduce(0) { $0 + $1.length })
            let number = 1380 / length
            var records: [UInt8] = []
            let first = all.records
            for _ in 0..<number {
                for field in fields {
                    switch field.id {
                    case 1: all.octets += all.append(20, 8, to: &records)
                    case 2: all.packets += all.append(16, 8, to: &records)
                    case 4: records.append(6)
                    case 7, 11: all.ports += all.append(16, 2, to: &records)
                    case 152: records.append(1_699_999_999_000, 8)
                    case 153: records.append(1_700_000_000_000, 8)
                    default: all.appendRandom(Int(field.length), to: &records)
                    }
                }
            }
            all.records += number
            all.payloads.append(message(set: isV6 ? 257 : 256, records, sequence: first))
        }
        return all
    }

    /// IPFIX datagrams whose records vary in length and have elements without a column.
    static func variable(count: Int) -> Datagrams {
        var all = Datagrams()
        let fields: [(id: UInt64, length: UInt64)] = [
            (8, 4), (12, 4), (7, 2), (11, 2), (4, 1), (1, 8), (2, 8), (152, 8), (153, 8), (60, 1),
            (82, 65535), (96, 65535),
        ]
        var template: [UInt8] = []
        template.append(256, 2)
        template.append(UInt64(fields.count), 2)
        for field in fields {
            template.append(field.id, 2)
            template.append(field.length, 2)
        }
        all.payloads.append(message(set: 2, template, sequence: 0))
        for _ in 0..<count {
            let first = all.records
            var records: [UInt8] = []
            while records.count < 1300 {
                all.appendRandom(8, to: &records)
                all.ports += all.append(16, 2, to: &records)
                all.ports += all.append(16, 2, to: &records)
                records.append(6)
                all.octets += all.append(20, 8, to: &records)
                all.packets += all.append(16, 8, to: &records)
                records.append(1_699_999_999_000, 8)
                records.append(1_700_000_000_000, 8)
                records += [4, 4] + Array("eth0".utf8)
                let length = Int(all.random.next() & 15)
                records.append(UInt8(length))
                all.appendRandom(length, to: &records)
                all.records += 1
            }
            all.payloads.append(message(set: 256, records, sequence: first))
        }
        return all
    }

    private static func message(set: UInt64, _ content: [UInt8], sequence: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.append(10, 2)
        bytes.append(UInt64(20 + content.count), 2)
        bytes.append(1_700_000_000, 4)
        bytes.append(UInt64(sequence), 4)
        bytes.append(1, 4)
        bytes.append(set, 2)
        bytes.append(UInt64(4 + content.count), 2)
        return bytes + content
    }

    /// Appends a random number of `bits` bits in `octets` octets; answers it.
    private mutating func append(_ bits: UInt64, _ octets: Int, to bytes: inout [UInt8]) -> UInt64 {
        let value = random.next() & (1 << bits - 1)
        bytes.append(value, octets)
        return value
    }

    private mutating func appendRandom(_ count: Int, to bytes: inout [UInt8]) {
        for _ in 0..<count { bytes.append(UInt8(truncatingIfNeeded: random.next())) }
    }
}

private struct SplitMix {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}

extension [UInt8] {
    fileprivate mutating func append(_ value: UInt64, _ octets: Int) {
        for index in (0..<octets).reversed() {
            append(UInt8(truncatingIfNeeded: value >> UInt64(8 * index)))
        }
    }
}
