import FlowModel
import Testing

@testable import FlowStore

@Suite struct AddressLookupTests {
    /// Addresses of every kind: below IPv4, in few and in many networks of it, above.
    private static func addresses(_ seed: UInt64) -> [IPAddress] {
        var random = Seeded(seed)
        var found: Set<IPAddress> = [.v6Zero, IPAddress(v4: 0), IPAddress(v4: .max)]
        for _ in 0..<3000 {
            let number = UInt32.random(in: 0...UInt32.max, using: &random)
            found.insert(IPAddress(v4: number))
            found.insert(IPAddress(v4: 0x0a01_0000 | number & 0xffff))
            if number % 8 == 0 { found.insert(IPAddress(high: 0, low: UInt64(number))) }
            if number % 8 == 1 {
                found.insert(IPAddress(high: 0x2001_0db8 << 32 | UInt64(number % 40), low: 7))
            }
        }
        return found.sorted()
    }

    @Test(arguments: [1, 2, 3] as [UInt64])
    func `some of the addresses are those at their places`(seed: UInt64) throws {
        let all = Self.addresses(seed)
        let packed = packAddresses(all.span)
        let prefixes = try #require(AddressPrefixes(packed.prefixes))
        let lookup = try #require(AddressLookup(prefixes, suffixes: packed.suffixes))
        var random = Seeded(seed)
        for share in [1, 2, 10, 500] {
            let places = all.indices.filter { _ in
                Int.random(in: 0..<share, using: &random) == 0
            }
            var found = [IPAddress](repeating: .v6Zero, count: places.count)
            var output = found.mutableSpan
            lookup.addresses(at: places, into: &output)
            #expect(found == places.map { all[$0] })
            #expect(places.allSatisfy { lookup.address(at: $0) == all[$0] })
        }
    }
}
