import FlowModel
import FlowTestSupport
import Foundation
import Testing

@testable import FlowEnrichment

@Suite struct MaxMindTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private typealias Value = MaxMindWriter.Value

    private static func country(_ code: String) -> Value {
        .map(["country": .map(["iso_code": .text(code), "geoname_id": .number(1)])])
    }

    /// A tree of IPv6 with IPv4 in it, as MaxMind's are.
    private static func world() -> MaxMindWriter {
        var writer = MaxMindWriter(version: 6)
        writer.add(0x0100_0000, length: 96 + 8, country("AU"))
        writer.add(0x0102_0000, length: 96 + 16, country("JP"))
        writer.add(0x0102_0304, length: 128, country("CH"))
        writer.add(
            0xc800_0000, length: 96 + 5,
            .map(["registered_country": .map(["iso_code": .text("BR")])]))
        writer.add(0x2a00 << 112, length: 16, country("DE"))
        writer.add(0x2a00_0001_0002_0003 << 64, length: 64, country("AT"))
        writer.add(0x2a01 << 112, length: 16, .map(["country_code": .text("nl")]))
        writer.add(
            0x2a02 << 112, length: 16,
            .map(["country": .text("FR"), "asn": .text("AS3215"), "as_name": .text("Orange")]))
        writer.add(
            0x2a03 << 112, length: 16,
            .map([
                "autonomous_system_number": .number(65550),
                "autonomous_system_organization": .text(String(repeating: "x", count: 40)),
            ]))
        writer.add(0x2a04 << 112, length: 16, .map(["city": .map([:])]))
        writer.alias(0x2002 << 112, length: 16)
        writer.alias(0xffff << 32, length: 96)
        return writer
    }

    private static let expected: [(address: String, country: String?, system: UInt32?)] = [
        ("1.0.0.0", "AU", nil), ("1.1.255.255", "AU", nil), ("1.2.0.0", "JP", nil),
        ("1.2.3.3", "JP", nil), ("1.2.3.4", "CH", nil), ("1.2.3.5", "JP", nil),
        ("1.3.0.0", "AU", nil), ("2.0.0.0", nil, nil), ("207.255.255.255", "BR", nil),
        ("208.0.0.0", nil, nil), ("2a00::1", "DE", nil), ("2a00:1:2:3::", "AT", nil),
        ("2a00:1:2:3:ffff:ffff:ffff:ffff", "AT", nil), ("2a00:1:2:4::", "DE", nil),
        ("2a01::", "NL", nil), ("2a02::9", "FR", 3215), ("2a03::", nil, 65550),
        ("2a04::", nil, nil), ("2002:102:304::", "CH", nil), ("10.0.0.1", "ZZ", nil),
        ("fd00::1", "ZZ", nil),
    ]

    @Test(arguments: [24, 28, 32])
    func `countries and AS numbers are read from the tree`(recordBits: Int) throws {
        let path = try folder.write(
            "w.mmdb", Self.world().file(type: "Test-Country-ASN", recordBits: recordBits))
        let database = try AddressDatabase(countries: nil, mmdb: [path])
        #expect(database.hasCountries && database.hasSystems)
        #expect(database.origins.map(\.name) == ["Test-Country-ASN"])
        #expect(database.origins.map(\.date) == ["2025-06-15"])
        for (address, country, system) in Self.expected {
            let answer = database.answer(for: try #require(IPAddress(address)))
            #expect(answer.country?.description == country, "\(address)")
            #expect(answer.system == system, "\(address)")
        }
    }

    @Test func `a tree of IPv4 alone is read, and several files complete each other`() throws {
        var systems = MaxMindWriter(version: 4)
        systems.add(0x0102_0000, length: 16, .map(["autonomous_system_number": .number(7)]))
        systems.add(0x8000_0000, length: 1, .map(["autonomous_system_number": .number(8)]))
        let first = try folder.write("a.mmdb", systems.file(type: "ASN", recordBits: 24))
        let second = try folder.write(
            "b.mmdb", Self.world().file(type: "Country", recordBits: 28))
        let tor = try folder.countries("16777216,50331647,SE\n")
        let database = try AddressDatabase(countries: tor, mmdb: [first, second])
        #expect(database.origins.count == 3)
        for (address, country, system) in [
            ("1.2.3.4", "CH", 7), ("1.3.0.0", "AU", nil), ("2.0.0.1", "SE", nil),
            ("200.0.0.1", "BR", 8), ("192.168.0.1", "ZZ", 8), ("2a02::", "FR", 3215),
        ] as [(String, String, UInt32?)] {
            let answer = database.answer(for: try #require(IPAddress(address)))
            #expect(answer.country?.description == country && answer.system == system, "\(address)")
        }
    }

    @Test func `what is no such file is refused with the reason`() throws {
        func cause(_ octets: [UInt8]) throws -> DatabaseError.Cause? {
            let path = try folder.write("x.mmdb", octets)
            do throws(DatabaseError) {
                _ = try AddressDatabase(countries: nil, mmdb: [path])
                return nil
            } catch {
                #expect(error.path == path)
                return error.cause
            }
        }
        if case .library(let message) = try cause(Array("hello, world".utf8)) {
            #expect(!message.isEmpty)
        } else {
            Issue.record("a text is no database")
        }
        if case .library = try cause([]) {} else { Issue.record("nothing is no database") }
        var cities = MaxMindWriter(version: 4)
        cities.add(0, length: 8, .map(["city": .text("Bern")]))
        #expect(try cause(cities.file(type: "City-Only", recordBits: 24)) == .type("City-Only"))
        #expect(throws: DatabaseError(path: "/nowhere.mmdb", cause: .system(ENOENT))) {
            try AddressDatabase(countries: nil, mmdb: ["/nowhere.mmdb"])
        }
        // A node that leads to itself.
        var circle = Self.world().file(type: "Circle", recordBits: 24)
        circle.replaceSubrange(0..<6, with: [0, 0, 0, 0, 0, 0])
        if try cause(circle) == nil { Issue.record("a tree in circles has no end") }
    }

    @Test func `damage is an error or an answer, never a crash`() throws {
        var random = Seeded(5)
        let whole = Self.world().file(type: "Test", recordBits: 28)
        for round in 0..<400 {
            var octets = whole
            if round % 4 == 0 {
                octets.removeLast(Int.random(in: 1..<octets.count, using: &random))
            }
            for _ in 0..<Int.random(in: 1...4, using: &random) where !octets.isEmpty {
                octets[Int.random(in: 0..<octets.count, using: &random)] = UInt8.random(
                    in: 0...255, using: &random)
            }
            let path = try folder.write("d.mmdb", octets)
            if let database = try? AddressDatabase(countries: nil, mmdb: [path]) {
                _ = database.answer(for: IPAddress(v4: 0x0102_0304))
            }
        }
    }

    @Test(.enabled(if: Command.installed("mmdblookup") != nil, "mmdblookup is not installed"))
    func `mmdblookup says the same`() throws {
        let program = try #require(Command.installed("mmdblookup"))
        let path = try folder.write("w.mmdb", Self.world().file(type: "Test", recordBits: 24))
        let database = try AddressDatabase(countries: nil, mmdb: [path])
        for (address, country, _) in Self.expected where country != "ZZ" {
            let result = try Command.run(
                program, ["--file", path, "--ip", address, "country", "iso_code"])
            let found =
                result.status == 0 ? result.output.split(separator: "\"").dropFirst().first : nil
            guard let found else { continue }
            #expect(
                database.answer(for: try #require(IPAddress(address))).country?.description
                    == String(found), "\(address)")
        }
    }
}
