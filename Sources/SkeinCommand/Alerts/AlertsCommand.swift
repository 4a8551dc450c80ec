public import ArgumentParser
public import FlowAlert
import FlowQuery
import Glibc
import SkeinConfiguration

/// `skein alerts`.
struct AlertsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alerts",
        abstract: "List what the rules of skein serve have found, and note what is known.",
        discussion: """
            Rules and sinks are those of `alerts:` in skein.yaml; docs/alerts.md.

              skein alerts --state open --severity high
              skein alerts 'dst port 443 and bytes > 1M' --from -7d
              skein alerts ack 17 --note 'the backup of the branch office'
              skein alerts test known-bad --from -30d --to now
              skein alerts dns /var/log/named/rpz.log
            """,
        subcommands: [
            AlertsListCommand.self, AlertsAckCommand.self, AlertsTestCommand.self,
            AlertsDNSCommand.self,
        ],
        defaultSubcommand: AlertsListCommand.self)
}

/// Where alerts are, and by what they are made.
struct AlertsOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration of skein serve (default: $SKEIN_CONFIG, else none).",
            valueName: "file"))
    var path: String?

    @Option(
        name: .customLong("store"),
        help: ArgumentHelp(
            "The store's folder (store.path; default: $SKEIN_STORE, else ./skein-data).",
            valueName: "dir"))
    var store: String?

    /// What is configured.
    func settings() throws -> SkeinSettings {
        do {
            return try .configured(by: path, store: store)
        } catch let errors as ConfigurationErrors {
            errors.lines.forEach(StandardStreams.say)
            throw ExitCode.failure
        }
    }

    /// The store of alerts; nil, which is said, where there is none.
    func alerts() throws -> AlertStore? {
        let path = try settings().alertDatabase
        guard access(path, R_OK) == 0 else {
            StandardStreams.say(
                "there are no alerts at \(path); skein serve makes them once intel.sources or "
                    + "alerts.rules are configured (docs/alerts.md)")
            return nil
        }
        return try AlertStore(path: path)
    }
}

/// `skein alerts [FILTER]`.
struct AlertsListCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List alerts, the last first.",
        discussion: """
            In the filter an alert is a flow from its first source to its first destination with all \
            that was added up: ports, proto, packets, bytes, flows, start and end, countries.
            """)

    @Argument(
        parsing: .remaining,
        help: "Which; several arguments are joined by blanks. Default: any.")
    var filter: [String] = []

    @OptionGroup var alerts: AlertsOption

    @OptionGroup var past: PastOptions

    @Option(help: "Only open, acknowledged or resolved ones.")
    var state: Alert.State?

    @Option(help: "Only what is so bad or worse: low, medium, high, critical.")
    var severity: AlertSeverity?

    @Option(help: ArgumentHelp("Only of this rule.", valueName: "name"))
    var rule: String?

    @Option(help: ArgumentHelp("Alerts at most, 0: all (default: 100).", valueName: "n"))
    var limit = 100

    func validate() throws { _ = try question(rules: .unread, sets: nil) }

    func run() throws {
        try runCommand {
            let question = try question(rules: .trusted, sets: .configured(alerts.path))
            guard let store = try alerts.alerts() else {
                return try AlertRows([]).write(as: past.output)
            }
            let found = try question.answer(from: store)
            try AlertRows(found, past.times).write(as: past.output)
        }
    }

    /// The question.
    ///
    /// - Parameters:
    ///   - sets: the listed addresses that the filter may name.
    ///   - store: the store whose sets it may name; nil: the configured one.
    func question(
        rules: FilterRules, sets: IntelSets?, store: String? = nil
    ) throws -> AlertQuestion {
        let times = past.times
        guard limit >= 0 else { throw ValidationError("--limit is 0 or more") }
        guard rule?.unicodeScalars.count ?? 0 <= 256 else {
            throw ValidationError("--rule: the name of a rule has 256 characters at most")
        }
        let instants = [
            try times.instant(past.from, of: "--from"), try times.instant(past.to, of: "--to"),
        ]
        let expression: FlowExpression
        do {
            var sources: FilterFiles?
            if rules.readsSources {
                sources = FilterFiles(
                    store: try store ?? alerts.settings().store.path, intel: sets)
            }
            expression = try FlowExpression(
                parsing: filter.joined(separator: " "), times: times, sources: sources,
                rules: rules)
        } catch let error as FilterError {
            if rules.readsSources, rules.allowsFiles { throw error }
            throw ValidationError(error.description)
        }
        return AlertQuestion(
            filter: expression, from: instants[0], to: instants[1], state: state,
            severity: severity, rule: rule, limit: limit)
    }
}

extension Alert.State: ExpressibleByArgument {}
extension AlertSeverity: ExpressibleByArgument {}

/// `skein alerts ack`.
struct AlertsAckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ack", abstract: "Note that somebody knows of alerts.",
        discussion: "Sinks hear no more of them until they are resolved; they go on being counted.")

    @OptionGroup var alerts: AlertsOption

    @Argument(help: "Their numbers.")
    var ids: [Int64]

    @Option(help: "What is known.")
    var note: String?

    func run() throws {
        try runCommand {
            guard let store = try alerts.alerts() else { throw ExitCode.failure }
            var isWhole = true
            for id in ids {
                if let alert = try store.acknowledge(
                    id, note: note, at: Clock.millisecondsSince1970())
                {
                    StandardStreams.say("alert \(id) of \(alert.rule) is \(alert.state.rawValue)")
                } else {
                    StandardStreams.say("there is no alert \(id)")
                    isWhole = false
                }
            }
            if !isWhole { throw ExitCode.failure }
        }
    }
}
