import FlowModel

/// A conversation of two endpoints: what becomes a flow and its reply, cut at the active timeout.
struct Exchange: Sendable {
    var client: Endpoint
    var server: Endpoint
    var kind: FlowKind
    var proto: UInt8
    var clientPort: UInt16 = 0
    var serverPort: UInt16 = 0
    /// ICMP type × 256 + code of the client and of the server.
    var icmp: UInt16 = 0
    var replyICMP: UInt16 = 0
    /// First packet, ms since 1970.
    var start: UInt64
    /// From the client's first packet to its last, ms.
    var duration: UInt64
    /// How much later the server's packets pass, ms.
    var lag: UInt64 = 0
    var packets: UInt64
    var bytes: UInt64
    /// 0: nobody answers.
    var replyPackets: UInt64 = 0
    var replyBytes: UInt64 = 0
    var flags: UInt8 = 0
    var replyFlags: UInt8 = 0
    var tos: UInt8 = 0
    /// How much of ``duration`` has been exported already.
    var elapsed: UInt64 = 0
}

extension Exchange {
    /// Payload octets of a full segment.
    static let segment: UInt64 = 1_440
    private static let wholeConversation: UInt8 =
        TCPFlags.syn | TCPFlags.ack | TCPFlags.push | TCPFlags.fin

    /// A TCP connection from handshake to FIN that carries `up` and `down` octets of payload.
    ///
    /// An acknowledgement stands for two segments (RFC 9293 §3.8.6.3).
    static func tcp(
        _ kind: FlowKind, from client: Endpoint, to server: Endpoint, ports: (UInt16, UInt16),
        at start: UInt64, lasting duration: UInt64, lag: UInt64, up: UInt64, down: UInt64
    ) -> Exchange {
        let header = headerBytes(proto: IPProtocolNumber.tcp, isV4: client.address.isV4)
        let sent = (up + segment - 1) / segment
        let received = (down + segment - 1) / segment
        let packets = 3 + sent + (received + 1) / 2
        let replyPackets = 2 + received + (sent + 1) / 2
        return Exchange(
            client: client, server: server, kind: kind, proto: IPProtocolNumber.tcp,
            clientPort: ports.0, serverPort: ports.1, start: start, duration: max(duration, 4),
            lag: lag, packets: packets, bytes: packets * header + 4 + up,
            replyPackets: replyPackets, replyBytes: replyPackets * header + 4 + down,
            flags: wholeConversation, replyFlags: wholeConversation)
    }

    /// A lone SYN and, where the port is open, what comes of it: SYN/ACK and the prober's RST.
    static func probe(
        _ kind: FlowKind, from client: Endpoint, to server: Endpoint, ports: (UInt16, UInt16),
        at start: UInt64, isOpen: Bool
    ) -> Exchange {
        let syn = headerBytes(proto: IPProtocolNumber.tcp, isV4: client.address.isV4) + 4
        return Exchange(
            client: client, server: server, kind: kind, proto: IPProtocolNumber.tcp,
            clientPort: ports.0, serverPort: ports.1, start: start, duration: isOpen ? 30 : 0,
            lag: isOpen ? 1 : 0, packets: isOpen ? 2 : 1, bytes: isOpen ? 2 * syn - 4 : syn,
            replyPackets: isOpen ? 1 : 0, replyBytes: isOpen ? syn : 0,
            flags: isOpen ? TCPFlags.syn | TCPFlags.reset : TCPFlags.syn,
            replyFlags: TCPFlags.syn | TCPFlags.ack)
    }

    /// Datagrams both ways, with the payload octets of each side in total.
    static func udp(
        _ kind: FlowKind, from client: Endpoint, to server: Endpoint, ports: (UInt16, UInt16),
        at start: UInt64, lasting duration: UInt64, lag: UInt64,
        sent: (packets: UInt64, octets: UInt64), received: (packets: UInt64, octets: UInt64)
    ) -> Exchange {
        let header = headerBytes(proto: IPProtocolNumber.udp, isV4: client.address.isV4)
        return Exchange(
            client: client, server: server, kind: kind, proto: IPProtocolNumber.udp,
            clientPort: ports.0, serverPort: ports.1, start: start, duration: duration, lag: lag,
            packets: sent.packets, bytes: sent.packets * header + sent.octets,
            replyPackets: received.packets, replyBytes: received.packets * header + received.octets)
    }

    /// Echo requests of 56 octets, one a second, and their replies.
    static func echo(
        _ kind: FlowKind, from client: Endpoint, to server: Endpoint, at start: UInt64,
        lag: UInt64, count: UInt64
    ) -> Exchange {
        let v4 = client.address.isV4
        let proto = v4 ? IPProtocolNumber.icmp : IPProtocolNumber.icmp6
        let bytes = count * (headerBytes(proto: proto, isV4: v4) + 56)
        return Exchange(
            client: client, server: server, kind: kind, proto: proto,
            icmp: v4 ? 8 << 8 : 128 << 8, replyICMP: v4 ? 0 : 129 << 8, start: start,
            duration: (count - 1) * 1_000, lag: lag, packets: count, bytes: bytes,
            replyPackets: count, replyBytes: bytes)
    }
}

extension Exchange {
    /// The timeouts of the routers, ms.
    static let activeTimeout: UInt64 = 300_000
    static let idleTimeout: UInt64 = 15_000

    /// Shortens an exchange that would last beyond `limit`; what it sends shrinks in proportion.
    mutating func clamp(to limit: UInt64) {
        start = min(start, limit - 1)
        let room = limit - start
        guard duration + lag > room else { return }
        lag = min(lag, room)
        let kept = room - lag
        guard kept < duration else { return }
        let header = headerBytes(proto: proto, isV4: client.address.isV4)
        func cut(_ packets: inout UInt64, _ bytes: inout UInt64, _ flags: inout UInt8) {
            guard packets > 0 else { return }
            let payload = bytes - packets * header
            packets = max(share(of: packets, kept, in: duration), 1)
            bytes = packets * header + min(share(of: payload, kept, in: duration), packets * 1_460)
            flags &= ~TCPFlags.fin
            if packets == 1 && flags & TCPFlags.syn != 0 {
                // What is left is the SYN, and a SYN carries nothing.
                bytes = header + 4
                flags &= ~TCPFlags.push
            }
        }
        cut(&packets, &bytes, &flags)
        cut(&replyPackets, &replyBytes, &replyFlags)
        duration = kept
    }

    /// The part that the router exports next, forward and reply, and whether more follows.
    ///
    /// A part without packets is nil.
    ///
    /// - Parameter delay: how long the router's export process takes, ms.
    mutating func nextPart(
        delay: UInt64
    ) -> (forward: GeneratedFlow?, reply: GeneratedFlow?, goesOn: Bool) {
        let from = elapsed
        // What would leave less than a second for the last part goes with this one.
        let goesOn = duration - from > Self.activeTimeout + 1_000
        let to = goesOn ? from + Self.activeTimeout : duration
        elapsed = to
        let reason: FlowEnd =
            goesOn
            ? .active
            : flags & (TCPFlags.fin | TCPFlags.reset) != 0 ? .detected : .idle
        let end = start + to + lag
        let exported = end + delay + (reason == .idle ? Self.idleTimeout : 0)
        let forward = part(from, to, isReply: false, goesOn: goesOn, reason, exported)
        let reply = part(from, to, isReply: true, goesOn: goesOn, reason, exported)
        return (forward, reply, goesOn)
    }

    private func part(
        _ from: UInt64, _ to: UInt64, isReply: Bool, goesOn: Bool, _ reason: FlowEnd,
        _ exported: UInt64
    ) -> GeneratedFlow? {
        let packets = isReply ? replyPackets : packets
        let bytes = isReply ? replyBytes : bytes
        var count = packets
        var octets = bytes
        var flags = isReply ? replyFlags : flags
        if from > 0 || goesOn {
            // Headers go with the packets, payload by time: a part never has fewer octets than headers.
            let header = headerBytes(proto: proto, isV4: client.address.isV4)
            let payload = bytes - packets * header
            count = share(of: packets, to, in: duration) - share(of: packets, from, in: duration)
            octets =
                count * header + share(of: payload, to, in: duration)
                - share(of: payload, from, in: duration)
            if from > 0 { flags &= ~TCPFlags.syn }
            if goesOn { flags &= ~(TCPFlags.fin | TCPFlags.reset) }
        }
        guard count > 0 else { return nil }
        let router = client.isOutside ? server.router : client.router
        let (a, b) = isReply ? (server, client) : (client, server)
        let shift = isReply ? lag : 0
        // One packet is one moment.
        let first = start + from + shift
        return GeneratedFlow(
            source: a.address, destination: b.address, nextHop: b.nextHop(at: router),
            start: first, end: count == 1 ? first : start + to + shift, exported: exported,
            packets: count, bytes: octets, sourceAS: a.asNumber, destinationAS: b.asNumber,
            sourcePort: isReply ? serverPort : clientPort,
            destinationPort: isReply ? clientPort : serverPort, icmp: isReply ? replyICMP : icmp,
            input: a.interface(at: router), output: b.interface(at: router),
            sourceVLAN: a.vlan(at: router), destinationVLAN: b.vlan(at: router), proto: proto,
            flags: flags, tos: tos, ttl: a.ttl - a.hops, sourceMask: a.mask,
            destinationMask: b.mask, exporter: router, endReason: reason, kind: kind,
            isReply: isReply)
    }
}
