import ArgumentParser
import FlowAlert
import FlowIntel
import FlowModel
import FlowQuery
import Glibc
import SkeinConfiguration

/// `skein alerts dns`.
struct AlertsDNSCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dns",
        abstract: "Say what a resolver's log of blocked questions has of listed names.",
        discussion: """
            The log is BIND's, of its category rpz; skein serve follows it by itself (alerts.query-logs). \
            The rules are those of `type: dns`. Nobody is told and nothing is kept. Lists are as they are now.

              skein alerts dns /var/log/named/rpz.log --from -1d
            """)

    @OptionGroup var alerts: AlertsOption

    @Argument(help: "The log's files, the oldest first.")
    var files: [String]

    @Option(help: ArgumentHelp("Only what this policy zone has blocked.", valueName: "name"))
    var zone: String?

    @OptionGroup var past: PastOptions

    func run() throws {
        try runCommand {
            let settings = try alerts.settings()
            let intelligence =
                access(settings.intel.database, R_OK) == 0 ? try Intelligence(settings) : nil
            let snapshot = try intelligence.map { try $0.store.snapshot(by: $0.judge) }
            let rules = try AlertRules(settings).compiled(IntelSets { snapshot }).filter { rule in
                if case .dns = rule.test { true } else { false }
            }
            guard !rules.isEmpty else {
                throw StoreProblem(
                    description:
                        "no rule about blocked questions is on (alerts.built-in, alerts.rules)")
            }
            let rehearsal = AlertRehearsal(
                rules, IndicatorSnapshot.nothing.matcher, settings, rates: SamplingRates()
            ) { _ in [] }
            let counts = try take(settings, intelligence, into: rehearsal)
            let found = rehearsal.finish()
            StandardStreams.say(
                "\(StoreTable.counted(counts.blocked, "blocked question")), \(counts.passed) let pass, "
                    + "\(counts.foreign) of other zones, "
                    + "\(counts.unreadable) not understood; "
                    + StoreTable.counted(UInt64(found.count), "alert"))
            if rehearsal.untracked > 0 {
                StandardStreams.say("\(rehearsal.untracked) questions found no room")
            }
            try AlertRows(found, past.times).write(as: past.output)
        }
    }

    private func take(
        _ settings: SkeinSettings, _ intelligence: Intelligence?, into rehearsal: AlertRehearsal
    ) throws -> QueryLogCount {
        let times = past.times
        let from = try times.instant(past.from, of: "--from") ?? 0
        let to = try times.instant(past.to, of: "--to") ?? .max
        var explainer = QueryExplainer(intelligence?.store, intelligence?.judge)
        var total = QueryLogCount(path: "")
        for file in files {
            let count = try readQueryLog(at: file, zone: zone, times: times) { query in
                let time = query.time ?? times.now
                guard from <= time, time < to else { return }
                rehearsal.take([explainer.explain(query)], at: time)
            }
            total.blocked += count.blocked
            total.passed += count.passed
            total.foreign += count.foreign
            total.unreadable += count.unreadable
        }
        return total
    }
}
