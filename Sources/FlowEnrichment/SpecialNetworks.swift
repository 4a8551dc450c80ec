import FlowModel

/// Networks whose addresses are nobody's on the public Internet.
enum SpecialNetworks {
    /// What IANA's special-purpose registries (RFC 6890) call not globally reachable, multicast, and
    /// what is reserved.
    private static let texts = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/127", "64:ff9b:1::/48", "100::/64", "2001:2::/48", "2001:db8::/32", "3fff::/20",
        "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    ]

    static let all: [IPPrefix] = texts.compactMap { IPPrefix($0) }

    /// `value` for their addresses, 0 for all others.
    static func families(_ value: UInt32) -> AddressFamilies {
        var families = AddressFamilies()
        for network in all {
            let (first, last) = (network.address, network.last)
            let isAppended =
                if let v4 = first.v4, let end = last.v4 {
                    families.v4.append(v4, end, value)
                } else {
                    families.v6.append(first.number, last.number, value)
                }
            precondition(isAppended, "the networks above ascend")
        }
        families.v4.finish()
        families.v6.finish()
        return families
    }
}
