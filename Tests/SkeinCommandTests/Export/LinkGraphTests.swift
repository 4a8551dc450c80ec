import FlowTestSupport
import Testing

/// `skein export --as graphviz` and `--as afterglow`: a still picture of who talks to whom.
@Suite struct LinkGraphTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let lines = [
            "start,end,srcip,dstip,proto,srcport,dstport,packets,bytes",
            "1717000500000,1717000501000,192.0.2.1,2001:db8::7,6,51000,443,9,12000",
            "1717000502000,1717000503000,192.0.2.1,2001:db8::7,6,51001,443,1,4000",
            "1717000500000,1717000501000,192.0.2.2,192.0.2.1,17,40000,53,1,80",
            "1717000500001,1717000500001,198.51.100.9,192.0.2.1,6,4444,22,1,1000",
        ]
        try folder.write("flows.csv", Array(lines.joined(separator: "\n").utf8))
        try folder.skein("import", "--as", "csv", "--store", "s", "flows.csv")
    }

    @Test func `AfterGlow's columns are source, event and target, the largest link first`() throws {
        #expect(
            try folder.skein("export", "--as", "afterglow", "--store", "s") == """
                192.0.2.1,tcp/443,2001:db8::7
                198.51.100.9,tcp/22,192.0.2.1
                192.0.2.2,udp/53,192.0.2.1

                """)
        #expect(
            try folder.skein(
                "export", "--as", "afterglow", "--store", "s", "--by", "srcip/24,dstip", "--top",
                "1")
                == "192.0.2.0/24,2001:db8::7\n")
    }

    @Test func `the first rule that a flow matches colours its link and its nodes`() throws {
        #expect(
            try folder.skein(
                "export", "--as", "afterglow", "--store", "s", "--order", "flows", "--colour",
                "red=dst port 22 or dst port 53", "--colour", "orange=proto tcp", "--colour",
                "source:green=src net 192.0.2.0/24", "--colour", "event:#00ff00=dst port 53",
                "--colour", "target:blue=inet6") == """
                    192.0.2.1,tcp/443,2001:db8::7,orange,green,,blue
                    192.0.2.2,udp/53,192.0.2.1,red,green,#00ff00,
                    198.51.100.9,tcp/22,192.0.2.1,red,,,

                    """)
    }

    @Test(.enabled(if: Command.installed("dot") != nil, "graphviz is not installed"))
    func `Graphviz draws it`() throws {
        try folder.skein(
            "export", "--as", "graphviz", "--store", "s", "--out", "links.dot", "--top", "2",
            "--colour", "source:green=src net 192.0.2.0/24", "--color", "red=dst port 22",
            "proto tcp or dst port 53")
        // A line an edge, tail, head, and at the end style and colour.
        let plain = try Command.run(
            try #require(Command.installed("dot")), ["-Tplain", "links.dot"], in: folder)
        #expect(plain.status == 0, "\(plain.errors)")
        let lines = plain.output.split(separator: "\n").map { $0.split(separator: " ") }
        let edges = lines.filter { $0.first == "edge" }
        #expect(edges.count == 2 && lines.filter { $0.first == "node" }.count == 3)
        #expect(edges.contains { $0[1] == "\"192.0.2.1\"" && $0[2] == "\"2001:db8::7\"" })
        #expect(edges.contains { $0[1] == "\"198.51.100.9\"" && $0.last == "red" })
    }

    @Test func `wrong words are wrong usage`() throws {
        for arguments in [
            ["--as", "csv", "--top", "3"], ["--as", "graphviz", "--top", "0"],
            ["--as", "graphviz", "--by", "srcip"], ["--as", "graphviz", "--by", "srcip,srcip"],
            ["--as", "graphviz", "--by", "srcip,nonsense"],
            ["--as", "afterglow", "--colour", "red"],
            ["--as", "afterglow", "--colour", "r\"d=any"],
            ["--as", "afterglow", "--colour", "nobody:red=any"],
            ["--as", "afterglow", "--colour", "red=dst prt 22"],
            ["--as", "afterglow", "--fields", "srcip"],
        ] {
            let result = try Command.run(
                Command.skein, ["export", "--store", "s"] + arguments, in: folder)
            #expect(result.status == 64, "\(arguments): \(result.errors)")
        }
    }
}
