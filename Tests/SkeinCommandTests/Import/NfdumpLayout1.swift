/// Writes files of nfdump 1.6 (layout 1): no program of Debian's does any more, and its nfdump 1.7
/// still reads them.
struct NfdumpLayout1 {
    var records: [UInt8] = []
    var recordCount: UInt32 = 0
    var flows: UInt64 = 0
    var ident = "old"

    /// What the extensions of ``addFlow(_:type:isIPv6:isWide:extensions:)`` hold, by their numbers.
    static func octets(of type: UInt16) -> [UInt8] {
        switch type {
        case 4: number(UInt16(3)) + number(UInt16(4))
        case 5: number(UInt32(70_003)) + number(UInt32(70_004))
        case 6: number(UInt16(64500)) + number(UInt16(64501))
        case 7: number(UInt32(4_200_000_001)) + number(UInt32(4_200_000_002))
        case 8: [8, 1, 24, 16]
        case 9: number(UInt32(0x0a00_00fe))
        case 10: address(0xfe)
        case 11: number(UInt32(0x0a00_00fd))
        case 12: address(0xfd)
        case 13: number(UInt16(100)) + number(UInt16(200))
        case 14: number(UInt32(77))
        case 15: number(UInt64(78))
        case 16: number(UInt32(7700))
        case 17: number(UInt64(7800))
        case 18: number(UInt32(2))
        case 19: number(UInt64(3))
        case 20: number(UInt64(0x0200_0000_0001)) + number(UInt64(0x0200_0000_0002))
        case 21: number(UInt64(0x0200_0000_0003)) + number(UInt64(0x0200_0000_0004))
        case 22: (1...10).flatMap { number(UInt32($0 << 4)) }
        case 23: number(UInt32(0xc000_0201))
        case 24: address(0x201)
        case 25: [0, 0, 1, 2]
        case 26: number(UInt32(64510)) + number(UInt32(64511))
        case 27: number(UInt64(1_562_841_100_123))
        case 37:
            number(UInt64(1_562_841_000_500)) + number(UInt32(99)) + [0, 0, 2, 0]
                + number(UInt16(1015)) + [0, 0]
        case 38: number(UInt16(1024)) + number(UInt16(8443))
        case 39: number(UInt32(0xcb00_7101)) + number(UInt32(0xcb00_7102))
        case 40: address(0x301) + address(0x302)
        case 41: [UInt8](1...24)
        case 42: Array("alice".utf8) + [UInt8](repeating: 0, count: 19)
        case 45: number(UInt64(1500)) + number(UInt64(2_000_001)) + number(UInt64(3))
        case 46: [1, 0, 0, 0] + number(UInt32(11)) + number(UInt32(12))
        case 48: [1024, 2047, 1, 1024].flatMap { number(UInt16($0)) }
        default: []
        }
    }

    /// Adds a map of extensions.
    mutating func addMap(_ id: UInt16, _ extensions: [UInt16]) {
        let size = extensions.reduce(0) { $0 + Self.octets(of: $1).count }
        var body = Self.number(id) + Self.number(UInt16(size))
        for type in extensions + [0] { body += Self.number(type) }
        // Records are multiples of four.
        if body.count % 4 != 0 { body += [0, 0] }
        add(2, body)
    }

    /// Adds an exporter.
    mutating func addExporter(_ id: UInt16, v4: UInt32, domain: UInt32) {
        let address = Self.number(UInt64(0)) + Self.number(UInt64(v4))
        add(
            7,
            Self.number(UInt32(9)) + address + Self.number(UInt16(2)) + Self.number(id)
                + Self.number(domain))
    }

    /// Adds a flow with all that its map says.
    mutating func addFlow(
        _ map: UInt16, type: UInt16 = 10, isIPv6: Bool = false, isWide: Bool = false,
        exporter: UInt16 = 0, proto: UInt8 = 6, flags more: UInt8 = 0, extensions: [UInt16]
    ) {
        let flags = (isIPv6 ? 1 : 0) | (isWide ? 6 : 0) | more
        var body: [UInt8] = [flags, 9] + Self.number(map)
        body += Self.number(UInt16(236)) + Self.number(UInt16(7))
        body += Self.number(UInt32(1_562_841_000)) + Self.number(UInt32(1_562_841_060))
        body += [64, 0x1b, proto, 16] + Self.number(UInt16(40_000)) + Self.number(UInt16(2048))
        if type == 10 { body += Self.number(exporter) + [0, 0] }
        if isIPv6 {
            body += Self.address(1) + Self.address(2)
        } else {
            body += Self.number(UInt32(0x0a00_0001)) + Self.number(UInt32(0xc633_6407))
        }
        for counter in [10, 1000] {
            body += isWide ? Self.number(UInt64(counter) << 33) : Self.number(UInt32(counter))
        }
        for type in extensions { body += Self.octets(of: type) }
        add(type, body)
        flows += 1
    }

    /// Adds a record of any type.
    mutating func add(_ type: UInt16, _ body: [UInt8]) {
        records += Self.number(type) + Self.number(UInt16(4 + body.count)) + body
        recordCount += 1
    }

    /// The file.
    var octets: [UInt8] {
        var name = Array(ident.utf8)
        name += [UInt8](repeating: 0, count: 128 - name.count)
        let header =
            Self.number(UInt16(0xa50c)) + Self.number(UInt16(1)) + Self.number(UInt32(0))
            + Self.number(UInt32(1)) + name
        let statistics =
            Self.number(flows) + [UInt8](repeating: 0, count: 124) + Self.number(UInt32(3))
        let block =
            Self.number(recordCount) + Self.number(UInt32(records.count))
            + Self.number(UInt16(2)) + Self.number(UInt16(0))
        return header + statistics + block + records
    }

    /// 2001:db8::`last` as two numbers of the machine's byte order.
    private static func address(_ last: UInt64) -> [UInt8] {
        number(UInt64(0x2001_0db8_0000_0000)) + number(last)
    }

    private static func number<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
