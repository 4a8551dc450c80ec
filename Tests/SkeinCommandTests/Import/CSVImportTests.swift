import FlowTestSupport
import Foundation
import Testing

@Suite struct CSVImportTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func `what Skein writes as CSV comes back as it was`() throws {
        try folder.generate("a.pcap", "v9", flows: 1000)
        try folder.skein("import", "--store", "a", "a.pcap")
        let fields =
            "start,end,received,srcip,dstip,srcport,dstport,proto,flags,tos,packets,bytes,inif,"
            + "outif,srcas,dstas,srcmask,dstmask,nexthop,srcvlan,exporter,domain,icmptype,icmpcode"
        func flows(_ store: String) throws -> String {
            try folder.skein(
                "query", "--raw", "--fields", fields, "--limit", "0", "--output", "csv", "--store",
                store)
        }
        let csv = try flows("a")
        try folder.write("a.csv", Array(csv.utf8))
        let summary = try folder.skein(
            "import", "--as", "csv", "--store", "b", "--output", "json", "a.csv")
        #expect(summary.contains("\"kind\":\"csv\",\"records\":"))
        #expect(summary.contains("\"undecoded\":{}"))
        #expect(
            try flows("b").split(separator: "\n").sorted() == csv.split(separator: "\n").sorted())
    }

    @Test(.enabled(if: Command.installed("nfpcapd") != nil, "nfdump is not installed"))
    func `nfdump's CSV has the totals of its file`() throws {
        try folder.generate("a.pcap", "traffic", flows: 2000)
        let file = try folder.nfpcapd(folder.path("a.pcap"))
        let csv = try folder.peer("nfdump", ["-r", file, "-o", "csv"])
        try folder.write("a.csv", Array(csv.utf8))
        try folder.skein("import", "--as", "csv", "--store", "csv", "a.csv")
        try folder.skein("import", "--store", "file", file)
        #expect(try folder.totals("csv") == folder.totals("file"))
        let fields = "srcip,dstip,srcport,dstport,proto,flags,packets,bytes,received"
        func flows(_ store: String) throws -> [Substring] {
            try folder.skein(
                "query", "--fields", fields, "--limit", "0", "--output", "csv", "--store", store
            ).split(separator: "\n").sorted()
        }
        #expect(try flows("csv") == flows("file"))
    }

    @Test func `columns, delimiter and zone are the user's to say`() throws {
        try folder.write("a.txt", Array("2019-07-11 10:30:00|192.0.2.1|tcp\n".utf8))
        func start(_ zone: String, _ more: String...) throws -> String {
            let result = try Command.run(
                Command.skein,
                [
                    "import", "--as", "csv", "--store", "s-\(zone.dropFirst(8))\(more.count)",
                    "a.txt",
                ]
                    + ["--columns", "start=1,srcip=2,proto=3", "--delimiter", "|"] + more,
                in: folder, environment: ["TZ": zone])
            guard result.status == 0 else { throw Unexpected(result) }
            return try folder.skein(
                "query", "--fields", "start,srcip,proto", "--output", "csv", "--store",
                "s-\(zone.dropFirst(8))\(more.count)")
        }
        #expect(try start("Europe/Zurich").hasSuffix("1562833800000,192.0.2.1,6\n"))
        #expect(try start("Europe/Zurich", "--utc").hasSuffix("1562841000000,192.0.2.1,6\n"))
    }

    @Test func `bad lines are counted, bad columns are an error`() throws {
        try folder.write("a.csv", Array("srcip,bytes\n192.0.2.1,5\n192.0.2.2,many\n".utf8))
        let summary = try folder.skein("import", "--as", "csv", "--store", "s", "a.csv")
        #expect(
            summary == """
                a.csv: 1 flow from 2 lines
                  first problem: line 3: 'many' in column 2 is no bytes
                  not decoded: 1 badValues

                """)
        let refused = try Command.skein(
            "import", "--as", "csv", "--columns", "srcip=source", "--store", "t", "a.csv",
            in: folder)
        #expect(refused.status == 1)
        #expect(
            refused.errors
                == "skein: a.csv: no column is called 'source'; the first line has 'srcip', 'bytes'\n"
        )
        #expect(
            try Command.skein("import", "--as", "csv", "--columns", "srcip", "a.csv", in: folder)
                .status == 64)
        let misspelt = try Command.skein(
            "import", "--as", "csv", "--columns", "srcpi=source", "a.csv", in: folder)
        #expect(misspelt.status == 64 && misspelt.errors.contains("did you mean ‘srcip’?"))
    }
}
