public import ArgumentParser
import FlowEnrichment
public import FlowMeter
import FlowQuery
import FlowStore

extension ImportSession.Choice: ExpressibleByArgument {}

// The words that `--key` takes are the raw values.
extension MeterOptions.Key: ExpressibleByArgument {}

/// `skein import`.
struct ImportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import",
        abstract: "Read captures into a store.",
        discussion: """
            Reads pcap and pcapng captures and IPFIX files (RFC 5655). A capture of NetFlow, IPFIX or \
            sFlow datagrams is decoded; a capture of other traffic is metered into flows. Also reads \
            the files of nfdump (1.6 and 1.7, however compressed) and flow-tools, and CSV. All files are stored or, after an error, none.
            """)

    enum Output: String, CaseIterable, ExpressibleByArgument {
        case table, json, ndjson
    }

    @Option(
        name: .customLong("as"),
        help:
            "What the files hold: flow exports, traffic to meter, or flows; auto tells by their content, but for CSV."
    )
    var choice = ImportSession.Choice.auto

    @OptionGroup var store: StoreOption

    @Option(help: "How to say what was read.")
    var output = Output.table

    @Flag(help: "Import files that the store has already once more.")
    var again = false

    @Option(help: "Traffic: report a flow that goes on after this time (0 = never).")
    var activeTimeout = TimeoutArgument(milliseconds: 300_000)

    @Option(help: "Traffic: a flow without packets for this time has ended (0 = never).")
    var idleTimeout = TimeoutArgument(milliseconds: 15_000)

    @Flag(help: "Traffic: one record a direction instead of one with both.")
    var uniflow = false

    @Option(help: "Traffic: what makes a flow: addresses, ports and protocol, or VLANs too.")
    var key = MeterOptions.Key.fiveTuple

    @Flag(
        inversion: .prefixedNo,
        help: "Traffic: give IP fragments the ports of their first one.")
    var reassembly = true

    @OptionGroup(title: "CSV options") var csv: CSVArguments

    @OptionGroup(title: "Geography options") var geography: GeographyArguments

    @Argument(
        help: ArgumentHelp(
            "Files to read; - is standard input; with --as nfdump or flow-tools also folders of them.",
            valueName: "file"))
    var files: [String]

    mutating func run() throws {
        var options = MeterOptions()
        options.activeTimeout = .milliseconds(activeTimeout.milliseconds)
        options.idleTimeout = .milliseconds(idleTimeout.milliseconds)
        options.isUniflow = uniflow
        options.key = key
        options.reassembles = reassembly

        try runCommand {
            let files = try ImportSession.paths(files, choice)
            for file in files { try ImportSession.check(file, choice) }
            let enricher = try geography.enricher()
            let session = try ImportSession(
                store: store.directory, choice: choice, meterOptions: options,
                csvOptions: csv.options, enricher: enricher, importsAgain: again)
            defer { session.close() }
            var summaries: [FileSummary] = []
            for file in files { summaries.append(try session.add(file)) }
            try session.finish()
            try report(summaries, enricher)
        }
    }

    private func report(_ summaries: [FileSummary], _ enricher: FlowEnricher?) throws {
        let lines: [String]
        switch output {
        case .table: lines = summaries.map(\.text) + (enricher.map { [$0.text] } ?? [])
        case .json:
            var members = [(key: "files", value: JSONValue.array(summaries.map(\.json)))]
            if let enricher { members.append(("geography", enricher.json)) }
            lines = [JSONValue.object(members).text]
        case .ndjson: lines = summaries.map(\.json.text)
        }
        for line in lines { try StandardStreams.write(Array((line + "\n").utf8)) }
    }
}

/// A timeout on the command line: `300s`, `5min`, `0`; a bare number is in seconds.
struct TimeoutArgument: ExpressibleByArgument, CustomStringConvertible {
    let milliseconds: UInt64

    init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    init?(argument: String) {
        guard let length = DurationText.milliseconds(argument, bare: 1000),
            length <= 365 * 86_400_000
        else { return nil }
        milliseconds = length
    }

    var description: String {
        milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
    }

    var defaultValueDescription: String { description }
}
