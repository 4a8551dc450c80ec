import FlowTestSupport
import Foundation
import Testing

/// Files that Debian's nfdump writes here, held against what it says of them.
@Suite(
    .enabled(
        if: ["nfdump", "nfcapd", "nfpcapd"].allSatisfy { Command.installed($0) != nil },
        "nfdump is not installed"))
struct NfdumpFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Captures of exporters: firewalls, translators, v5, samplers, MPLS, MAC addresses, biflows.
    static let exports = [
        "netflow5/juniper-mx80", "netflow5/softflowd-v1-v5-icmp", "netflow9/cisco-asa-1",
        "netflow9/nat-events", "netflow9/macaddr", "netflow9/icmp-types",
        "netflow9/cisco-samplingrate", "netflow9/layer2segmentid", "netflow9/bulk-softflowd-v9",
        "ipfix/mpls-labels", "ipfix/bulk-softflowd-biflow", "ipfix/softflowd-ipfix-bitkeks",
    ]
    static let traffic = [
        "flowtest-ipv6-smtp.pcap", "arkime-gre.pcap", "zeek-mixed-vlan-mpls.pcap",
        "flowtest-icmp.pcap",
    ]

    /// Imports a file and holds every flow against `nfdump -o json` of it.
    private func expectSame(
        _ file: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> Int {
        let store = "store-\(UUID().uuidString)"
        let summary = try folder.skein("import", "--store", store, "--output", "ndjson", file)
        #expect(summary.contains("\"kind\":\"nfdump\""), sourceLocation: sourceLocation)
        #expect(summary.contains("\"undecoded\":{}"), "\(summary)", sourceLocation: sourceLocation)
        let answer = try folder.skein(
            "query", "--raw", "--fields", NfdumpRows.fields, "--limit", "0", "--output", "ndjson",
            "--store", store)
        let ours = try NfdumpRows.skein(answer)
        let theirs = try NfdumpRows.nfdump(
            try folder.peer("nfdump", ["-r", file, "-o", "json"]))
        #expect(ours == theirs, sourceLocation: sourceLocation)
        return ours.count
    }

    @Test(.enabled(if: SharedData.isPresent, "the shared captures are absent"), arguments: exports)
    func `what nfcapd keeps of a capture of exports has nfdump's fields`(name: String) throws {
        let capture = try #require(SharedData.file("captures/\(name).pcap"))
        let datagrams = SmallCapture.datagrams(of: Array(try Data(contentsOf: capture)))
        try #require(!datagrams.isEmpty)
        #expect(try expectSame(try folder.nfcapd(datagrams)) > 0)
    }

    @Test(.enabled(if: SharedData.isPresent, "the shared captures are absent"), arguments: traffic)
    func `what nfpcapd meters of traffic has nfdump's fields`(name: String) throws {
        let capture = try #require(SharedData.file("captures/pcap/\(name)")).path
        #expect(try expectSame(try folder.nfpcapd(capture)) > 0)
        #expect(try expectSame(try folder.nfpcapd(capture, "-o", "fat,payload")) > 0)
    }

    @Test(arguments: ["-z", "-y", "-j"])
    func `a compressed file (LZO, lz4, bzip2) has the flows of the plain one`(
        option: String
    ) throws {
        try folder.generate("a.pcap", "traffic", flows: 8000)
        let plain = try folder.nfpcapd(folder.path("a.pcap"))
        let compressed = try folder.nfdump(rewriting: plain, option)
        let flows = try expectSame(compressed)
        #expect(flows > 6000)
        #expect(try expectSame(plain) == flows)
        try folder.skein("import", "--as", "nfdump", "--store", "a", plain)
        try folder.skein("import", "--store", "b", compressed)
        #expect(try folder.total("a") == folder.total("b"))
    }

    @Test func `exports of a generated day, v5, v9 and IPFIX, are what nfdump says`() throws {
        for kind in ["v5", "v9", "ipfix"] {
            let capture = try folder.generate("\(kind).pcap", kind, flows: 2000)
            let file = try folder.nfcapd(SmallCapture.datagrams(of: capture))
            #expect(try expectSame(file) > 1000)
            #expect(try expectSame(try folder.nfdump(rewriting: file, "-z")) > 1000)
        }
    }

    @Test func `many files, and a folder of them, are one import`() throws {
        try folder.generate("a.pcap", "traffic", flows: 500)
        let file = try folder.nfpcapd(folder.path("a.pcap"))
        let compressed = try folder.nfdump(rewriting: file, "-y")
        try FileManager.default.createDirectory(
            atPath: folder.path("in/2026/03"), withIntermediateDirectories: true)
        try FileManager.default.moveItem(atPath: file, toPath: folder.path("in/nfcapd.1"))
        try FileManager.default.moveItem(
            atPath: compressed, toPath: folder.path("in/2026/03/nfcapd.2"))
        try folder.write("in/nfcapd.current.77", [1, 2, 3])
        let summary = try folder.skein(
            "import", "--as", "nfdump", "--store", "s", "--output", "ndjson", "in")
        #expect(summary.split(separator: "\n").count == 2)
        try folder.skein("import", "--store", "t", "in/nfcapd.1", "in/2026/03/nfcapd.2")
        #expect(try folder.total("s") == folder.total("t"))
    }

    /// Aggregated flows count what they stand for; anonymised ones say so.
    @Test func `aggregated and anonymised files are read`() throws {
        try folder.generate("a.pcap", "traffic", flows: 2000)
        let file = try folder.nfpcapd(folder.path("a.pcap"))
        #expect(try expectSame(try folder.nfdump(rewriting: file, "-a", "-z")) > 100)
        try folder.peer(
            "nfanon", ["-K", String(repeating: "k", count: 32), "-r", file, "-w", folder.path("n")])
        #expect(try expectSame(folder.path("n")) > 100)
        let summary = try folder.skein("import", "--store", "again", "--output", "json", "n")
        #expect(summary.contains("\"anonymisedFlows\":"))
    }

    @Test func `a file cut short gives what lies before the cut, and says how much is lost`() throws
    {
        try folder.generate("a.pcap", "traffic", flows: 20_000)
        let file = try folder.nfpcapd(folder.path("a.pcap"))
        let octets = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        try folder.write("cut", Array(octets.dropLast(octets.count / 4)))
        let summary = try folder.skein("import", "--store", "s", "--output", "json", "cut")
        #expect(summary.contains("\"fileTruncated\":1"))
        #expect(summary.contains("\"firstProblem\":\"octet "))
        #expect(!(try folder.total("s").contains("\"flows\":0,")))
    }

    @Test func `a damaged block is left out and the rest is there`() throws {
        try folder.generate("a.pcap", "traffic", flows: 20_000)
        let plain = try folder.nfpcapd(folder.path("a.pcap"))
        let file = try folder.nfdump(rewriting: plain, "-y")
        var octets = Array(try Data(contentsOf: URL(fileURLWithPath: file)))
        // Behind the file's header and the first block's: the first octets of its lz4 block.
        for place in 60..<160 { octets[place] = 0xff }
        try folder.write("damaged", octets)
        let summary = try folder.skein("import", "--store", "s", "--output", "json", "damaged")
        #expect(summary.contains("\"damagedBlocks\":1"))
        #expect(summary.contains("\"flowsLost\":"))
        #expect(!(try folder.total("s").contains("\"flows\":0,")))
    }

    @Test func `the wrong word for a file says the right one`() throws {
        try folder.generate("a.pcap", "traffic", flows: 100)
        let file = try folder.nfpcapd(folder.path("a.pcap"))
        let refused = try Command.skein("import", "--as", "exports", "--store", "s", file)
        #expect(refused.status == 1)
        #expect(refused.errors.contains("use --as nfdump"))
        let other = try Command.skein(
            "import", "--as", "nfdump", "--store", "s", "a.pcap", in: folder)
        #expect(other.errors == "skein: a.pcap: is not a file of nfdump's\n")
    }
}
