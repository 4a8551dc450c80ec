import ArgumentParser
import FlowQuery
import FlowStore

/// `skein store`.
struct StoreCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "store",
        abstract: "Look at a store, check it, and keep it small.",
        subcommands: [
            StoreInfoCommand.self, StoreVerifyCommand.self, StoreCompactCommand.self,
            StoreExpireCommand.self, StoreRollupCommand.self,
        ])
}

/// Which store, and how to answer; the options of all verbs of `skein store`.
struct StoreCommandOptions: ParsableArguments {
    enum Output: String, CaseIterable, ExpressibleByArgument {
        case table, json
    }

    @OptionGroup var store: StoreOption

    @Option(help: "How to answer.")
    var output = Output.table

    @Flag(help: "Times of tables in UTC.")
    var utc = false

    var times: TimeText { TimeText(zone: utc ? .utc : .local) }

    /// Runs a verb, see ``runCommand(_:)``.
    func run(_ body: () throws -> Void) throws {
        try runCommand(body)
    }

    /// Answers as a table of these lines, or as that object.
    func answer(_ lines: [String], _ object: JSONValue) throws {
        let text = output == .json ? object.text + "\n" : lines.map { $0 + "\n" }.joined()
        try StandardStreams.write(Array(text.utf8))
    }

    /// Opens the store to change it, or finds the server that holds it; says what was found.
    func care() throws -> StoreCare {
        // Nothing is made where there is no store.
        _ = try store.reader(quietly: true)
        let care = try StoreCare(store.directory)
        for notice in care.notices { StandardStreams.say("\(notice)") }
        return care
    }
}
