import FlowModel

/// The TCP connections that may carry IPFIX.
///
/// A connection is followed from its SYN, or from a segment that begins with an IPFIX message header,
/// and forgotten as soon as its stream turns out to be something else.
struct IPFIXStreams {
    private struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var ports: UInt32
    }

    private struct Entry {
        var connection: IPFIXConnection
        var serial: UInt64
    }

    static let connectionsMax = 4096
    static let bytesMax = 32 << 20

    /// Connections given up inside of a message.
    private(set) var broken: UInt64 = 0

    private var entries: [Key: Entry] = [:]
    private var order: [(key: Key, serial: UInt64)] = []
    private var oldest = 0
    private var serial: UInt64 = 0
    /// Octets that all connections keep.
    private(set) var bytes = 0

    /// Takes in a segment with its TCP header.
    mutating func take(
        _ headers: PacketHeaders, _ segment: RawSpan, _ body: (RawSpan) throws -> Void
    ) throws {
        guard segment.byteCount >= 20 else { return }
        let length = Int(segment.octet(at: 12) >> 4) * 4
        guard length >= 20, length <= segment.byteCount else { return }
        let key = Key(
            source: headers.source, destination: headers.destination,
            ports: segment.network32(at: 0))
        let flags = segment.octet(at: 13)
        let sequence = segment.network32(at: 4)
        let payload = segment.extracting(length..<segment.byteCount)
        let start = flags & 0x02 != 0 ? sequence &+ 1 : sequence
        if flags & 0x02 != 0, entries[key]?.connection.bytes ?? 0 == 0 {
            enter(key, IPFIXConnection(next: start))
        } else if entries[key] == nil {
            guard payload.byteCount >= IPFIXMessageHeader.length,
                IPFIXMessageHeader.isPlausible(payload)
            else { return }
            enter(key, IPFIXConnection(next: start))
        }
        guard var entry = entries.removeValue(forKey: key) else { return }
        let before = entry.connection.bytes
        let wasIPFIX = entry.connection.isIPFIX
        let outcome = try entry.connection.take(payload, sequence: start, body)
        bytes += entry.connection.bytes - before
        let isOver = flags & 0x05 != 0 && entry.connection.bytes == 0
        switch outcome {
        case .goesOn where !isOver:
            entries[key] = entry
            makeRoom()
        case .isOther:
            if wasIPFIX { broken += 1 }
            fallthrough
        case .goesOn:
            bytes -= entry.connection.bytes
        }
    }

    /// Counts what ends inside of a message.
    mutating func finish() {
        for entry in entries.values where entry.connection.isIPFIX && entry.connection.bytes > 0 {
            broken += 1
        }
        entries.removeAll()
        order.removeAll()
        oldest = 0
        bytes = 0
    }

    private mutating func enter(_ key: Key, _ connection: IPFIXConnection) {
        makeRoom(forConnections: 1)
        serial += 1
        entries[key] = Entry(connection: connection, serial: serial)
        order.append((key, serial))
    }

    /// Gives the oldest connections up until the others, and so many more, are within bounds.
    private mutating func makeRoom(forConnections more: Int = 0) {
        while oldest < order.count,
            entries.count + more > Self.connectionsMax || bytes > Self.bytesMax
                || order.count - oldest > 4 * Self.connectionsMax
        {
            let (key, serial) = order[oldest]
            if let entry = entries[key], entry.serial == serial {
                entries[key] = nil
                bytes -= entry.connection.bytes
                if entry.connection.isIPFIX { broken += 1 }
            }
            oldest += 1
            if oldest >= 1024 {
                order.removeFirst(oldest)
                oldest = 0
            }
        }
    }
}
