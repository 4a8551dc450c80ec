import ArgumentParser
import SkeinConfiguration

/// `skein config`.
struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config",
        abstract: "Check a configuration file, or print one with every default.",
        subcommands: [ConfigCheckCommand.self, ConfigReferenceCommand.self])
}

/// `skein config check`.
struct ConfigCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say what is wrong with a configuration, or print the settings that hold.",
        discussion: """
            Environment and options count as they do for skein serve. What was set says where; what \
            is printed can be used as a configuration file again.

              skein config check /etc/skein/skein.yaml
            """)

    @Argument(help: "The configuration file; - is standard input, none at all the defaults.")
    var file: String?

    @OptionGroup
    var overrides: ConfigurationOverrides

    func run() throws {
        try runCommand {
            do {
                let configuration = try overrides.load(file: file)
                try StandardStreams.write(Array(configuration.effective.utf8))
            } catch let errors as ConfigurationErrors {
                errors.lines.forEach(StandardStreams.say)
                throw ExitCode.failure
            }
        }
    }
}

/// `skein config reference`.
struct ConfigReferenceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reference", abstract: "Print a commented configuration with every default.")

    func run() throws {
        try runCommand {
            try StandardStreams.write(Array(ConfigurationReference.document.utf8))
        }
    }
}
