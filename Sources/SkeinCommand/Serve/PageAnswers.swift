import ArgumentParser
import FlowCollector
import FlowIntel
import FlowModel
import FlowQuery
import FlowStore
import Glibc
import SkeinConfiguration
import SkeinServer
import Synchronization

/// The settings, as the configuration has them now.
final class SharedSettings: Sendable {
    private let state: Mutex<SkeinSettings>

    init(_ settings: SkeinSettings) { state = Mutex(settings) }

    var current: SkeinSettings { state.withLock { $0 } }

    func replace(by settings: SkeinSettings) { state.withLock { $0 = settings } }
}

/// What the page asks for beside flows and alerts.
extension CollectorSource {
    private var filterFiles: FilterFiles { FilterFiles(store: store, intel: alerts.sets) }

    func about() throws -> [UInt8] {
        let now = Clock.millisecondsSince1970()
        let fields = (Field.table.filter { $0.meaning != .elements } + Field.derived).map { info in
            JSONValue.object([
                ("name", .text(info.name)), ("type", .text("\(info.meaning)")),
                ("about", .text(info.summary)),
            ])
        }
        return Self.line(
            .object([
                ("version", .text(Skein.configuration.version)),
                ("store", .text(Self.absolute(store))),
                ("configuration", configuration.map { .text(Self.absolute($0)) } ?? .null),
                ("fields", .array(fields)),
                ("sets", .array(filterFiles.setNames.map { .text($0) })),
                ("home", .array(settings.current.geo.homeCountries(at: now).map { .text($0) })),
                ("overrides", .array(overrides(at: now))),
            ]))
    }

    /// A path that means the same to whoever types it elsewhere.
    private static func absolute(_ path: String) -> String {
        guard let real = realpath(path, nil) else { return path }
        defer { free(real) }
        return String(cString: real)
    }

    /// Networks that lie elsewhere than the databases say.
    private func overrides(at now: UInt64) -> [JSONValue] {
        let rules = UserKnowledge(settings.current).geography?.rules ?? []
        return rules.lazy.filter { $0.isValid(at: now) }.prefix(Self.overridesMax).map { rule in
            .object([
                ("network", .text("\(rule.network)")),
                ("country", rule.country.map { .text("\($0)") } ?? .null),
                ("label", .text(rule.label)),
            ])
        }
    }

    /// Overrides that are told at most.
    private static let overridesMax = 100

    func check(filter: String) throws -> [UInt8] {
        guard filter.unicodeScalars.count <= 4096 else {
            throw QueryRefusal("filter: 4,096 characters at most can be looked at")
        }
        do throws(FilterError) {
            let read = try FlowFilter(
                parsing: filter, sources: filterFiles, rules: .untrusted)
            return Self.line(
                .object([
                    ("well", .boolean(true)),
                    ("notes", .array(read.notes.map { .text("\($0)") })),
                ]))
        } catch {
            // Browsers count UTF-16; characters are near enough for a caret, and exact for ASCII.
            return Self.line(
                .object([
                    ("well", .boolean(false)),
                    ("notes", .array([])),
                    ("message", .text(error.message)),
                    ("line", .number(UInt64(error.lineNumber))),
                    ("from", .number(UInt64(error.columns.lowerBound - 1))),
                    ("to", .number(UInt64(error.columns.upperBound - 1))),
                    ("suggestion", error.suggestion.map { .text($0) } ?? .null),
                ]))
        }
    }

    func map(_ parameters: QueryParameters) throws -> any ServedQuery {
        try queries.map(parameters)
    }

    func sources() throws -> [UInt8] {
        let database = settings.current.intel.database
        let states =
            access(database, R_OK) == 0
            ? try IndicatorStore(reading: database).sources() : []
        let statuses = feeds.statuses
        let configured = settings.current.intel.sources.map(\.name)
        let names = configured + states.map(\.name).filter { !configured.contains($0) }
        let rows = names.map { name -> [JSONValue] in
            let state = states.first { $0.name == name }
            let status = statuses.first { $0.name == name }
            func integer(_ number: Int?) -> JSONValue {
                number.map { .integer(Int64($0)) } ?? .null
            }
            return [
                .text(name), state?.updated.map { .integer($0) } ?? .null,
                state?.checked.map { .integer($0) } ?? .null, integer(state?.read),
                integer(state?.bad), integer(state?.count), integer(status?.inForce),
                integer(state?.held), state?.problem.map { .text($0) } ?? .null,
            ]
        }
        let answer = ListedRows(
            columns: [
                "name", "updated", "checked", "read", "bad", "entries", "inForce", "held",
                "problem",
            ], rows: rows, table: ([], []))
        return Array(answer.text(as: .json).utf8)
    }

    func listings(of value: String) throws -> [UInt8] {
        let command: IntelLookupCommand
        do {
            command = try IntelLookupCommand.parse(["--", value])
            _ = try command.checked()
        } catch {
            throw QueryRefusal(StoreQueries.message(error))
        }
        let settings = settings.current
        var answer = ListedRows(columns: [], rows: [], table: ([], []))
        var notes = ["no list has been read yet"]
        if access(settings.intel.database, R_OK) == 0 {
            (answer, notes) = try command.answer(by: Intelligence(settings))
        }
        let said = notes.map { JSONValue.text($0) }
        let whole = ListedRows(
            columns: answer.columns, rows: answer.rows, table: ([], []),
            footing: [("notes", .array(said))])
        return Array(whole.text(as: .json).utf8)
    }

    func acknowledge(_ parameters: QueryParameters) throws -> [UInt8] {
        guard let id = parameters["id"].flatMap({ Int64($0) }) else {
            throw QueryRefusal("id: it is the number of an alert")
        }
        guard (parameters["note"] ?? "").unicodeScalars.count <= 1024 else {
            throw QueryRefusal("note: it has 1,024 characters at most")
        }
        guard
            let alert = try alerts.queries.alerts?.acknowledge(
                id, note: parameters["note"], at: Clock.millisecondsSince1970())
        else { throw QueryRefusal("there is no alert \(id)") }
        return Array(AlertRows([alert]).rows.text(as: .json).utf8)
    }

    var pulse: String {
        let counters = collector.counters
        let drops = counters.listeners.reduce(0) { $0 &+ $1.kernelDrops }
        // What the live view leaves out, the live view says.
        let shed = counters.stages.filter { $0.name != LiveSwarms.stage }
            .reduce(0) { $0 &+ $1.shedFlows }
        let undecoded = counters.exports.undecoded.values.reduce(0, &+)
        return JSONValue.object([
            ("time", .number(Clock.millisecondsSince1970())),
            ("flows", .number(counters.exports.flows)),
            ("lost", .number(counters.exports.sequenceLost)),
            ("undecoded", .number(undecoded)),
            ("kernelDrops", .number(drops)), ("shed", .number(shed)),
            ("exporters", .number(counters.exports.exporters)),
            ("troubles", .array(troubles.map { .text($0) })),
            ("alerts", alertPulse),
        ]).text
    }

    /// How many alerts are open, and what changes when one does.
    private var alertPulse: JSONValue {
        let open = (try? alerts.queries.alerts?.open()) ?? []
        let unseen = open.filter { $0.acknowledged == nil }
        return .object([
            ("open", .number(UInt64(unseen.count))),
            ("worst", unseen.map(\.severity).max().map { .text($0.rawValue) } ?? .null),
            ("latest", .integer(open.map(\.id).max() ?? 0)),
            ("updated", .number(open.map(\.updated).max() ?? 0)),
        ])
    }

    private static func line(_ value: JSONValue) -> [UInt8] { Array((value.text + "\n").utf8) }
}
