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
    private(set) var alerts: [CountryCode: Int] = [:]
    /// Where the own networks are now, the first named first.
    let home: [String]
    /// Networks that lie elsewhere than the databases say.
    let overrides: [GeoOverrides.Rule]

    /// Alerts are asked for this many at most, as the page does.
    private static let alertsMax = 1000

    /// What is configured, and what the server has found.
    ///
    /// - Parameter now: ms since 1970.
    init(
        config: String?, store: String, filter: FlowExpression, overrides: GeoOverrides?,
        now: UInt64
    ) throws {
        let settings = try SkeinSettings.configured(by: config, store: store)
        home = settings.geo.homeCountries(at: now)
        self.overrides = overrides?.rules.filter { $0.isValid(at: now) } ?? []
        guard access(settings.alertDatabase, R_OK) == 0 else { return }
        do {
            alerts = try Self.alerts(in: settings.alertDatabase, filter)
        } catch {
            StandardStreams.say("alerts are not drawn: \(error)")
        }
    }

    /// How many alerts that pass a filter are open about each country.
    private static func alerts(
        in database: String, _ filter: FlowExpression
    ) throws -> [CountryCode: Int] {
        let question = AlertQuestion(
            filter: filter, state: .open, limit: alertsMax)
        var counts: [CountryCode: Int] = [:]
        for alert in try question.answer(from: AlertStore(path: database)) {
            if let country = CountryCode(alert.country) { counts[country, default: 0] += 1 }
        }
        return counts
    }
}
