import ArgumentParser

/// Runs the program on the process's arguments and exits with the codes of design.md §7.
public func runSkein() {
    Skein.main()
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
            IntelCommand.self,
            StoreCommand.self,
            ExportersCommand.self,
            DoctorCommand.self,
            ExportCommand.self,
            GenerateCommand.self,
            ConfigCommand.self,
            ReferenceCommand.self,
        ])
}
