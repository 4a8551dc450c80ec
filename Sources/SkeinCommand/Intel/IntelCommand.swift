import ArgumentParser
import FlowIntel
import FlowModel
import FlowQuery
import Glibc
import SkeinConfiguration

/// `skein intel`.
struct IntelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "intel",
        abstract: "Keep lists of known-bad peers, ask them, and write them for other tools.",
        discussion: "Sources, allow-lists and own networks are those of `intel:` in skein.yaml.",
        subcommands: [
            IntelFeedsCommand.self, IntelUpdateCommand.self, IntelLookupCommand.self,
            IntelExportCommand.self, IntelRetroCommand.self,
        ])
}

/// What the configuration says of intelligence, and the store of it.
struct IntelOption: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration file (default: $SKEIN_CONFIG, else none).", valueName: "file"))
    var path: String?

    /// Opens what is configured.
    ///
    /// - Parameter writes: whether the store is made where there is none.
    func load(writes: Bool = false) throws -> Intelligence {
        do {
            let file = SkeinSettings.file(path)
            let configuration = try Configuration(file: file.map(ConfigurationOverrides.read))
            return try Intelligence(configuration.settings, writes: writes)
        } catch let errors as ConfigurationErrors {
            errors.lines.forEach(StandardStreams.say)
            throw ExitCode.failure
        }
    }
}

/// The sources, what they list, and by what it is judged.
struct Intelligence {
    let settings: IntelSettings
    let store: IndicatorStore
    let judge: Judge

    init(_ settings: SkeinSettings, writes: Bool = false) throws {
        self.settings = settings.intel
        let path = settings.intel.database
        store = try writes ? IndicatorStore(path: path) : IndicatorStore(reading: path)
        var allowList = AllowList()
        allowList.add(settings.intel.allow, origin: "intel.allow")
        for path in settings.intel.warningLists {
            for contents in try readFeed(at: path, format: .warningList) {
                if let list = contents.warningList { allowList.add(list) }
            }
        }
        let own = settings.intel.own + settings.geo.home.flatMap(\.networks)
        judge = Judge(
            policy: AddressPolicy(own: own), allowList: allowList,
            now: Int64(Clock.millisecondsSince1970()))
    }
}

extension [Refusal: Int] {
    /// The reasons in the order of their names.
    var json: JSONValue {
        .object(
            sorted { $0.key.rawValue < $1.key.rawValue }
                .map { ($0.key.rawValue, .number(UInt64($0.value))) })
    }

    /// `3 reserved, 1 expired`; empty for none.
    var text: String {
        sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.value) \($0.key.rawValue)" }
            .joined(separator: ", ")
    }
}
