import FlowTestSupport
import Foundation
import Testing

/// `skein map` and what the user knows better, with the program as the user runs it.
@Suite struct MapCommandTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let lines = [
            "start,end,srcip,dstip,packets,bytes,srcgeo,dstgeo",
            "1717000000000,1717000001000,192.0.2.1,198.51.100.1,1,100,CH,DE",
            "1717000000000,1717000001000,192.0.2.1,198.51.100.2,2,200,CH,CH",
            "1717000000000,1717000001000,10.0.0.1,198.51.100.1,3,300,ZZ,DE",
            "1719000000000,1719000001000,10.0.0.1,203.0.113.9,4,400,ZZ,",
        ]
        try folder.write("flows.csv", Array(lines.joined(separator: "\n").utf8))
        try folder.skein("import", "--as", "csv", "--store", "s", "flows.csv")
    }

    private func map(_ arguments: String...) throws -> [String] {
        let result = try Command.run(
            Command.skein, ["map"] + arguments + ["--output", "csv", "--store", "s"], in: folder)
        guard result.status == 0 else { throw Unexpected(result) }
        return result.output.split(separator: "\n").map(String.init)
    }

    @Test func `a flow counts for both of its countries, within one once`() throws {
        #expect(
            try map() == [
                "country,flows,packets,bytes,share", "ZZ,2,7,700,0.7", ",1,4,400,0.4",
                "DE,2,4,400,0.4", "CH,2,3,300,0.3",
            ])
        #expect(
            try map("--side", "src", "--order", "flows").dropFirst() == [
                "CH,2,3,300,0.5", "ZZ,2,7,700,0.5",
            ])
        #expect(try map("--side", "dst", "--top", "1").dropFirst() == [",1,4,400,0.4"])
        #expect(try map("src geo CH", "--utc", "--to", "2024-06").dropFirst().count == 2)
        #expect(try map("dst geo unknown").dropFirst() == [",1,4,400,1.0", "ZZ,1,4,400,1.0"])
    }

    @Test func `the picture has a bubble for each country, and words for what is nowhere`() throws {
        _ = try map("--top", "1", "--svg", "map.svg")
        let picture = try String(contentsOfFile: folder.path("map.svg"), encoding: .utf8)
        #expect(picture.hasPrefix("<svg xmlns="))
        let titles = picture.matches(of: /<title>(.*?)<\/title>/).map { String($0.1) }
        #expect(titles == ["DE 40.0 %", "CH 30.0 %"])
        // The area is by the traffic: 300 of 400 octets are 0.87 of the radius.
        #expect(picture.contains("r=\"52.0\"") && picture.contains("r=\"45.0\""))
        #expect(picture.contains("private 70.0 % · unknown 40.0 %"))
        #expect(picture.matches(of: /<path d="M/).count > 170)
        let refused = try Command.run(
            Command.skein, ["map", "--store", "s", "--svg", "absent/map.svg"], in: folder)
        #expect(refused.status == 1)
    }

    @Test func `the picture may be shaded, and tells alerts, home and what is overridden`() throws {
        let configuration = """
            geo:
              home: [{networks: [192.0.2.0/24], country: CH, label: "us & ours"}]
              overrides: [{prefix: 203.0.113.0/24, country: JP}]
            """
        try folder.write("skein.yaml", Array(configuration.utf8))
        _ = try map("--svg", "map.svg", "--draw", "areas", "--config", "skein.yaml")
        let picture = try String(contentsOfFile: folder.path("map.svg"), encoding: .utf8)
        // All of 400 octets is the colour of traffic; land without any is grey.
        #expect(picture.contains("fill=\"#0072b2\"><title>JP 40.0 %</title></path>"))
        #expect(picture.contains("fill=\"#d3dae1\"") && !picture.contains("<circle"))
        #expect(picture.contains("203.0.113.0/24 is JP") && picture.contains("(us &amp; ours)"))
        // What cannot be read is told, and the rest drawn.
        try folder.write("s/skein-alerts.sqlite", Array("broken".utf8))
        let drawn = try Command.run(
            Command.skein, ["map", "--store", "s", "--svg", "more.svg"], in: folder)
        #expect(drawn.status == 0 && drawn.errors.contains("alerts are not drawn: "))
        let idle = try Command.run(
            Command.skein, ["map", "--store", "s", "--draw", "areas"], in: folder)
        #expect(idle.status == 64)
    }

    @Test func `what the user knows better mends what is stored`() throws {
        try folder.write(
            "home.txt",
            Array(
                """
                198.51.100.1 FR to 2024-06-01
                203.0.113.0/24 AT
                10.0.0.0/8 LI from 2024-06-15
                """.utf8))
        #expect(
            try map("--geo-overrides", "home.txt", "--utc").dropFirst() == [
                "AT,1,4,400,0.4", "FR,2,4,400,0.4", "LI,1,4,400,0.4", "CH,2,3,300,0.3",
                "ZZ,1,3,300,0.3",
            ])
        let listed = try folder.skein(
            "query", "geo FR", "--fields", "bytes,dstgeo", "--output", "csv", "--utc",
            "--geo-overrides", "home.txt", "--store", "s")
        #expect(listed == "bytes,dstgeo\n100,FR\n300,FR\n")
        let exported = try folder.skein(
            "export", "--as", "csv", "geo LI", "--fields", "srcip,srcgeo,dstgeo", "--out", "-",
            "--geo-overrides", "home.txt", "--utc", "--store", "s")
        #expect(exported == "srcip,srcgeo,dstgeo\n10.0.0.1,LI,AT\n")
        try folder.write("bad.txt", Array("10.0.0.0/8 Schweiz".utf8))
        let bad = try Command.skein(
            "map", "--geo-overrides", "bad.txt", "--store", "s", in: folder)
        #expect(
            bad.status == 1
                && bad.errors
                    == "skein: bad.txt: line 1: ‘Schweiz’ is not a country of two letters, nor -\n"
        )
        let none = try Command.skein(
            "query", "--total", "--geo-overrides", "no.txt", "--store", "s", in: folder)
        #expect(none.status == 1 && none.errors == "skein: no.txt: no such file\n")
    }

    @Test func `wrong usage is told`() throws {
        for arguments in [["--top", "-1"], ["--side", "both"], ["--from", "noon"], ["geo CHE"]] {
            let result = try Command.run(
                Command.skein, ["map", "--store", "s"] + arguments, in: folder)
            #expect(result.status == 64, "\(arguments)")
        }
    }
}
