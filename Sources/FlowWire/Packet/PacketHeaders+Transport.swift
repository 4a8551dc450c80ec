/// Transport headers, and the tunnels that a protocol or port number announces.
extension PacketHeaders {
    @inline(__always)
    mutating func readTransport(
        _ frame: RawSpan, _ offset: inout Int, _ unwrapsTunnels: Bool
    ) -> PacketLayer {
        let available = payloadEnd - offset
        switch proto {
        case 6:
            guard available >= 4 else { return cutTransport() }
            readPorts(frame, offset)
            guard available >= 14 else { return cutTransport() }
            tcpFlags = frame.octet(at: offset + 13)
            contents.insert(.tcp)
            let length = Int(frame.octet(at: offset + 12) >> 4) * 4
            payloadOffset = min(offset + max(length, 20), payloadEnd)
            return .end
        case 17, 136:
            guard available >= 4 else { return cutTransport() }
            readPorts(frame, offset)
            guard available >= 8 else { return cutTransport() }
            offset += 8
            payloadOffset = offset
            guard unwrapsTunnels, proto == 17, !moreFragments else { return .end }
            return tunnelOverUDP()
        case 132, 33:
            guard available >= 4 else { return cutTransport() }
            readPorts(frame, offset)
            payloadOffset = min(offset + 12, payloadEnd)
            return .end
        case 1, 58:
            guard available >= 2 else { return cutTransport() }
            icmpType = frame.octet(at: offset)
            icmpCode = frame.octet(at: offset + 1)
            contents.insert(.icmp)
            payloadOffset = min(offset + 8, payloadEnd)
            return .end
        default:
            // A tunnel's packet in fragments stays the tunnel's own flow: its later fragments
            // could not follow it inside.
            return unwrapsTunnels && !moreFragments ? tunnelOverIP() : .end
        }
    }

    private func tunnelOverIP() -> PacketLayer {
        switch proto {
        case 4: .ipv4
        case 41: .ipv6
        case 47: .gre
        case 137: .mpls  // RFC 4023 §3
        default: .end
        }
    }

    @inline(__always)
    private func tunnelOverUDP() -> PacketLayer {
        switch destinationPort {
        case 4789: .vxlan
        case 6081: .geneve
        case 2152: .gtp
        case 6635: .mpls  // RFC 7510 §3
        default: .end
        }
    }

    @inline(__always)
    private mutating func readPorts(_ frame: RawSpan, _ offset: Int) {
        let ports = frame.network32(at: offset)
        sourcePort = UInt16(truncatingIfNeeded: ports >> 16)
        destinationPort = UInt16(truncatingIfNeeded: ports)
        contents.insert(.ports)
    }

    private mutating func cutTransport() -> PacketLayer {
        payloadOffset = payloadEnd
        return .end
    }
}
