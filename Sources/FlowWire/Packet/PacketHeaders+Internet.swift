import FlowModel

/// IPv4 and IPv6 headers.
extension PacketHeaders {
    /// IP of the version that its first four bits say.
    mutating func readIP(_ frame: RawSpan, _ offset: Int) -> PacketLayer {
        guard payloadEnd > offset else { return .end }
        switch frame.octet(at: offset) >> 4 {
        case 4: return .ipv4
        case 6: return .ipv6
        default: return .end
        }
    }

    /// IPv4 (RFC 791 §3.1).
    @inline(__always)
    mutating func readIPv4(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 20 else { return .end }
        let first = frame.octet(at: offset)
        let headerLength = Int(first & 15) * 4
        guard first >> 4 == 4, headerLength >= 20, depth < Self.depthMax else { return .end }
        let length = Int(frame.network16(at: offset + 2))
        enterIP()
        proto = frame.octet(at: offset + 9)
        tos = frame.octet(at: offset + 1)
        ttl = frame.octet(at: offset + 8)
        source = IPAddress(v4: frame.network32(at: offset + 12))
        destination = IPAddress(v4: frame.network32(at: offset + 16))
        let fragment = frame.network16(at: offset + 6)
        if fragment & 0x3fff != 0 {
            note(
                fragment: UInt32(frame.network16(at: offset + 4)), offset: fragment << 3,
                more: fragment & 0x2000 != 0)
        }
        setLength(length >= headerLength ? length : 0, at: offset)
        offset += headerLength
        return startOfPayload(offset)
    }

    /// IPv6 and its extension headers (RFC 8200 §3, §4).
    mutating func readIPv6(_ frame: RawSpan, _ offset: inout Int) -> PacketLayer {
        guard payloadEnd - offset >= 40 else { return .end }
        let first = frame.network32(at: offset)
        guard first >> 28 == 6, depth < Self.depthMax else { return .end }
        let payloadLength = Int(frame.network16(at: offset + 4))
        enterIP()
        proto = frame.octet(at: offset + 6)
        tos = UInt8(truncatingIfNeeded: first >> 20)
        ttl = frame.octet(at: offset + 7)
        source = IPAddress(
            high: frame.network64(at: offset + 8), low: frame.network64(at: offset + 16))
        destination = IPAddress(
            high: frame.network64(at: offset + 24), low: frame.network64(at: offset + 32))
        // No next header at all is the one packet whose payload is empty by right (§4.7).
        let isEmpty = payloadLength == 0 && proto == 59
        setLength(payloadLength > 0 || isEmpty ? 40 + payloadLength : 0, at: offset)
        offset += 40
        readExtensions(frame, &offset)
        return startOfPayload(offset)
    }

    /// Walks the extension headers, each at least eight octets long.
    ///
    /// Where the frame ends inside of one, or behind a later fragment's header, ``proto`` is the
    /// last that is known.
    private mutating func readExtensions(_ frame: RawSpan, _ offset: inout Int) {
        var count = 0
        while count < 16 {
            count += 1
            let length: Int
            switch proto {
            case 0, 43, 60, 135, 139, 140:
                // Hop-by-hop, routing, destination, mobility, HIP, shim6.
                guard payloadEnd - offset >= 8 else { return cut(&offset) }
                length = (Int(frame.octet(at: offset + 1)) + 1) * 8
                if proto == 0, ipLength == 0 { readJumbo(frame, offset, length) }
            case 51:  // authentication header: in words of four octets, less two (RFC 4302 §2.2)
                guard payloadEnd - offset >= 8 else { return cut(&offset) }
                length = (Int(frame.octet(at: offset + 1)) + 2) * 4
            case 44:
                guard payloadEnd - offset >= 8 else { return cut(&offset) }
                let fragment = frame.network16(at: offset + 2)
                // A packet in one "atomic" fragment is whole (RFC 6946).
                if fragment & 0xfff9 != 0 {
                    note(
                        fragment: frame.network32(at: offset + 4), offset: fragment & 0xfff8,
                        more: fragment & 1 != 0)
                }
                length = 8
            default:
                return
            }
            // Mobility, HIP and shim6 without a next header are protocols of their own.
            if proto >= 135, frame.octet(at: offset) == 59 { return }
            proto = frame.octet(at: offset)
            offset += length
            if fragmentOffset != 0 { return }
        }
    }

    /// The frame ends inside of the headers.
    private mutating func cut(_ offset: inout Int) {
        offset = payloadEnd
    }

    /// The length of a jumbogram (RFC 2675 §2), in the options of a hop-by-hop header.
    private mutating func readJumbo(_ frame: RawSpan, _ start: Int, _ length: Int) {
        var offset = start + 2
        let end = min(start + length, payloadEnd)
        while end - offset >= 2 {
            let option = frame.octet(at: offset)
            if option == 0 {
                offset += 1
                continue
            }
            if option == 0xc2, end - offset >= 6 {
                let jumbo = frame.network32(at: offset + 2)
                if jumbo > 65535, jumbo < UInt32.max - 40 { ipLength = jumbo + 40 }
                return
            }
            offset += 2 + Int(frame.octet(at: offset + 1))
        }
    }

    /// What was the flow becomes the tunnel, and the link header in between is proven.
    @inline(__always)
    private mutating func enterIP() {
        if depth > 0 { leaveOuterIP() }
        depth += 1
        contents.insert(.ip)
    }

    private mutating func leaveOuterIP() {
        if !contents.contains(.tunnel) {
            tunnelSource = source
            tunnelDestination = destination
            tunnelProto = proto
            contents.insert(.tunnel)
        }
        contents.subtract([.ports, .tcp, .icmp, .fragment])
        sourcePort = 0
        destinationPort = 0
        tcpFlags = 0
        icmpType = 0
        icmpCode = 0
        fragmentID = 0
        fragmentOffset = 0
        moreFragments = false
        guard pendingLink.isSet else { return }
        sourceMAC = pendingLink.source
        destinationMAC = pendingLink.destination
        contents.formUnion([.sourceMAC, .destinationMAC])
        if pendingLink.hasVLAN {
            vlan = pendingLink.vlan
            contents.insert(.vlan)
        }
        pendingLink = PendingLink()
    }

    @inline(__always)
    private mutating func note(fragment id: UInt32, offset: UInt16, more: Bool) {
        fragmentID = id
        fragmentOffset = offset
        moreFragments = more
        contents.insert(.fragment)
    }

    @inline(__always)
    private mutating func setLength(_ length: Int, at offset: Int) {
        ipOffset = offset
        ipLength = UInt32(truncatingIfNeeded: length)
        if length > 0 { payloadEnd = min(payloadEnd, offset + length) }
    }

    /// The IP payload begins at `offset`; of a later fragment there is no transport header.
    @inline(__always)
    private mutating func startOfPayload(_ offset: Int) -> PacketLayer {
        transportOffset = min(offset, payloadEnd)
        payloadOffset = transportOffset
        return fragmentOffset == 0 && offset < payloadEnd ? .transport : .end
    }
}
