import FlowTestSupport
import Foundation
import Testing

/// Held against nfdump's meter, capture by capture.
@Suite(
    .enabled(
        if: Command.installed("nfpcapd") != nil && Command.installed("nfdump") != nil,
        "nfpcapd and nfdump are not installed"))
struct NfpcapdTests {
    static let compared = [
        "arkime-bigendian.pcap", "arkime-gre.pcap", "arkime-pppoe.pcap", "arkime-sctp-www.pcap",
        "flowtest-dns-tcp.pcap", "flowtest-http-get.pcap", "flowtest-icmp.pcap",
        "flowtest-ipv6-smtp.pcap", "flowtest-qinq.pcap", "gopacket-be-test016.pcapng",
        "ipfixprobe-mixed.pcap", "wireshark-dhcp-nanosecond.pcap",
        "wireshark-dhcp-nanosecond.pcapng", "wireshark-netperfmeter.pcapng",
        "zeek-bro-org-http.pcap", "zeek-mdns.pcap", "zeek-mixed-vlan-mpls.pcap",
    ]
    static let leftOut = [
        "flowtest-ipv4-udp-fragmented.pcap": "nfpcapd counts a reassembled packet once",
        "flowtest-vxlan.pcap": "nfpcapd meters the outer packets of VXLAN",
        "gopacket-le-test201.pcapng": "libpcap reads no file of several link types",
        "wireshark-many-interfaces.pcapng": "libpcap reads no file of several link types",
    ]

    /// What nfpcapd and nfdump make of a capture.
    private func peer(_ capture: String, _ folder: TemporaryFolder) throws -> [Int: Totals] {
        let flows = folder.path("nfdump")
        try FileManager.default.createDirectory(atPath: flows, withIntermediateDirectories: false)
        let nfpcapd = try Command.run(
            try #require(Command.installed("nfpcapd")), ["-r", capture, "-w", flows], in: folder)
        guard nfpcapd.status == 0 else { throw Unexpected(nfpcapd) }
        let nfdump = try Command.run(
            try #require(Command.installed("nfdump")), ["-R", flows, "-o", "json"], in: folder)
        guard nfdump.status == 0 else { throw Unexpected(nfdump) }
        let rows =
            try JSONSerialization.jsonObject(with: Data(nfdump.output.utf8)) as? [[String: Any]]
        var totals: [Int: Totals] = [:]
        for row in rows ?? [] {
            // Of multicast listener reports nfpcapd names the header of hop-by-hop options that comes
            // before ICMPv6; that is no protocol (RFC 8200 §4.3).
            let proto = row["proto"] as? Int ?? -1
            totals[proto == 0 ? 58 : proto, default: Totals()] += Totals(
                packets: row["in_packets"] as? UInt64 ?? 0,
                octets: row["in_bytes"] as? UInt64 ?? 0)
        }
        return totals
    }

    @Test(.enabled(if: SharedData.isPresent, "the shared captures are absent"), arguments: compared)
    func `a real capture has nfpcapd's packets and octets of each protocol`(name: String) throws {
        let capture = try #require(SharedData.file("captures/pcap/\(name)")).path
        let folder = try TemporaryFolder()
        try folder.skein("import", "--as", "traffic", "--uniflow", "--store", "s", capture)
        let totals = try folder.totals("s")
        #expect(!totals.isEmpty)
        #expect(try peer(capture, folder) == totals)
    }

    @Test(.enabled(if: SharedData.isPresent, "the shared captures are absent"))
    func `a capture is compared or it is said why not`() {
        let there = SharedData.files(in: "captures/pcap", suffixes: [".pcap", ".pcapng"])
        #expect(Set(there.map(\.lastPathComponent)) == Set(Self.compared + Self.leftOut.keys))
    }

    @Test(arguments: [0, 96])
    func `generated traffic, cut or not, has nfpcapd's packets and octets`(snaplen: Int) throws {
        let folder = try TemporaryFolder()
        try folder.generate("a.pcap", "traffic", flows: 2000, snaplen: snaplen)
        try folder.skein("import", "--uniflow", "--store", "s", "a.pcap")
        let totals = try folder.totals("s")
        #expect(totals.values.reduce(0) { $0 + $1.packets } > 10_000)
        #expect(try peer(folder.path("a.pcap"), folder) == totals)
    }
}

/// Held against softflowd, by way of what it exports.
@Suite(.enabled(if: Command.installed("softflowd") != nil, "softflowd is not installed"))
struct SoftflowdTests {
    static let compared = [
        "arkime-bigendian.pcap", "flowtest-dns-tcp.pcap", "flowtest-http-get.pcap",
        "flowtest-icmp.pcap", "flowtest-ipv4-udp-fragmented.pcap", "flowtest-ipv6-smtp.pcap",
        "gopacket-be-test016.pcapng", "ipfixprobe-mixed.pcap", "wireshark-dhcp-nanosecond.pcap",
        "wireshark-dhcp-nanosecond.pcapng", "wireshark-netperfmeter.pcapng", "zeek-mdns.pcap",
    ]
    /// softflowd counts the octets behind the Ethernet header: the padding of short frames too.
    static let packetsCompared = [
        "arkime-sctp-www.pcap", "zeek-bro-org-http.pcap", "zeek-mixed-vlan-mpls.pcap",
    ]
    static let leftOut = [
        "arkime-gre.pcap": "softflowd meters the outer packets of GRE",
        "arkime-pppoe.pcap": "softflowd does not read PPPoE",
        "flowtest-qinq.pcap": "softflowd does not read 802.1ad",
        "flowtest-vxlan.pcap": "softflowd meters the outer packets of VXLAN",
        "gopacket-le-test201.pcapng": "libpcap reads no file of several link types",
        "wireshark-many-interfaces.pcapng": "libpcap reads no file of several link types",
    ]

    /// Imports the capture into `metered`, and what softflowd exports of it into `exported`.
    private func importBoth(_ capture: String, version: Int, _ folder: TemporaryFolder) throws {
        let collector = try DatagramCollector()
        let softflowd = try Command.run(
            try #require(Command.installed("softflowd")),
            ["-r", capture, "-c", "none", "-v", "\(version)", "-n", "127.0.0.1:\(collector.port)"],
            in: folder)
        guard softflowd.status == 0 else { throw Unexpected(softflowd) }
        let frames = try collector.takeAll().map { SmallCapture.udp(ports: (50000, 2055), $0) }
        try folder.write("exports.pcap", SmallCapture.pcap(frames))
        try folder.skein("import", "--as", "exports", "--store", "exported", "exports.pcap")
        try folder.skein("import", "--as", "traffic", "--uniflow", "--store", "metered", capture)
    }

    /// NetFlow v5 has no IPv6.
    private func filter(version: Int) -> String { version == 5 ? "ipv4" : "any" }

    @Test(
        .enabled(if: SharedData.isPresent, "the shared captures are absent"),
        arguments: compared, [5, 9])
    func `a real capture has softflowd's packets and octets of each protocol`(
        name: String, version: Int
    ) throws {
        let folder = try TemporaryFolder()
        let capture = try #require(SharedData.file("captures/pcap/\(name)")).path
        try importBoth(capture, version: version, folder)
        let metered = try folder.totals("metered", where: filter(version: version))
        #expect(try folder.totals("exported") == metered)
        #expect(version == 5 || !metered.isEmpty)
    }

    @Test(
        .enabled(if: SharedData.isPresent, "the shared captures are absent"),
        arguments: packetsCompared)
    func `a real capture with padded frames has softflowd's packets`(name: String) throws {
        let folder = try TemporaryFolder()
        let capture = try #require(SharedData.file("captures/pcap/\(name)")).path
        try importBoth(capture, version: 9, folder)
        let metered = try folder.totals("metered")
        #expect(try folder.totals("exported").mapValues(\.packets) == metered.mapValues(\.packets))
    }

    @Test(.enabled(if: SharedData.isPresent, "the shared captures are absent"))
    func `a capture is compared or it is said why not`() {
        let there = SharedData.files(in: "captures/pcap", suffixes: [".pcap", ".pcapng"])
        #expect(
            Set(there.map(\.lastPathComponent))
                == Set(Self.compared + Self.packetsCompared + Self.leftOut.keys))
    }

    @Test(arguments: [5, 9])
    func `generated traffic has softflowd's packets and octets`(version: Int) throws {
        let folder = try TemporaryFolder()
        try folder.generate("a.pcap", "traffic", flows: 2000)
        try importBoth(folder.path("a.pcap"), version: version, folder)
        let metered = try folder.totals("metered", where: filter(version: version))
        #expect(metered.values.reduce(0) { $0 + $1.packets } > 10_000)
        #expect(try folder.totals("exported") == metered)
    }
}

@Suite struct CutCaptureTests {
    @Test func `a snap length changes no total`() throws {
        let folder = try TemporaryFolder()
        try folder.generate("whole.pcap", "traffic", flows: 2000)
        try folder.generate("cut.pcap", "traffic", flows: 2000, snaplen: 96)
        try folder.skein("import", "--store", "whole", "whole.pcap")
        try folder.skein("import", "--store", "cut", "cut.pcap")
        #expect(try folder.total("whole") == folder.total("cut"))
        #expect(try folder.totals("whole") == folder.totals("cut"))
    }
}
