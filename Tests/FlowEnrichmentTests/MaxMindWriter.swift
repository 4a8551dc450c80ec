/// Writes small databases in MaxMind's DB format, version 2, for tests.
struct MaxMindWriter {
    /// A value of the data section.
    indirect enum Value: Hashable {
        case text(String)
        case number(UInt32)
        case map([String: Value])
    }

    private enum Record {
        case node(Int)
        case nothing
        case data(Int)
    }

    private var nodes: [[Record]] = [[.nothing, .nothing]]
    private var data: [UInt8] = []
    private var places: [Value: Int] = [:]
    private let bits: Int

    /// - Parameter version: of IP.
    init(version: Int) { bits = version == 4 ? 32 : 128 }

    /// Adds a network; `key` has its bits from the highest of 32 or 128 on.
    mutating func add(_ key: UInt128, length: Int, _ value: Value) {
        let place = self.place(of: value)
        lead(key, length: length, to: .data(place))
    }

    /// Makes a network of IPv6 lead to where IPv4 is, as MaxMind's own do.
    mutating func alias(_ key: UInt128, length: Int) {
        var node = 0
        for _ in 0..<96 {
            guard case .node(let next) = nodes[node][0] else { return }
            node = next
        }
        lead(key, length: length, to: .node(node))
    }

    private mutating func lead(_ key: UInt128, length: Int, to record: Record) {
        var node = 0
        for bit in 0..<length {
            let side = Int(key >> UInt128(bits - 1 - bit) & 1)
            if bit == length - 1 {
                nodes[node][side] = record
            } else if case .node(let next) = nodes[node][side] {
                node = next
            } else {
                // What was said of the network around holds for the rest of it.
                nodes.append([nodes[node][side], nodes[node][side]])
                nodes[node][side] = .node(nodes.count - 1)
                node = nodes.count - 1
            }
        }
    }

    private mutating func place(of value: Value) -> Int {
        if let known = places[value] { return known }
        places[value] = data.count
        Self.append(value, to: &data)
        return places[value] ?? 0
    }

    private static func append(_ value: Value, to octets: inout [UInt8]) {
        switch value {
        case .text(let text):
            append(type: 2, size: text.utf8.count, to: &octets)
            octets += Array(text.utf8)
        case .number(let number):
            append(type: 6, size: 4, to: &octets)
            octets += bigEndian(UInt64(number), 4)
        case .map(let members):
            append(type: 7, size: members.count, to: &octets)
            for (key, value) in members.sorted(by: { $0.key < $1.key }) {
                append(.text(key), to: &octets)
                append(value, to: &octets)
            }
        }
    }

    private static func append(type: UInt8, size: Int, to octets: inout [UInt8]) {
        if size < 29 {
            octets.append(type << 5 | UInt8(size))
        } else {
            octets += [type << 5 | 29, UInt8(size - 29)]
        }
    }

    private static func bigEndian(_ number: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: number >> UInt64(8 * (count - 1 - $0))) }
    }

    /// The file.
    ///
    /// - Parameter recordBits: of a record of a node: 24, 28 or 32.
    func file(type: String, recordBits: Int, epoch: UInt64 = 1_750_000_000) -> [UInt8] {
        var octets: [UInt8] = []
        for node in nodes {
            let numbers = node.map { record -> UInt64 in
                switch record {
                case .node(let number): UInt64(number)
                case .nothing: UInt64(nodes.count)
                case .data(let place): UInt64(nodes.count + 16 + place)
                }
            }
            switch recordBits {
            case 28:
                octets += Self.bigEndian(numbers[0] & 0xff_ffff, 3)
                octets.append(UInt8((numbers[0] >> 24) << 4 | numbers[1] >> 24))
                octets += Self.bigEndian(numbers[1] & 0xff_ffff, 3)
            default: for number in numbers { octets += Self.bigEndian(number, recordBits / 8) }
            }
        }
        octets += [UInt8](repeating: 0, count: 16) + data
        octets += [0xab, 0xcd, 0xef] + Array("MaxMind.com".utf8)
        var metadata: [UInt8] = []
        Self.append(type: 7, size: 9, to: &metadata)
        func member(_ key: String, _ value: [UInt8]) {
            Self.append(.text(key), to: &metadata)
            metadata += value
        }
        func number(_ number: UInt64, type: UInt8, count: Int) -> [UInt8] {
            // Types above 7 have a second octet: the type less 7.
            (type > 7 ? [UInt8(count), type - 7] : [type << 5 | UInt8(count)])
                + Self.bigEndian(number, count)
        }
        member("binary_format_major_version", number(2, type: 5, count: 2))
        member("binary_format_minor_version", number(0, type: 5, count: 2))
        member("build_epoch", number(epoch, type: 9, count: 8))
        var text: [UInt8] = []
        Self.append(.text(type), to: &text)
        member("database_type", text)
        member("description", [7 << 5])
        member("ip_version", number(bits == 32 ? 4 : 6, type: 5, count: 2))
        member("languages", [0, 4])
        member("node_count", number(UInt64(nodes.count), type: 6, count: 4))
        member("record_size", number(UInt64(recordBits), type: 5, count: 2))
        return octets + metadata
    }
}
