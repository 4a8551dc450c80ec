import FlowEnrichment
import FlowModel
import FlowQuery
import SkeinConfiguration

/// What the user knows better than databases and exporters; applied when flows are read, so that the
/// past is mended too.
struct UserKnowledge: Sendable {
    /// Where networks are.
    var geography: GeoOverrides?
    /// Which part of the packets exporters count.
    var rates: RateOverrides?
    /// The entries of `exporters.overrides`, for names.
    private var exporters: [ExporterOverride] = []

    /// Nothing.
    init() {}

    /// What a configuration says.
    init(_ settings: SkeinSettings) {
        exporters = settings.exporters.overrides
        let rates = exporters.compactMap { entry in
            entry.sampling.map {
                RateOverrides.Rule(exporters: entry.address, domain: entry.domain, interval: $0)
            }
        }
        if !rates.isEmpty { self.rates = RateOverrides(rates) }
        let home = settings.geo.home.flatMap { entry in
            entry.networks.map { network in
                Self.rule(network, entry.country, entry.from, entry.to, entry.label ?? entry.place)
            }
        }
        let others = settings.geo.overrides.map { entry in
            Self.rule(entry.prefix, entry.country, nil, nil, entry.label ?? entry.place)
        }
        let rules = (home + others).compactMap(\.self)
        if !rules.isEmpty { geography = GeoOverrides(rules) }
    }

    /// What is said of a network without its country leaves that to the databases.
    private static func rule(
        _ network: IPPrefix, _ country: String?, _ from: UInt64?, _ to: UInt64?, _ label: String?
    ) -> GeoOverrides.Rule? {
        guard let country = country.flatMap({ CountryCode($0) }) else { return nil }
        return GeoOverrides.Rule(
            network: network, country: country, from: from, to: to, label: label ?? "")
    }

    /// The same with a list of networks that counts before others of the same length.
    func adding(_ list: GeoOverrides?) -> UserKnowledge {
        guard let list else { return self }
        var more = self
        more.geography = GeoOverrides((geography?.rules ?? []) + list.rules)
        return more
    }

    /// What people call an exporter; nil where nobody said.
    ///
    /// The longest prefix with a name holds, and of equal ones that of the domain.
    func name(of exporter: IPAddress, domain: UInt32) -> String? {
        let fitting = exporters.filter { entry in
            entry.name != nil && entry.address.contains(exporter)
                && (entry.domain ?? domain) == domain
        }
        return fitting.max { a, b in
            (a.address.bits, a.domain == nil ? 0 : 1) < (b.address.bits, b.domain == nil ? 0 : 1)
        }?.name
    }
}

extension QueryEngine {
    /// The same engine, but answers are by what the user knows better.
    func knowing(_ knowledge: UserKnowledge) -> QueryEngine {
        overridden(by: knowledge.geography).overridden(by: knowledge.rates)
    }
}
