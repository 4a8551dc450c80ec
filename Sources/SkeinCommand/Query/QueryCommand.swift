import ArgumentParser
import FlowEnrichment
import FlowModel
import FlowQuery
import FlowStore

/// Asks the store.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "List, sum up or rank the flows that match a filter.",
        discussion: """
            Without --total, --by or --series the flows themselves are listed.

              skein query 'dst port 443 and bytes > 1M' --from -1h
              skein query 'src net 10/8' --by dstip --order bytes --top 20
              skein query 'country CH' --by srcip --by dstip --by service
              skein query 'proto udp' --series 5m --by proto --output csv

            The filter language is described in docs/filter.md, the fields in docs/fields.md.
            """)

    @Argument(
        parsing: .remaining,
        help: "Which flows; several arguments are joined by blanks. Default: any.")
    var filter: [String] = []

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only flows that start at this time or later: 2016-06-07T12, -1h, now.",
            valueName: "time"))
    var from: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only flows that start before this time.", valueName: "time"))
    var to: String?

    @Flag(help: "Take all flows that touch the time from --from to --to.")
    var overlap = false

    @OptionGroup
    var store: StoreOption

    @Option(help: ArgumentHelp("Fields of a list of flows.", valueName: "a,b,c"))
    var fields: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Order a list of flows by a field; with - before it the largest first.",
            valueName: "[-]field"))
    var sort: String?

    @Option(
        help: ArgumentHelp(
            "Flows listed at most, 0: all (default: 50 in tables, else all).", valueName: "n"))
    var limit: Int?

    @Flag(help: "One row: flows, packets, bytes, first start and last end.")
    var total = false

    @Option(
        help: ArgumentHelp(
            "Group by fields; addresses may be cut (srcip/24), times too (start/5m). Said again: another answer, of the same scan.",
            valueName: "a,b"))
    var by: [String] = []

    @Option(help: "Order groups by this, the largest first (default: bytes).")
    var order: GroupOrder?

    @Option(help: ArgumentHelp("Groups at most, 0: all (default: 10).", valueName: "n"))
    var top: Int?

    @Option(help: ArgumentHelp("Buckets of this length, empty ones too.", valueName: "step"))
    var series: String?

    @Flag(
        name: .customLong("no-rollups"),
        help: "Answer from flows only, also where rollups have the same answer.")
    var withoutRollups = false

    @OptionGroup
    var flowTime: FlowTimeOptions

    @Flag(help: "Counters as exported, not multiplied by the sampling rate.")
    var raw = false

    @Option(
        help: ArgumentHelp(
            "Form of the answer: table, csv, json, ndjson, or for flows nfdump's line, long, extended.",
            valueName: "form"))
    var output: QueryOutput?

    @OptionGroup
    var layout: LayoutOptions

    @Flag(help: "Times in UTC: those of the filter, of --from and --to, and of tables.")
    var utc = false

    @OptionGroup
    var grouping: GroupingOptions

    @OptionGroup
    var override: OverrideOption

    @OptionGroup
    var explain: ExplainOption

    /// Flows that a table shows where nothing else is said.
    static let tableRows = 50
    /// Groups where nothing else is said.
    static let topGroups = 10

    /// Parses once for the errors, which get this command's usage; time has not begun for ``run()``.
    func validate() throws { _ = try requests(rules: .unread) }

    func run() throws {
        try runCommand {
            var notes: [FilterNote] = []
            let requests = try requests { notes.append($0) }
            let knowledge = try override.knowledge(times)
            let writers = try writers(to: AnswerOutput(write: StandardStreams.write))
            grouping.useTemporaryFolder()
            let reader = try store.reader(window: requests[0].window)
            let engine = QueryEngine(reader).knowing(knowledge)
            if explain.isWanted { return try explain.explain(requests, notes, by: engine) }
            for note in notes { StandardStreams.say("\(note)") }
            for segment in reader.damaged { StandardStreams.say("\(segment.error)") }
            if requests.contains(where: engine.lacksCountries) {
                StandardStreams.say(
                    "no flow of the store has a country (srcgeo, dstgeo); they are looked up as "
                        + "flows are imported, in \(AddressDatabase.countryPackage) or in --mmdb: "
                        + "docs/geography.md")
            }
            try engine.run(requests, into: writers)
        }
    }
}
