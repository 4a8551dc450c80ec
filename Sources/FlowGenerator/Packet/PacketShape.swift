/// How a flow's octets are spread over packets: handshake and FIN at the ends, pure acknowledgements
/// between segments, payload evenly.
///
/// Where fewer packets are made than the flow has, each carries more, up to what an IP packet can hold,
/// as in a capture on a machine with segmentation offload; what does not fit in 65,535 octets a packet is
/// left out. With as many packets as the flow has, lengths add up to its octets.
struct PacketShape: Sendable {
    let count: UInt64
    private let header: UInt64
    private let payload: UInt64
    /// 1 where the first packet is a SYN.
    private let lead: UInt64
    /// 1 where the last packet is a FIN or RST of its own.
    private let tail: UInt64
    /// Packets between lead and tail, and how many of them carry payload.
    private let middle: UInt64
    private let carriers: UInt64
    private let flags: UInt8
    private let isReply: Bool
    private let ends: Bool

    /// Octets of options in a SYN: the maximum segment size, where the flow's octets leave room for it.
    let synOptionBytes: UInt64

    /// - Parameter count: how many packets to make, at least 1.
    init(_ flow: GeneratedFlow, count: UInt64) {
        self.count = count
        header = flow.headerBytes
        flags = flow.flags
        let isTCP = flow.proto == IPProtocolNumber.tcp
        // A flow of SYNs alone is retries: every packet is one.
        let onlySYN = flow.flags & ~TCPFlags.syn == 0 && flow.flags != 0
        lead = isTCP && flow.flags & TCPFlags.syn != 0 ? (onlySYN ? count : 1) : 0
        isReply = flow.isReply
        ends = isTCP && flow.flags & (TCPFlags.fin | TCPFlags.reset) != 0
        synOptionBytes = flow.bytes >= count * header + lead * 4 ? 4 : 0
        let overhead = count * header + lead * synOptionBytes
        payload = flow.bytes > overhead ? flow.bytes - overhead : 0
        // Where one packet is left for payload and FIN, it has both.
        tail = ends && (count > lead + 1 || count > lead && payload == 0) ? 1 : 0
        middle = count - lead - tail
        let segments = (payload + Exchange.segment - 1) / Exchange.segment
        carriers = isTCP ? min(middle, segments) : middle
    }

    /// The IP length of packet `index`.
    func length(_ index: UInt64) -> UInt64 {
        let option = index < lead ? synOptionBytes : 0
        return min(header + option + payload(index), 65_535)
    }

    /// Octets of payload in packet `index`.
    func payload(_ index: UInt64) -> UInt64 {
        guard index >= lead && index < lead + middle && carriers > 0 else { return 0 }
        let before = carriersBefore(index)
        guard carriersBefore(index + 1) > before else { return 0 }
        let octets =
            share(of: payload, before + 1, in: carriers) - share(of: payload, before, in: carriers)
        return min(octets, 65_535 - header)
    }

    /// Octets of the TCP stream before packet `index`, the SYN counted as one (RFC 9293 §3.4).
    func sequence(_ index: UInt64) -> UInt64 {
        guard index > 0 else { return 0 }
        let sent = carriers > 0 ? share(of: payload, carriersBefore(index), in: carriers) : 0
        return sent + (lead > 0 ? 1 : 0)
    }

    private func carriersBefore(_ index: UInt64) -> UInt64 {
        let position = min(max(index, lead) - lead, middle)
        return middle == 0 ? 0 : share(of: carriers, position, in: middle)
    }

    /// The TCP flags of packet `index`.
    func tcpFlags(_ index: UInt64) -> UInt8 {
        if index < lead { return isReply ? TCPFlags.syn | TCPFlags.ack : TCPFlags.syn }
        let push = payload(index) > 0 ? TCPFlags.push : 0
        guard ends && index == count - 1 else { return TCPFlags.ack | push }
        return flags & TCPFlags.reset != 0 ? TCPFlags.reset : TCPFlags.fin | TCPFlags.ack | push
    }
}
