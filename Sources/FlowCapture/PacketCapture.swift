import CPcap
public import FlowWire
import Glibc

/// Packets as they pass an interface, or out of a capture file, through libpcap.
///
///     kernel ─▶ ring of blocks (TPACKET_V3) ─▶ read(atMost:) ─▶ body, in place
///
/// A block is handed over when it is full, or ``blockTimeout`` after its first packet. What comes while
/// all blocks are full the kernel drops, and counts. One thread at a time may use a capture.
@safe
public final class PacketCapture: @unchecked Sendable {
    // Sendable: libpcap's handle is tied to no thread, and one at a time uses it.

    /// What to capture.
    public struct Options: Hashable, Sendable {
        /// The interface.
        public var interface: String
        /// Which packets, in libpcap's language; nil = all.
        public var filter: String?
        /// Octets of memory of the kernel for packets that wait.
        ///
        /// Default: 32 MiB.
        public var bufferBytes = 32 << 20
        /// Octets of each packet that are looked at.
        ///
        /// Default: 256, enough for the headers of a tunnel and what is in it.
        public var snapLength = 256
        /// Whether to see also what is for other machines, as on a mirror port.
        ///
        /// Default: true.
        public var isPromiscuous = true

        /// Captures all of an interface.
        public init(interface: String) { self.interface = interface }
    }

    /// What the kernel counted.
    public struct Statistics: Hashable, Sendable {
        /// Packets dropped because the buffer was full, modulo 2³².
        public var kernelDrops: UInt32 = 0
        /// Packets that the interface itself dropped, modulo 2³², where it says.
        public var interfaceDrops: UInt32 = 0

        /// Nothing dropped.
        public init() {}
    }

    /// How long a packet may wait in the kernel before it can be read.
    public static let blockTimeout = Duration.milliseconds(Int64(blockMilliseconds))
    static let blockMilliseconds: Int32 = 100

    /// The interface or file.
    public let name: String
    /// How packets begin.
    public let linkType: LinkType
    /// Something about the capture that is not as it was asked for; nil where all is.
    public let warning: String?
    private let handle: OpaquePointer
    private let nanosecondsPerTick: UInt64

    /// Takes an open handle over.
    init(
        _ handle: OpaquePointer, name: String, warning: String? = nil
    ) throws(PacketCaptureError) {
        let number = unsafe cpcap_datalink(handle)
        guard let linkType = Self.linkType(number) else {
            let link = unsafe cpcap_datalink_val_to_name(number).map { unsafe String(cString: $0) }
            unsafe cpcap_close(handle)
            throw .linkTypeUnknown(name, link: link ?? "of link type \(number)")
        }
        unsafe self.handle = handle
        self.name = name
        self.linkType = linkType
        self.warning = warning
        nanosecondsPerTick =
            unsafe cpcap_get_tstamp_precision(handle) == PCAP_TSTAMP_PRECISION_NANO ? 1 : 1000
    }

    deinit { unsafe cpcap_close(handle) }

    /// What `poll` may wait for; -1 for a file.
    public var descriptor: Int32 { unsafe cpcap_get_selectable_fd(handle) }

    /// Hands over packets that are there, without waiting for more.
    ///
    /// The octets hold until `body` returns.
    /// - Returns: how many packets it was; of a file, 0 is the end.
    /// - Throws: ``PacketCaptureError/failed(_:reason:)`` where the capture cannot go on.
    public func read(
        atMost count: Int32, _ body: (RawSpan, PacketInfo) -> Void
    ) throws(PacketCaptureError) -> Int {
        let taken = withoutActuallyEscaping(body) { body in
            var reading = Reading(
                linkType: linkType, nanosecondsPerTick: nanosecondsPerTick, body: body)
            return unsafe withUnsafeMutablePointer(to: &reading) { context in
                unsafe cpcap_dispatch(
                    handle, count,
                    { context, header, octets in
                        guard let context = unsafe context, let header = unsafe header,
                            let octets = unsafe octets
                        else { return }
                        unsafe UnsafeRawPointer(context).assumingMemoryBound(to: Reading.self)
                            .pointee.take(header.pointee, octets)
                    }, UnsafeMutableRawPointer(context).assumingMemoryBound(to: UInt8.self))
            }
        }
        guard taken >= 0 else { throw .failed(name, reason: lastError) }
        return Int(taken)
    }

    /// What the kernel counted since the capture began; of a file, nothing.
    public var statistics: Statistics {
        var counts = pcap_stat()
        guard unsafe cpcap_stats(handle, &counts) == 0 else { return Statistics() }
        var statistics = Statistics()
        statistics.kernelDrops = counts.ps_drop
        statistics.interfaceDrops = counts.ps_ifdrop
        return statistics
    }

    private var lastError: String {
        unsafe cpcap_geterr(handle).map { unsafe String(cString: $0) } ?? "libpcap does not say why"
    }

    /// The link type of files for libpcap's number of one (pcap-linktype(7)).
    private static func linkType(_ number: Int32) -> LinkType? {
        // Linux's DLT_RAW, and OpenBSD's, are 101 in files.
        if number == 12 || number == 14 { return .raw }
        let known: [LinkType] = [
            .null, .ethernet, .ppp, .pppHDLC, .pppoe, .raw, .ciscoHDLC, .loop, .linuxCooked, .ipv4,
            .ipv6, .linuxCooked2,
        ]
        return known.first { Int32($0.rawValue) == number }
    }
}

/// What libpcap's callback needs for each packet.
private struct Reading {
    let linkType: LinkType
    let nanosecondsPerTick: UInt64
    let body: (RawSpan, PacketInfo) -> Void

    @unsafe
    func take(_ header: pcap_pkthdr, _ octets: UnsafePointer<UInt8>) {
        let frame = unsafe RawSpan(
            _unsafeStart: UnsafeRawPointer(octets), byteCount: Int(header.caplen))
        let ticks = UInt64(clamping: header.ts.tv_usec) &* nanosecondsPerTick
        let info = PacketInfo(
            timestamp: UInt64(clamping: header.ts.tv_sec) &* 1_000_000_000 &+ ticks,
            linkType: linkType, capturedLength: Int(header.caplen),
            originalLength: Int(header.len))
        body(frame, info)
    }
}
