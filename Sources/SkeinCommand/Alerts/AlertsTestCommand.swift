import ArgumentParser
import FlowAlert
import FlowIntel
import FlowModel
import FlowQuery
import FlowStore
import Glibc
import SkeinConfiguration

/// `skein alerts test`.
struct AlertsTestCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "test",
        abstract: "Say what a rule would have found in the stored past.",
        discussion: """
            The rule is one of alerts.rules or a built-in one, on or not. Nobody is told and nothing is \
            kept. Lists are as they are now.
            """)

    @OptionGroup var alerts: AlertsOption

    @Argument(help: "The rule's name.")
    var rule: String

    @OptionGroup var past: PastOptions

    func run() throws {
        try runCommand {
            let times = past.times
            let settings = try alerts.settings()
            let intelligence =
                access(settings.intel.database, R_OK) == 0 ? try Intelligence(settings) : nil
            let snapshot = try intelligence.map { try $0.store.snapshot(by: $0.judge) }
            let rule = try chosen(settings, snapshot)
            if case .contact = rule.test, snapshot == nil {
                throw StoreProblem(
                    description: "there are no indicators at \(settings.intel.database); read the "
                        + "sources with: skein intel update")
            }
            if case .dns = rule.test {
                throw ValidationError(
                    "'\(rule.name)' is about a resolver's log, not about flows: skein alerts dns FILE"
                )
            }
            var request = QueryRequest(
                filter: .constant(true), kind: .flows(fields: [], sort: nil, limit: 0))
            request.from = try times.instant(past.from, of: "--from")
            request.to = try times.instant(past.to, of: "--to")
            request.rollups = false
            var store = StoreOption()
            store.path = settings.store.path
            let reader = try store.reader(window: request.window)
            if case .beacon = rule.test {
                let search = try BeaconSearch(rule, inside: settings.inside)
                return try AlertRows(try search.run(over: reader, request), times)
                    .write(as: past.output)
            }
            let rehearsal = AlertRehearsal(
                [rule], (snapshot ?? .nothing).matcher, settings, rates: reader.rates
            ) { address in
                (try? intelligence?.store.listings(of: address)) ?? []
            }
            let footing = try QueryEngine(reader).batches(request) { rehearsal.take($0) }
            let found = rehearsal.finish()
            StandardStreams.say(
                "\(StoreTable.counted(footing.rowsScanned, "flow")), "
                    + StoreTable.counted(UInt64(found.count), "alert") + ", "
                    + StoreTable.counted(found.reduce(0) { $0 + $1.windows }, "line"))
            if rehearsal.untracked > 0 {
                StandardStreams.say("\(rehearsal.untracked) contacts or keys found no room")
            }
            try AlertRows(found, times).write(as: past.output)
        }
    }

    private func chosen(
        _ settings: SkeinSettings, _ snapshot: IndicatorSnapshot?
    ) throws -> AlertRule {
        var rules = AlertRules(settings)
        let own = settings.alerts.rules.map(\.name)
        let names = own + AlertSettings.builtInNames.filter { !own.contains($0) }
        if let entry = settings.alerts.rules.first(where: { $0.name == rule })
            ?? AlertRules.builtIn(rule)
        {
            rules.settings = [entry]
        } else {
            let near = NearestWord.find(rule, among: names).map { "; did you mean \($0)?" }
            throw ValidationError(
                "There is no rule '\(rule)'\(near ?? "; there are \(names.joined(separator: ", "))")"
            )
        }
        guard let compiled = try rules.compiled(IntelSets { snapshot }).first else {
            throw ValidationError("There is no rule '\(rule)'")
        }
        return compiled
    }
}

/// Rules over flows of the past: what they say is put together instead of told.
final class AlertRehearsal {
    private let engine: AlertEngine
    private let found: Findings
    private let explain: (IPAddress) -> [Listing]

    /// What the engine has said.
    private final class Findings: @unchecked Sendable {
        // Sendable: the engine calls from the thread that calls it.
        var alerts: [Int64: Alert] = [:]

        func take(_ news: AlertNews) {
            switch news {
            case .opened(let alert, _): alerts[alert.id] = alert
            case .continued(let progress, _):
                alerts[progress.id]?.add(progress)
                alerts[progress.id]?.windows += 1
            case .grown(let progress): alerts[progress.id]?.add(progress)
            case .resolved(let progress):
                alerts[progress.id]?.add(progress)
                alerts[progress.id]?.resolved = progress.time
            }
        }
    }

    init(
        _ rules: [AlertRule], _ matcher: Matcher, _ settings: SkeinSettings,
        rates: SamplingRates, explain: @escaping (IPAddress) -> [Listing]
    ) {
        self.explain = explain
        let found = Findings()
        self.found = found
        engine = AlertEngine(
            rules, slot: MatcherSlot(matcher), inside: settings.inside
        ) { found.take($0) }
        engine.reload(rules, inside: settings.inside, UserKnowledge(settings).rates)
        engine.replaceRates(by: rates)
    }

    /// Contacts, keys and values for which there was no room.
    var untracked: UInt64 { engine.counters.untracked }

    /// Takes flows of the store.
    func take(_ batch: FlowBatch) {
        engine.take(batch)
        if let now = batch.number(.received, at: max(batch.count - 1, 0)) { engine.tick(now) }
    }

    /// Takes blocked questions, which were asked at this time.
    func take(_ questions: [ListedQuery], at time: UInt64) {
        engine.take(questions, at: time)
        engine.tick(time)
    }

    /// What was found, the last first.
    func finish() -> [Alert] {
        engine.tick(.max)
        return found.alerts.values
            .sorted { ($0.last, $0.id) > ($1.last, $1.id) }
            .map { $0.explained(by: $0.peer.map(explain) ?? []) }
    }
}
