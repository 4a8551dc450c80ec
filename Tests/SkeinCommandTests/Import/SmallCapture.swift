/// Small captures made by hand, octet by octet.
enum SmallCapture {
    /// A little-endian pcap file with one NetFlow v5 datagram of `flows` flows.
    static func netflow5(flows: Int) -> [UInt8] { header + packet(flows: flows) }

    /// A pcap record of an Ethernet frame with that datagram from 192.0.2.1 to port 2055.
    static func packet(flows: Int) -> [UInt8] {
        record(udp(ports: (50000, 2055), datagram(flows: flows)))
    }

    /// A little-endian pcap file of Ethernet frames, all of one moment.
    static func pcap(_ frames: [[UInt8]]) -> [UInt8] { frames.reduce(header) { $0 + record($1) } }

    /// A big-endian pcapng file of Ethernet frames with times in nanoseconds since 1970.
    static func pcapng(_ frames: [(time: UInt64, frame: [UInt8])]) -> [UInt8] {
        let magic = octets(0x1a2b_3c4d, 4)
        var file = block(0x0a0d_0d0a, magic + octets(1, 2) + octets(0, 2) + octets(-1, 8))
        // Ethernet, no snap length, and the option if_tsresol: 10⁻⁹ s.
        let resolution: [UInt8] = octets(9, 2) + octets(1, 2) + [9, 0, 0, 0] + octets(0, 4)
        file += block(1, octets(1, 2) + octets(0, 2) + octets(0, 4) + resolution)
        for (time, frame) in frames {
            let padding = [UInt8](repeating: 0, count: -frame.count & 3)
            let lengths = octets(frame.count, 4) + octets(frame.count, 4)
            file += block(6, octets(0, 4) + octets(Int(time), 8) + lengths + frame + padding)
        }
        return file
    }

    /// An Ethernet frame with a UDP datagram from `source` to 192.0.2.100.
    static func udp(
        from source: [UInt8] = [192, 0, 2, 1], ports: (Int, Int), _ payload: [UInt8]
    ) -> [UInt8] {
        let header =
            octets(ports.0, 2) + octets(ports.1, 2) + octets(8 + payload.count, 2) + [0, 0]
        return ip(from: source, proto: 17, header + payload)
    }

    /// An Ethernet frame with a TCP segment from `source` to 192.0.2.100.
    static func tcp(
        from source: [UInt8], ports: (Int, Int), sequence: Int, flags: UInt8, _ payload: [UInt8]
    ) -> [UInt8] {
        let header = octets(ports.0, 2) + octets(ports.1, 2) + octets(sequence, 4) + octets(0, 4)
        let rest: [UInt8] = [0x50, flags, 0xff, 0xff, 0, 0, 0, 0]
        return ip(from: source, proto: 6, header + rest + payload)
    }

    /// The frames of a little-endian pcap file.
    static func frames(of pcap: [UInt8]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        var rest = pcap.dropFirst(header.count)
        while rest.count >= 16 {
            let length = rest.dropFirst(8).prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            frames.append(Array(rest.dropFirst(16).prefix(length)))
            rest = rest.dropFirst(16 + length)
        }
        return frames
    }

    /// The UDP payloads that `source` sent, of frames with Ethernet and IPv4 headers without options.
    static func payloads(of pcap: [UInt8], from source: [UInt8]) -> [[UInt8]] {
        frames(of: pcap).filter { Array($0[26..<30]) == source }.map { Array($0.dropFirst(42)) }
    }

    private static let header: [UInt8] =
        [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0]
        + [0xff, 0xff, 0, 0, 1, 0, 0, 0]

    private static func record(_ frame: [UInt8]) -> [UInt8] {
        let size = Array(octets(frame.count, 4).reversed())
        return Array(octets(1_700_000_000, 4).reversed()) + [0, 0, 0, 0] + size + size + frame
    }

    private static func block(_ type: Int, _ body: [UInt8]) -> [UInt8] {
        let length = octets(12 + body.count, 4)
        return octets(type, 4) + length + body + length
    }

    private static func ip(from source: [UInt8], proto: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let link: [UInt8] = [UInt8](repeating: 2, count: 12) + [8, 0]
        let header = [0x45, 0] + octets(20 + payload.count, 2) + [0, 0, 0x40, 0, 64, proto, 0, 0]
        return link + header + source + [192, 0, 2, 100] + payload
    }

    private static func datagram(flows: Int) -> [UInt8] {
        var datagram = octets(5, 2) + octets(flows, 2) + octets(60_000, 4)
        datagram += octets(1_700_000_000, 4) + [0, 0, 0, 0] + octets(0, 4) + [0, 0, 0, 0]
        for flow in 0..<flows {
            datagram += [10, 0, 0, UInt8(flow + 1), 198, 51, 100, 7, 0, 0, 0, 0]
            datagram += octets(1, 2) + octets(2, 2) + octets(10, 4) + octets(1000 * (flow + 1), 4)
            datagram +=
                octets(50_000, 4) + octets(55_000, 4) + octets(40_000 + flow, 2) + octets(443, 2)
            datagram += [0, 0x1b, 6, 0] + octets(64500, 2) + octets(64501, 2) + [24, 24, 0, 0]
        }
        return datagram
    }

    private static func octets(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
}
