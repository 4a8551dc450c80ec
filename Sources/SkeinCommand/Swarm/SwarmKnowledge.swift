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

    /// By the configuration that a command names.
    init(_ command: SwarmCommand, _ plan: SwarmPlan, _ reader: StoreReader) throws {
        let path = command.override.configuration.path
        try self.init(
            plan, reader, seed: command.seed, inside: SkeinSettings.configured(by: path).inside,
            sets: .configured(path), countries: Self.countries())
    }

    /// - Parameter isWanted: asked now and then; where it says no, this is given up.
    init(
        _ plan: SwarmPlan, _ reader: StoreReader, seed: UInt64, inside: InsideNetworks,
        sets: IntelSets, countries: AddressDatabase?, while isWanted: () -> Bool = { true }
    ) throws {
        settings.services = plan.services
        settings.seed = seed
        settings.isInside = { inside.contains($0) }
        if let listed = try sets.load()?.all {
            settings.isListed = { listed.contains($0) }
        }
        if let countries {
            settings.country = { countries.answer(for: $0).country }
        }
        settings.beacons = try Self.beacons(plan, reader, inside, isWanted)
    }

    /// Read once, by whoever asks first.
    static let countriesOfServer = countries()

    /// Where addresses are, as far as a database of it is there; without, there are no countries.
    private static func countries() -> AddressDatabase? {
        let variable = getenv("SKEIN_COUNTRY_DATABASE").map { String(cString: $0) }
        let path = variable ?? AddressDatabase.countryFolderDefault
        guard !path.isEmpty, AddressDatabase.hasCountries(at: path) else { return nil }
        return try? AddressDatabase(countries: path, mmdb: [])
    }

    /// The contacts that come back as regularly as a clock, over all of the time that is shown.
    private static func beacons(
        _ plan: SwarmPlan, _ reader: StoreReader, _ inside: InsideNetworks,
        _ isWanted: () -> Bool
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
        let found = try BeaconSearch(rule, inside: inside).run(
            over: reader, request, while: isWanted)
        return Set(
            found.compactMap { alert in
                guard let host = alert.host, let peer = alert.peer else { return nil }
                return SwarmContact(source: host, target: peer)
            })
    }
}
