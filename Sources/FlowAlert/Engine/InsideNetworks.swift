import FlowIntel
public import FlowModel

/// Which addresses are the user's own.
public struct InsideNetworks: Sendable {
    private let set: AddressSet

    /// Where nothing is configured: what is private (RFC 1918, RFC 6598, RFC 4193) or on the link.
    public static let privateSpace: [IPPrefix] = [
        "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
        "fc00::/7", "fe80::/10",
    ].compactMap { IPPrefix($0) }

    /// - Parameter own: the user's networks; none: private space. Private space is inside besides them.
    public init(own: [IPPrefix] = []) {
        set = AddressSet(own + Self.privateSpace)
    }

    /// Whether an address is the user's own.
    public func contains(_ address: IPAddress) -> Bool { set.contains(address) }
}
