import Foundation
import Testing

@testable import FlowWire

/// Writes captures in either byte order.
struct CaptureWriter {
    var isBig = false
    var octets: [UInt8] = []

    mutating func put<T: FixedWidthInteger>(_ values: T...) {
        for value in values {
            withUnsafeBytes(of: isBig ? value.bigEndian : value.littleEndian) {
                octets.append(contentsOf: $0)
            }
        }
    }

    mutating func pcapHeader(magic: UInt32 = 0xa1b2_c3d4, link: UInt32 = 1) {
        put(magic)
        put(UInt16(2), 4)
        put(UInt32(0), 0, 65535, link)
    }

    mutating func pcapPacket(
        _ frame: [UInt8], seconds: UInt32 = 1, fraction: UInt32 = 0, original: UInt32? = nil
    ) {
        put(seconds, fraction, UInt32(frame.count), original ?? UInt32(frame.count))
        octets += frame
    }

    mutating func block(_ type: UInt32, _ body: (inout CaptureWriter) -> Void) {
        var inner = CaptureWriter(isBig: isBig)
        body(&inner)
        while inner.octets.count % 4 != 0 { inner.octets.append(0) }
        put(type, UInt32(inner.octets.count + 12))
        octets += inner.octets
        put(UInt32(inner.octets.count + 12))
    }

    mutating func section() {
        block(0x0a0d_0d0a) {
            $0.put(UInt32(0x1a2b_3c4d))
            $0.put(UInt16(1), 0)
            $0.put(Int64(-1))
        }
    }

    mutating func interface(link: UInt16 = 1, resolution: UInt8? = nil, offset: Int64? = nil) {
        block(1) {
            $0.put(link, 0)
            $0.put(UInt32(0))
            if let resolution {
                $0.put(UInt16(9), 1)
                $0.octets += [resolution, 0, 0, 0]
            }
            if let offset {
                $0.put(UInt16(14), 8)
                $0.put(offset)
            }
            $0.put(UInt16(0), 0)
        }
    }

    mutating func packet(_ frame: [UInt8], stamp: UInt64, interface: UInt32 = 0) {
        block(6) {
            $0.put(
                interface, UInt32(stamp >> 32), UInt32(truncatingIfNeeded: stamp),
                UInt32(frame.count), UInt32(frame.count + 5))
            $0.octets += frame
        }
    }
}

@Suite struct CaptureParserTests {
    private struct Packet: Equatable {
        var octets: [UInt8]
        var info: PacketInfo
    }

    /// Feeds `octets` in pieces of `step` and answers what came out.
    private func parse(
        _ octets: [UInt8], step: Int = .max
    ) throws -> (packets: [Packet], ending: CaptureEnding) {
        var parser = CaptureParser()
        var packets: [Packet] = []
        var buffer: [UInt8] = []
        var offset = 0
        while offset < octets.count {
            let end = min(offset + min(step, octets.count), octets.count)
            buffer += octets[offset..<end]
            offset = end
            let consumed = try parser.feed(buffer.span.bytes) { frame, info in
                packets.append(
                    Packet(octets: frame.withUnsafeBytes { Array($0) }, info: info))
            }
            buffer.removeFirst(consumed)
        }
        return (packets, try parser.finish(rest: buffer.count))
    }

    private func capture(isBig: Bool = false, _ write: (inout CaptureWriter) -> Void) -> [UInt8] {
        var writer = CaptureWriter(isBig: isBig)
        write(&writer)
        return writer.octets
    }

    @Test(arguments: [false, true], [1, 7, Int.max])
    func `pcap in both byte orders, whatever the pieces`(isBig: Bool, step: Int) throws {
        let octets = capture(isBig: isBig) {
            $0.pcapHeader(link: 101)
            $0.pcapPacket([1, 2, 3], seconds: 5, fraction: 250_000, original: 9)
            $0.pcapPacket([])
        }
        let (packets, ending) = try parse(octets, step: step)
        #expect(ending == .clean)
        #expect(packets.map(\.octets) == [[1, 2, 3], []])
        #expect(
            packets.first?.info
                == PacketInfo(
                    timestamp: 5_250_000_000, linkType: .raw, capturedLength: 3, originalLength: 9))
    }

    @Test func `pcap's other magics are nanoseconds and longer headers`() throws {
        let nano = capture {
            $0.pcapHeader(magic: 0xa1b2_3c4d)
            $0.pcapPacket([1], seconds: 5, fraction: 123)
        }
        #expect(try parse(nano).packets.first?.info.timestamp == 5_000_000_123)
        let modified = capture {
            $0.pcapHeader(magic: 0xa1b2_cd34)
            $0.put(UInt32(1), 2, 1, 1, 0, 0)
            $0.octets.append(42)
        }
        #expect(try parse(modified).packets.map(\.octets) == [[42]])
    }

    @Test(arguments: [false, true], [1, 13, Int.max])
    func `pcapng in both byte orders, sections and interfaces`(isBig: Bool, step: Int) throws {
        let octets = capture(isBig: isBig) {
            $0.section()
            $0.interface(resolution: 9)
            $0.block(0x0bad) { $0.octets = Array(repeating: 7, count: 999) }
            $0.interface(link: 101, resolution: 0x80 | 10, offset: 100)
            $0.packet([1, 2, 3], stamp: 1_500_000_000_123_456_789)
            $0.packet([4], stamp: 3 << 10 | 512, interface: 1)
            $0.block(3) {
                $0.put(UInt32(2))
                $0.octets += [8, 9]
            }
            $0.section()
            $0.interface(link: 113)
            $0.block(2) {
                $0.put(UInt16(0), 0)
                $0.put(UInt32(0), 7_000_001, 1, 1)
                $0.octets.append(5)
            }
        }
        let (packets, ending) = try parse(octets, step: step)
        #expect(ending == .clean)
        #expect(packets.map(\.octets) == [[1, 2, 3], [4], [8, 9], [5]])
        #expect(
            packets.map(\.info.timestamp) == [
                1_500_000_000_123_456_789, 103_500_000_000, 0, 7_000_001_000,
            ])
        #expect(packets.map(\.info.linkType) == [.ethernet, .raw, .ethernet, .linuxCooked])
        #expect(packets.map(\.info.originalLength) == [8, 6, 2, 1])
    }

    @Test(arguments: [
        (UInt8(0), UInt64(7), Int64(0), UInt64(7_000_000_000)), (3, 1500, 0, 1_500_000_000),
        (6, 1, -1, 0), (12, 1_234_567_890_123, 1, 2_234_567_890), (19, .max, 0, 1_844_674_407),
        (30, .max, 0, 0), (0x80, 9, 0, 9_000_000_000), (0x81, 3, 0, 1_500_000_000),
        (0xa0, 0x1_8000_0000, 0, 1_500_000_000), (0xbf, 1 << 62, 0, 500_000_000),
        (0xc0, 1 << 63, 0, 500_000_000), (0xff, .max, 0, 0), (0, .max, .max, .max),
    ])
    func `stamps of any resolution`(
        resolution: UInt8, stamp: UInt64, offset: Int64, nanoseconds: UInt64
    ) {
        let interface = PcapNGInterface(
            linkType: .raw, snapLength: 0, resolution: resolution, offset: offset)
        #expect(interface.nanoseconds(stamp) == nanoseconds)
    }

    @Test func `a last packet that is cut is reported, the others are there`() throws {
        var octets = capture {
            $0.pcapHeader()
            $0.pcapPacket([1, 2, 3])
            $0.pcapPacket([4, 5, 6])
        }
        octets.removeLast()
        let (packets, ending) = try parse(octets)
        #expect(packets.map(\.octets) == [[1, 2, 3]])
        #expect(ending == .truncated(octets: 18, position: 24 + 19))
    }

    @Test func `lengths that cannot be are refused with their place`() {
        let long = capture {
            $0.pcapHeader()
            $0.put(UInt32(0), 0, 262_145, 0)
        }
        #expect(throws: CaptureError.packetTooLong(octets: 262_145, position: 24)) {
            _ = try parse(long)
        }
        for length in [UInt32(0), 11, 13, 0xffff_fffc] {
            let block = capture {
                $0.section()
                $0.put(UInt32(5), length, 0, 0)
            }
            #expect(throws: CaptureError.blockLengthInvalid(octets: length, position: 28)) {
                _ = try parse(block)
            }
        }
        let stray = capture {
            $0.section()
            $0.packet([1], stamp: 0, interface: 3)
        }
        #expect(throws: CaptureError.interfaceUnknown(number: 3, position: 28)) {
            _ = try parse(stray)
        }
    }

    @Test(
        arguments: [
            ([0xd4, 0xc3, 0xb2, 0xa1], CaptureFormat.pcap), ([0xa1, 0xb2, 0x3c, 0x4d], .pcap),
            ([0x0a, 0x0d, 0x0d, 0x0a], .pcapng), ([0x1f, 0x8b, 8, 0], .gzip),
            ([0x28, 0xb5, 0x2f, 0xfd], .zstd), ([0xfd, 0x37, 0x7a, 0x58], .xz),
            ([0, 10, 0, 40], .ipfix), ([0, 10, 0, 3], .unknown), ([0, 1, 2, 3], .unknown),
        ] as [([UInt8], CaptureFormat)])
    func `files are told by their first octets`(octets: [UInt8], format: CaptureFormat) {
        let found = CaptureFormat.detect(octets.span.bytes)
        #expect(found == format)
    }

    @Test func `a short or foreign file says what it is`() {
        #expect(throws: CaptureError.formatUnknown(.empty)) { try parse([]) }
        #expect(throws: CaptureError.formatUnknown(.text)) { try parse(Array("hello".utf8)) }
        #expect(throws: CaptureError.formatUnknown(.text)) {
            try parse(Array(String(repeating: "flow,", count: 9).utf8))
        }
    }

    @Test(arguments: [1, 5, Int.max])
    func `a stream of IPFIX messages is cut`(step: Int) throws {
        let message: [UInt8] = [0, 10, 0, 20] + Array(repeating: 1, count: 16)
        let octets = message + message + message.prefix(9)
        var splitter = IPFIXMessageSplitter()
        var buffer: [UInt8] = []
        var count = 0
        var offset = 0
        while offset < octets.count {
            let end = min(offset + min(step, octets.count), octets.count)
            buffer += octets[offset..<end]
            offset = end
            buffer.removeFirst(
                try splitter.feed(buffer.span.bytes) {
                    #expect($0.byteCount == 20)
                    count += 1
                })
        }
        #expect(count == 2)
        #expect(splitter.finish(rest: buffer.count) == .truncated(octets: 9, position: 40))
        #expect(throws: CaptureError.messageInvalid(version: 9, length: 20, position: 40)) {
            _ = try splitter.feed(([0, 9, 0, 20] as [UInt8]).span.bytes) { _ in }
        }
    }

    @Test func `damaged captures are refused or read, never a crash`() throws {
        let pcap = capture {
            $0.pcapHeader()
            for size in 0..<20 { $0.pcapPacket(Array(repeating: 1, count: size * 7)) }
        }
        let pcapng = capture {
            for section in 0..<3 {
                $0.section()
                $0.interface(resolution: UInt8(section * 90), offset: 1 << 60)
                for size in 0..<9 { $0.packet(Array(repeating: 1, count: size * 9), stamp: .max) }
            }
        }
        var random = PacketRandom(state: 99)
        for round in 0..<4000 {
            var octets = round % 2 == 0 ? pcap : pcapng
            for _ in 0..<(1 + random.next() % 6) {
                octets[Int(random.next() % UInt64(octets.count))] = UInt8(random.next() % 256)
            }
            octets.removeLast(Int(random.next() % UInt64(octets.count)))
            do { _ = try parse(octets, step: 1 + Int(random.next() % 500)) } catch is CaptureError {
            }
        }
    }
}
