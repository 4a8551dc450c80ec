/// Takes packets out of the octets of a pcap or pcapng file as they come: no file, no clock.
///
///     while let chunk = read() {
///         buffer += chunk
///         buffer.removeFirst(try parser.feed(buffer) { frame, info in … })
///     }
///     parser.finish(rest: buffer.count)
///
/// The caller keeps what was not consumed and feeds it again with more behind it. A buffer of
/// ``bufferBytesMin`` always suffices to go on.
public struct CaptureParser: ~Copyable {
    /// Octets of a packet that are believed: libpcap's largest snap length.
    public static let packetBytesMax = 262_144
    /// Interfaces in a pcapng section.
    public static let interfacesMax = 65_536
    /// Octets that the caller must be able to keep.
    public static let bufferBytesMin = PcapNGBlock.lengthMax

    private enum State {
        case start
        case pcap(PcapHeader)
        case pcapng
    }

    /// Octets consumed so far.
    public private(set) var position: UInt64 = 0
    /// Packets handed on so far.
    public private(set) var packets: UInt64 = 0
    /// Which of the two it is, nil before the first octets.
    public private(set) var format: CaptureFormat?

    private var state = State.start
    private var isSwapped = false
    private var interfaces: [PcapNGInterface] = []
    /// Octets still to come of a block that is skipped.
    private var skip = 0

    /// A parser at the beginning of a file.
    public init() {}

    /// Hands every whole packet in `bytes` to `body`.
    ///
    /// - Returns: octets consumed; the rest is the beginning of a packet.
    /// - Throws: ``CaptureError`` where the file cannot be read on, and what `body` throws; the
    ///   parser must not be fed after that.
    public mutating func feed(
        _ bytes: RawSpan, _ body: (RawSpan, PacketInfo) throws -> Void
    ) throws -> Int {
        var offset = 0
        if case .start = state {
            guard bytes.byteCount >= PcapHeader.length else {
                // So short a file may still be named when it ends.
                if bytes.byteCount > 0 { format = CaptureFormat.detect(bytes) }
                return 0
            }
            offset = try begin(bytes)
        }
        switch state {
        case .start: return 0
        case .pcap(let header): try feedPcap(bytes, &offset, header, body)
        case .pcapng: try feedBlocks(bytes, &offset, body)
        }
        return offset
    }

    /// Says how the file ended.
    ///
    /// - Parameter rest: octets that were fed and not consumed.
    /// - Throws: ``CaptureError/formatUnknown(_:)`` where no packet could ever be looked for.
    public borrowing func finish(rest: Int) throws(CaptureError) -> CaptureEnding {
        if case .start = state {
            if rest == 0 { throw .formatUnknown(.empty) }
            guard format == .pcap || format == .pcapng else {
                throw .formatUnknown(format ?? .unknown)
            }
        }
        return rest == 0 && skip == 0 ? .clean : .truncated(octets: rest, position: position)
    }

    private mutating func begin(_ bytes: RawSpan) throws(CaptureError) -> Int {
        let found = CaptureFormat.detect(bytes)
        format = found
        switch found {
        case .pcap:
            let header = try PcapHeader(bytes)
            state = .pcap(header)
            isSwapped = header.isSwapped
            position = UInt64(PcapHeader.length)
            return PcapHeader.length
        case .pcapng:
            state = .pcapng
            return 0
        default:
            throw .formatUnknown(found)
        }
    }

    private mutating func feedPcap(
        _ bytes: RawSpan, _ offset: inout Int, _ header: PcapHeader,
        _ body: (RawSpan, PacketInfo) throws -> Void
    ) throws {
        while bytes.byteCount - offset >= header.recordLength {
            let captured = word(bytes, offset + 8)
            guard captured <= Self.packetBytesMax else {
                throw CaptureError.packetTooLong(octets: captured, position: position)
            }
            let start = offset + header.recordLength
            let end = start + Int(captured)
            guard end <= bytes.byteCount else { return }
            let info = PacketInfo(
                timestamp: UInt64(word(bytes, offset)) * 1_000_000_000
                    + UInt64(word(bytes, offset + 4)) * header.unit,
                linkType: header.linkType, capturedLength: Int(captured),
                originalLength: Int(max(word(bytes, offset + 12), captured)))
            try body(bytes.extracting(start..<end), info)
            packets += 1
            position += UInt64(end - offset)
            offset = end
        }
    }

    private mutating func feedBlocks(
        _ bytes: RawSpan, _ offset: inout Int, _ body: (RawSpan, PacketInfo) throws -> Void
    ) throws {
        while true {
            if skip > 0 {
                let count = min(skip, bytes.byteCount - offset)
                skip -= count
                offset += count
                position += UInt64(count)
            }
            guard skip == 0, bytes.byteCount - offset >= 12 else { return }
            // The section's magic reads the same in both byte orders.
            let isSection = bytes.network32(at: offset) == PcapNGBlock.section
            if isSection { try beginSection(bytes, offset) }
            let type = isSection ? PcapNGBlock.section : word(bytes, offset)
            let length = word(bytes, offset + 4)
            guard length >= 12, length % 4 == 0, length <= PcapNGBlock.skippedLengthMax else {
                throw CaptureError.blockLengthInvalid(octets: length, position: position)
            }
            switch type {
            case PcapNGBlock.interface, PcapNGBlock.packet, PcapNGBlock.simplePacket,
                PcapNGBlock.enhancedPacket:
                guard length <= PcapNGBlock.lengthMax else {
                    throw CaptureError.blockLengthInvalid(octets: length, position: position)
                }
                let end = offset + Int(length)
                guard end <= bytes.byteCount else { return }
                let trailer = word(bytes, end - 4)
                guard trailer == length else {
                    throw CaptureError.blockLengthInvalid(octets: trailer, position: position)
                }
                try read(type, bytes.extracting((offset + 8)..<(end - 4)), body)
                position += UInt64(length)
                offset = end
            default:
                skip = Int(length)
            }
        }
    }

    private mutating func beginSection(_ bytes: RawSpan, _ offset: Int) throws(CaptureError) {
        switch bytes.network32(at: offset + 8) {
        case 0x1a2b_3c4d: isSwapped = false
        case 0x4d3c_2b1a: isSwapped = true
        default: throw .byteOrderUnknown(position: position)
        }
        interfaces.removeAll(keepingCapacity: true)
    }

    /// Reads a block's content.
    private mutating func read(
        _ type: UInt32, _ block: RawSpan, _ body: (RawSpan, PacketInfo) throws -> Void
    ) throws {
        switch type {
        case PcapNGBlock.interface:
            try addInterface(block)
        case PcapNGBlock.enhancedPacket:
            guard block.byteCount >= 20 else { throw invalid(block) }
            try deliver(
                block, interface: word(block, 0),
                stamp: UInt64(word(block, 4)) << 32 | UInt64(word(block, 8)), start: 20,
                captured: word(block, 12), original: word(block, 16), body)
        case PcapNGBlock.packet:
            guard block.byteCount >= 20 else { throw invalid(block) }
            try deliver(
                block, interface: UInt32(half(block, 0)),
                stamp: UInt64(word(block, 4)) << 32 | UInt64(word(block, 8)), start: 20,
                captured: word(block, 12), original: word(block, 16), body)
        default:
            guard block.byteCount >= 4 else { throw invalid(block) }
            // The captured length is not said: what the snap length and the block leave (§4.4).
            let original = word(block, 0)
            var captured = min(original, UInt32(block.byteCount - 4))
            if let snap = interfaces.first?.snapLength, snap > 0 { captured = min(captured, snap) }
            try deliver(
                block, interface: 0, stamp: nil, start: 4, captured: captured, original: original,
                body)
        }
    }

    private mutating func deliver(
        _ block: RawSpan, interface number: UInt32, stamp: UInt64?, start: Int, captured: UInt32,
        original: UInt32, _ body: (RawSpan, PacketInfo) throws -> Void
    ) throws {
        guard captured <= Self.packetBytesMax, Int(captured) <= block.byteCount - start else {
            throw CaptureError.packetTooLong(octets: captured, position: position)
        }
        guard number < interfaces.count else {
            throw CaptureError.interfaceUnknown(number: number, position: position)
        }
        let interface = interfaces[Int(number)]
        let info = PacketInfo(
            timestamp: stamp.map(interface.nanoseconds) ?? 0, linkType: interface.linkType,
            capturedLength: Int(captured), originalLength: Int(max(original, captured)),
            interface: number)
        try body(block.extracting(start..<(start + Int(captured))), info)
        packets += 1
    }

    /// An interface description: link type, reserved, snap length, options (§4.2).
    private mutating func addInterface(_ block: RawSpan) throws(CaptureError) {
        guard block.byteCount >= 8 else { throw invalid(block) }
        guard interfaces.count < Self.interfacesMax else {
            throw .tooManyInterfaces(position: position)
        }
        var interface = PcapNGInterface(
            linkType: LinkType(rawValue: half(block, 0)), snapLength: word(block, 4))
        var offset = 8
        while block.byteCount - offset >= 4 {
            let code = half(block, offset)
            let length = Int(half(block, offset + 2))
            offset += 4
            guard code != 0, block.byteCount - offset >= length else { break }
            if code == 9, length >= 1 { interface.resolution = block.octet(at: offset) }
            if code == 14, length >= 8 {
                let upper = UInt64(word(block, offset + (isSwapped ? 4 : 0)))
                let lower = UInt64(word(block, offset + (isSwapped ? 0 : 4)))
                interface.offset = Int64(bitPattern: upper << 32 | lower)
            }
            offset += (length + 3) & ~3
        }
        interfaces.append(interface)
    }

    private borrowing func invalid(_ block: RawSpan) -> CaptureError {
        .blockLengthInvalid(octets: UInt32(block.byteCount + 12), position: position)
    }

    @inline(__always)
    private borrowing func word(_ bytes: RawSpan, _ offset: Int) -> UInt32 {
        let value = bytes.network32(at: offset)
        return isSwapped ? value.byteSwapped : value
    }

    @inline(__always)
    private borrowing func half(_ bytes: RawSpan, _ offset: Int) -> UInt16 {
        let value = bytes.network16(at: offset)
        return isSwapped ? value.byteSwapped : value
    }
}
