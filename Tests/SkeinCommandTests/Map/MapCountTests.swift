import FlowModel
import FlowTestSupport
import Foundation
import Testing

/// The map's figures, counted again by other means.
@Suite struct MapCountTests {
    private static let database = "/usr/share/tor"

    /// The countries of Debian's files, looked up here by halving them: they are sorted, and too long to be
    /// read line by line.
    private struct Countries {
        private let v4: [UInt8]
        private let v6: [UInt8]

        init(_ folder: String) throws {
            v4 = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/geoip")))
            v6 = Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/geoip6")))
        }

        func code(_ address: IPAddress) -> String? {
            let isV4 = address.isV4
            let file = isV4 ? v4 : v6
            func key(_ text: Substring) -> (UInt64, UInt64) {
                if isV4 { return (0, UInt64(text) ?? 0) }
                let address = IPAddress(String(text))
                return (address?.high ?? 0, address?.low ?? 0)
            }
            let wanted = isV4 ? (0, UInt64(address.v4 ?? 0)) : (address.high, address.low)
            var (low, high) = (0, file.count)
            var found: [Substring] = []
            while low < high {
                let middle = (low + high) / 2
                var start = middle
                while start > low, file[start - 1] != 10 { start -= 1 }
                let end = file[middle...].firstIndex(of: 10) ?? file.count
                let line = String(decoding: file[start..<end], as: UTF8.self)
                let parts = line.split(separator: ",")
                if line.hasPrefix("#") || key(parts[0]) <= wanted {
                    if parts.count == 3 { found = parts }
                    low = end + 1
                } else {
                    high = start
                }
            }
            guard found.count == 3, wanted <= key(found[1]), found[2] != "??" else { return nil }
            return String(found[2])
        }
    }

    private func rows(_ csv: String) -> [[String]] {
        csv.split(separator: "\n").dropFirst().map { line in
            line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        }
    }

    @Test(.enabled(if: FileManager.default.isReadableFile(atPath: database + "/geoip")))
    func `the map's shares are those of a count over Debian's database`() throws {
        let folder = try TemporaryFolder()
        try folder.skein(
            "generate", "--as", "ipfix", "--flows", "4000", "--seed", "11", "--out", "day.pcap")
        try folder.skein(
            "import", "--store", "s", "--country-database", Self.database, "day.pcap")
        let countries = try Countries(Self.database)
        var sums: [String: (flows: Int, bytes: Int)] = [:]
        var whole = 0
        let flows = try folder.skein(
            "query", "--fields", "srcip,dstip,bytes,srcgeo,dstgeo", "--limit", "0", "--output",
            "csv",
            "--store", "s")
        for row in rows(flows) {
            let bytes = try #require(Int(row[2]))
            whole += bytes
            let sides = try zip(row[0...1], row[3...4]).map { text, stored in
                let address = try #require(IPAddress(text))
                // What is private the registries say, not the database.
                return countries.code(address) ?? (stored == "ZZ" ? "ZZ" : "")
            }
            for code in Set(sides) {
                let before = sums[code] ?? (0, 0)
                sums[code] = (before.flows + 1, before.bytes + bytes)
            }
        }
        try #require(sums.count > 10 && whole > 0)
        let map = rows(
            try folder.skein("map", "--top", "0", "--output", "csv", "--store", "s"))
        #expect(map.count == sums.count)
        for row in map {
            let sum = try #require(sums[row[0]], "\(row[0])")
            #expect(Int(row[1]) == sum.flows, "\(row)")
            #expect(Int(row[3]) == sum.bytes, "\(row)")
            let share = try #require(Double(row[4]))
            #expect(abs(share - Double(sum.bytes) / Double(whole)) < 1e-9, "\(row)")
        }
    }

    @Test func `private hosts, an address that moved at noon, and a tunnel land where they are`()
        throws
    {
        let folder = try TemporaryFolder()
        // 2024-05-29: one flow each at 11:59:59.999, 12:00:00.000 and 23:00.
        let noon: UInt64 = 1_716_984_000_000
        var lines = ["start,end,srcip,dstip,packets,bytes"]
        for (start, bytes) in [(noon - 1, 1), (noon, 10), (noon + 39_600_000, 100)] {
            lines.append("\(start),\(start),203.0.113.7,9.9.9.9,1,\(bytes)")
        }
        lines.append("\(noon),\(noon),10.1.2.3,2001:db8:77::5,1,1000")
        lines.append("\(noon),\(noon),192.168.0.9,2001:db8:78::5,1,10000")
        try folder.write("flows.csv", Array(lines.joined(separator: "\n").utf8))
        // As the registries have it: the provider's address in Austria, both tunnels in the United States.
        try folder.write(
            "geoip", Array("151587081,151587081,SE\n3405803776,3405804031,AT\n".utf8))
        try folder.write("geoip6", Array("2001:db8:70::,2001:db8:7f:ffff::,US\n".utf8))
        try folder.skein(
            "import", "--as", "csv", "--store", "s", "--country-database", folder.url.path,
            "flows.csv")
        let before = try folder.skein("map", "--side", "any", "--output", "csv", "--store", "s")
        #expect(
            Set(rows(before).map { "\($0[0]) \($0[3])" })
                == ["ZZ 11000", "US 11000", "SE 111", "AT 111"])
        try folder.write(
            "skein.yaml",
            Array(
                """
                geo:
                  home:
                    - {networks: [203.0.113.7], to: "2024-05-29T12:00:00Z", country: CH}
                    - {networks: [203.0.113.7], from: "2024-05-29T12:00:00Z", country: LI}
                  overrides:
                    - {prefix: "2001:db8:77::/48", country: DE}
                """.utf8))
        let after = try folder.skein(
            "map", "--output", "csv", "--config", "skein.yaml", "--store", "s")
        #expect(
            Set(rows(after).map { "\($0[0]) \($0[3])" })
                == ["ZZ 11000", "US 10000", "DE 1000", "SE 111", "CH 1", "LI 110"])
        // The hosts behind the figures are found by the same words.
        let moved = try folder.skein(
            "query", "src geo LI", "--fields", "start,bytes", "--output", "csv", "--config",
            "skein.yaml", "--store", "s")
        #expect(rows(moved) == [["\(noon)", "10"], ["\(noon + 39_600_000)", "100"]])
    }
}
