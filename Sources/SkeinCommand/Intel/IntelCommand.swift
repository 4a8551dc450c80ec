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
            IntelExportCommand.self,
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
    func load() throws -> Intelligence {
        let variable = getenv("SKEIN_CONFIG").map { String(cString: $0) } ?? ""
        let file = path ?? (variable.isEmpty ? nil : variable)
        do {
            let configuration = try Configuration(file: file.map(ConfigurationOverrides.read))
            return try Intelligence(configuration.settings)
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

    init(_ settings: SkeinSettings) throws {
        self.settings = settings.intel
        store = try IndicatorStore(path: settings.intel.database)
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

extension IntelSource {
    /// The format to read it as; nil to recognise it.
    var feedFormat: FeedFormat? {
        guard format == "csv" else { return FeedFormat(name: format) }
        func column(_ text: String) -> CSVColumns.Column {
            Int(text).map { .number($0) } ?? .name(text)
        }
        var columns = CSVColumns()
        columns.value = column(self.column)
        columns.description = description.map(column)
        columns.separator = separator == "tab" ? 9 : separator.utf8.first ?? UInt8(ascii: ",")
        return .csv(columns)
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
