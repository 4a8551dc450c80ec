import FlowModel
import FlowTestSupport
import Foundation
import Testing

/// Countries from the file to the answer, with the program as the user runs it.
@Suite struct GeographyTests {
    private let folder: TemporaryFolder

    /// A database in which the first octet and the first bits of IPv6 decide.
    init() throws {
        folder = try TemporaryFolder()
        try FileManager.default.createDirectory(
            atPath: folder.path("db"), withIntermediateDirectories: true)
        var v4 = "# Generated: yesterday\n"
        for octet in 0..<200 where octet % 7 != 3 {
            v4 += "\(octet << 24),\((octet + 1) << 24 - 1),\(Self.country(octet))\n"
        }
        try folder.write("db/geoip", Array(v4.utf8))
        try folder.write(
            "db/geoip6",
            Array("2000::,2a03:ffff:ffff:ffff:ffff:ffff:ffff:ffff,SE\n".utf8))
    }

    private static func country(_ octet: Int) -> String { ["CH", "DE", "FR", "JP"][octet % 4] }

    /// What the database above says, read off the address.
    private static func expected(_ text: String) throws -> String? {
        let address = try #require(IPAddress(text))
        if let v4 = address.v4 {
            let octet = Int(v4 >> 24)
            if octet < 200, octet % 7 != 3 { return country(octet) }
            let isPrivate = [(10, 8), (0xc0a8, 16), (0xc000_02, 24), (0xcb00_71, 24)].contains {
                v4 >> (32 - $1) == $0
            }
            return isPrivate || octet >= 240 ? "ZZ" : nil
        }
        return (0x2000...0x2a03).contains(address.high >> 48) ? "SE" : nil
    }

    private func rows(_ arguments: String...) throws -> [[String: Any]] {
        let result = try Command.run(
            Command.skein, ["query"] + arguments + ["--output", "ndjson", "--store", "s"],
            in: folder)
        guard result.status == 0 else { throw Unexpected(result) }
        return try result.output.split(separator: "\n").map {
            try #require(
                JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
    }

    @Test func `groups by country are what the flows and the database say`() throws {
        try folder.generate("c.pcap", "ipfix", flows: 3000)
        let answer = try folder.skein(
            "import", "--store", "s", "--country-database", "db", "--output", "json", "c.pcap")
        let summary = try #require(
            JSONSerialization.jsonObject(with: Data(answer.utf8)) as? [String: Any])
        let geography = try #require(summary["geography"] as? [String: Any])
        let databases = try #require(geography["databases"] as? [[String: Any]])
        #expect(databases.map { $0["date"] as? String } == ["yesterday"])

        var octets: [String: UInt64] = [:]
        var counts = (known: 0, privateSpace: 0, unknown: 0)
        for row in try rows("--fields", "srcip,dstip,srcgeo,dstgeo,bytes", "--limit", "0") {
            for side in ["src", "dst"] {
                let expected = try Self.expected(try #require(row["\(side)ip"] as? String))
                #expect(row["\(side)geo"] as? String == expected, "\(row)")
                if side == "dst" {
                    octets[expected ?? "none", default: 0] += row["bytes"] as? UInt64 ?? 0
                }
                switch expected {
                case "ZZ": counts.privateSpace += 1
                case nil: counts.unknown += 1
                default: counts.known += 1
                }
            }
        }
        #expect(octets.count >= 5)
        #expect(geography["addressesKnown"] as? Int == counts.known)
        #expect(geography["addressesPrivate"] as? Int == counts.privateSpace)
        #expect(geography["addressesUnknown"] as? Int == counts.unknown)
        var grouped: [String: UInt64] = [:]
        for row in try rows("--by", "dstgeo", "--top", "0") {
            grouped[row["dstgeo"] as? String ?? "none"] = row["bytes"] as? UInt64
        }
        #expect(grouped == octets)
        let swiss = try rows("dst geo CH", "--total")
        #expect(swiss.first?["bytes"] as? UInt64 == octets["CH"])
        let rest = try rows("not dst country in [CH private]", "--total")
        #expect(
            rest.first?["bytes"] as? UInt64
                == octets.filter { !["CH", "ZZ"].contains($0.key) }.values.reduce(0, +))
    }

    @Test func `nothing is looked up where the user does not want it`() throws {
        try folder.write("c.pcap", SmallCapture.netflow5(flows: 3))
        let plain = try folder.skein("import", "--store", "s", "--output", "json", "c.pcap")
        #expect(!plain.contains("geography"))
        let refused = try folder.skein(
            "import", "--store", "t", "--no-geo", "--output", "table", "c.pcap")
        #expect(!refused.contains("looked up"))
        #expect(try rows("--by", "srcgeo").first?["srcgeo"] is NSNull)
        let text = try folder.skein("import", "--store", "u", "--country-database", "db", "c.pcap")
        #expect(text.contains("addresses looked up in tor-geoipdb (yesterday): "))
    }

    @Test func `a database that cannot be read is an error, before a store is made`() throws {
        try folder.write("c.pcap", SmallCapture.netflow5(flows: 3))
        try folder.write("bad", Array("1,2,three\n".utf8))
        for (path, says) in [
            ("nowhere", "skein: nowhere: No such file or directory\n"),
            ("bad", "skein: bad: line 1 is not ‘first,last,country’ behind the range before it\n"),
        ] {
            let result = try Command.skein(
                "import", "--store", "s", "--country-database", path, "c.pcap", in: folder)
            #expect(result.status == 1 && result.errors == says)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("s")))
        let both = try Command.skein(
            "import", "--no-geo", "--country-database", "db", "c.pcap", in: folder)
        #expect(both.status == 64)
    }
}
