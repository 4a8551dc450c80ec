import ArgumentParser
import FlowQuery

/// `--explain`.
struct ExplainOption: ParsableArguments {
    @Flag(
        name: .customLong("explain"),
        help: "Say how the question would be answered, and what is spared, instead of answering.")
    var isWanted = false

    /// Writes how requests would be answered, and what is to be said of their filter.
    func explain(
        _ requests: [QueryRequest], _ notes: [FilterNote], by engine: QueryEngine
    ) throws {
        let lines = [engine.explain(requests)] + notes.map { "note     \($0)" }
        try StandardStreams.write(Array((lines.joined(separator: "\n") + "\n").utf8))
    }
}
