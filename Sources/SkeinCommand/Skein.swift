import ArgumentParser

/// Runs the program on the process's arguments and exits with the codes of design.md §7.
public func runSkein() {
    let arguments = CommandLine.arguments.dropFirst()
    // Looking over all commands takes longer than many a query. What this does not understand, and
    // requests for help, are for the whole tree to answer.
    guard arguments.first == QueryCommand.configuration.commandName,
        let command = QueryCommand.plain(arguments.dropFirst())
            ?? (try? QueryCommand.parse(Array(arguments.dropFirst())))
    else { return Skein.main() }
    do {
        try command.run()
    } catch {
        Skein.exit(withError: error)
    }
}

struct Skein: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "skein",
        abstract: "Collect, keep, search and watch the flows of a network.",
        version: "0.1.0",
        subcommands: [
            ImportCommand.self,
            ServeCommand.self,
            QueryCommand.self,
            MapCommand.self,
            SwarmCommand.self,
            IntelCommand.self,
            AlertsCommand.self,
            StoreCommand.self,
            ExportersCommand.self,
            DoctorCommand.self,
            ExportCommand.self,
            GenerateCommand.self,
            UserCommand.self,
            TokenCommand.self,
            ConfigCommand.self,
            ReferenceCommand.self,
        ])
}
