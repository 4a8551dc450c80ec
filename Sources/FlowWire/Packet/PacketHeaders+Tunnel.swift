/// Tunnel headers.
///
/// The outer header stays the flow unless an IP header is found inside.
extension PacketHeaders {
    /// GRE (RFC 2784, RFC 2890), PPTP's version 1 (RFC 2637 §4.1) and ERSPAN.
    mutating func readGRE(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 4 else { return .end }
        let flags = frame.network16(at: offset)
        let type = frame.network16(at: offset + 2)
        var length = 4
        if flags & 0xc000 != 0 { length += 4 }  // checksum (or routing) present: both fields are
        if flags & 0x2000 != 0 { length += 4 }  // key
        let hasSequence = flags & 0x1000 != 0
        if hasSequence { length += 4 }
        switch flags & 7 {
        case 0:
            guard flags & 0x4000 == 0 else { return .end }  // source routes: deprecated, unbounded
        case 1:
            if flags & 0x0080 != 0 { length += 4 }  // acknowledgement
        default:
            return .end
        }
        guard payloadEnd - offset >= length else { return .end }
        offset += length
        switch type {
        case EtherType.ipv4: return .ipv4
        case EtherType.ipv6: return .ipv6
        case EtherType.transparentBridging: return .ethernet
        case EtherType.mpls, EtherType.mplsMulticast: return .mpls
        case 0x880b: return .ppp
        case 0x88be: return skip(hasSequence ? 8 : 0, &offset, to: .ethernet)  // ERSPAN II, I
        case 0x22eb:  // ERSPAN III; its last bit announces a subheader
            guard payloadEnd - offset >= 12 else { return .end }
            return skip(frame.octet(at: offset + 11) & 1 != 0 ? 20 : 12, &offset, to: .ethernet)
        default: return .end
        }
    }

    /// VXLAN (RFC 7348 §5): eight octets, the flag says that the identifier is valid.
    mutating func readVXLAN(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 8, frame.octet(at: offset) & 0x08 != 0 else { return .end }
        return skip(8, &offset, to: .ethernet)
    }

    /// Geneve (RFC 8926 §3.4).
    mutating func readGeneve(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 8 else { return .end }
        let first = frame.octet(at: offset)
        guard first >> 6 == 0 else { return .end }
        let type = frame.network16(at: offset + 2)
        let next: PacketLayer =
            switch type {
            case EtherType.transparentBridging: .ethernet
            case EtherType.ipv4: .ipv4
            case EtherType.ipv6: .ipv6
            default: .end
            }
        return skip(8 + Int(first & 0x3f) * 4, &offset, to: next)
    }

    /// GTP version 1, user plane (3GPP TS 29.281 §5): only message 255 carries a packet.
    mutating func readGTP(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 8 else { return .end }
        let flags = frame.octet(at: offset)
        guard flags & 0xf0 == 0x30, frame.octet(at: offset + 1) == 255 else { return .end }
        offset += 8
        guard flags & 7 != 0 else { return .ip }
        guard payloadEnd - offset >= 4 else { return .end }
        var next = flags & 4 != 0 ? frame.octet(at: offset + 3) : 0
        offset += 4
        var count = 0
        while next != 0, count < 8 {
            guard payloadEnd - offset >= 4 else { return .end }
            let length = Int(frame.octet(at: offset)) * 4
            guard length > 0, payloadEnd - offset >= length else { return .end }
            next = frame.octet(at: offset + length - 1)
            offset += length
            count += 1
        }
        return next == 0 ? .ip : .end
    }

    private func skip(_ octets: Int, _ offset: inout Int, to layer: PacketLayer) -> PacketLayer {
        guard payloadEnd - offset > octets else { return .end }
        offset += octets
        return layer
    }
}
