import ArgumentParser
import FlowModel
import FlowQuery
import FlowStore

/// `skein export`: flows out again, to a file or to a collector.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write flows that match a filter to a file, or send them to a collector.",
        discussion: """
            csv and ndjson write the vocabulary's fields (docs/fields.md); ipfix writes a file of RFC 5655 \
            that keeps all of them, or sends datagrams; codeswarm writes code_swarm's XML, two events a flow; \
            graphviz and afterglow write who talks to whom, as Graphviz and AfterGlow draw it.

              skein export --as ndjson 'dst port 53' --from -1d --out dns.ndjson
              skein export --as ipfix --out day.ipfix
              skein export --as ipfix --to 192.0.2.7:4739 --speed 10
              skein export --as graphviz --colour red=@bad | dot -Tsvg > links.svg

            --to takes a time, the end of the window, or a collector, HOST:PORT; it may be given for both.
            """)

    @Argument(
        parsing: .remaining,
        help: "Which flows; several arguments are joined by blanks. Default: any.")
    var filter: [String] = []

    @Option(name: .customLong("as"), help: "What to make.")
    var form: ExportForm

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Only flows that start at this time or later: 2016-06-07T12, -1h, now.",
            valueName: "time"))
    var from: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Only flows that start before this time; or where to send them.",
            valueName: "time|host:port"))
    var to: [String] = []

    @OptionGroup
    var store: StoreOption

    @Option(
        help: ArgumentHelp(
            "csv and ndjson: these fields (default: all that the store has).", valueName: "a,b,c"))
    var fields: String?

    @Option(
        help: ArgumentHelp(
            "codeswarm: flows that begin within this time share a date (default: 10m).",
            valueName: "time"))
    var bucket: String?

    @OptionGroup
    var graph: GraphOptions

    @Flag(help: "csv and ndjson: counters as exported, not multiplied by the sampling rate.")
    var raw = false

    @Option(
        help: ArgumentHelp(
            "Write to this file; - is standard output, the default of all but ipfix.",
            valueName: "file"))
    var out: String?

    @Flag(help: "Overwrite a file that is there.")
    var force = false

    @Option(
        help: ArgumentHelp(
            "To a collector: keep the time between flows, divided by this; 1 is the original pace.",
            valueName: "factor"))
    var speed: Double?

    @Option(
        help: ArgumentHelp(
            "To a collector: flows a second, 0: as fast as possible (default: 100000).",
            valueName: "n/s"))
    var rate: RateArgument?

    @Flag(help: "Times in UTC: those of the filter, of --from and --to.")
    var utc = false

    @OptionGroup
    var override: OverrideOption

    /// Parses once for the errors; time has not begun for ``run()``.
    func validate() throws { _ = try plan(rules: .unread) }

    func run() throws {
        try runCommand {
            let plan = try plan { StandardStreams.say("\($0)") }
            let reader = try store.reader(window: plan.request.window)
            for segment in reader.damaged { StandardStreams.say("\(segment.error)") }
            switch plan.target {
            case .collector(let collector): try send(reader, plan, to: collector)
            case .file(let path): try write(reader, plan, to: path)
            }
        }
    }
}
