import FlowAlert
import FlowQuery
import FlowStore
import FlowSwarm
import SkeinServer
import SwarmPainter

extension StoreQueries {
    /// Steps at most: a page keeps all of them.
    static let swarmStepsMax: UInt64 = 2000

    /// Checks a question for a swarm, by the rules for whoever is not trusted; it becomes the command line
    /// of `skein swarm`.
    func swarm(_ parameters: QueryParameters, settings: SharedSettings) throws -> any ServedQuery {
        var arguments = ["--store=\(directory)", "--out=-"]
        for (name, value) in parameters.values where name != "filter" && name != "start" {
            if !QueryParameters.ofSwarm.flags.contains(name) {
                arguments.append("--\(name)=\(value)")
            } else if parameters.isSet(name) {
                arguments.append("--\(name)")
            }
        }
        var first: UInt64?
        if let text = parameters["start"] {
            first = try Self.number(text, of: "start")
        }
        if let text = parameters["seed"] { _ = try Self.number(text, of: "seed") }
        do {
            let command = try SwarmCommand.parse(arguments + ["--", parameters["filter"] ?? ""])
            let question = try command.question(rules: .untrusted, intel: sets)
            return SwarmQuery(
                directory: directory, memory: memory, arguments: arguments, question: question,
                first: first, knowledge: knowledge.current, sets: sets,
                inside: settings.current.inside)
        } catch {
            throw QueryRefusal(Self.message(error))
        }
    }
}

extension StoreQueries {
    /// A whole number that a browser can count with, as the document of the interface says.
    static func number(_ text: String, of name: String) throws -> UInt64 {
        guard let number = UInt64(text), number < 1 << 53 else {
            throw QueryRefusal(
                "\(name): ‘\(text.prefix(80))’ is not a whole number below 9007199254740992")
        }
        return number
    }
}

/// A question for a swarm that makes sense.
private struct SwarmQuery: ServedQuery {
    let directory: String
    let memory: Int
    let arguments: [String]
    let question: QueryRequest
    let first: UInt64?
    let knowledge: UserKnowledge
    let sets: IntelSets
    let inside: InsideNetworks

    let contentType = "application/octet-stream"

    func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws {
        let command = try SwarmCommand.parse(arguments)
        var question = question
        question.memory = min(question.memory, memory)
        let reader = try StoreReader(directory: directory, window: question.window)
        let engine = QueryEngine(reader).knowing(knowledge)
        let plan: SwarmPlan
        do {
            plan = try SwarmPlan(
                &question, engine, command, stepsMax: StoreQueries.swarmStepsMax, until: stop)
        } catch  where !stop.isRequested {
            throw QueryRefusal(StoreQueries.message(error))
        }
        let settings = try SwarmKnowledge(
            plan, reader, seed: command.seed, inside: inside, sets: sets,
            countries: SwarmKnowledge.countriesOfServer, while: { !stop.isRequested }
        ).settings
        try write(SceneEncoder.opening(plan.header(seed: command.seed)))
        var encoder = SceneEncoder()
        // What a step is made of lies in memory, some of it twice.
        let edgesMax = max(memory / (4 * MemoryLayout<SwarmEdge>.stride), 10_000)
        let scenes = SwarmScenes(plan, settings, edgesMax: edgesMax) { scene in
            guard scene.number >= first ?? 0 else { return }
            try write(encoder.record(of: scene))
        }
        var request = plan.request(question)
        request.memory = min(request.memory, memory)
        try engine.run(request, into: scenes, until: stop)
        try write(SceneEncoder.end(flowsOfUnknownRate: scenes.flowsOfUnknownRate))
    }
}

extension SwarmPlan {
    /// What stands in front of the scenes of this plan.
    func header(seed: UInt64) -> SceneStreamHeader {
        let names = services.map { serviceText(UInt64($0)) } + ["others"]
        return SceneStreamHeader(
            seed: seed, step: step, steps: steps, window: window,
            services: names.enumerated().map { place, name in
                SceneStreamHeader.Service(
                    name: name, color: SwarmStyle.serviceColor(place, of: names.count))
            }, timeline: timeline)
    }
}
