import FlowQuery
import FlowStore
import SkeinServer

extension StoreQueries {
    /// Checks a question for countries, by the rules for whoever is not trusted; it becomes the command
    /// line of `skein map`.
    func map(_ parameters: QueryParameters) throws -> any ServedQuery {
        var arguments = ["--store=\(directory)"]
        if parameters["output"] == nil { arguments.append("--output=json") }
        for (name, value) in parameters.values where name != "filter" {
            if !QueryParameters.ofMap.flags.contains(name) {
                arguments.append("--\(name)=\(value)")
            } else if parameters.isSet(name) {
                arguments.append("--\(name)")
            }
        }
        let command: MapCommand
        var request: QueryRequest
        do {
            command = try MapCommand.parse(arguments + ["--", parameters["filter"] ?? ""])
            request = try command.request(rules: .untrusted, intel: sets)
        } catch {
            throw QueryRefusal(Self.message(error))
        }
        guard command.output != .table else {
            throw QueryRefusal("output: over HTTP it is json, ndjson or csv")
        }
        request.memory = min(request.memory, memory)
        return CountryQuery(
            directory: directory, command: MapAnswer(command), request: request,
            knowledge: knowledge.current)
    }
}

/// A question for countries that makes sense.
private struct CountryQuery: ServedQuery {
    let directory: String
    let command: MapAnswer
    let request: QueryRequest
    let knowledge: UserKnowledge

    var contentType: String { command.output.contentType }

    func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws {
        let reader = try StoreReader(directory: directory, window: request.window)
        let table = MapTable(order: command.order, top: command.top)
        try QueryEngine(reader).knowing(knowledge).run(request, into: table, until: stop)
        try table.write(
            to: command.output.writer(
                to: AnswerOutput(write: write), times: command.times, rowsMax: nil, note: { _ in }))
    }
}

/// What of `skein map` concerns its answer.
struct MapAnswer: Sendable {
    let order: MapOrder
    let top: Int
    let output: OutputFormat
    let times: TimeText

    init(_ command: MapCommand) {
        order = command.order
        top = command.top
        output = command.output
        times = command.times
    }
}

extension OutputFormat {
    /// The form in HTTP.
    var contentType: String {
        switch self {
        case .json: "application/json"
        case .ndjson: "application/x-ndjson"
        case .csv: "text/csv; charset=utf-8"
        case .table: "text/plain; charset=utf-8"
        }
    }
}
