import ArgumentParser
import FlowFeeds
import FlowIntel
import FlowQuery
import SkeinConfiguration

/// `skein intel feeds`.
struct IntelFeedsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feeds",
        abstract: "List the sources: how many entries, how many in force, and how old.",
        discussion: """
            `problem` says why the last look took no list, or that one is held back because it has \
            less than half of the entries of the one before; what was last taken stays in force.
            """)

    @OptionGroup var intel: IntelOption

    @Option(help: "How to answer: table, csv, json or ndjson.")
    var output = OutputFormat.table

    @Flag(help: "Times of tables in UTC.")
    var utc = false

    @Flag(help: "List well-known sources instead, as entries for the configuration.")
    var known = false

    func run() throws {
        try runCommand {
            if known { return try answerKnown() }
            let intelligence = try intel.load()
            if intelligence.settings.sources.isEmpty {
                StandardStreams.say("no source is configured; see intel.sources in docs/intel.md")
            }
            let states = Dictionary(
                try intelligence.store.sources().map { ($0.name, $0) },
                uniquingKeysWith: { first, _ in first })
            var rows: [FeedRow] = []
            for source in intelligence.settings.sources {
                var row = FeedRow(source: source, state: states[source.name])
                for indicator in try intelligence.store.indicators(of: source.name) {
                    row.count(intelligence.judge.judge(indicator))
                }
                rows.append(row)
            }
            try answer(rows)
        }
    }

    private func answerKnown() throws {
        if output == .table {
            let lines = KnownFeed.all.map { "# \($0.about); \($0.terms)\n- \($0.entry)\n" }
            return try StandardStreams.write(Array(lines.joined().utf8))
        }
        try ListedRows(
            columns: ["name", "url", "api", "format", "every", "about", "terms"],
            rows: KnownFeed.all.map { feed in
                [feed.name, feed.url, feed.api, feed.format, feed.every, feed.about, feed.terms]
                    .map { text in text.map { .text($0) } ?? .null }
            }, table: ([], [])
        ).write(as: output)
    }

    private func answer(_ rows: [FeedRow]) throws {
        let times = TimeText(zone: utc ? .utc : .local)
        try ListedRows(
            columns: [
                "name", "path", "format", "updated", "checked", "read", "bad", "entries",
                "refused", "allowed", "inForce", "held", "problem",
            ], rows: rows.map(\.values),
            table: (
                ["name", "updated", "entries", "refused", "allowed", "in force", "problem"],
                rows.map { $0.texts(times) }
            )
        ).write(as: output)
    }
}

/// What is said of a source.
private struct FeedRow {
    let source: IntelSource
    let state: SourceState?
    var refused: [Refusal: Int] = [:]
    var allowed = 0
    var inForce = 0

    init(source: IntelSource, state: SourceState?) {
        self.source = source
        self.state = state
    }

    mutating func count(_ judgement: Judgement) {
        switch judgement.outcome {
        case .inForce, .carved: inForce += 1
        case .allowed: allowed += 1
        case .refused(let reason): refused[reason, default: 0] += 1
        }
    }

    private var problem: String? {
        if let problem = state?.problem { return problem }
        if let held = state?.held { return "a list of \(held) is held back" }
        return state?.updated == nil ? "never updated" : nil
    }

    var values: [JSONValue] {
        func number(_ value: Int?) -> JSONValue { value.map { .integer(Int64($0)) } ?? .null }
        return [
            .text(source.name), .text(source.place), .text(source.format),
            state?.updated.map { .integer($0) } ?? .null,
            state?.checked.map { .integer($0) } ?? .null, number(state?.read),
            number(state?.bad), number(state?.count), refused.json, number(allowed),
            number(inForce), number(state?.held), problem.map { .text($0) } ?? .null,
        ]
    }

    func texts(_ times: TimeText) -> [String] {
        var updated: [UInt8] = []
        if let time = state?.updated { times.append(UInt64(time), to: &updated) }
        return [
            source.name, String(decoding: updated, as: UTF8.self),
            StoreTable.grouped(UInt64(state?.count ?? 0)),
            StoreTable.grouped(UInt64(refused.values.reduce(0, +))),
            StoreTable.grouped(UInt64(allowed)), StoreTable.grouped(UInt64(inForce)),
            problem ?? "",
        ]
    }
}
