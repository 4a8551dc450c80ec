import FlowAlert
import FlowEnrichment
import FlowIntel
import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm
import SkeinServer
import SwarmPainter

/// What a swarm of what arrives goes by, as it is known when it begins.
struct LiveKnowledge: Sendable {
    /// The store's folder.
    let directory: String
    /// Octets that a question may use.
    let memory: Int
    /// Which flows.
    let filter: FlowExpression
    let sets: IntelSets
    let inside: InsideNetworks
    let knowledge: UserKnowledge
    /// Contacts that were found to be as regular as a clock, and still are.
    let beacons: @Sendable () -> Set<SwarmContact>

    /// The services that most networks have, where the last hour does not name eleven.
    private static let usualServices: [UInt32] = [
        6 << 16 | 443, 17 << 16 | 443, 6 << 16 | 80, 17 << 16 | 53, 6 << 16 | 22, 1 << 16,
        17 << 16 | 123, 6 << 16 | 25, 6 << 16 | 993, 6 << 16 | 445, 6 << 16 | 3389,
    ]

    /// Sampling rates that the configuration knows better.
    var overrides: RateOverrides? { knowledge.rates }

    /// The sampling rates that the store knows of.
    func rates() -> SamplingRates? { (try? StoreReader(directory: directory))?.rates }

    func settings(_ question: LiveSwarm.Question) -> SwarmSettings {
        var settings = SwarmSettings()
        settings.seed = question.seed
        settings.services = services(raw: question.raw)
        settings.isInside = { [inside] in inside.contains($0) }
        if let listed = (try? sets.load())?.all {
            settings.isListed = { listed.contains($0) }
        }
        if let countries = SwarmKnowledge.countriesOfServer {
            settings.country = { countries.answer(for: $0).country }
        }
        settings.beacons = beacons()
        return settings
    }

    /// The services of the last hour with most octets, or of the last minute where that takes too long.
    ///
    /// They keep their colours for as long as the swarm goes on.
    private func services(raw: Bool) -> [UInt32] {
        let now = Clock.millisecondsSince1970()
        var found: [UInt32] = []
        for span: UInt64 in [3_600_000, 60_000] {
            var request = QueryRequest(
                filter: filter,
                kind: .groups(
                    by: [.field(.service)], order: .bytes, top: SwarmEngine.servicesMax))
            (request.from, request.to) = (now - span, now)
            request.raw = raw
            request.memory = min(request.memory, memory)
            let rows = AnswerRows()
            do {
                let reader = try StoreReader(directory: directory, window: request.window)
                try QueryEngine(reader).knowing(knowledge)
                    .run(request, into: rows, until: QueryStop(after: .milliseconds(700)))
            } catch {
                continue
            }
            found = rows.rows.compactMap { $0.first?.asNumber }.map { UInt32(clamping: $0) }
            break
        }
        found += Self.usualServices.filter { !found.contains($0) }
        return Array(found.prefix(SwarmEngine.servicesMax))
    }

    /// What a stream begins with: how many steps follow nobody knows.
    func opening(_ settings: SwarmSettings, step: UInt64, from first: UInt64) -> [UInt8] {
        let names = settings.services.map { serviceText(UInt64($0)) } + ["others"]
        return SceneEncoder.opening(
            SceneStreamHeader(
                seed: settings.seed, step: step, steps: first..<first,
                window: first * step..<first * step,
                services: names.enumerated().map { place, name in
                    SceneStreamHeader.Service(
                        name: name, color: SwarmStyle.serviceColor(place, of: names.count))
                }, timeline: []))
    }
}
