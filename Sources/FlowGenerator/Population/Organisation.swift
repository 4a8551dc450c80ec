import FlowModel

/// Harbour Works: four sites, a data centre, one public /24, guests behind one address.
///
///     10.0/16  data centre   router 2        194.150.24/24  public servers, router 2
///     10.1/16  Harbour House router 0        194.150.24.9   guests, translated, router 0
///     10.2/16  Quayside      router 1        2001:db8:<site>:<VLAN>::/64 for each VLAN
///     10.3/16  Lighthouse    router 1
///     10.4/16  Breakwater    router 2
///
/// Hosts are computed from their number, never stored.
struct Organisation: Sendable {
    struct Site: Sendable {
        var number: UInt64
        var router: UInt8
        var workstations: Int
    }

    static let asNumber: UInt32 = 64_500  // RFC 5398: for documentation
    static let sites = [
        Site(number: 1, router: 0, workstations: 900),
        Site(number: 2, router: 1, workstations: 350),
        Site(number: 3, router: 1, workstations: 220),
        Site(number: 4, router: 2, workstations: 130),
    ]
    static let workstations = sites.reduce(0) { $0 + $1.workstations }
    static let publicNetwork: UInt32 = 0xc296_1800  // 194.150.24.0/24

    /// The servers of the data centre, by what they do; the raw value is the VLAN's third octet and host.
    enum Server: UInt32, Sendable {
        case resolver = 0x0035
        case resolver2 = 0x0036
        case time = 0x007b
        case files = 0x010a
        case files2 = 0x010b
        case application = 0x020a
        case intranet = 0x020b
        case database = 0x030a
        case mailbox = 0x0419
        case monitor = 0x050a
        case log = 0x050e
        case backup = 0x090a
    }

    /// The public servers, by the last octet.
    enum PublicServer: UInt32, Sendable {
        case guests = 9
        case site = 10
        case mail = 25
        case gateway = 40
        case names = 53
    }

    func workstation(_ index: Int, v6: Bool) -> Endpoint {
        var number = index
        for site in Self.sites {
            if number < site.workstations {
                return inside(
                    site: site.number, router: site.router, subnet: 1 + UInt64(number / 200),
                    host: 20 + UInt64(number % 200), v6: v6)
            }
            number -= site.workstations
        }
        preconditionFailure("no workstation \(index)")
    }

    func server(_ server: Server, v6: Bool = false) -> Endpoint {
        inside(
            site: 0, router: 2, subnet: UInt64(server.rawValue >> 8),
            host: UInt64(server.rawValue & 255), v6: v6)
    }

    func publicServer(_ server: PublicServer, v6: Bool = false) -> Endpoint {
        publicHost(server.rawValue, v6: v6)
    }

    /// Any address of the public network.
    func publicHost(_ octet: UInt32, v6: Bool = false) -> Endpoint {
        let router: UInt8 = octet == PublicServer.guests.rawValue ? 0 : 2
        return Endpoint(
            address: v6
                ? IPAddress(high: 0x2001_0db8_0000_0018, low: UInt64(octet))
                : IPAddress(v4: Self.publicNetwork | octet),
            asNumber: Self.asNumber, mask: v6 ? 64 : 24, router: router, isOutside: false,
            interface: router == 0 ? 9 : 3, vlan: router == 0 ? 99 : 24, ttl: 64, hops: 0)
    }

    private func inside(
        site: UInt64, router: UInt8, subnet: UInt64, host: UInt64, v6: Bool
    ) -> Endpoint {
        let vlan = 100 * (site + 1) + subnet
        let address =
            v6
            ? IPAddress(
                high: 0x2001_0db8_0000_0000 | site << 16 | vlan,
                low: mixed(site << 32 | subnet << 16 | host) & ~0x0200_0000_0000_0000)
            : IPAddress(v4: UInt32(0x0a00_0000 | site << 16 | subnet << 8 | host))
        return Endpoint(
            address: address, asNumber: Self.asNumber, mask: v6 ? 64 : 24, router: router,
            isOutside: false, interface: UInt16(10 + site * 10 + subnet), vlan: UInt16(vlan),
            ttl: site == 0 ? 64 : 128, hops: 0)
    }
}
