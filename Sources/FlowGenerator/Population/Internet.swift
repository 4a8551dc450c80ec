import FlowModel

/// The world outside: networks of real operators' address space, and hosts in them by popularity.
struct Internet: Sendable {
    struct Network: Sendable {
        var asNumber: UInt32
        var v4: UInt32
        var mask: UInt8
        /// The upper half of its IPv6 prefix, 0 where it has none.
        var v6: UInt64
        var v6Mask: UInt8
        var weight: UInt64
    }

    /// How many services the organisation's people use.
    static let services = 4_000

    private let serviceRank = RankTable(zipf: Self.services, flattening: 3)
    private let hostingWeight = RankTable(weights: Self.hosting.map(\.weight))
    private let accessWeight = RankTable(weights: Self.access.map(\.weight))

    /// A service, popular ones often; the same rank is the same host, whatever the family.
    func service(_ random: inout Xoshiro256, v6: Bool) -> Endpoint {
        let rank = UInt64(serviceRank.pick(&random))
        // A generator of its own per rank: which network a service is in depends on nothing else.
        var choice = Xoshiro256(seed: 0x5e71_1ce5 ^ rank)
        let network = Self.hosting[hostingWeight.pick(&choice)]
        return host(in: network, hash: choice.next(), v6: v6, ttl: 64)
    }

    /// A machine at somebody's home, a different one every time: visitors, guessers, forged sources.
    func stranger(_ random: inout Xoshiro256, v6: Bool) -> Endpoint {
        let network = Self.access[accessWeight.pick(&random)]
        return host(
            in: network, hash: random.next(), v6: v6, ttl: random.chance(1, in: 3) ? 128 : 64)
    }

    /// A mail or name server, one of 300.
    func peer(_ random: inout Xoshiro256, v6: Bool) -> Endpoint {
        var choice = Xoshiro256(seed: 0xbee5 ^ random.below(300))
        let network = Self.hosting[hostingWeight.pick(&choice)]
        return host(in: network, hash: choice.next(), v6: v6, ttl: 64)
    }

    /// One of a few networks from which passwords are guessed, a few hundred hosts.
    func guesser(_ random: inout Xoshiro256) -> Endpoint {
        var choice = Xoshiro256(seed: 0x6e55 ^ random.below(240))
        let network = Self.access[accessWeight.pick(&choice)]
        return host(in: network, hash: choice.next(), v6: false, ttl: 64)
    }

    /// A host of the documentation ranges, which stand for what a list of bad hosts names.
    static func listed(_ address: IPAddress) -> Endpoint {
        Endpoint(
            address: address, asNumber: 64_511, mask: address.isV4 ? 24 : 48, router: 0,
            isOutside: true, interface: 1, vlan: 0, ttl: 64, hops: 14)
    }

    private func host(in network: Network, hash: UInt64, v6: Bool, ttl: UInt8) -> Endpoint {
        let six = v6 && network.v6 != 0
        let hostBits = ~UInt32(0) >> UInt32(network.mask)
        // The last octet is kept off 0 and 255, the others are as the hash says.
        let octet = 1 + UInt32(truncatingIfNeeded: hash >> 32) % 254
        let v4 = network.v4 | (UInt32(truncatingIfNeeded: hash) & hostBits & ~255) | octet
        let low = mixed(hash)
        return Endpoint(
            address: six
                ? IPAddress(
                    high: network.v6 | hash & (~0 >> UInt64(network.v6Mask)), low: low >> 40 | 1)
                : IPAddress(v4: v4),
            asNumber: network.asNumber, mask: six ? network.v6Mask : network.mask, router: 0,
            isOutside: true, interface: 1, vlan: 0, ttl: ttl, hops: UInt8(6 + hash >> 56 % 16))
    }
}
