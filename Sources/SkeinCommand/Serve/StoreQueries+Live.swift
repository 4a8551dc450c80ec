import FlowAlert
import FlowQuery
import FlowSwarm
import SkeinServer

extension StoreQueries {
    /// Checks a question for what arrives, by the rules for whoever is not trusted, and begins to watch.
    func live(
        _ parameters: QueryParameters, _ swarms: LiveSwarms, _ alerts: ServeAlerts,
        settings: SharedSettings
    ) throws -> any ServedFeed {
        let first = try parameters["start"].map { try Self.number($0, of: "start") }
        let seed = try parameters["seed"].map { try Self.number($0, of: "seed") } ?? 1
        let text = parameters["filter"] ?? ""
        let filter: FlowExpression
        do {
            let command = try SwarmCommand.parse(
                ["--store=\(directory)", "--out=-", "--", text])
            filter = try command.question(rules: .untrusted, intel: sets).filter
        } catch {
            throw QueryRefusal(Self.message(error))
        }
        let question = LiveSwarm.Question(
            filter: text, seed: seed, raw: parameters.isSet("raw"))
        return try swarms.watch(question, from: first) {
            LiveSwarm(
                question, filter,
                LiveKnowledge(
                    directory: directory, memory: memory, filter: filter, sets: sets,
                    inside: settings.current.inside, knowledge: knowledge.current,
                    beacons: { Self.beacons(alerts) }))
        }
    }

    /// The contacts of open alerts that are as regular as a clock.
    private static func beacons(_ alerts: ServeAlerts) -> Set<SwarmContact> {
        let open = (try? alerts.queries.alerts?.open()) ?? []
        return Set(
            open.compactMap { alert in
                guard alert.kind == .beacon, let host = alert.host, let peer = alert.peer else {
                    return nil
                }
                return SwarmContact(source: host, target: peer)
            })
    }
}
