/// Builds frames octet by octet, innermost part first.
struct PacketBuilder {
    var octets: [UInt8]

    init(_ payload: [UInt8] = []) { octets = payload }

    static func bytes16(_ value: Int) -> [UInt8] { [UInt8(value >> 8 & 255), UInt8(value & 255)] }
    static func bytes32(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }

    func before(_ header: [UInt8]) -> PacketBuilder { PacketBuilder(header + octets) }

    func udp(_ source: Int, _ destination: Int) -> PacketBuilder {
        before(
            Self.bytes16(source) + Self.bytes16(destination) + Self.bytes16(octets.count + 8)
                + [0, 0])
    }

    func tcp(
        _ source: Int, _ destination: Int, sequence: UInt32 = 1, flags: UInt8 = 0x10
    ) -> PacketBuilder {
        before(
            Self.bytes16(source) + Self.bytes16(destination) + Self.bytes32(sequence)
                + [0, 0, 0, 0, 0x50, flags, 0x20, 0, 0, 0, 0, 0])
    }

    func v4(
        _ source: UInt32 = 0x0a00_0001, _ destination: UInt32 = 0x0a00_0002, proto: UInt8,
        ttl: UInt8 = 64, id: Int = 0, fragment: Int = 0, length: Int? = nil, options: [UInt8] = []
    ) -> PacketBuilder {
        let header = 20 + options.count
        return before(
            [UInt8(0x40 + header / 4), 0] + Self.bytes16(length ?? header + octets.count)
                + Self.bytes16(id) + Self.bytes16(fragment) + [ttl, proto, 0, 0]
                + Self.bytes32(source) + Self.bytes32(destination) + options)
    }

    func v6(
        _ source: UInt8 = 1, _ destination: UInt8 = 2, next: UInt8, length: Int? = nil
    )
        -> PacketBuilder
    {
        before(
            [0x60, 0, 0, 0] + Self.bytes16(length ?? octets.count) + [next, 64]
                + Self.v6Address(source) + Self.v6Address(destination))
    }

    static func v6Address(_ last: UInt8) -> [UInt8] {
        [0x20, 1, 0x0d, 0xb8] + Array(repeating: 0, count: 11) + [last]
    }

    func ethernet(_ type: Int, source: UInt8 = 1, destination: UInt8 = 2) -> PacketBuilder {
        before([2, 0, 0, 0, 0, destination, 2, 0, 0, 0, 0, source] + Self.bytes16(type))
    }

    /// A tag with what it stands before; the EtherType of what follows is `type`.
    func tag(_ vlan: Int, type: Int) -> PacketBuilder {
        before(Self.bytes16(vlan) + Self.bytes16(type))
    }
}
