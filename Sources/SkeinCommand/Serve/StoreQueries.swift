import ArgumentParser
import FlowQuery
import FlowStore
import SkeinServer
import Synchronization

/// Answers questions over HTTP from a store, by the rules for whoever is not trusted.
///
/// A question becomes the command line of `skein query`, so the two cannot differ.
struct StoreQueries: Sendable {
    /// The store's folder.
    let directory: String
    /// Octets that a question may use for groups and sorted lists.
    let memory: Int
    /// What the user knows better, which a reload changes.
    let knowledge: SharedKnowledge
    /// The listed addresses that filters may name.
    let sets: IntelSets

    /// Rows of a list where nothing else is said: a page asks for a page.
    static let limit = 1000

    /// Checks a question.
    func query(_ parameters: QueryParameters) throws -> any ServedQuery {
        let arguments = arguments(parameters)
        let command: QueryCommand
        var requests: [QueryRequest]
        do {
            command = try QueryCommand.parse(arguments)
            requests = try command.requests(rules: .untrusted, intel: sets)
        } catch {
            throw QueryRefusal(Self.message(error))
        }
        guard case .format(let format)? = command.output, format != .table else {
            throw QueryRefusal("output: over HTTP it is json, ndjson or csv")
        }
        for place in requests.indices {
            requests[place].memory = min(requests[place].memory, memory)
        }
        return StoreQuery(
            directory: directory, requests: requests, format: format, arguments: arguments,
            knowledge: knowledge.current)
    }

    private func arguments(_ parameters: QueryParameters) -> [String] {
        var arguments = ["--store=\(directory)"]
        if parameters["output"] == nil { arguments.append("--output=json") }
        let isList =
            !parameters.isSet("total") && parameters["by"] == nil
            && parameters["series"] == nil
        if isList, parameters["limit"] == nil { arguments.append("--limit=\(Self.limit)") }
        for (name, value) in parameters.values where name != "filter" {
            if !QueryParameters.flags.contains(name) {
                arguments.append("--\(name)=\(value)")
            } else if parameters.isSet(name) {
                arguments.append("--\(name)")
            }
        }
        return arguments + ["--", parameters["filter"] ?? ""]
    }

    /// The sentence of an error, without what belongs to a command line.
    static func message(_ error: any Error) -> String {
        let text = QueryCommand.message(for: error)
        return text.isEmpty ? "\(error)" : text
    }
}

/// What the user knows better, as the configuration has it now.
final class SharedKnowledge: Sendable {
    private let state: Mutex<UserKnowledge>

    init(_ knowledge: UserKnowledge) { state = Mutex(knowledge) }

    var current: UserKnowledge { state.withLock { $0 } }

    func replace(by knowledge: UserKnowledge) { state.withLock { $0 = knowledge } }
}

/// A question that makes sense.
private struct StoreQuery: ServedQuery {
    let directory: String
    let requests: [QueryRequest]
    let format: OutputFormat
    let arguments: [String]
    let knowledge: UserKnowledge

    var contentType: String { format.contentType }

    func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws {
        let reader = try StoreReader(directory: directory, window: requests[0].window)
        let writers = try QueryCommand.parse(arguments)
            .writers(to: AnswerOutput(write: write)) { _ in }
        try QueryEngine(reader).knowing(knowledge).run(requests, into: writers, until: stop)
    }
}
