import ArgumentParser
import FlowAlert
import FlowQuery
import SkeinServer

extension AlertsListCommand {
    /// Alerts in an answer over HTTP at most.
    fileprivate static let limitMost = 10_000

    /// Reads the parameters of a question over HTTP as the options of `skein alerts`.
    fileprivate static func parsing(_ parameters: QueryParameters) throws -> AlertsListCommand {
        var arguments: [String] = []
        if parameters["output"] == nil { arguments.append("--output=json") }
        for (name, value) in parameters.values where name != "filter" {
            if name == "utc" {
                if parameters.isSet(name) { arguments.append("--utc") }
            } else {
                arguments.append("--\(name)=\(value)")
            }
        }
        do {
            let command = try AlertsListCommand.parse(
                arguments + ["--", parameters["filter"] ?? ""])
            guard command.past.output != .table else {
                throw QueryRefusal("output: over HTTP it is json, ndjson or csv")
            }
            guard (1...limitMost).contains(command.limit) else {
                throw QueryRefusal("limit: over HTTP it is 1 to \(limitMost)")
            }
            return command
        } catch let refusal as QueryRefusal {
            throw refusal
        } catch {
            throw QueryRefusal(message(of: error))
        }
    }

    /// The sentence of an error, without what belongs to a command line.
    fileprivate static func message(of error: any Error) -> String {
        let text = AlertsListCommand.message(for: error)
        return text.isEmpty ? "\(error)" : text
    }
}

/// Alerts over HTTP.
struct AlertQueries: Sendable {
    let alerts: AlertStore?
    let sets: IntelSets
    /// The store's folder.
    let store: String

    /// Checks a question, by the rules for whoever is not trusted.
    func query(_ parameters: QueryParameters) throws -> any ServedQuery {
        let command = try AlertsListCommand.parsing(parameters)
        let question: AlertQuestion
        do {
            question = try command.question(rules: .untrusted, sets: sets, store: store)
        } catch {
            throw QueryRefusal(AlertsListCommand.message(of: error))
        }
        return Query(
            alerts: alerts, question: question, format: command.past.output,
            times: command.past.times)
    }

    private struct Query: ServedQuery {
        let alerts: AlertStore?
        let question: AlertQuestion
        let format: OutputFormat
        let times: TimeText

        var contentType: String {
            switch format {
            case .json: "application/json"
            case .ndjson: "application/x-ndjson"
            case .csv: "text/csv; charset=utf-8"
            case .table: "text/plain; charset=utf-8"
            }
        }

        func run(stop: QueryStop, write: @escaping ([UInt8]) throws -> Void) throws {
            let found = try alerts.map { try question.answer(from: $0) } ?? []
            let text = AlertRows(found, times).rows.text(as: format)
            // Without rows there is no piece, but there is an answer.
            try write(Array(text.utf8))
        }
    }
}

extension ServeAlerts {
    /// Checks a question for alerts.
    func query(_ parameters: QueryParameters) throws -> any ServedQuery {
        try queries.query(parameters)
    }
}
