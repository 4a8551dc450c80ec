public import FlowModel

extension PacketHeaders {
    /// Writes every column that the headers know (addresses, ports, proto, flags, tos, MACs, VLANs,
    /// MPLS, ICMP, TTL, tun*) at `row`; not packets, bytes or times.
    public func write(to batch: FlowBatch, row: Int) {
        if contents.contains(.ip) {
            batch.columnForWriting(.srcip).set(source, at: row)
            batch.columnForWriting(.dstip).set(destination, at: row)
            batch.columnForWriting(.proto).set(UInt64(proto), at: row)
            batch.columnForWriting(.tos).set(UInt64(tos), at: row)
            batch.columnForWriting(.minttl).set(UInt64(ttl), at: row)
            batch.columnForWriting(.maxttl).set(UInt64(ttl), at: row)
        }
        if contents.contains(.ports) {
            batch.columnForWriting(.srcport).set(UInt64(sourcePort), at: row)
            batch.columnForWriting(.dstport).set(UInt64(destinationPort), at: row)
        }
        if contents.contains(.tcp) {
            batch.columnForWriting(.flags).set(UInt64(tcpFlags), at: row)
        }
        if contents.contains(.icmp) {
            batch.columnForWriting(.icmptype).set(UInt64(icmpType), at: row)
            batch.columnForWriting(.icmpcode).set(UInt64(icmpCode), at: row)
        }
        if contents.contains(.tunnel) {
            batch.columnForWriting(.tunsrcip).set(tunnelSource, at: row)
            batch.columnForWriting(.tundstip).set(tunnelDestination, at: row)
            batch.columnForWriting(.tunproto).set(UInt64(tunnelProto), at: row)
        }
        writeLink(to: batch, row: row)
    }

    private func writeLink(to batch: FlowBatch, row: Int) {
        if contents.contains(.sourceMAC) {
            batch.columnForWriting(.srcmac).set(sourceMAC, at: row)
        }
        if contents.contains(.destinationMAC) {
            batch.columnForWriting(.dstmac).set(destinationMAC, at: row)
        }
        if contents.contains(.ethertype) {
            batch.columnForWriting(.ethertype).set(UInt64(ethertype), at: row)
        }
        if contents.contains(.vlan) {
            batch.columnForWriting(.srcvlan).set(UInt64(vlan), at: row)
        }
        for index in 0..<Int(mplsCount) {
            batch.columnForWriting(.mpls(index + 1)).set(UInt64(mpls[index]), at: row)
        }
    }
}
