public import FlowModel

/// Where addresses are (design.md §9).
public struct GeoSettings: Hashable, Sendable {
    /// The folder with `geoip` and `geoip6` of Debian's tor-geoipdb; nil = not used.
    public var countries: String? = "/usr/share/tor"
    /// Databases in MaxMind's format; they go before ``countries``.
    public var mmdb: [String] = []
    /// The user's own networks.
    public var home: [HomeNetwork] = []
    /// Networks that lie elsewhere than the databases say.
    public var overrides: [GeoOverride] = []
}

/// Networks of the user at a place, for a time.
public struct HomeNetwork: Hashable, Sendable {
    /// Which.
    public var networks: [IPPrefix] = []
    /// From when on, ms since 1970; nil = since ever.
    public var from: UInt64?
    /// Until before when, ms since 1970; nil = for ever.
    public var to: UInt64?
    /// The country, two capitals.
    public var country: String?
    /// The town or site.
    public var place: String?
    /// What people call it.
    public var label: String?
    /// Degrees north.
    public var latitude: Double?
    /// Degrees east.
    public var longitude: Double?
}

/// Where a network lies, whatever the databases say.
public struct GeoOverride: Hashable, Sendable {
    /// Which.
    public var prefix = IPPrefix(.v6Zero)
    /// The country, two capitals.
    public var country: String?
    /// The town or site.
    public var place: String?
    /// What people call it.
    public var label: String?
    /// Degrees north.
    public var latitude: Double?
    /// Degrees east.
    public var longitude: Double?
}

extension HomeNetwork {
    static let table: SettingTable<HomeNetwork> = {
        let setting = SettingMaker(initial: HomeNetwork())
        return SettingTable([
            setting("networks", \.networks, .list(.prefix), required: true, "The networks."),
            setting(
                "from", \.from, .optional(.instant),
                "They are yours from this time on; a day is its first moment, in local time."),
            setting("to", \.to, .optional(.instant), "They are yours until before this time."),
            setting("country", \.country, .optional(.country), "The country they are in."),
            setting("place", \.place, .optional(.label), "The town or site."),
            setting("label", \.label, .optional(.label), "What people call them."),
            setting(
                "latitude", \.latitude, .optional(.degrees(90)), "Degrees north of the equator."),
            setting(
                "longitude", \.longitude, .optional(.degrees(180)), "Degrees east of Greenwich."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: HomeNetwork) -> String? {
        if entry.networks.isEmpty { return "‘networks’ is an empty list; name at least one" }
        if let from = entry.from, let to = entry.to, from >= to {
            return "‘to’ is not later than ‘from’, so the networks would never be yours"
        }
        return problemOfPoint(entry.latitude, entry.longitude)
    }

    /// The times at which they are the user's.
    public var validity: Range<UInt64> {
        let from = from ?? 0
        return from..<max(from, to ?? .max)
    }
}

extension GeoOverride {
    static let table: SettingTable<GeoOverride> = {
        let setting = SettingMaker(initial: GeoOverride())
        return SettingTable([
            setting("prefix", \.prefix, .prefix, required: true, "The network."),
            setting("country", \.country, .optional(.country), "The country it is in."),
            setting("place", \.place, .optional(.label), "The town or site."),
            setting("label", \.label, .optional(.label), "What people call it."),
            setting(
                "latitude", \.latitude, .optional(.degrees(90)), "Degrees north of the equator."),
            setting(
                "longitude", \.longitude, .optional(.degrees(180)), "Degrees east of Greenwich."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: GeoOverride) -> String? {
        if entry.country == nil, entry.place == nil, entry.label == nil, entry.latitude == nil,
            entry.longitude == nil
        {
            return "it changes nothing: say ‘country’, ‘place’ or ‘label’"
        }
        return problemOfPoint(entry.latitude, entry.longitude)
    }
}

private func problemOfPoint(_ latitude: Double?, _ longitude: Double?) -> String? {
    guard (latitude == nil) != (longitude == nil) else { return nil }
    return "‘latitude’ and ‘longitude’ go together; "
        + "‘\(latitude == nil ? "latitude" : "longitude")’ is missing"
}
