import ArgumentParser
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
            let intelligence = try intel.load()
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
            let reports = try chosen.compactMap { try update($0, of: intelligence) }
            try answer(reports)
            let isWhole =
                reports.count == chosen.count && reports.allSatisfy { $0.update.outcome == .taken }
            if !isWhole { throw ExitCode.failure }
        }
    }

    /// Reads a source; nil where that failed, which is said.
    private func update(
        _ source: IntelSource, of intelligence: Intelligence
    ) throws -> UpdateReport? {
        let now = intelligence.judge.now
        let feeds: [FeedContents]
        do {
            feeds = try readFeed(at: source.path, format: source.feedFormat)
            if let list = feeds.compactMap(\.warningList).first {
                throw FeedFileError(
                    path: source.path,
                    cause: .notAFeed("‘\(list.name)’ allows; name it in intel.warning-lists"))
            }
        } catch {
            StandardStreams.say("\(source.name): \(error)")
            try intelligence.store.note(problem: "\(error)", of: source.name, at: now)
            return nil
        }
        let update = try intelligence.store.update(
            source.name, with: feeds, at: now, insists: insist)
        if case .held(let entries, let kept) = update.outcome {
            StandardStreams.say(
                "\(source.name): held back: \(entries) entries where there were \(kept); "
                    + "--insist takes them")
        }
        var report = UpdateReport(name: source.name, update: update)
        for feed in feeds {
            let judged = feed.judged(by: intelligence.judge.policy, now: now)
            report.read += judged.read
            report.bad += feed.counts.badTotal
            report.ignored += feed.counts.ignored
            report.inForce += judged.inForce
            report.refused.merge(judged.refused, uniquingKeysWith: +)
            if let place = feed.counts.badPlaces.first {
                StandardStreams.say(
                    "\(source.name): \(feed.counts.badTotal) bad; the first, in line "
                        + "\(place.line): \(place.reason)")
            }
        }
        return report
    }

    private func answer(_ reports: [UpdateReport]) throws {
        try ListedRows(
            columns: [
                "name", "outcome", "read", "bad", "ignored", "refused", "inForce", "entries",
                "added", "gone",
            ], rows: reports.map(\.values),
            table: (
                ["name", "read", "bad", "in force", "added", "gone", "refused"],
                reports.map(\.texts)
            )
        ).write(as: output)
    }
}

/// What is said of an update: entries as often as they are listed, but for the last three columns.
private struct UpdateReport {
    let name: String
    let update: SourceUpdate
    var read = 0
    var bad = 0
    var ignored = 0
    var inForce = 0
    var refused: [Refusal: Int] = [:]

    init(name: String, update: SourceUpdate) {
        self.name = name
        self.update = update
    }

    var values: [JSONValue] {
        let outcome = update.outcome == .taken ? "taken" : "held"
        let numbers = [update.count, update.added, update.gone]
        return [
            .text(name), .text(outcome), .number(UInt64(read)), .number(UInt64(bad)),
            .number(UInt64(ignored)), refused.json, .number(UInt64(inForce)),
        ] + numbers.map { .number(UInt64($0)) }
    }

    var texts: [String] {
        [name]
            + [read, bad, inForce, update.added, update.gone].map {
                StoreTable.grouped(UInt64($0))
            } + [refused.text]
    }
}
