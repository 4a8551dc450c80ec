import SkeinServer
import Testing

/// The outlines that the page and `skein map --svg` draw.
@Suite struct WorldOutlinesTests {
    private let world = WorldOutlines.embedded

    @Test func `every country is there once, within the whole`() {
        let codes = world.countries.map(\.code)
        #expect(codes.count == Set(codes).count)
        #expect(codes == codes.sorted())
        #expect(codes.count > 240)
        for country in world.countries {
            #expect(country.code.count == 2, "\(country.code)")
            #expect((0...world.width).contains(country.x), "\(country.code)")
            #expect((0...world.height).contains(country.y), "\(country.code)")
        }
    }

    @Test(arguments: ["CH", "FR", "NO", "XK", "US", "RU", "FJ"])
    func `a country has an outline that begins and ends`(code: String) throws {
        let country = try #require(world.countries.first { $0.code == code })
        #expect(country.path.hasPrefix("M") && country.path.hasSuffix("z"))
        #expect(country.path.allSatisfy { "Mlz -0123456789".contains($0) })
    }

    @Test(arguments: [("SG", "MY"), ("LI", "AT"), ("HK", "CN"), ("MT", "IT")])
    func `one too small for an outline stands beside its neighbour`(
        small: String, neighbour: String
    ) throws {
        let here = try #require(world.countries.first { $0.code == small })
        let there = try #require(world.countries.first { $0.code == neighbour })
        #expect(here.path.isEmpty)
        #expect(abs(here.x - there.x) < 150 && abs(here.y - there.y) < 100)
    }

    @Test func `a point is where the Equal Earth projection has it`() throws {
        // Greenwich is the middle; Singapore, 1.28° N 103.85° E, by the published polynomial.
        let singapore = try #require(world.countries.first { $0.code == "SG" })
        #expect(abs(singapore.x - 1577) <= 1)
    }
}
