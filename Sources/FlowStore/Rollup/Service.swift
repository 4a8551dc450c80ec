import FlowModel

/// What a flow is about: its protocol and, of its two ports, the lower one.
///
/// A client's port is chosen anew for each connection and says nothing; the lower one is the service's
/// with few exceptions. Protocols without ports have none. As a number: protocol × 65,536 + port.
public enum Service {
    /// The protocols with ports: TCP, UDP, DCCP, SCTP.
    public static func hasPorts(_ proto: UInt64) -> Bool {
        proto == 6 || proto == 17 || proto == 33 || proto == 132
    }

    /// The service of a flow.
    public static func number(proto: UInt64, srcport: UInt64, dstport: UInt64) -> UInt64 {
        proto << 16 | (hasPorts(proto) ? min(srcport, dstport) : 0)
    }

    /// Makes services of protocols: `output` has a protocol for each of `count` rows, and then its service.
    public static func join(
        _ sources: Span<UInt64>, _ destinations: Span<UInt64>,
        into output: inout MutableSpan<UInt64>, count: Int
    ) {
        precondition(
            count <= output.count && count <= sources.count && count <= destinations.count)
        for row in 0..<count {
            unsafe output[unchecked: row] = number(
                proto: output[unchecked: row], srcport: sources[unchecked: row],
                dstport: destinations[unchecked: row])
        }
    }
}

extension Service {
    /// The services of a block's rows as a column of its own.
    public static func column(of block: any BlockSource) throws -> EncodedColumn {
        let found = try ServiceCodes.read(block)
        return EncodedColumn(
            field: .service, rows: block.rows, presence: .all,
            values: .dictionary(found.services, Codes(width: 2, storage: found.codes)))
    }
}
