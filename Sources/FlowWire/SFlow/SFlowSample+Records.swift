import FlowModel

/// Flow records (sFlow version 5, "Flow Data Types"); each answers false where it is cut short.
extension SFlowSample {
    /// Takes in one record; an unknown one is no fault.
    mutating func read(format: UInt32, _ record: RawSpan) -> Bool {
        var reader = XDRReader(record)
        switch format {
        case 1: return readHeader(&reader)
        case 2: return readEthernet(&reader)
        case 3: return readPacket(&reader, isV6: false)
        case 4: return readPacket(&reader, isV6: true)
        case 1001: return readSwitch(&reader)
        case 1002: return readRouter(&reader)
        case 1003: return readGateway(&reader)
        case 1006: return readMPLS(&reader)
        case 1007: return readNAT(&reader)
        case 1020: return readNATPorts(&reader)
        case 1023, 1024: return readTunnel(&reader, isV6: false)
        case 1025, 1026: return readTunnel(&reader, isV6: true)
        default: return true
        }
    }

    /// A piece of the frame: protocol, length of the frame, octets stripped, the octets.
    private mutating func readHeader(_ reader: inout XDRReader) -> Bool {
        guard let proto = reader.word(), let length = reader.word(), reader.word() != nil,
            let count = reader.word()
        else { return false }
        frameLength = length
        let isWhole = Int(count) <= reader.remaining
        // What there is of a cut header is still the beginning of a frame.
        let available = isWhole ? count : UInt32(reader.remaining)
        guard let octets = reader.opaque(available) else { return false }
        let layer: PacketLayer? =
            switch proto {
            case 1: .ethernet
            case 7, 14: .ppp
            case 11: .ipv4
            case 12: .ipv6
            case 13: .mpls
            default: nil
            }
        if let layer {
            var found = PacketHeaders()
            if found.read(octets, from: layer, unwrapsTunnels: true) { headers = found }
        }
        return isWhole
    }

    private mutating func readEthernet(_ reader: inout XDRReader) -> Bool {
        guard let length = reader.word(), let source = reader.mac(), let destination = reader.mac(),
            let type = reader.word()
        else { return false }
        ethernet = (source, destination, type)
        if frameLength == nil { frameLength = length }
        return true
    }

    private mutating func readPacket(_ reader: inout XDRReader, isV6: Bool) -> Bool {
        guard let found = Self.packet(&reader, isV6: isV6) else { return false }
        packet = found
        return true
    }

    private mutating func readTunnel(_ reader: inout XDRReader, isV6: Bool) -> Bool {
        guard let found = Self.packet(&reader, isV6: isV6) else { return false }
        tunnel = found
        return true
    }

    private static func packet(_ reader: inout XDRReader, isV6: Bool) -> Packet? {
        guard let length = reader.word(), let proto = reader.word(),
            let source = isV6 ? reader.v6() : reader.v4(),
            let destination = isV6 ? reader.v6() : reader.v4(), let sourcePort = reader.word(),
            let destinationPort = reader.word(), let flags = reader.word(), let tos = reader.word()
        else { return nil }
        return Packet(
            length: length, proto: proto, source: source, destination: destination,
            sourcePort: sourcePort, destinationPort: destinationPort, flags: flags, tos: tos)
    }

    private mutating func readSwitch(_ reader: inout XDRReader) -> Bool {
        guard let source = reader.word(), reader.word() != nil, let destination = reader.word(),
            reader.word() != nil
        else { return false }
        sourceVLAN = source
        destinationVLAN = destination
        return true
    }

    private mutating func readRouter(_ reader: inout XDRReader) -> Bool {
        guard let hop = reader.address(), let source = reader.word(),
            let destination = reader.word()
        else { return false }
        nextHop = hop
        // A mask beyond 128 is no mask.
        if source <= 128 { sourceMask = source }
        if destination <= 128 { destinationMask = destination }
        return true
    }

    /// Next hop, own AS, source AS, its neighbour, then the path to the destination in segments.
    private mutating func readGateway(_ reader: inout XDRReader) -> Bool {
        guard let hop = reader.address(), reader.word() != nil, let source = reader.word(),
            let neighbour = reader.word(), let segments = reader.word()
        else { return false }
        bgpNextHop = hop
        sourceAS = source
        previousAS = neighbour
        var index: UInt32 = 0
        // Each turn takes eight octets or ends, whatever the count says.
        while index < segments {
            guard reader.word() != nil, let count = reader.word(),
                Int(count) <= reader.remaining / 4
            else { return false }
            for _ in 0..<count {
                guard let number = reader.word() else { return false }
                if nextAS == nil { nextAS = number }
                destinationAS = number
            }
            index += 1
        }
        return true
    }

    /// Next hop, then the label stacks as received and as sent; the received one is kept.
    private mutating func readMPLS(_ reader: inout XDRReader) -> Bool {
        guard let hop = reader.address(), let count = reader.word(),
            Int(count) <= reader.remaining / 4
        else { return false }
        if nextHop == nil { nextHop = hop }
        labelCount = 0
        for _ in 0..<count {
            guard let entry = reader.word() else { return false }
            guard labelCount < 10 else { continue }
            labels[labelCount] = entry >> 8
            labelCount += 1
        }
        return true
    }

    private mutating func readNAT(_ reader: inout XDRReader) -> Bool {
        guard let source = reader.address(), let destination = reader.address() else {
            return false
        }
        natSource = source
        natDestination = destination
        return true
    }

    private mutating func readNATPorts(_ reader: inout XDRReader) -> Bool {
        guard let source = reader.word(), let destination = reader.word() else { return false }
        if source <= 0xffff { natSourcePort = source }
        if destination <= 0xffff { natDestinationPort = destination }
        return true
    }
}
