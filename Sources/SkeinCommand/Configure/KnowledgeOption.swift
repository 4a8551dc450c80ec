import ArgumentParser
import Glibc
import SkeinConfiguration

/// Where commands that read learn what the user knows better.
struct KnowledgeOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration of skein serve, of which exporters.overrides, geo.home and "
                + "geo.overrides hold here too (default: $SKEIN_CONFIG, else none).",
            valueName: "file"))
    var path: String?

    /// What the configuration says of it; nothing where there is none.
    func knowledge() throws -> UserKnowledge {
        guard let file = SkeinSettings.file(path) else { return UserKnowledge() }
        do {
            return UserKnowledge(
                try Configuration(file: ConfigurationOverrides.read(file)).settings)
        } catch let errors as ConfigurationErrors {
            errors.lines.forEach(StandardStreams.say)
            throw ExitCode.failure
        }
    }
}
