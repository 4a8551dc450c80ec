import FlowWire

/// What the beginning of a capture holds, so that `--as auto` can tell exports from traffic.
struct CaptureCensus {
    /// Packets looked at.
    private(set) var packets = 0
    /// UDP datagrams and IPFIX messages over TCP that are flow exports by their content.
    private(set) var exports = 0

    /// Looks at the whole packets in the first octets of a capture.
    init(_ first: RawSpan) throws {
        var parser = CaptureParser()
        var extractor = DatagramExtractor()
        var packets = 0
        var exports = 0
        _ = try parser.feed(first) { frame, info in
            packets += 1
            try extractor.add(frame: frame, info: info) { payload, _, _, _ in
                if ExportDecoder.recognise(payload) != nil { exports += 1 }
            }
        }
        self.packets = packets
        self.exports = exports
    }

    /// A collector's capture has little beside exports; traffic that passes by has few of them.
    var looksLikeExports: Bool { exports > 0 && exports * 4 >= packets }
}
