import FlowModel
import FlowWire
import Foundation
import Testing

@testable import FlowMeter

@Suite(.enabled(if: MeterCaptures.areThere)) struct FlowMeterCaptureTests {
    static var wholeCapture: MeterOptions {
        var options = MeterOptions()
        options.activeTimeout = .zero
        options.idleTimeout = .zero
        options.isUniflow = true
        options.reassembles = false
        return options
    }

    static let files = [
        "pcap/arkime-bigendian.pcap", "pcap/arkime-pppoe.pcap", "pcap/arkime-sctp-www.pcap",
        "pcap/flowtest-dns-tcp.pcap", "pcap/flowtest-http-get.pcap", "pcap/flowtest-icmp.pcap",
        "pcap/flowtest-ipv4-udp-fragmented.pcap", "pcap/flowtest-ipv6-smtp.pcap",
        "pcap/flowtest-qinq.pcap", "pcap/gopacket-be-test016.pcapng",
        "pcap/gopacket-le-test201.pcapng", "pcap/ipfixprobe-mixed.pcap",
        "pcap/wireshark-dhcp-nanosecond.pcap", "pcap/wireshark-dhcp-nanosecond.pcapng",
        "pcap/wireshark-many-interfaces.pcapng", "pcap/wireshark-netperfmeter.pcapng",
        "pcap/zeek-bro-org-http.pcap", "pcap/zeek-mdns.pcap", "pcap/zeek-mixed-vlan-mpls.pcap",
    ]
    /// Here the expectation has the outer flow and the meter, on purpose, the inner one.
    static let tunnels = ["pcap/arkime-gre.pcap", "pcap/flowtest-vxlan.pcap"]

    @Test(arguments: files + tunnels)
    func `real traffic gives tshark's flows`(name: String) throws {
        let expected = try MeterCaptures.expected(name)
        var options = Self.wholeCapture
        options.unwrapsTunnels = !Self.tunnels.contains(name)
        let harness = MeterHarness()
        try harness.run(try MeterCaptures.octets(name), options)
        let wanted = (expected["records"] as? [[String: Any]] ?? []).compactMap(
            MeteredFlow.init(json:))
        #expect(harness.flows.sorted() == wanted.sorted())
        #expect(Int(harness.counters.packets) == expected["packets"] as? Int)
        #expect(Int(harness.counters.otherPackets) == expected["otherPackets"] as? Int)
        #expect(harness.counters.flows == UInt64(harness.flows.count))
        for (row, json) in zip(
            harness.rows.indices,
            harness.flows.map { flow in
                (expected["records"] as? [[String: Any]] ?? []).first {
                    MeteredFlow(json: $0) == flow
                }
            })
        {
            guard let json else { continue }
            if let flags = json["tcpControlBits"] as? Int {
                #expect(harness.rows[row][.flags] == UInt64(flags))
            }
            #expect(harness.rows[row][.tos] == (json["ipClassOfService"] as? Int).map(UInt64.init))
            if let vlan = (json["vlanId"] as? [[Int]])?.first?.first {
                #expect(harness.rows[row][.srcvlan] == UInt64(vlan))
            }
        }
    }

    @Test func `every capture of traffic is held against its expectation`() throws {
        let folder = try #require(MeterCaptures.folder).appending(path: "pcap")
        let there = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".pcap") || $0.hasSuffix(".pcapng") }.map { "pcap/" + $0 }
        #expect(Set(there) == Set(Self.files + Self.tunnels))
    }

    /// Held against the inner flow that FlowTest annotated.
    @Test func `the flow inside of VXLAN is the flow`() throws {
        let harness = MeterHarness()
        try harness.run(
            try MeterCaptures.octets("pcap/flowtest-vxlan.pcap"), Self.wholeCapture)
        let golden = try #require(
            (try MeterCaptures.expected("pcap/flowtest-vxlan.pcap")["golden"]
                as? [[String: Any]])?.first)
        #expect(harness.flows.count == 2)
        for (index, direction) in ["octetDeltaCount", "reverseOctetDeltaCount"].enumerated() {
            #expect(harness.rows[index][.bytes] == (golden[direction] as? Int).map(UInt64.init))
            #expect(harness.rows[index][.packets] == 4)
            #expect(harness.rows[index][.tunproto] == 17)
        }
        let inner = harness.addresses[0]
        #expect(inner[.srcip]?.description == golden["sourceIPv4Address"] as? String)
        #expect(inner[.dstip]?.description == golden["destinationIPv4Address"] as? String)
        #expect(inner[.tunsrcip]?.description == "192.168.56.11")
        #expect(inner[.tundstip]?.description == "192.168.56.12")
        let mac = harness.rows[0][.srcmac].map { MACAddress(rawValue: $0).description }
        #expect(mac == golden["sourceMacAddress"] as? String)
    }

    @Test func `the flows inside of GRE carry its ends`() throws {
        let harness = MeterHarness()
        try harness.run(try MeterCaptures.octets("pcap/arkime-gre.pcap"), Self.wholeCapture)
        #expect(harness.flows.map(\.packets).reduce(0, +) == 40)
        #expect(Set(harness.rows.map { $0[.tunproto] }) == [47])
        #expect(Set(harness.rows.compactMap { $0[.proto] }) == [1, 6, 17])
        #expect(Set(harness.addresses.compactMap { $0[.tunsrcip]?.description }).count == 2)
    }

    @Test func `fragments count to their flow, as FlowTest annotated`() throws {
        let harness = MeterHarness()
        var options = Self.wholeCapture
        options.reassembles = true
        options.isUniflow = false
        let name = "pcap/flowtest-ipv4-udp-fragmented.pcap"
        try harness.run(try MeterCaptures.octets(name), options)
        let golden = try #require(
            (try MeterCaptures.expected(name)["golden"] as? [[String: Any]])?.first)
        #expect(harness.rows.count == 1)
        let row = try #require(harness.rows.first)
        for (field, key) in [
            (Field.bytes, "octetDeltaCount"), (.rbytes, "reverseOctetDeltaCount"),
            (.packets, "packetDeltaCount"), (.rpackets, "reversePacketDeltaCount"),
            (.srcport, "sourceTransportPort"), (.minttl, "ipTTL"),
        ] {
            #expect(row[field] == (golden[key] as? Int).map(UInt64.init), "\(key)")
        }
    }

    @Test(arguments: files)
    func `biflows hold all packets and octets`(name: String) throws {
        let harness = MeterHarness()
        try harness.run(try MeterCaptures.octets(name), MeterOptions())
        let records = try MeterCaptures.expected(name)["records"] as? [[String: Any]] ?? []
        func sum(_ key: String) -> Int { records.reduce(0) { $0 + (($1[key] as? Int) ?? 0) } }
        func sum(_ fields: Field...) -> Int {
            harness.rows.reduce(0) { sum, row in
                fields.reduce(sum) { $0 + Int(row[$1] ?? 0) }
            }
        }
        #expect(sum(.packets, .rpackets) == sum("packetDeltaCount"))
        #expect(sum(.bytes, .rbytes) == sum("octetDeltaCount"))
    }

    @Test(arguments: files + tunnels)
    func `damaged captures are counted or refused, never a crash`(name: String) throws {
        let octets = try MeterCaptures.octets(name)
        var random = SplitMix(state: 42)
        for _ in 0..<8 {
            var damaged = octets
            for _ in 0..<(1 + damaged.count / 200) {
                damaged[Int(random.next() % UInt64(damaged.count))] ^=
                    1 << UInt8(random.next() % 8)
            }
            if random.next() % 2 == 0 {
                damaged.removeLast(Int(random.next() % UInt64(damaged.count)))
            }
            var options = MeterOptions()
            options.maxFlows = 8
            let harness = MeterHarness()
            do { try harness.run(damaged, options) } catch is CaptureError {}
        }
    }
}

/// A small generator with a seed (Steele, Lea and Flood's SplitMix64).
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }
}
