import FlowAlert
import FlowEnrichment
import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm
import Glibc
import SkeinConfiguration

/// What is known of the addresses of a swarm: which are the own ones, which are listed, where they are,
/// which call as regularly as a clock.
struct SwarmKnowledge {
    private(set) var settings = SwarmSettings()

    init(_ command: SwarmCommand, _ plan: SwarmPlan, _ reader: StoreReader) throws {
        let configured = try Self.configured(command.override.configuration.path)
        settings.services = plan.services
        settings.seed = command.seed
        let inside = configured.inside
        settings.isInside = { inside.contains($0) }
        if let listed = try IntelSets.configured(command.override.configuration.path).load()?.all {
            settings.isListed = { listed.contains($0) }
        }
        if let countries = Self.countries() {
            settings.country = { countries.answer(for: $0).country }
        }
        settings.beacons = try Self.beacons(plan, reader, inside)
    }

    private static func configured(_ path: String?) throws -> SkeinSettings {
        let variable = getenv("SKEIN_CONFIG").map { String(cString: $0) } ?? ""
        let file = path ?? (variable.isEmpty ? nil : variable)
        return try Configuration(
            file: file.map(ConfigurationOverrides.read),
            environment: ConfigurationOverrides.environment
        ).settings
    }

    /// Where addresses are, as far as a database of it is there; without, there are no countries.
    private static func countries() -> AddressDatabase? {
        let variable = getenv("SKEIN_COUNTRY_DATABASE").map { String(cString: $0) }
        let path = variable ?? AddressDatabase.countryFolderDefault
        guard !path.isEmpty, AddressDatabase.hasCountries(at: path) else { return nil }
        return try? AddressDatabase(countries: path, mmdb: [])
    }

    /// The contacts that come back as regularly as a clock, over all of the time that is shown.
    private static func beacons(
        _ plan: SwarmPlan, _ reader: StoreReader, _ inside: InsideNetworks
    ) throws -> Set<SwarmContact> {
        let usual = AlertRuleSettings()
        let length = plan.window.upperBound - plan.window.lowerBound
        let rule = AlertRule(
            name: "beacon",
            test: .beacon(AlertRule.Beacon(score: usual.score, contacts: Int(usual.contacts))),
            severity: .low, window: length, silence: length)
        // Names and the time of day are asked for as regularly as any beacon calls.
        var request = QueryRequest(
            filter: try FlowExpression(parsing: "not (proto udp and port in [53 123])"),
            kind: .flows(fields: [], sort: nil, limit: 0))
        request.from = plan.window.lowerBound
        request.to = plan.window.upperBound
        request.rollups = false
        let found = try BeaconSearch(rule, inside: inside).run(over: reader, request)
        return Set(
            found.compactMap { alert in
                guard let host = alert.host, let peer = alert.peer else { return nil }
                return SwarmContact(source: host, target: peer)
            })
    }
}
