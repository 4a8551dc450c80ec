/// A capture file under construction: classic pcap, microseconds, little-endian, Ethernet.
///
/// Appends to memory; the caller writes ``bytes`` out and removes them when it likes.
public struct PcapBuffer: Sendable {
    /// What has been appended and not been removed.
    public private(set) var bytes: [UInt8] = []
    /// How many octets of a frame are kept.
    public let snaplen: Int
    /// Frames appended so far.
    public private(set) var frames = 0

    private var headers = OctetBuffer(count: 42)
    private var identification: UInt16 = 0

    /// Begins a file: ``bytes`` holds its header.
    ///
    /// - Parameter snaplen: octets kept of each frame, at most 262,144; 0 = all.
    public init(snaplen: Int = 0) {
        self.snaplen = snaplen <= 0 ? 262_144 : min(snaplen, 262_144)
        append(little: 0xa1b2_c3d4)
        append(little: 2 | 4 << 16)  // version 2.4
        append(little: 0)
        append(little: 0)
        append(little: UInt32(self.snaplen))
        append(little: 1)  // LINKTYPE_ETHERNET
    }

    /// Forgets ``bytes``, keeps their storage.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    /// Appends every datagram of a queue as the frame that carried it to `collector`.
    ///
    /// - Parameters:
    ///   - fleet: the exporters that the queue's numbers stand for.
    ///   - collector: IPv4 address, as a number, and port.
    public mutating func append(
        _ queue: DatagramQueue, from fleet: [ExporterProfile],
        to collector: (address: UInt32, port: UInt16)
    ) {
        for datagram in queue.datagrams {
            append(
                payload: queue.bytes[datagram.range], time: datagram.time * 1_000,
                from: fleet[datagram.exporter], to: collector)
        }
    }

    private mutating func append(
        payload: ArraySlice<UInt8>, time: UInt64, from exporter: ExporterProfile,
        to collector: (address: UInt32, port: UInt16)
    ) {
        identification &+= 1
        storeHeaders(
            to: &headers, payload: payload.span.bytes, identification: identification,
            from: exporter, to: collector)
        let frame = 42 + payload.count
        begin(time: time, captured: min(frame, snaplen), length: frame)
        bytes += headers[..<min(42, snaplen)]
        if snaplen > 42 { bytes += payload.prefix(snaplen - 42) }
    }

    /// Appends a frame whose payload is zero.
    mutating func append(_ builder: FrameBuilder, length: Int, time: UInt64) {
        let captured = min(length, snaplen)
        begin(time: time, captured: captured, length: length)
        let headers = min(builder.headerBytes, captured)
        bytes += builder.bytes[..<headers]
        for _ in headers..<captured { bytes.append(0) }
    }

    private mutating func begin(time: UInt64, captured: Int, length: Int) {
        frames += 1
        append(little: UInt32(truncatingIfNeeded: time / 1_000_000))
        append(little: UInt32(time % 1_000_000))
        append(little: UInt32(captured))
        append(little: UInt32(length))
    }

    private mutating func append(little value: UInt32) {
        for shift: UInt32 in [0, 8, 16, 24] { bytes.append(UInt8(value >> shift & 255)) }
    }
}

/// Stores Ethernet, IPv4 and UDP headers, 42 octets, in front of `payload`.
private func storeHeaders(
    to out: inout OctetBuffer, payload: RawSpan, identification: UInt16,
    from exporter: ExporterProfile, to collector: (address: UInt32, port: UInt16)
) {
    var offset = 0
    out.put(UInt16(0x0200), at: &offset)
    out.put(collector.address, at: &offset)
    out.put(UInt16(0x0200), at: &offset)
    out.put(exporter.address, at: &offset)
    out.put(UInt16(0x0800), at: &offset)
    out.put(UInt16(0x4500), at: &offset)
    out.put(UInt16(28 + payload.byteCount), at: &offset)
    out.put(identification, at: &offset)
    out.put(UInt16(0), at: &offset)
    out.put(UInt16(64 << 8 | 17), at: &offset)
    out.put(UInt16(0), at: &offset)
    out.put(exporter.address, at: &offset)
    out.put(collector.address, at: &offset)
    var checksum = InternetChecksum()
    checksum.add(out.octets.span.bytes.extracting(14..<34))
    var place = 24
    out.put(checksum.value, at: &place)

    let length = UInt16(8 + payload.byteCount)
    out.put(exporter.port, at: &offset)
    out.put(collector.port, at: &offset)
    out.put(length, at: &offset)
    out.put(UInt16(0), at: &offset)
    checksum = InternetChecksum()
    // The pseudo-header: both addresses here, with ports, length and a checksum of 0.
    checksum.add(out.octets.span.bytes.extracting(26..<42))
    checksum.add(UInt16(17))
    checksum.add(length)
    checksum.add(payload)
    place = 40
    out.put(checksum.valueForUDP, at: &place)
}
