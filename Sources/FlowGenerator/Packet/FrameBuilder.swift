import FlowModel

/// Builds Ethernet frames of generated packets: headers with right lengths and checksums, and a payload
/// of zeros, which is therefore never written.
struct FrameBuilder: Sendable {
    /// The headers of the frame built last; what follows up to its length is zero.
    private(set) var bytes = OctetBuffer(count: 96)
    /// How many octets of ``bytes`` are headers.
    private(set) var headerBytes = 0

    static let ethernetBytes = 14

    /// Builds the headers and answers the frame's length without the frame check sequence.
    mutating func build(_ packet: ScheduledPacket) -> Int {
        let flow = packet.flow
        let length = Int(packet.shape.length(packet.index))
        var offset = 0
        storeMAC(flow.source, to: &bytes, at: 6, isOutside: flow.input == 1)
        storeMAC(flow.destination, to: &bytes, at: 0, isOutside: flow.output == 1)
        offset = 12
        bytes.put(flow.isV4 ? UInt16(0x0800) : 0x86dd, at: &offset)
        if flow.isV4 {
            storeIPv4(packet, length: length, to: &bytes, at: &offset)
        } else {
            storeIPv6(flow, length: length, to: &bytes, at: &offset)
        }
        let transport = offset
        let transportBytes = length - (transport - Self.ethernetBytes)
        switch flow.proto {
        case IPProtocolNumber.tcp:
            storeTCP(packet, to: &bytes, at: &offset)
        case IPProtocolNumber.udp:
            bytes.put(flow.sourcePort, at: &offset)
            bytes.put(flow.destinationPort, at: &offset)
            bytes.put(UInt16(transportBytes), at: &offset)
            bytes.put(UInt16(0), at: &offset)
        default:
            bytes.put(flow.icmp, at: &offset)
            bytes.put(UInt16(0), at: &offset)
            bytes.put(UInt16(truncatingIfNeeded: flow.start / 1_000), at: &offset)
            bytes.put(UInt16(truncatingIfNeeded: packet.index), at: &offset)
        }
        headerBytes = offset
        storeChecksum(flow, transportBytes, to: &bytes, from: transport, upTo: offset)
        return Self.ethernetBytes + length
    }
}

/// Hosts have locally administered addresses made of theirs, all that is outside has the uplink's.
private func storeMAC(
    _ address: IPAddress, to out: inout OctetBuffer, at start: Int, isOutside: Bool
) {
    var offset = start
    out.put(UInt16(0x0200), at: &offset)
    let host = address.isV4 ? address.low : mixed(address.low)
    out.put(isOutside ? UInt32(0x5e00_0001) : UInt32(truncatingIfNeeded: host), at: &offset)
}

private func storeIPv4(
    _ packet: ScheduledPacket, length: Int, to out: inout OctetBuffer, at offset: inout Int
) {
    let flow = packet.flow
    let start = offset
    out.put(UInt8(0x45), at: &offset)
    out.put(flow.tos, at: &offset)
    out.put(UInt16(length), at: &offset)
    out.put(UInt16(truncatingIfNeeded: initialSequence(flow) ^ packet.index), at: &offset)
    out.put(UInt16(0x4000), at: &offset)  // do not fragment
    out.put(flow.ttl, at: &offset)
    out.put(flow.proto, at: &offset)
    out.put(UInt16(0), at: &offset)
    out.put(UInt32(truncatingIfNeeded: flow.source.low), at: &offset)
    out.put(UInt32(truncatingIfNeeded: flow.destination.low), at: &offset)
    var checksum = InternetChecksum()
    checksum.add(out.octets.span.bytes.extracting(start..<offset))
    var place = start + 10
    out.put(checksum.value, at: &place)
}

private func storeIPv6(
    _ flow: GeneratedFlow, length: Int, to out: inout OctetBuffer, at offset: inout Int
) {
    let label = UInt32(truncatingIfNeeded: initialSequence(flow)) & 0xf_ffff
    out.put(0x6000_0000 | UInt32(flow.tos) << 20 | label, at: &offset)
    out.put(UInt16(length - 40), at: &offset)
    out.put(flow.proto, at: &offset)
    out.put(flow.ttl, at: &offset)
    out.put(flow.source.high, at: &offset)
    out.put(flow.source.low, at: &offset)
    out.put(flow.destination.high, at: &offset)
    out.put(flow.destination.low, at: &offset)
}

private func storeTCP(
    _ packet: ScheduledPacket, to out: inout OctetBuffer, at offset: inout Int
) {
    let flow = packet.flow
    let flags = packet.shape.tcpFlags(packet.index)
    let hasOption = flags & TCPFlags.syn != 0 && packet.shape.synOptionBytes > 0
    // The peer's numbers are known because they are made in the same way.
    var answer = flow
    swap(&answer.source, &answer.destination)
    swap(&answer.sourcePort, &answer.destinationPort)
    // A part of a long connection goes on somewhere, not where the connection began.
    let onward = flow.flags & TCPFlags.syn == 0 ? flow.start &* 3 : 0
    let sequence =
        initialSequence(flow) &+ packet.shape.sequence(packet.index) &+ onward
    let acknowledged = flags & TCPFlags.ack != 0 ? initialSequence(answer) &+ 1 &+ onward : 0
    out.put(flow.sourcePort, at: &offset)
    out.put(flow.destinationPort, at: &offset)
    out.put(UInt32(truncatingIfNeeded: sequence), at: &offset)
    out.put(UInt32(truncatingIfNeeded: acknowledged), at: &offset)
    out.put(UInt8(hasOption ? 0x60 : 0x50), at: &offset)
    out.put(flags, at: &offset)
    out.put(UInt16(64_240), at: &offset)
    out.put(UInt32(0), at: &offset)
    // Maximum segment size, the one option (RFC 9293 §3.7.1).
    if hasOption { out.put(UInt32(flow.isV4 ? 0x0204_05b4 : 0x0204_05a0), at: &offset) }
}

/// Fills in the checksum of the transport header; the payload's zeros add nothing to it.
private func storeChecksum(
    _ flow: GeneratedFlow, _ length: Int, to out: inout OctetBuffer, from start: Int,
    upTo end: Int
) {
    var checksum = InternetChecksum()
    if flow.proto != IPProtocolNumber.icmp {
        if flow.isV4 {
            checksum.add(UInt32(truncatingIfNeeded: flow.source.low))
            checksum.add(UInt32(truncatingIfNeeded: flow.destination.low))
        } else {
            checksum.add(flow.source.high)
            checksum.add(flow.source.low)
            checksum.add(flow.destination.high)
            checksum.add(flow.destination.low)
        }
        checksum.add(UInt32(length))
        checksum.add(UInt16(flow.proto))
    }
    checksum.add(out.octets.span.bytes.extracting(start..<end))
    let place = flow.proto == IPProtocolNumber.tcp ? 16 : flow.proto == IPProtocolNumber.udp ? 6 : 2
    var offset = start + place
    let isUDP = flow.proto == IPProtocolNumber.udp
    out.put(isUDP ? checksum.valueForUDP : checksum.value, at: &offset)
}

/// A number that depends on addresses and ports alone.
private func initialSequence(_ flow: GeneratedFlow) -> UInt64 {
    mixed(
        flow.source.low &* 3 ^ flow.destination.low &* 5 ^ flow.source.high ^ flow.destination.high
            ^ UInt64(flow.sourcePort) << 48 ^ UInt64(flow.destinationPort) << 32)
}
