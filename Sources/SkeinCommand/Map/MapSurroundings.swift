import ArgumentParser
import FlowAlert
import FlowEnrichment
import FlowModel
import FlowQuery
import Glibc
import SkeinConfiguration

/// How a picture of the map shows countries.
enum MapDrawing: String, CaseIterable, ExpressibleByArgument {
    /// A disc for each, its area by its traffic.
    case bubbles
    /// Each in a shade by its traffic.
    case areas
}

/// What a picture of the map shows beside traffic.
struct MapSurroundings {
    /// How many alerts are open about each country.
    var alerts: [CountryCode: Int] = [:]
    /// Where the own networks are now, the first named first.
    var home: [CountryCode] = []
    /// Networks that lie elsewhere than the databases say.
    var overrides: [GeoOverrides.Rule] = []

    /// Alerts are asked for this many at most, as the page does.
    private static let alertsMax = 1000

    /// What is configured, and what the server has found.
    ///
    /// - Parameter now: ms since 1970.
    init(
        config: String?, store: String, filter: FlowExpression, overrides: GeoOverrides?,
        now: UInt64
    ) throws {
        let variable = getenv("SKEIN_CONFIG").map { String(cString: $0) } ?? ""
        let file = config ?? (variable.isEmpty ? nil : variable)
        let settings = try Configuration(
            file: file.map(ConfigurationOverrides.read),
            environment: ConfigurationOverrides.environment,
            assignments: [.init(option: "--store", setting: "store.path", value: store)]
        ).settings
        home = settings.geo.home.filter { $0.validity.contains(now) }
            .compactMap { $0.country.flatMap { CountryCode($0) } }
        self.overrides = overrides?.rules.filter { $0.isValid(at: now) } ?? []
        guard access(settings.alertDatabase, R_OK) == 0 else { return }
        let question = AlertQuestion(
            filter: filter, from: nil, to: nil, state: .open, severity: nil, rule: nil,
            limit: Self.alertsMax)
        for alert in try question.answer(from: AlertStore(path: settings.alertDatabase)) {
            if let country = CountryCode(alert.country) { alerts[country, default: 0] += 1 }
        }
    }

    /// Nothing.
    init() {}
}
