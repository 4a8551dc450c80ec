import ArgumentParser
import FlowAlert
import FlowIntel
import FlowQuery
import FlowStore
import Glibc
import SkeinConfiguration

/// `skein intel retro`.
struct IntelRetroCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retro",
        abstract: "Search the stored past for contacts with what is listed.",
        discussion: """
            skein serve does it by itself for what is newly listed (alerts.retro). Nobody is told here, \
            and nothing is kept.

              skein intel retro --since -1d               # what was listed in the last day
              skein intel retro --from -30d --to now      # all that is listed, in the last month
            """)

    @OptionGroup var alerts: AlertsOption

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only what is listed since this time: -1d.", valueName: "time"))
    var since: String?

    @OptionGroup var past: PastOptions

    func run() throws {
        try runCommand {
            let times = past.times
            let settings = try alerts.settings()
            guard access(settings.intel.database, R_OK) == 0 else {
                throw StoreProblem(
                    description: "there are no indicators at \(settings.intel.database); read the "
                        + "sources with: skein intel update")
            }
            let intelligence = try Intelligence(settings)
            let judge = intelligence.judge
            let known = try times.instant(since, of: "--since").map { instant in
                try Dictionary(
                    uniqueKeysWithValues: intelligence.store.sources().map {
                        ($0.name, Int64(clamping: instant) - 1)
                    })
            }
            let news = try intelligence.store.news(
                after: known ?? [:], policy: judge.policy, now: judge.now)
            let snapshot = try intelligence.store.snapshot(by: judge)
            let rules = try AlertRules(settings).compiled(IntelSets { snapshot }).filter { rule in
                if case .contact = rule.test { true } else { false }
            }
            guard !rules.isEmpty else {
                throw StoreProblem(
                    description: "no rule about listed peers is on (alerts.built-in, alerts.rules)")
            }
            let hunt = RetroHunt(
                rules: rules, news: news, intelligence: intelligence, settings: settings)
            let request = hunt.request(
                from: try times.instant(past.from, of: "--from"),
                to: try times.instant(past.to, of: "--to"))
            var store = StoreOption()
            store.path = settings.store.path
            let found = try hunt.run(over: store.reader(window: request.window), request)
            StandardStreams.say(
                "\(StoreTable.counted(found.flows, "flow")) searched for what "
                    + "\(StoreTable.counted(UInt64(news.count), "source")) list, "
                    + StoreTable.counted(UInt64(found.alerts.count), "contact"))
            if found.untracked > 0 {
                StandardStreams.say("\(found.untracked) contacts found no room")
            }
            try AlertRows(found.alerts, times).write(as: past.output)
        }
    }
}
