import FlowModel
import FlowTestSupport
import Foundation
import Testing

@testable import FlowEnrichment

@Suite struct TorGeoIPTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func country(_ database: AddressDatabase, _ address: String) throws -> String? {
        database.answer(for: try #require(IPAddress(address))).country?.description
    }

    @Test func `both files are read`() throws {
        let path = try folder.countries(
            """
            # Generated: Thu, 25 Jun 2026 04:33:59 GMT

            16777216,16777471,AU
            16777472,16778239,??\r
            16778240,16779263,ch
            """,
            """
            2001:200::,2001:200:ffff:ffff:ffff:ffff:ffff:ffff,JP
            2a00:1:2:3:4:5:6:7,2A00:1:2:3:4:5:6:8,DE
            2a00:7::8:0:9,2a00:7::8:0:a,AT

            """)
        let database = try AddressDatabase(countries: path)
        #expect(database.origins.map(\.date) == ["Thu, 25 Jun 2026 04:33:59 GMT"])
        #expect(database.origins.map(\.name) == ["tor-geoipdb"])
        #expect(database.hasCountries && !database.hasSystems)
        #expect(try country(database, "1.0.0.255") == "AU")
        #expect(try country(database, "1.0.1.0") == nil)
        #expect(try country(database, "1.0.4.1") == "CH")
        #expect(try country(database, "1.0.8.0") == nil)
        #expect(try country(database, "2001:200:8000::1") == "JP")
        #expect(try country(database, "2a00:1:2:3:4:5:6:8") == "DE")
        #expect(try country(database, "2a00:1:2:3:4:5:6:9") == nil)
        #expect(try country(database, "2a00:7:0:0:0:8:0:a") == "AT")
    }

    @Test func `private space is no country and not unknown either`() throws {
        let path = try folder.countries("167772160,167772415,NL\n3232235520,3232301055,ZZ\n")
        let database = try AddressDatabase(countries: path)
        for address in [
            "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.1.1", "172.31.255.255", "192.168.1.1",
            "192.0.2.1", "224.0.0.5", "255.255.255.255", "0.0.0.0", "::", "::1", "fd00::1",
            "fe80::1", "ff02::1", "2001:db8::1", "2002:a01:203::1", "64:ff9b::192.168.0.1",
        ] {
            #expect(try country(database, address) == "ZZ", "\(address)")
        }
        // What the user's database knows goes before.
        #expect(try country(database, "10.0.0.7") == "NL")
        #expect(try country(database, "172.32.0.0") == nil)
        #expect(try country(database, "2a00::1") == nil)
    }

    @Test(arguments: [
        ("1,2,CH\n2,3,CH\n", 2), ("3,2,CH\n", 1), ("1,2\n", 1), ("#\n\n1,2,C\n", 3),
        ("1,2,CHE\n", 1), ("1,4294967296,CH\n", 1), ("1,99999999999999999999999999,CH\n", 1),
        ("a,b,CH\n", 1), ("1,2,1C", 1), (",,\n", 1), ("1,2,\n", 1), ("1", 1), ("1,", 1),
    ])
    func `a line that is none is named`(text: String, line: Int) throws {
        let path = try folder.countries(text)
        #expect(throws: DatabaseError(path: path + "/geoip", cause: .line(line))) {
            try AddressDatabase(countries: path)
        }
    }

    @Test(arguments: [
        ":,::1,CH", ":::,::1,CH", "1::2::3,1::4,CH", "12345::,12346::,CH", "1:2:3,1:2:4,CH",
        "1:2:3:4:5:6:7:8:9,1:2:3:4:5:6:7:8:9,CH", "1:2:3:4:5:6:7::8,1:2:3:4:5:6:7::9,CH",
        "1:,2:,CH", "g::,h::,CH", "2::,1::,CH",
    ])
    func `a line that is no range of IPv6 is named`(text: String) throws {
        let path = try folder.countries("1,2,CH\n", text)
        #expect(throws: DatabaseError(path: path + "/geoip6", cause: .line(1))) {
            try AddressDatabase(countries: path)
        }
    }

    @Test func `files that are not there or empty are refused`() throws {
        #expect(throws: DatabaseError(path: "/nowhere/at all", cause: .system(ENOENT))) {
            try AddressDatabase(countries: "/nowhere/at all")
        }
        let path = try folder.countries("# nothing\n")
        #expect(throws: DatabaseError(path: path + "/geoip", cause: .empty)) {
            try AddressDatabase(countries: path)
        }
        #expect(DatabaseError(path: "x", cause: .system(ENOENT)).description.contains("x: No such"))
    }

    private static let debian =
        ProcessInfo.processInfo.environment["SKEIN_COUNTRY_DATABASE"] ?? "/usr/share/tor"
    private static let hasDebian = AddressDatabase.hasCountries(at: debian)

    /// Some hundred of its lines, and the addresses around them, against a look through the text.
    @Test(.enabled(if: hasDebian, "tor-geoipdb is not installed"))
    func `Debian's database says what its text says`() throws {
        let database = try AddressDatabase(countries: Self.debian)
        for name in ["geoip", "geoip6"] {
            let text = try String(contentsOfFile: "\(Self.debian)/\(name)", encoding: .utf8)
            let lines = text.split(separator: "\n").filter { !$0.hasPrefix("#") }
            var next: UInt128?
            for index in stride(from: 0, to: lines.count, by: 2503) {
                let here = try Line(lines[index])
                let before = try index > 0 ? Line(lines[index - 1]) : nil
                for (number, expected) in [
                    (here.first, here.country), (here.last, here.country),
                    (
                        here.first - 1,
                        before.flatMap { $0.last == here.first - 1 ? $0.country : nil }
                    ),
                ] {
                    let address =
                        name == "geoip"
                        ? IPAddress(v4: UInt32(number)) : IPAddress(number: number)
                    if address.high >> 48 == 0x2002 { continue }
                    let isSpecial = SpecialNetworks.all.contains { $0.contains(address) }
                    #expect(
                        database.answer(for: address).country?.description
                            == expected ?? (isSpecial ? "ZZ" : nil), "\(address)")
                }
                next = here.last
            }
            #expect(next != nil)
        }
    }

    /// A line read the slow way.
    private struct Line {
        let first: UInt128
        let last: UInt128
        let country: String?

        init(_ text: Substring) throws {
            let cells = text.split(separator: ",").map(String.init)
            func number(_ cell: String) throws -> UInt128 {
                if let decimal = UInt32(cell) { return UInt128(decimal) }
                let address = try #require(IPAddress(cell))
                return UInt128(address.high) << 64 | UInt128(address.low)
            }
            first = try number(cells[0])
            last = try number(cells[1])
            country = ["??", "ZZ"].contains(cells[2]) ? nil : cells[2]
        }
    }
}
