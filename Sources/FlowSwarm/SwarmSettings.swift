public import FlowModel

/// What a swarm shows and how.
public struct SwarmSettings: Sendable {
    /// The services with a colour of their own, in the order of the legend; 11 at most are drawn apart.
    public var services: [UInt32] = []
    /// Mixed into first places.
    public var seed: UInt64 = 1
    /// Hosts that are nodes: in at this rank.
    public var hostsIn = 176
    /// Out at this one.
    public var hostsOut = 232
    /// Networks that are nodes.
    public var networksIn = 48
    /// Out at this rank.
    public var networksOut = 64
    /// Countries that are nodes.
    public var countriesIn = 20
    /// Out at this rank.
    public var countriesOut = 28
    /// Hosts beyond these that are nodes because something is remarkable about them.
    public var markedMax = 96
    /// Streams drawn one by one.
    public var streamsMax = 1024
    /// Hosts whose octets are remembered from step to step.
    public var hostsMax = 65_536
    /// Whether an address is of the own networks.
    public var isInside: @Sendable (IPAddress) -> Bool = { _ in false }
    /// Whether an address is on a list of known-bad ones.
    public var isListed: @Sendable (IPAddress) -> Bool = { _ in false }
    /// The country of an address; nil where it is not known.
    public var country: @Sendable (IPAddress) -> CountryCode? = { _ in nil }
    /// Whether scans, floods and their like are looked for; in what is no network there are none.
    public var tellsSignals = true
    /// Contacts that come back as regularly as a clock, by source and target.
    public var beacons: Set<SwarmContact> = []

    /// The usual ones.
    public init() {}
}

/// Two hosts.
public struct SwarmContact: Hashable, Sendable {
    /// Who calls.
    public let source: IPAddress
    /// Who is called.
    public let target: IPAddress

    /// Makes a contact.
    public init(source: IPAddress, target: IPAddress) {
        self.source = source
        self.target = target
    }
}
