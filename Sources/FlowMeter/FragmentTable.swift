import FlowModel
import FlowWire

/// Packets, octets and times that are to be counted to one flow at once.
struct PacketTally: BitwiseCopyable {
    var packets: UInt64
    var bytes: UInt64
    /// Nanoseconds since 1970.
    var first: UInt64
    var last: UInt64
    var minTTL: UInt8
    var maxTTL: UInt8

    @inline(__always)
    init(bytes: UInt64, time: UInt64, ttl: UInt8) {
        packets = 1
        self.bytes = bytes
        first = time
        last = time
        minTTL = ttl
        maxTTL = ttl
    }

    mutating func add(_ other: PacketTally) {
        packets += other.packets
        bytes += other.bytes
        first = min(first, other.first)
        last = max(last, other.last)
        minTTL = min(minTTL, other.minTTL)
        maxTTL = max(maxTTL, other.maxTTL)
    }
}

/// Finds the ports of later fragments: what the fragments of one packet have in common → its ports.
///
/// Fragments that come before the first one wait as a sum. Packets are kept for 30 s of capture time
/// (RFC 791 §3.2 asks for 15 at least) and at most ``packetsMax`` at a time, the oldest making room.
struct FragmentTable {
    struct Key: Hashable {
        var source: IPAddress
        var destination: IPAddress
        var id: UInt32
        var proto: UInt8
    }

    /// What waits for its first fragment.
    struct Waiting {
        var headers: PacketHeaders
        var tally: PacketTally
    }

    /// What to do with a fragment.
    enum Verdict {
        /// Count it to the flow of these headers.
        case count(PacketHeaders)
        /// Count it as it is, then what waited for it.
        case countWith(Waiting)
        /// It waits.
        case wait
    }

    private struct Packet {
        var first: PacketHeaders?
        var waiting: Waiting?
        var time: UInt64
        var serial: UInt64
    }

    static let packetsMax = 8192
    static let lifetime: UInt64 = 30_000_000_000

    private var packets: [Key: Packet] = [:]
    /// Keys in the order of their coming; a serial tells an old entry from a later one of that key.
    private var order: [(key: Key, serial: UInt64)] = []
    private var oldest = 0
    private var serial: UInt64 = 0

    var isEmpty: Bool { packets.isEmpty }

    /// Takes in a fragment.
    mutating func take(
        _ headers: PacketHeaders, _ tally: PacketTally, clock: UInt64
    ) -> Verdict {
        let key = Key(
            source: headers.source, destination: headers.destination, id: headers.fragmentID,
            proto: headers.proto)
        let isFirst = headers.fragmentOffset == 0
        guard var packet = packets[key] else {
            serial += 1
            packets[key] = Packet(
                first: isFirst ? headers : nil,
                waiting: isFirst ? nil : Waiting(headers: headers, tally: tally), time: clock,
                serial: serial)
            order.append((key, serial))
            return isFirst ? .count(headers) : .wait
        }
        if isFirst {
            let waiting = packet.waiting
            packet.first = headers
            packet.waiting = nil
            packets[key] = packet
            guard var waiting else { return .count(headers) }
            waiting.headers.adoptPorts(of: headers)
            return .countWith(waiting)
        }
        if let first = packet.first {
            var later = headers
            later.adoptPorts(of: first)
            return .count(later)
        }
        if packet.waiting == nil {
            packet.waiting = Waiting(headers: headers, tally: tally)
        } else {
            packet.waiting?.tally.add(tally)
        }
        packets[key] = packet
        return .wait
    }

    /// Takes out the oldest packet that is due, or any where `all`; nil where none is.
    ///
    /// The answer's inner nil: nothing waited.
    mutating func takeDue(clock: UInt64, all: Bool = false) -> Waiting?? {
        while oldest < order.count {
            let (key, serial) = order[oldest]
            guard let packet = packets[key], packet.serial == serial else {
                advance()
                continue
            }
            // Wrapping: a clock that was set back lets them go too.
            guard all || packets.count > Self.packetsMax || clock &- packet.time >= Self.lifetime
            else { return nil }
            packets[key] = nil
            advance()
            return .some(packet.waiting)
        }
        return nil
    }

    private mutating func advance() {
        oldest += 1
        if oldest >= 4096, oldest * 2 >= order.count {
            order.removeFirst(oldest)
            oldest = 0
        }
    }
}
