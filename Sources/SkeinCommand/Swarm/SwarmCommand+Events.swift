import FlowFiles
import FlowModel
import FlowQuery
import FlowStore
import FlowSwarm
import SwarmPainter

/// `skein swarm --events`: who did what to which thing, drawn as flows are.
extension SwarmCommand {
    /// Makes the video of a file's events.
    func show(eventsOf path: String) throws {
        let events = try SwarmEvents(path, times: times)
        var question = try question()
        let reader = try StoreReader(directory: events.folder, window: question.window)
        let engine = QueryEngine(reader)
        let plan = try SwarmPlan(&question, engine, self)
        let film = try SwarmFilm(plan, self, names: events.names)
        var settings = SwarmSettings()
        settings.services = plan.services
        settings.seed = seed
        settings.isInside = EventNames.isActor
        settings.tellsSignals = false
        let scenes = SwarmScenes(plan, settings) { try film.take($0) }
        try engine.run(plan.request(question), into: scenes)
        try film.close()
    }
}

extension SwarmStyle {
    /// Says of addresses and services which actors, things and kinds they stand for.
    mutating func describe(_ names: EventNames, _ plan: SwarmPlan, path: String) {
        if title == "all flows" {
            title = path == "-" ? "all events" : String(path.split(separator: "/").last ?? "")
        }
        counted = "events"
        amount = { countText($0 / EventReader.octetsOfWeight) }
        explainsMarks = false
        service = { names.kindName(UInt16(truncatingIfNeeded: $0)) }
        legend = plan.services.map { Self.short(names.kindName(UInt16(truncatingIfNeeded: $0))) }
        name = { node in
            switch node {
            case .host(let address):
                switch names.meaning(of: address) {
                case .actor(let name)?, .thing(let name)?: Self.short(name)
                case nil: ""
                }
            case .network(let network): Self.short(names.meaning(of: network) ?? "")
            case .country, .rest(isInside: false): "all others"
            case .rest(isInside: true): "other actors"
            }
        }
    }

    /// The end of a long name says more than its beginning.
    private static func short(_ name: String) -> String {
        name.count <= 32 ? name : "…" + name.suffix(31)
    }
}
