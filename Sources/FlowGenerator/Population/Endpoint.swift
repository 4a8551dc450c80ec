import FlowModel

/// One end of an exchange, and where the routers find it.
struct Endpoint: Sendable {
    var address: IPAddress
    var asNumber: UInt32
    /// Length of the route prefix.
    var mask: UInt8
    /// The router of its site; meaningless outside.
    var router: UInt8
    /// Whether it is beyond the uplink.
    var isOutside: Bool
    /// The interface of its own router towards it.
    var interface: UInt16
    /// The VLAN it is in, 0 where untagged.
    var vlan: UInt16
    /// The TTL its system starts with.
    var ttl: UInt8
    /// Hops to the routers.
    var hops: UInt8

    /// The interface of `router` towards it: its own, the wide-area link, or the uplink.
    func interface(at router: UInt8) -> UInt16 {
        isOutside ? 1 : (router == self.router ? interface : 2)
    }

    /// The VLAN it is in as `router` sees it.
    func vlan(at router: UInt8) -> UInt16 {
        !isOutside && router == self.router ? vlan : 0
    }

    /// The next hop of `router` towards it.
    func nextHop(at router: UInt8) -> IPAddress {
        let v4 = address.isV4
        if !isOutside && router == self.router { return v4 ? .v4Zero : .v6Zero }
        if isOutside {
            return v4
                ? IPAddress(v4: 0xc296_1b01 + UInt32(router) * 4)
                : IPAddress(high: 0x2001_0db8_ffff_0000 | UInt64(router), low: 1)
        }
        return v4
            ? IPAddress(v4: 0x0aff_0001 + UInt32(self.router))
            : IPAddress(high: 0x2001_0db8_ffff_0100, low: 1 + UInt64(self.router))
    }
}
