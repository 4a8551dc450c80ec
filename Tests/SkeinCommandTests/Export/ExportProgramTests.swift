import FlowTestSupport
import Foundation
import Glibc
import Testing

/// `skein export` as a whole: what it writes comes back the same, here and in other programs.
@Suite struct ExportProgramTests {
    /// The fields that an IPFIX file keeps: all but the milliseconds of `received`.
    private static let kept = """
        start,end,srcip,dstip,srcport,dstport,proto,flags,tos,packets,bytes,rpackets,rbytes,flows,inif,\
        outif,srcas,dstas,srcmask,dstmask,nexthop,bgpnexthop,srcvlan,dstvlan,direction,icmptype,icmpcode,\
        exporter,domain,samplerid,sampling,natsrcip,natdstip,natsrcport,natdstport,event,natevent,srcmac,\
        dstmac,tunsrcip,tundstip,tunproto,minttl,maxttl,fwdstatus,endreason,invrf,outvrf,ethertype,\
        prevas,nextas,mpls1,mpls2,mpls3,mpls4,mpls5,mpls6,mpls7,mpls8,mpls9,mpls10,dsttos,other
        """

    /// The flows of a store, a line each, sorted.
    private func flows(_ store: String, in folder: TemporaryFolder) throws -> [Substring] {
        let result = try Command.skein(
            "export", "--as", "ndjson", "--raw", "--store", store, "--fields", Self.kept, in: folder
        )
        #expect(result.status == 0, "\(result.errors)")
        return result.output.split(separator: "\n").sorted()
    }

    /// Imports a capture, exports it as IPFIX and imports that; both stores are compared.
    private func expectRoundTrip(
        _ capture: String, as kind: String, in folder: TemporaryFolder,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let read = try Command.skein("import", "--as", kind, "--store", "a", capture, in: folder)
        #expect(read.status == 0, "\(read.errors)", sourceLocation: sourceLocation)
        let written = try Command.skein(
            "export", "--as", "ipfix", "--store", "a", "--out", "a.ipfix", in: folder)
        #expect(written.status == 0, "\(written.errors)", sourceLocation: sourceLocation)
        let again = try Command.skein(
            "import", "--store", "b", "--output", "ndjson", "a.ipfix", in: folder)
        #expect(again.status == 0, "\(again.errors)", sourceLocation: sourceLocation)
        #expect(again.output.contains("\"sequenceLost\":0"), sourceLocation: sourceLocation)
        let (before, after) = (try flows("a", in: folder), try flows("b", in: folder))
        #expect(!before.isEmpty && before == after, "\(capture)", sourceLocation: sourceLocation)
    }

    @Test(arguments: ["v5", "v9", "ipfix", "sflow"])
    func `what is exported as IPFIX is imported the same`(kind: String) throws {
        let folder = try TemporaryFolder()
        let made = try Command.skein(
            "generate", "--as", kind, "--flows", "3000", "--seed", "7", "--sampling", "64", "--out",
            "made.pcap", in: folder)
        #expect(made.status == 0, "\(made.errors)")
        try expectRoundTrip("made.pcap", as: "exports", in: folder)
    }

    @Test func `reverse counters come back`() throws {
        let folder = try TemporaryFolder()
        let made = try Command.skein(
            "generate", "--as", "ipfix", "--biflow", "--flows", "2000", "--out", "made.pcap",
            in: folder)
        #expect(made.status == 0, "\(made.errors)")
        try expectRoundTrip("made.pcap", as: "exports", in: folder)
        #expect(try flows("b", in: folder).contains { !$0.contains("\"rbytes\":null") })
    }

    /// Real exporters' records, but those with what IPFIX cannot say: field types of NetFlow v9 above
    /// 32767, lists of their exporter's templates, tunnels without inner addresses.
    @Test(
        .enabled(if: SharedData.isPresent, "shared/captures is not beside the checkout"),
        arguments: [
            "ipfix/bulk-pmacct-nfprobe", "ipfix/bulk-softflowd-biflow", "ipfix/mpls-labels",
            "ipfix/netgauze-srv6", "ipfix/nprobe-pen35632", "ipfix/pmacct-104-cisco-ipv6-sampling",
            "ipfix/vmware-vds", "ipfix/softflowd-ipfix-bitkeks", "netflow5/juniper-mx80",
            "netflow9/cisco-sampler-options", "netflow9/fortigate-542-appid",
            "netflow9/h3c-varstring", "netflow9/icmp-types", "netflow9/nat-events",
            "netflow9/two-exporters-interleaved", "sflow/akvorado-encap-vxlan",
            "sflow/bulk-pmacct-sfprobe-a",
        ])
    func `records of real exporters come back`(capture: String) throws {
        let file = try #require(SharedData.file("captures/\(capture).pcap"))
        try expectRoundTrip(file.path, as: "exports", in: try TemporaryFolder())
    }

    @Test(.enabled(if: Command.installed("tshark") != nil, "tshark is not installed"))
    func `Wireshark reads the file and finds the same sums`() throws {
        let tshark = try #require(Command.installed("tshark"))
        let folder = try TemporaryFolder()
        _ = try Command.skein(
            "generate", "--as", "ipfix", "--flows", "2000", "--out", "made.pcap", in: folder)
        _ = try Command.skein("import", "--store", "a", "made.pcap", in: folder)
        _ = try Command.skein(
            "export", "--as", "ipfix", "--store", "a", "--out", "a.ipfix", in: folder)
        let total = try Command.skein(
            "query", "--raw", "--total", "--output", "csv", "--store", "a", in: folder)
        let found = try Command.run(
            tshark,
            [
                "-r", folder.path("a.ipfix"), "-T", "fields", "-e", "cflow.packets", "-e",
                "cflow.octets", "-e", "_ws.malformed",
            ])
        var sums: [UInt64] = [0, 0, 0]
        for line in found.output.split(separator: "\n") {
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false)
            try #require(columns.count == 3 && columns[2].isEmpty)
            sums[0] += UInt64(columns[0].split(separator: ",").count)
            for (index, column) in columns.prefix(2).enumerated() {
                sums[index + 1] += column.split(separator: ",").reduce(0) { $0 + (UInt64($1) ?? 0) }
            }
        }
        let expected = total.output.split(separator: "\n")[1].split(separator: ",").prefix(3)
        #expect(sums.map(String.init) == expected.map(String.init))
    }

    @Test(.enabled(if: NfcapdCollector.program != nil, "nfdump is not installed"))
    func `nfcapd receives the same flows, and nfdump prints the same lines`() throws {
        let program = try #require(NfcapdCollector.program)
        let folder = try TemporaryFolder()
        _ = try Command.skein(
            "generate", "--as", "v9", "--flows", "3000", "--out", "made.pcap", in: folder)
        _ = try Command.skein("import", "--store", "a", "made.pcap", in: folder)
        let collector = try NfcapdCollector(program, in: folder)
        let sent = try Command.skein(
            "export", "--as", "ipfix", "--store", "a", "--to", "127.0.0.1:\(collector.port)",
            "--rate", "20000/s", in: folder)
        #expect(sent.status == 0, "\(sent.errors)")
        try collector.stop()

        // What 1.7.1 and 1.7.8 print alike.
        for layout in [
            "fmt:%ts %td %pr %sap -> %dap %pkt %byt %fl", "fmt:%te %flg %bpp %in %out",
            "fmt:%sa %da %sp %dp %sas %das %smk %dmk %svln %dvln",
        ] {
            for plain in [[], ["-6"]] {
                let theirs = try collector.nfdump(arguments: ["-q", "-o", layout] + plain)
                let ours = try Command.run(
                    Command.skein,
                    ["query", "-q", "--store", "a", "--output", layout] + plain, in: folder)
                #expect(ours.status == 0, "\(ours.errors)")
                let lines = ours.output.split(separator: "\n").sorted()
                #expect(lines.count >= 3000)
                #expect(theirs.split(separator: "\n").sorted() == lines, "\(layout)")
            }
        }
        let theirs = try collector.nfdump(arguments: ["-o", "line"]).split(separator: "\n")
        let ours = try Command.skein("query", "--store", "a", "--output", "line", in: folder)
            .output.split(separator: "\n")
        #expect(theirs.first { $0.hasPrefix("Summary") } == ours.first { $0.hasPrefix("Summary") })
    }

    @Test func `csv and ndjson say all that the store has`() throws {
        let folder = try TemporaryFolder()
        try folder.write("small.pcap", SmallCapture.netflow5(flows: 3))
        _ = try Command.skein("import", "--store", "a", "small.pcap", in: folder)
        let csv = try Command.skein("export", "--as", "csv", "--store", "a", in: folder)
        let lines = csv.output.split(separator: "\n")
        #expect(csv.status == 0 && lines.count == 4)
        #expect(
            lines[0].hasPrefix("start,end,received,srcip,dstip,srcport,dstport,proto,flags,tos,"))
        #expect(!lines[0].contains("mpls1"))
        let file = try Command.skein(
            "export", "--as", "ndjson", "--fields", "srcip,bytes", "--store", "a", "--out", "x",
            in: folder)
        #expect(file.status == 0 && file.output.isEmpty)
        let text = try String(contentsOfFile: folder.path("x"), encoding: .utf8)
        #expect(text.split(separator: "\n").count == 3 && text.hasPrefix("{\"srcip\":\""))
    }

    @Test func `a file that is there stays as it is unless --force`() throws {
        let folder = try TemporaryFolder()
        try folder.write("small.pcap", SmallCapture.netflow5(flows: 3))
        _ = try Command.skein("import", "--store", "a", "small.pcap", in: folder)
        try folder.write("x.csv", Array("mine\n".utf8))
        let refused = try Command.skein(
            "export", "--as", "csv", "--store", "a", "--out", "x.csv", in: folder)
        #expect(refused.status == 1)
        #expect(refused.errors == "skein: x.csv is there already; --force overwrites it\n")
        #expect(try String(contentsOfFile: folder.path("x.csv"), encoding: .utf8) == "mine\n")
        let forced = try Command.skein(
            "export", "--as", "csv", "--store", "a", "--out", "x.csv", "--force", in: folder)
        #expect(forced.status == 0)
        #expect(try String(contentsOfFile: folder.path("x.csv"), encoding: .utf8).count > 100)
        let folders = try Command.skein(
            "export", "--as", "csv", "--store", "a", "--out", "a", in: folder)
        #expect(folders.status == 1 && folders.errors.contains("cannot create a"))
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.url.path)
        #expect(!names.contains { $0.hasSuffix(".partial") })
    }

    @Test func `a full disk is a clear error`() throws {
        let folder = try TemporaryFolder()
        try folder.write("small.pcap", SmallCapture.netflow5(flows: 3))
        _ = try Command.skein("import", "--store", "a", "small.pcap", in: folder)
        for form in ["csv", "ndjson", "ipfix"] {
            let result = try Command.skein(
                "export", "--as", form, "--store", "a", "--out", "/dev/full", in: folder)
            #expect(result.status == 1)
            #expect(result.errors.contains("cannot write /dev/full: No space left on device"))
        }
    }

    @Test func `wrong words are wrong usage`() throws {
        for arguments in [
            ["--as", "ipfix"], ["--as", "csv", "--to", "127.0.0.1:9"], ["--as", "xml"],
            ["--as", "ipfix", "--to", "nowhere"], ["--as", "ipfix", "--out", "x", "--speed", "1"],
            ["--as", "ipfix", "--to", "127.0.0.1:9", "--speed", "0"],
            ["--as", "ipfix", "--to", "127.0.0.1:9", "--speed", "1", "--rate", "5/s"],
            ["--as", "ipfix", "--to", "127.0.0.1:9", "--out", "x"],
            ["--as", "ipfix", "--to", "2016", "--to", "2017", "--out", "x"],
            ["--as", "csv", "--fields", "srcport,srcprt"], ["--as", "csv", "port = x"],
            ["--as", "ipfix", "--fields", "srcip", "--out", "x"],
        ] {
            let result = try Command.run(Command.skein, ["export"] + arguments)
            #expect(result.status == 64, "\(arguments) \(result.errors)")
        }
    }

    @Test func `an original pace keeps the time between flows, divided by the factor`() throws {
        let folder = try TemporaryFolder()
        _ = try Command.skein(
            "generate", "--as", "v9", "--flows", "200", "--hours", "1", "--out", "made.pcap",
            in: folder)
        _ = try Command.skein("import", "--store", "a", "made.pcap", in: folder)
        let collector = try DatagramCollector()
        let begun = Date()
        let sent = try Command.skein(
            "export", "--as", "ipfix", "--store", "a", "--to", "127.0.0.1:\(collector.port)",
            "--speed", "7200", in: folder)
        #expect(sent.status == 0, "\(sent.errors)")
        // About an hour at 7200 times its pace is half a second.
        #expect(Date().timeIntervalSince(begun) > 0.3)
        let datagrams = try collector.takeAll()
        #expect(datagrams.count > 10 && datagrams.allSatisfy { $0.count <= 1400 && $0[1] == 10 })
        #expect(sent.errors.hasPrefix("skein: 127.0.0.1:\(collector.port): 200 flows in "))
    }
}
