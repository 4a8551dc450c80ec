import FlowModel

/// IPv4 packets that bear an exporter's address as their source, behind each other.
struct SourcePackets {
    /// UDP payload that fits into a frame of Ethernet: raw packets are not fragmented.
    static let payloadMax = 1500 - 28

    private(set) var octets: [UInt8] = []
    private(set) var offsets: [UInt32] = []
    private(set) var lengths: [UInt32] = []

    mutating func removeAll() {
        octets.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        lengths.removeAll(keepingCapacity: true)
    }

    /// Adds a packet with a UDP datagram (RFC 791 §3.1, RFC 768).
    ///
    /// Identification and checksum of the IP header are left to the kernel; the checksum of UDP is 0,
    /// which means that there is none.
    mutating func append(
        _ payload: RawSpan, from source: IPAddress, port sourcePort: UInt16,
        to destination: IPAddress, port: UInt16
    ) {
        let udpLength = payload.byteCount + 8
        offsets.append(UInt32(octets.count))
        lengths.append(UInt32(udpLength + 20))
        octets += [0x45, 0]
        put(UInt16(udpLength + 20))
        octets += [0, 0, 0, 0, 64, 17, 0, 0]
        put(source.v4 ?? 0)
        put(destination.v4 ?? 0)
        put(sourcePort)
        put(port)
        put(UInt16(udpLength))
        put(UInt16(0))
        unsafe payload.withUnsafeBytes { unsafe octets.append(contentsOf: $0) }
    }

    private mutating func put<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
        for shift in stride(from: T.bitWidth - 8, through: 0, by: -8) {
            octets.append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }
}
