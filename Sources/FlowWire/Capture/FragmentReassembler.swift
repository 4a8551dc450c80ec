import FlowModel

/// Puts IP payloads together from their fragments (RFC 791 §3.2, RFC 8200 §4.5).
///
/// A packet whose fragments overlap is given up (RFC 5722 §3); an exact repeat is not an overlap.
/// Memory is bounded by ``bytesMax`` in all; the oldest packet makes room.
struct FragmentReassembler {
    private struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var id: UInt32
        var proto: UInt8
    }

    fileprivate struct Piece {
        var range: Range<Int>
        var octets: [UInt8]
    }

    fileprivate struct Packet {
        /// What is there of it, sorted; nothing overlaps.
        var pieces: [Piece] = []
        /// Octets in ``pieces``.
        var bytes = 0
        /// Known once the last fragment is there.
        var length: Int?
        var serial: UInt64
        var time: UInt64
        /// Given up; what else comes of it is to be dropped.
        var isBad = false
    }

    static let packetsMax = 1024
    static let bytesMax = 8 << 20
    /// Nanoseconds that a packet is waited for.
    static let lifetime: UInt64 = 30_000_000_000
    /// Fragments of one packet.
    static let piecesMax = 256

    /// Packets that were never complete, or were given up.
    private(set) var failures: UInt64 = 0

    private var packets: [Key: Packet] = [:]
    private var order: [(key: Key, serial: UInt64)] = []
    private var oldest = 0
    private var serial: UInt64 = 0
    private var bytes = 0

    /// Packets of which only a part has come.
    var waiting: Int { packets.values.count { !$0.isBad } }

    /// Takes in a fragment; answers the payload where it is complete now.
    mutating func take(
        _ headers: PacketHeaders, _ payload: RawSpan, time: UInt64
    ) -> [UInt8]? {
        drop(before: time)
        let key = Key(
            source: headers.source, destination: headers.destination, id: headers.fragmentID,
            proto: headers.proto)
        let start = Int(headers.fragmentOffset)
        let end = start + payload.byteCount
        var packet: Packet
        if let known = packets.removeValue(forKey: key) {
            packet = known
        } else {
            serial += 1
            packet = Packet(serial: serial, time: time)
            order.append((key, serial))
        }
        guard !packet.isBad else {
            packets[key] = packet
            return nil
        }
        bytes -= packet.bytes
        guard end <= 65_535, packet.add(payload, start..<end, isLast: !headers.moreFragments) else {
            failures += 1
            packet = Packet(serial: packet.serial, time: packet.time, isBad: true)
            packets[key] = packet
            return nil
        }
        // Nothing overlaps, so that as many octets as the length are all of them.
        if packet.length == packet.bytes { return packet.pieces.flatMap(\.octets) }
        bytes += packet.bytes
        packets[key] = packet
        return nil
    }

    /// Gives up what still waits.
    mutating func finish() {
        failures += UInt64(waiting)
        packets.removeAll()
        order.removeAll()
        oldest = 0
        bytes = 0
    }

    private mutating func drop(before time: UInt64) {
        while oldest < order.count {
            let (key, serial) = order[oldest]
            if let packet = packets[key], packet.serial == serial {
                let isOld = time > packet.time && time - packet.time >= Self.lifetime
                guard
                    isOld || packets.count >= Self.packetsMax || bytes > Self.bytesMax
                        || order.count - oldest > 4 * Self.packetsMax
                else { return }
                packets[key] = nil
                bytes -= packet.bytes
                if !packet.isBad { failures += 1 }
            }
            oldest += 1
            if oldest >= 1024 {
                order.removeFirst(oldest)
                oldest = 0
            }
        }
    }
}

extension FragmentReassembler.Packet {
    /// Puts a piece in its place; false where it contradicts what is there.
    fileprivate mutating func add(_ payload: RawSpan, _ range: Range<Int>, isLast: Bool) -> Bool {
        if isLast {
            guard length ?? range.upperBound == range.upperBound else { return false }
            length = range.upperBound
        }
        let end = max(range.upperBound, pieces.last?.range.upperBound ?? 0)
        if let length, end > length { return false }
        guard !range.isEmpty else { return isLast }
        let place = pieces.firstIndex { $0.range.upperBound > range.lowerBound } ?? pieces.count
        if place < pieces.count, pieces[place].range.lowerBound < range.upperBound {
            return pieces[place].range == range && pieces[place].holds(payload)
        }
        guard pieces.count < FragmentReassembler.piecesMax else { return false }
        var octets: [UInt8] = []
        octets.append(payload)
        bytes += octets.count
        pieces.insert(.init(range: range, octets: octets), at: place)
        return true
    }
}

extension FragmentReassembler.Piece {
    fileprivate func holds(_ payload: RawSpan) -> Bool {
        octets.indices.allSatisfy { octets[$0] == payload.octet(at: $0) }
    }
}
