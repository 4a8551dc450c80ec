/// Link headers: each reader answers what comes next and moves `offset` there.
extension PacketHeaders {
    /// IEEE 802.3: destination, source, type.
    @inline(__always)
    mutating func readEthernet(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 14 else { return .end }
        let destination = frame.network48(at: offset)
        let source = frame.network48(at: offset + 6)
        let type = frame.network16(at: offset + 12)
        offset += 14
        if depth == 0 {
            sourceMAC = source
            destinationMAC = destination
            contents.formUnion([.sourceMAC, .destinationMAC])
        } else {
            pendingLink = PendingLink(isSet: true, source: source, destination: destination)
        }
        return .ethertype(type)
    }

    /// What an EtherType announces; VLAN tags (IEEE 802.1Q, 802.1ad and the older 0x9100) are taken
    /// on the way.
    @inline(__always)
    mutating func readEtherType(
        _ first: UInt16, _ frame: RawSpan, _ offset: inout Int
    ) -> PacketLayer {
        var type = first
        if EtherType.isTag(type), !readTags(&type, frame, &offset) { return .end }
        if depth == 0, !contents.contains(.ethertype) {
            ethertype = type
            contents.insert(.ethertype)
        }
        switch type {
        case EtherType.ipv4: return .ipv4
        case EtherType.ipv6: return .ipv6
        case EtherType.mpls, EtherType.mplsMulticast: return .mpls
        case EtherType.pppoeSession: return .pppoe
        case EtherType.transparentBridging: return .ethernet
        case 0...1500: return readSNAP(frame, &offset)
        default: return .end
        }
    }

    /// Takes up to eight tags; false where the frame ends inside of one.
    private mutating func readTags(
        _ type: inout UInt16, _ frame: RawSpan, _ offset: inout Int
    ) -> Bool {
        var tags = 0
        while EtherType.isTag(type), tags < 8 {
            guard payloadEnd - offset >= 4 else { return false }
            let vlan = frame.network16(at: offset) & 0xfff
            type = frame.network16(at: offset + 2)
            offset += 4
            if depth > 0 {
                if tags == 0 {
                    pendingLink.hasVLAN = true
                    pendingLink.vlan = vlan
                }
            } else if tags == 0 {
                self.vlan = vlan
                contents.insert(.vlan)
            } else if tags == 1 {
                innerVLAN = vlan
                contents.insert(.innerVLAN)
            }
            tags += 1
        }
        return true
    }

    /// IEEE 802.2 SNAP with an EtherType (RFC 1042).
    private mutating func readSNAP(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 8, frame.network32(at: offset) == 0xaaaa_0300,
            frame.network16(at: offset + 4) == 0
        else { return .end }
        let type = frame.network16(at: offset + 6)
        offset += 8
        return type > 1500 ? .ethertype(type) : .end
    }

    /// Linux cooked capture: packet type, ARPHRD, address length, address, protocol.
    mutating func readLinuxCooked(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 16 else { return .end }
        if frame.network16(at: offset + 4) == 6 {
            sourceMAC = frame.network48(at: offset + 6)
            contents.insert(.sourceMAC)
        }
        let type = frame.network16(at: offset + 14)
        offset += 16
        return .ethertype(type)
    }

    /// Version 2: protocol, reserved, interface, ARPHRD, packet type, address length, address.
    mutating func readLinuxCooked2(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 20 else { return .end }
        if frame.octet(at: offset + 11) == 6 {
            sourceMAC = frame.network48(at: offset + 12)
            contents.insert(.sourceMAC)
        }
        let type = frame.network16(at: offset)
        offset += 20
        return .ethertype(type)
    }

    /// BSD loopback: an address family, in either byte order.
    mutating func readAddressFamily(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 4 else { return .end }
        let number = frame.network32(at: offset)
        offset += 4
        switch number > 0xffff ? number.byteSwapped : number {
        case 2: return .ipv4
        case 10, 24, 28, 30: return .ipv6  // Linux, NetBSD, FreeBSD, macOS
        default: return .end
        }
    }

    /// PPPoE session stage (RFC 2516 §4).
    mutating func readPPPoE(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 6, frame.octet(at: offset) == 0x11,
            frame.octet(at: offset + 1) == 0
        else { return .end }
        offset += 6
        return .ppp
    }

    /// PPP's protocol field (RFC 1661 §2), behind HDLC's address and control where they are.
    mutating func readPPP(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 2 else { return .end }
        switch frame.network16(at: offset) {
        case 0xff03: offset += 2
        case 0x0f00, 0x8f00: return .ciscoHDLC
        default: break
        }
        guard payloadEnd - offset >= 2 else { return .end }
        let type: UInt16
        if frame.octet(at: offset) & 1 != 0 {  // protocol field compression, §6.5
            type = UInt16(frame.octet(at: offset))
            offset += 1
        } else {
            type = frame.network16(at: offset)
            offset += 2
        }
        switch type {
        case 0x0021: return .ipv4
        case 0x0057: return .ipv6
        case 0x0281, 0x0283: return .mpls
        default: return .end
        }
    }

    /// Cisco HDLC: address, control, EtherType.
    mutating func readCiscoHDLC(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 4 else { return .end }
        let type = frame.network16(at: offset + 2)
        offset += 4
        return .ethertype(type)
    }

    /// An MPLS label stack (RFC 3032 §2.1) and a guess at what it carries, which no field says.
    mutating func readMPLS(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        var isBottom = false
        var labels = 0
        while !isBottom {
            guard payloadEnd - offset >= 4, labels < 32 else { return .end }
            let entry = frame.network32(at: offset)
            offset += 4
            labels += 1
            isBottom = entry & 0x100 != 0
            if depth == 0, mplsCount < 10 {
                mpls[Int(mplsCount)] = entry >> 8
                mplsCount += 1
            }
        }
        guard payloadEnd > offset else { return .end }
        switch frame.octet(at: offset) >> 4 {
        case 4 where isPlausibleIPv4(frame, offset): return .ipv4
        case 6 where !isEthernet(frame, offset): return .ipv6
        case 0 where isEthernet(frame, offset + 4):
            offset += 4  // the control word of a pseudowire (RFC 4385 §3)
            return .ethernet
        default:
            return isEthernet(frame, offset) ? .ethernet : .end
        }
    }

    private func isPlausibleIPv4(_ frame: RawSpan, _ offset: Int) -> Bool {
        guard payloadEnd - offset >= 20 else { return false }
        let length = frame.network16(at: offset + 2)
        return frame.octet(at: offset) & 15 >= 5 && (length == 0 || length >= 20)
    }

    /// Whether an Ethernet header with an EtherType that we know lies here.
    private func isEthernet(_ frame: RawSpan, _ offset: Int) -> Bool {
        payloadEnd - offset >= 14 && EtherType.isKnown(frame.network16(at: offset + 12))
    }
}

/// EtherTypes of the IEEE registry.
enum EtherType {
    static let ipv4: UInt16 = 0x0800
    static let arp: UInt16 = 0x0806
    static let transparentBridging: UInt16 = 0x6558
    static let ipv6: UInt16 = 0x86dd
    static let mpls: UInt16 = 0x8847
    static let mplsMulticast: UInt16 = 0x8848
    static let pppoeDiscovery: UInt16 = 0x8863
    static let pppoeSession: UInt16 = 0x8864

    @inline(__always)
    static func isTag(_ type: UInt16) -> Bool {
        type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200
    }

    static func isKnown(_ type: UInt16) -> Bool {
        switch type {
        case ipv4, arp, ipv6, mpls, mplsMulticast, pppoeDiscovery, pppoeSession: true
        default: isTag(type)
        }
    }
}
