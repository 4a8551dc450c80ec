import ArgumentParser
import FlowFeeds
import FlowIntel
import FlowQuery
import SkeinConfiguration

/// `skein intel update`.
struct IntelUpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update",
        abstract: "Read the sources and put their lists in force.",
        discussion: """
            A source that cannot be read, or whose list has less than half of the entries it had, keeps \
            the list that it has; the exit code is then 1. What sources that are no longer configured \
            listed is forgotten.
            """)

    @OptionGroup var intel: IntelOption

    @Argument(help: "Only these sources (default: all).")
    var names: [String] = []

    @Flag(help: "Take lists however much shorter they have become.")
    var insist = false

    @Option(help: "How to answer: table, csv, json or ndjson.")
    var output = OutputFormat.table

    func run() throws {
        try runCommand {
            let intelligence = try intel.load(writes: true)
            let all = intelligence.settings.sources
            for name in names where !all.contains(where: { $0.name == name }) {
                let near = NearestWord.find(name, among: all.map(\.name))
                let hint = near.map { "; did you mean \($0)?" } ?? ""
                throw ValidationError("No source is called '\(name)'\(hint)")
            }
            if all.isEmpty {
                StandardStreams.say("no source is configured; see intel.sources in docs/intel.md")
            }
            for name in try intelligence.store.keepOnly(Set(all.map(\.name))) {
                StandardStreams.say("\(name) is no longer configured; what it listed is forgotten")
            }
            let chosen = all.filter { names.isEmpty || names.contains($0.name) }
            let fetcher = HTTPFetcher(options: try intelligence.settings.fetchOptions())
            defer { fetcher.close() }
            let update = FeedUpdate(
                intelligence.store, policy: intelligence.judge.policy, fetcher: fetcher,
                insists: insist
            ) { name, line in StandardStreams.say("\(name): \(line)") }
            let reports = try chosen.map { source in
                let report = try update.run(
                    source.feed(intelligence.settings), at: intelligence.judge.now)
                for line in report.lines { StandardStreams.say("\(source.name): \(line)") }
                return report
            }
            try answer(reports)
            if !reports.allSatisfy(\.isWhole) { throw ExitCode.failure }
        }
    }

    private func answer(_ reports: [FeedReport]) throws {
        try ListedRows(
            columns: [
                "name", "outcome", "read", "bad", "ignored", "refused", "inForce", "entries",
                "added", "gone",
            ], rows: reports.map(\.values),
            table: (
                ["name", "outcome", "read", "bad", "in force", "added", "gone", "refused"],
                reports.map(\.texts)
            )
        ).write(as: output)
    }
}

extension FeedReport {
    /// What the user should know of it.
    var lines: [String] {
        switch outcome {
        case .failed(let error): ["\(error)"]
        case .held(let entries, let kept):
            ["held back: \(entries) entries where there were \(kept); --insist takes them"]
        case .taken, .unchanged:
            firstBad.map { ["\(bad) bad; the first, in line \($0.line): \($0.reason)"] } ?? []
        }
    }

    /// How it ended, in a word.
    var word: String {
        switch outcome {
        case .taken: "taken"
        case .held: "held"
        case .unchanged: "unchanged"
        case .failed: "failed"
        }
    }

    /// Entries as often as they are listed, but for the last three columns.
    fileprivate var values: [JSONValue] {
        let numbers = [count, added, gone]
        return [
            .text(name), .text(word), .number(UInt64(read)), .number(UInt64(bad)),
            .number(UInt64(ignored)), refused.json, .number(UInt64(inForce)),
        ] + numbers.map { .number(UInt64($0)) }
    }

    fileprivate var texts: [String] {
        [name, word]
            + [read, bad, inForce, added, gone].map {
                StoreTable.grouped(UInt64($0))
            } + [refused.text]
    }
}
