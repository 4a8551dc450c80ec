import FlowModel

/// Takes UDP payloads and IPFIX messages over TCP out of captured packets.
///
/// Pure: no I/O. Whether a UDP payload is an export is for ``ExportDecoder/recognise(_:)`` to say;
/// all are handed on, with fragments put together. Of TCP only connections are followed whose
/// stream begins with an IPFIX message header (RFC 7011 §10.4).
public struct DatagramExtractor: ~Copyable {
    /// What carried a payload.
    public enum Transport: String, Sendable {
        /// One datagram.
        case udp
        /// One message of a stream.
        case tcp
    }

    /// What became of the packets: none is dropped uncounted.
    public struct Counters: Hashable, Sendable {
        /// Packets seen.
        public var packets: UInt64 = 0
        /// UDP payloads handed on.
        public var datagrams: UInt64 = 0
        /// UDP payloads of which the capture has only the beginning, handed on all the same.
        public var cutDatagrams: UInt64 = 0
        /// IPFIX messages out of TCP handed on.
        public var messages: UInt64 = 0
        /// Fragments of IP packets.
        public var fragments: UInt64 = 0
        /// Fragments of which the capture has only the beginning: nothing can be made of them.
        public var cutFragments: UInt64 = 0
        /// Fragmented packets that were never complete.
        public var incompletePackets: UInt64 = 0
        /// IPFIX connections that were given up because octets are missing or no message begins
        /// where one should, or that ended inside of a message.
        public var brokenConnections: UInt64 = 0
        /// Packets that are neither UDP nor TCP.
        public var otherPackets: UInt64 = 0

        /// Nothing seen.
        public init() {}
    }

    private var count = Counters()
    private var reassembler = FragmentReassembler()
    private var streams = IPFIXStreams()

    /// An extractor without state.
    public init() {}

    /// What became of the packets so far.
    public var counters: Counters {
        var all = count
        all.incompletePackets = reassembler.failures
        all.brokenConnections = streams.broken
        return all
    }

    /// Hands what one packet completes to `body`: payload, sender, arrival in ms since 1970, transport.
    ///
    /// - Throws: only what `body` throws.
    public mutating func add(
        frame: RawSpan, info: PacketInfo,
        _ body: (RawSpan, ExporterEndpoint, UInt64, Transport) throws -> Void
    ) throws {
        count.packets += 1
        guard let headers = PacketHeaders(frame: frame, linkType: info.linkType),
            headers.contents.contains(.ip), headers.proto == 17 || headers.proto == 6
        else {
            count.otherPackets += 1
            return
        }
        let payload = frame.extracting(headers.transportOffset..<headers.payloadEnd)
        let received = info.timestamp / 1_000_000
        guard headers.contents.contains(.fragment) else {
            return try transport(headers, payload, received, body)
        }
        count.fragments += 1
        // A cut fragment would put every later octet in the wrong place.
        let isCut =
            headers.ipLength > 0
            && headers.ipOffset + Int(headers.ipLength) > headers.payloadEnd
        guard !isCut else {
            count.cutFragments += 1
            return
        }
        guard let whole = reassembler.take(headers, payload, time: info.timestamp) else { return }
        try unsafe transport(headers, whole.span.bytes, received, body)
    }

    /// Counts what never became complete.
    ///
    /// Call at the end of a capture.
    public mutating func finish() {
        reassembler.finish()
        streams.finish()
    }

    private mutating func transport(
        _ headers: PacketHeaders, _ segment: RawSpan, _ received: UInt64,
        _ body: (RawSpan, ExporterEndpoint, UInt64, Transport) throws -> Void
    ) throws {
        guard segment.byteCount >= 8 else {
            count.otherPackets += 1
            return
        }
        let endpoint = ExporterEndpoint(address: headers.source, port: segment.network16(at: 0))
        if headers.proto == 6 {
            try streams.take(headers, segment) { message in
                count.messages += 1
                try body(message, endpoint, received, .tcp)
            }
            return
        }
        // A length of 0 is that of a jumbogram or of segmentation offload.
        let length = Int(segment.network16(at: 4))
        let end = length >= 8 ? min(length, segment.byteCount) : segment.byteCount
        if length > segment.byteCount { count.cutDatagrams += 1 }
        count.datagrams += 1
        try body(segment.extracting(8..<end), endpoint, received, .udp)
    }
}
