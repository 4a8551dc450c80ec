import FlowModel
import Testing

@testable import FlowWire

@Suite struct DatagramExtractorTests {
    private struct Payload: Equatable {
        var octets: [UInt8]
        var sender: String
        var transport: DatagramExtractor.Transport
    }

    private func extract(
        _ packets: [PacketBuilder]
    ) throws -> (payloads: [Payload], counters: DatagramExtractor.Counters) {
        var extractor = DatagramExtractor()
        var payloads: [Payload] = []
        for packet in packets {
            let info = PacketInfo(
                timestamp: 1_000_000, linkType: .raw, capturedLength: packet.octets.count,
                originalLength: packet.octets.count)
            try extractor.add(frame: packet.octets.span.bytes, info: info) {
                payload, sender, received, transport in
                #expect(received == 1)
                payloads.append(
                    Payload(
                        octets: payload.withUnsafeBytes { Array($0) },
                        sender: "\(sender.address) \(sender.port)", transport: transport))
            }
        }
        extractor.finish()
        return (payloads, extractor.counters)
    }

    @Test func `UDP payloads come with their sender`() throws {
        let (payloads, counters) = try extract([
            PacketBuilder([1, 2]).udp(7, 2055).v4(proto: 17),
            PacketBuilder([3]).udp(8, 4739).v6(next: 17), PacketBuilder().v4(proto: 1),
        ])
        #expect(
            payloads == [
                Payload(octets: [1, 2], sender: "10.0.0.1 7", transport: .udp),
                Payload(octets: [3], sender: "2001:db8::1 8", transport: .udp),
            ])
        #expect(counters.datagrams == 2 && counters.otherPackets == 1 && counters.packets == 3)
    }

    @Test func `a cut datagram is handed on and counted`() throws {
        var packet = PacketBuilder([1, 2, 3, 4]).udp(7, 2055).v4(proto: 17)
        packet.octets.removeLast(2)
        let (payloads, counters) = try extract([packet])
        #expect(payloads.map(\.octets) == [[1, 2]] && counters.cutDatagrams == 1)
    }

    private func fragments(_ payload: [UInt8], size: Int, isV6: Bool) -> [PacketBuilder] {
        let whole = PacketBuilder(payload).udp(9, 2055).octets
        return stride(from: 0, to: whole.count, by: size).map { start in
            let part = PacketBuilder(Array(whole[start..<min(start + size, whole.count)]))
            let more = start + size < whole.count
            return isV6
                ? part.before(
                    [17, 0] + PacketBuilder.bytes16(start | (more ? 1 : 0)) + [0, 0, 0, 5]
                ).v6(next: 44)
                : part.v4(proto: 17, id: 5, fragment: start / 8 | (more ? 0x2000 : 0))
        }
    }

    @Test(arguments: [false, true])
    func `fragments are put together in any order`(isV6: Bool) throws {
        let payload = (0..<100).map { UInt8($0) }
        var random = PacketRandom(state: 3)
        for _ in 0..<20 {
            var parts = fragments(payload, size: 16, isV6: isV6)
            parts += parts.prefix(2)  // repeats
            parts.shuffle(using: &random)
            let (payloads, counters) = try extract(parts)
            #expect(payloads.first?.octets == payload)
            #expect(counters.fragments == UInt64(parts.count))
        }
    }

    @Test func `what overlaps or is never complete is counted`() throws {
        let parts = fragments((0..<100).map { UInt8($0) }, size: 16, isV6: false)
        let missing = try extract(Array(parts.dropLast()))
        #expect(missing.payloads.isEmpty && missing.counters.incompletePackets == 1)
        let overlap = PacketBuilder(Array(repeating: 0, count: 24)).v4(
            proto: 17, id: 5, fragment: 0x2001)
        let attack = try extract([parts[0], overlap] + parts.dropFirst())
        #expect(attack.payloads.isEmpty && attack.counters.incompletePackets == 1)
    }

    @Test func `a flood of fragments costs no memory`() {
        var reassembler = FragmentReassembler()
        let packet = PacketBuilder(Array(repeating: 0, count: 1400))
        for id in 0..<9_000 {
            let octets = packet.v4(proto: 17, id: id, fragment: 0x3000).octets
            guard let headers = PacketHeaders(frame: octets.span.bytes, linkType: .raw) else {
                continue
            }
            _ = reassembler.take(
                headers, octets.span.bytes.extracting(20..<octets.count), time: 0)
        }
        #expect(reassembler.waiting <= FragmentReassembler.packetsMax)
        #expect(Int(reassembler.failures) == 9_000 - reassembler.waiting)
    }

    @Test func `complete packets behind one that never is cost no memory`() {
        var reassembler = FragmentReassembler()
        func take(_ octets: [UInt8]) -> [UInt8]? {
            guard let headers = PacketHeaders(frame: octets.span.bytes, linkType: .raw) else {
                return nil
            }
            return reassembler.take(
                headers, octets.span.bytes.extracting(20..<octets.count), time: 0)
        }
        let half = PacketBuilder(Array(repeating: 0, count: 8))
        #expect(take(half.v4(proto: 17, id: 1, fragment: 0x2000).octets) == nil)
        for id in 2..<6_000 {
            #expect(take(half.v4(proto: 17, id: id, fragment: 0x2000).octets) == nil)
            #expect(take(half.v4(proto: 17, id: id, fragment: 0x0001).octets)?.count == 16)
        }
        // Given up, with what stood behind it.
        #expect(reassembler.failures == 1 && reassembler.waiting == 0)
    }

    @Test func `segments behind holes are bounded over all connections`() throws {
        var streams = IPFIXStreams()
        let payload = PacketBuilder(Array(repeating: 0, count: 60_000))
        func take(_ packet: PacketBuilder) throws {
            let octets = packet.v4(proto: 6).octets
            guard let headers = PacketHeaders(frame: octets.span.bytes, linkType: .raw) else {
                return
            }
            try streams.take(headers, octets.span.bytes.extracting(20..<octets.count)) { _ in }
        }
        for port in 1...200 { try take(PacketBuilder().tcp(port, 4739, sequence: 0, flags: 2)) }
        for port in 1...200 {
            for part in 1...4 as ClosedRange<UInt32> {
                try take(payload.tcp(port, 4739, sequence: part * 60_000))
            }
        }
        #expect(streams.bytes <= IPFIXStreams.bytesMax)
        #expect(streams.bytes > IPFIXStreams.bytesMax / 2)
    }

    private func message(_ tag: UInt8, _ length: Int) -> [UInt8] {
        [0, 10] + PacketBuilder.bytes16(length) + Array(repeating: tag, count: 12) + [1, 0]
            + PacketBuilder.bytes16(length - 16) + Array(repeating: tag, count: length - 20)
    }

    private func segments(_ stream: [UInt8], size: Int, first: UInt32, syn: Bool) -> [PacketBuilder]
    {
        var packets: [PacketBuilder] = []
        if syn {
            packets.append(
                PacketBuilder().tcp(5000, 4739, sequence: first &- 1, flags: 2).v4(proto: 6))
        }
        for start in stride(from: 0, to: stream.count, by: size) {
            packets.append(
                PacketBuilder(Array(stream[start..<min(start + size, stream.count)]))
                    .tcp(5000, 4739, sequence: first &+ UInt32(start)).v4(proto: 6))
        }
        return packets
    }

    @Test(arguments: [1, 7, 50, 4096], [true, false])
    func `IPFIX over TCP is cut into messages`(size: Int, syn: Bool) throws {
        // Without a SYN the first segment must show a header.
        if !syn, size < 16 { return }
        let messages = [message(1, 40), message(2, 300), message(3, 21)]
        let (payloads, counters) = try extract(
            segments(messages.flatMap { $0 }, size: size, first: .max - 20, syn: syn))
        #expect(payloads.map(\.octets) == messages)
        #expect(payloads.allSatisfy { $0.transport == .tcp && $0.sender == "10.0.0.1 5000" })
        #expect(counters.brokenConnections == 0 && counters.messages == 3)
    }

    @Test func `segments out of order and repeated change nothing`() throws {
        let messages = (1...9).map { message($0, 30 + Int($0) * 11) }
        var random = PacketRandom(state: 11)
        for _ in 0..<20 {
            var packets = segments(
                messages.flatMap { $0 }, size: 33, first: .max - 100, syn: true)
            packets += packets.dropFirst().prefix(4)
            var tail = Array(packets.dropFirst())
            tail.shuffle(using: &random)
            let (payloads, counters) = try extract([packets[0]] + tail)
            #expect(payloads.map(\.octets) == messages)
            #expect(counters.brokenConnections == 0)
        }
    }

    @Test func `other connections are left alone, broken ones counted`() throws {
        let web = segments(
            Array("GET / HTTP/1.1\r\n\r\n".utf8), size: 9, first: 1, syn: true)
        let other = try extract(web)
        #expect(other.payloads.isEmpty && other.counters.brokenConnections == 0)
        let stream = message(1, 40) + message(2, 300)
        var packets = segments(stream, size: 50, first: 1, syn: true)
        packets.remove(at: 3)
        let broken = try extract(packets)
        #expect(broken.payloads.map(\.octets) == [message(1, 40)])
        #expect(broken.counters.brokenConnections == 1)
    }

    @Test func `damaged packets are counted, never a crash`() throws {
        var packets = fragments((0..<200).map { UInt8($0) }, size: 24, isV6: false)
        packets += fragments((0..<200).map { UInt8($0) }, size: 24, isV6: true)
        let stream = (1...9).flatMap { message($0, 30 + Int($0) * 11) }
        packets += segments(stream, size: 33, first: .max - 100, syn: true)
        var random = PacketRandom(state: 17)
        for _ in 0..<300 {
            let damaged = packets.shuffled(using: &random).map { packet in
                var packet = packet
                packet.octets[Int(random.next() % UInt64(packet.octets.count))] ^=
                    1 << UInt8(random.next() % 8)
                packet.octets.removeLast(Int(random.next() % 3))
                return packet
            }
            let (payloads, counters) = try extract(damaged)
            #expect(counters.datagrams + counters.messages == UInt64(payloads.count))
        }
    }
}
