import FlowModel
import Testing

@testable import FlowWire

@Suite struct PacketHeadersTests {
    private func parse(
        _ octets: [UInt8], _ linkType: LinkType = .ethernet, unwraps: Bool = true
    ) throws -> PacketHeaders {
        let headers = PacketHeaders(
            frame: octets.span.bytes, linkType: linkType, unwrapsTunnels: unwraps)
        return try #require(headers)
    }

    private static let datagram = PacketBuilder([1, 2, 3]).udp(1000, 2000).v4(proto: 17)

    @Test(arguments: [
        (LinkType.ethernet, datagram.ethernet(0x0800).octets),
        (.raw, datagram.octets), (LinkType(rawValue: 12), datagram.octets),
        (LinkType(rawValue: 14), datagram.octets), (.ipv4, datagram.octets),
        (.null, [2, 0, 0, 0] + datagram.octets), (.null, [0, 0, 0, 2] + datagram.octets),
        (.loop, [0, 0, 0, 2] + datagram.octets),
        (
            .linuxCooked,
            [0, 0, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0, 8, 0] + datagram.octets
        ),
        (
            .linuxCooked2,
            [8, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 6, 2, 0, 0, 0, 0, 1, 0, 0] + datagram.octets
        ),
        (.ppp, [0x00, 0x21] + datagram.octets), (.ppp, [0xff, 0x03, 0x00, 0x21] + datagram.octets),
        (.ppp, [0x21] + datagram.octets),
        (.pppHDLC, [0x0f, 0x00, 0x08, 0x00] + datagram.octets),
        (.ciscoHDLC, [0x0f, 0x00, 0x08, 0x00] + datagram.octets),
        (.pppoe, [0x11, 0, 0, 1, 0, 33, 0, 0x21] + datagram.octets),
        (.ethernet, datagram.before([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]).ethernet(39).octets),
    ])
    func `every link type leads to the datagram`(linkType: LinkType, frame: [UInt8]) throws {
        let headers = try parse(frame, linkType)
        #expect(headers.source == IPAddress(v4: 0x0a00_0001))
        #expect(headers.destination == IPAddress(v4: 0x0a00_0002))
        #expect(headers.sourcePort == 1000 && headers.destinationPort == 2000)
        #expect(headers.proto == 17 && headers.ipLength == 31 && headers.ttl == 64)
        #expect(frame.count - headers.payloadOffset == 3)
        #expect(headers.payloadEnd == frame.count)
        #expect(!headers.contents.contains(.tunnel))
    }

    @Test func `the outer of two tags is the VLAN`() throws {
        let frame = Self.datagram.tag(10, type: 0x0800).tag(118, type: 0x8100).ethernet(0x88a8)
        let headers = try parse(frame.octets)
        #expect(headers.vlan == 118 && headers.innerVLAN == 10)
        #expect(headers.ethertype == 0x0800 && headers.sourcePort == 1000)
    }

    @Test func `padding of the link is not payload`() throws {
        let short = PacketBuilder().v4(proto: 6)
        let frame = short.ethernet(0x0800).octets + Array(repeating: 0xff, count: 26)
        let headers = try parse(frame)
        #expect(!headers.contents.contains(.ports))
        #expect(headers.payloadEnd == 34)
    }

    @Test func `options and extension headers are stepped over`() throws {
        let options = PacketBuilder().udp(7, 8).v4(
            proto: 17, options: Array(repeating: 1, count: 8))
        #expect(try parse(options.octets, .raw).destinationPort == 8)
        let extended = PacketBuilder().tcp(7, 8, flags: 0x12)
            .before([6, 2] + Array(repeating: 0, count: 14))  // authentication header of 16
            .before([51, 0, 0, 0, 0, 0, 0, 0])  // destination options
            .before([60, 1] + Array(repeating: 0, count: 14))  // routing
            .before([43, 0, 1, 4, 0, 0, 0, 0])  // hop-by-hop
            .v6(next: 0)
        let headers = try parse(extended.octets, .raw)
        #expect(headers.proto == 6 && headers.tcpFlags == 0x12 && headers.sourcePort == 7)
    }

    @Test func `fragments say where they belong`() throws {
        let later = try parse(
            PacketBuilder([9, 9]).v4(proto: 17, id: 77, fragment: 0x00b9).octets, .raw)
        #expect(later.fragmentID == 77 && later.fragmentOffset == 1480 && !later.moreFragments)
        #expect(later.contents.contains(.fragment) && !later.contents.contains(.ports))
        let first = PacketBuilder([9, 9]).udp(5, 6).before([17, 0, 0, 1, 0, 0, 1, 2]).v6(next: 44)
        let headers = try parse(first.octets, .raw)
        #expect(headers.fragmentID == 258 && headers.moreFragments && headers.sourcePort == 5)
        #expect(headers.transportOffset == 48)
        let atomic = PacketBuilder([9, 9]).udp(5, 6).before([17, 0, 0, 0, 0, 0, 1, 2]).v6(next: 44)
        #expect(try !parse(atomic.octets, .raw).contents.contains(.fragment))
    }

    @Test func `a jumbogram has its length in an option`() throws {
        let jumbo = PacketBuilder().udp(5, 6).before([17, 0, 0xc2, 4, 0, 1, 0, 0])
            .v6(next: 0, length: 0)
        #expect(try parse(jumbo.octets, .raw).ipLength == 65_536 + 40)
        let offloaded = PacketBuilder().tcp(5, 6).v4(proto: 6, length: 0)
        let headers = try parse(offloaded.octets, .raw)
        #expect(headers.ipLength == 0 && headers.destinationPort == 6)
    }

    private static let inner = PacketBuilder([1]).tcp(80, 5000, flags: 0x18).v4(
        0xc000_0201, 0xc633_6401, proto: 6)
    private static let innerV6 = PacketBuilder([1]).tcp(80, 5000, flags: 0x18).v6(next: 6)

    @Test(arguments: [
        ("IP in IP", inner.v4(proto: 4), UInt8(4)),
        ("6in4", innerV6.v4(proto: 41), 41),
        ("4in6", inner.v6(9, 8, next: 4), 4),
        ("GRE", inner.before([0, 0, 8, 0]).v4(proto: 47), 47),
        (
            "GRE with checksum, key, number",
            inner.before([0xb0, 0, 8, 0] + Array(repeating: 0, count: 12)).v4(proto: 47), 47
        ),
        ("bridged GRE", innerV6.ethernet(0x86dd).before([0, 0, 0x65, 0x58]).v4(proto: 47), 47),
        ("ERSPAN I", inner.ethernet(0x0800).before([0, 0, 0x88, 0xbe]).v4(proto: 47), 47),
        (
            "ERSPAN II",
            inner.ethernet(0x0800).before([0x10, 0, 0x88, 0xbe] + Array(repeating: 0, count: 12))
                .v4(proto: 47), 47
        ),
        (
            "PPTP",
            inner.before([0x30, 0x81, 0x88, 0x0b, 0, 1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x21]).v4(
                proto: 47), 47
        ),
        (
            "VXLAN",
            inner.ethernet(0x0800).before([8, 0, 0, 0, 0, 0, 123, 0]).udp(4000, 4789).v4(proto: 17),
            17
        ),
        (
            "Geneve",
            innerV6.before([1, 0, 0x86, 0xdd, 0, 0, 1, 0, 0, 0, 0, 0]).udp(4000, 6081).v6(
                9, 8, next: 17), 17
        ),
        (
            "GTP",
            inner.before([0x34, 255, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0x85, 1, 0, 0, 0]).udp(2152, 2152)
                .v4(proto: 17), 17
        ),
        ("MPLS in IP", inner.before([0, 1, 0x01, 64]).v4(proto: 137), 137),
    ])
    func `the flow is inside of the tunnel`(
        name: String, packet: PacketBuilder, proto: UInt8
    ) throws {
        let headers = try parse(packet.octets, .raw)
        #expect(headers.contents.contains([.tunnel, .tcp]))
        #expect(headers.tunnelProto == proto)
        #expect(headers.proto == 6 && headers.sourcePort == 80 && headers.tcpFlags == 0x18)
        #expect(headers.tunnelSource != headers.source)
        let outer = try parse(packet.octets, .raw, unwraps: false)
        #expect(outer.proto == proto && !outer.contents.contains(.tunnel))
        #expect(outer.source == headers.tunnelSource)
    }

    @Test func `what only looks like a tunnel stays the flow that it is`() throws {
        let answer = PacketBuilder([0x08, 0x20, 1, 1, 1, 1, 1, 1, 1, 1]).udp(53, 4789).v4(proto: 17)
        let headers = try parse(answer.ethernet(0x0800).octets)
        #expect(headers.destinationPort == 4789 && !headers.contents.contains(.tunnel))
        let arp = PacketBuilder(Array(repeating: 0, count: 28)).ethernet(
            0x0806, source: 7, destination: 8
        )
        .before([8, 0, 0, 0, 0, 0, 1, 0]).udp(4000, 4789).v4(proto: 17).ethernet(0x0800)
        let outer = try parse(arp.octets)
        #expect(outer.destinationPort == 4789 && outer.sourceMAC == 0x0200_0000_0001)
    }

    @Test func `nested tunnels keep the outermost ends`() throws {
        var packet = Self.inner
        for host in UInt32(1)...20 { packet = packet.v4(host, host + 100, proto: 4) }
        let headers = try parse(packet.octets, .raw)
        #expect(headers.tunnelSource == IPAddress(v4: 20))
        #expect(headers.depth == PacketHeaders.depthMax)
        #expect(headers.proto == 4)
    }

    @Test(arguments: [
        ("IPv4", inner), ("IPv6", innerV6), ("Ethernet", inner.ethernet(0x0800)),
        ("Ethernet behind a control word", inner.ethernet(0x0800).before([0, 0, 0, 9])),
    ])
    func `labels are kept, and what they carry is found`(name: String, packet: PacketBuilder) throws
    {
        let frame = packet.before([0, 1, 0x01, 64]).before([0x12, 0x34, 0x50, 64]).ethernet(0x8847)
        let headers = try parse(frame.octets)
        #expect(headers.mplsCount == 2)
        #expect(headers.mpls[0] == 0x123450 && headers.mpls[1] == 0x000101)
        #expect(headers.sourcePort == 80 && headers.proto == 6)
        #expect(!headers.contents.contains(.tunnel))
    }

    @Test func `all that is known becomes a column`() throws {
        let tagged = Self.inner.tag(7, type: 0x0800).ethernet(0x8100, source: 5, destination: 6)
        let batch = FlowBatch()
        try parse(tagged.octets).write(to: batch, row: 3)
        batch.advance(by: 4)
        #expect(batch.address(.srcip, at: 3)?.description == "192.0.2.1")
        #expect(batch.address(.dstip, at: 3)?.description == "198.51.100.1")
        for (field, value) in [
            (Field.srcport, UInt64(80)), (.dstport, 5000), (.proto, 6), (.flags, 0x18), (.tos, 0),
            (.minttl, 64), (.maxttl, 64), (.srcvlan, 7), (.srcmac, 0x0200_0000_0005),
            (.dstmac, 0x0200_0000_0006), (.ethertype, 0x0800),
        ] {
            #expect(batch.number(field, at: 3) == value, "\(field.name)")
        }
        #expect(batch.address(.srcip, at: 2) == nil && batch.number(.tunproto, at: 3) == nil)
    }

    @Test func `a frame that is cut anywhere is read as far as it goes`() {
        let whole = Self.inner.ethernet(0x0800).before([8, 0, 0, 0, 0, 0, 123, 0]).udp(4000, 4789)
            .before([17, 0, 0, 0, 0, 0, 0, 0]).v6(9, 8, next: 60).tag(3, type: 0x86dd)
            .ethernet(0x8100).octets
        for length in 0...whole.count {
            let cut = Array(whole.prefix(length))
            let headers = PacketHeaders(frame: cut.span.bytes, linkType: .ethernet)
            #expect((headers == nil) == (length < 14))
            #expect((headers?.payloadEnd ?? 0) <= length)
            #expect((headers?.payloadOffset ?? 0) <= length)
        }
    }

    @Test func `any octets under any link type are read without a crash`() {
        var random = PacketRandom(state: 7)
        let links: [UInt16] = [0, 1, 9, 12, 14, 50, 51, 101, 104, 108, 113, 228, 229, 276, 4711]
        let batch = FlowBatch()
        for round in 0..<20_000 {
            var octets = (0..<Int(random.next() % 120)).map { _ in UInt8(random.next() % 256) }
            // Every other round starts like something, so that the deeper layers are reached.
            if round % 2 == 0 {
                let whole = Self.inner.ethernet(0x0800).before([8, 0, 0, 0, 0, 0, 1, 0])
                    .udp(4000, 4789).before([0, 0, 0x86, 0xdd]).v4(proto: 47).ethernet(0x0800)
                    .octets
                octets = whole
                for _ in 0..<3 {
                    octets[Int(random.next() % UInt64(octets.count))] = UInt8(random.next() % 256)
                }
            }
            let link = LinkType(rawValue: links[Int(random.next() % UInt64(links.count))])
            PacketHeaders(frame: octets.span.bytes, linkType: link)?.write(to: batch, row: 0)
        }
    }
}

/// A small generator with a seed (Steele, Lea and Flood's SplitMix64).
struct PacketRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
