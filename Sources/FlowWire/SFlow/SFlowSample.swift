import FlowModel

/// What a flow or discard sample says, gathered from its records before the row is written.
struct SFlowSample {
    /// An interface of a sample: the top two bits of the compact form, and the rest.
    struct Interface {
        var format: UInt32
        var value: UInt32

        init(format: UInt32, value: UInt32) {
            self.format = format
            self.value = value
        }

        init(compact: UInt32) {
            self.init(format: compact >> 30, value: compact & 0x3fff_ffff)
        }

        /// The ifIndex where it is one interface; 0x3fffffff is the agent itself.
        var index: UInt32? { format == 0 ? value : nil }
        /// Why the packet was discarded, where it was.
        var discardReason: UInt32? { format == 1 ? value : nil }
    }

    /// 1 in N; nil in discard samples, which are not sampled.
    var rate: UInt32?
    var input = Interface(format: 0, value: 0)
    var output = Interface(format: 0, value: 0)
    var discard: UInt32?

    /// Octets of the frame, from the best record that says so.
    var frameLength: UInt32?
    /// Whether ``headers`` come from a piece of the frame, which then goes before other records.
    var headers: PacketHeaders?
    var ethernet: (source: UInt64, destination: UInt64, type: UInt32)?
    var packet: Packet?

    var sourceVLAN: UInt32?
    var destinationVLAN: UInt32?
    var nextHop: IPAddress?
    var sourceMask: UInt32?
    var destinationMask: UInt32?
    var bgpNextHop: IPAddress?
    var sourceAS: UInt32?
    var destinationAS: UInt32?
    var previousAS: UInt32?
    var nextAS: UInt32?
    var natSource: IPAddress?
    var natDestination: IPAddress?
    var natSourcePort: UInt32?
    var natDestinationPort: UInt32?
    var tunnel: Packet?
    var labels = InlineArray<10, UInt32>(repeating: 0)
    var labelCount = 0

    /// The sampled IPv4 or IPv6 structure.
    struct Packet {
        var length: UInt32
        var proto: UInt32
        var source: IPAddress
        var destination: IPAddress
        var sourcePort: UInt32
        var destinationPort: UInt32
        var flags: UInt32
        var tos: UInt32
    }

    /// Writes the row; the caller has reserved it.
    func write(
        to batch: FlowBatch, row: Int, agent: IPAddress, subAgent: UInt32, received: UInt64
    ) {
        func set(_ field: Field, _ value: UInt32?) {
            if let value { batch.columnForWriting(field).set(UInt64(value), at: row) }
        }
        func set(_ field: Field, _ value: IPAddress?) {
            if let value { batch.columnForWriting(field).set(value, at: row) }
        }
        for field in [Field.start, .end, .received] {
            batch.columnForWriting(field).set(received, at: row)
        }
        set(.exporter, agent)
        set(.domain, subAgent)
        set(.packets, 1)
        set(.sampling, rate)
        set(.inif, input.index)
        set(.outif, output.index)
        set(.discard, discard ?? output.discardReason)

        if let ethernet {
            batch.columnForWriting(.srcmac).set(ethernet.source, at: row)
            batch.columnForWriting(.dstmac).set(ethernet.destination, at: row)
            if ethernet.type <= 0xffff { set(.ethertype, ethernet.type) }
        }
        headers?.write(to: batch, row: row)
        if let packet, !(headers?.contents.contains(.ip) ?? false) {
            write(packet, to: batch, row: row)
        }
        set(.bytes, frameLength ?? packet?.length)

        set(.srcvlan, Self.vlan(sourceVLAN))
        set(.dstvlan, Self.vlan(destinationVLAN))
        set(.nexthop, nextHop)
        set(.srcmask, sourceMask)
        set(.dstmask, destinationMask)
        set(.bgpnexthop, bgpNextHop)
        set(.srcas, sourceAS)
        set(.dstas, destinationAS)
        set(.prevas, previousAS)
        set(.nextas, nextAS)
        set(.natsrcip, natSource)
        set(.natdstip, natDestination)
        set(.natsrcport, natSourcePort)
        set(.natdstport, natDestinationPort)
        if let tunnel, !(headers?.contents.contains(.tunnel) ?? false) {
            set(.tunsrcip, tunnel.source)
            set(.tundstip, tunnel.destination)
            set(.tunproto, tunnel.proto)
        }
        if headers.map({ $0.mplsCount == 0 }) ?? true {
            for index in 0..<labelCount { set(.mpls(index + 1), labels[index]) }
        }
    }

    private func write(_ packet: Packet, to batch: FlowBatch, row: Int) {
        batch.columnForWriting(.srcip).set(packet.source, at: row)
        batch.columnForWriting(.dstip).set(packet.destination, at: row)
        batch.columnForWriting(.proto).set(UInt64(packet.proto), at: row)
        batch.columnForWriting(.tos).set(UInt64(packet.tos), at: row)
        switch packet.proto {
        case 1, 58:  // no ports: type and code are not in this structure
            break
        default:
            batch.columnForWriting(.srcport).set(UInt64(packet.sourcePort), at: row)
            batch.columnForWriting(.dstport).set(UInt64(packet.destinationPort), at: row)
        }
        if packet.proto == 6 { batch.columnForWriting(.flags).set(UInt64(packet.flags), at: row) }
    }

    /// A VLAN of the extended switch record; all ones (and what else is none) is "not known".
    private static func vlan(_ value: UInt32?) -> UInt32? {
        value.flatMap { $0 <= 4095 ? $0 : nil }
    }
}
