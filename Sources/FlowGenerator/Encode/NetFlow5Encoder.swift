import FlowModel

/// NetFlow version 5: up to 30 records of 48 octets behind a header of 24, all numbers of fixed size.
///
/// IPv6 flows do not fit the format and are counted as ``omitted``; AS numbers above 65,535 become
/// AS_TRANS (RFC 6793 §9), counters above 2³²−1 stay there.
public struct NetFlow5Encoder: FlowEncoder {
    /// IPv6 flows left out.
    public private(set) var omitted = 0

    private let profile: ExporterProfile
    private var bytes = OctetBuffer(count: 24 + 30 * 48)
    private var records = 0
    /// Flows in the datagrams before this one.
    private var sequence: UInt32 = 0

    private static let headerBytes = 24
    private static let recordBytes = 48
    private static let recordsMax = 30

    /// An encoder for one router.
    public init(profile: ExporterProfile) { self.profile = profile }

    /// Adds an IPv4 flow.
    public mutating func encode(_ flow: GeneratedFlow, into queue: inout DatagramQueue) {
        guard flow.isV4 else {
            omitted += 1
            return
        }
        let offset = Self.headerBytes + records * Self.recordBytes
        store(flow, boot: profile.boot, to: &bytes, at: offset)
        records += 1
        if records == Self.recordsMax { flush(at: flow.exported, into: &queue) }
    }

    /// Sends the records collected, if any.
    public mutating func flush(at time: UInt64, into queue: inout DatagramQueue) {
        guard records > 0 else { return }
        var offset = 0
        bytes.put(UInt16(5), at: &offset)
        bytes.put(UInt16(records), at: &offset)
        bytes.put(profile.uptime(at: time), at: &offset)
        bytes.put(UInt32(truncatingIfNeeded: time / 1_000), at: &offset)
        bytes.put(UInt32(time % 1_000 * 1_000_000), at: &offset)
        bytes.put(sequence, at: &offset)
        bytes.put(UInt8(0), at: &offset)  // engine type
        bytes.put(UInt8(truncatingIfNeeded: profile.index), at: &offset)
        // Mode 1, "packet interval", in the two upper bits; 0 where every packet is counted.
        let interval = UInt16(min(profile.sampling, 0x3fff))
        bytes.put(interval > 1 ? 0x4000 | interval : 0, at: &offset)

        let end = Self.headerBytes + records * Self.recordBytes
        queue.append(
            bytes[..<end], exporter: profile.index, time: time, records: records)
        sequence &+= UInt32(records)
        records = 0
    }
}

private func store(
    _ flow: GeneratedFlow, boot: UInt64, to out: inout OctetBuffer, at start: Int
) {
    var offset = start
    out.put(UInt32(truncatingIfNeeded: flow.source.low), at: &offset)
    out.put(UInt32(truncatingIfNeeded: flow.destination.low), at: &offset)
    out.put(UInt32(truncatingIfNeeded: flow.nextHop.low), at: &offset)
    out.put(flow.input, at: &offset)
    out.put(flow.output, at: &offset)
    out.put(UInt32(clamping: flow.packets), at: &offset)
    out.put(UInt32(clamping: flow.bytes), at: &offset)
    out.put(UInt32(truncatingIfNeeded: flow.start &- boot), at: &offset)
    out.put(UInt32(truncatingIfNeeded: flow.end &- boot), at: &offset)
    out.put(flow.sourcePort, at: &offset)
    // As Cisco does it: the destination port of ICMP is type × 256 + code.
    out.put(flow.proto == IPProtocolNumber.icmp ? flow.icmp : flow.destinationPort, at: &offset)
    out.put(UInt8(0), at: &offset)
    out.put(flow.flags, at: &offset)
    out.put(flow.proto, at: &offset)
    out.put(flow.tos, at: &offset)
    out.put(asNumber16(flow.sourceAS), at: &offset)
    out.put(asNumber16(flow.destinationAS), at: &offset)
    out.put(flow.sourceMask, at: &offset)
    out.put(flow.destinationMask, at: &offset)
    out.put(UInt16(0), at: &offset)
}

private func asNumber16(_ number: UInt32) -> UInt16 { UInt16(exactly: number) ?? 23_456 }
