import ArgumentParser
import FlowQuery
import FlowStore
import SkeinConfiguration

/// `skein store expire`.
struct StoreExpireCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "expire",
        abstract: "Delete the oldest flows.",
        discussion: """
            Deletes whole segments, oldest first; a segment is as old as the last flow that it \
            received. Whoever reads one goes on until it has done. Rollups stay, and answer for the \
            flows that are gone, until --rollup-age; they do not count for --max-size. Where skein serve holds \
            the store, it does the work, and goes on collecting.

              skein store expire --max-age 90d --max-size 200G
            """)

    @OptionGroup var options: StoreCommandOptions

    @Option(
        help: ArgumentHelp(
            "Delete what was received longer ago than this: 12h, 90d, 52w.", valueName: "time"))
    var maxAge: AgeArgument?

    @Option(
        help: ArgumentHelp(
            "Delete until segments and journal take no more than this: 500M, 200G, 2T.",
            valueName: "size"))
    var maxSize: SizeArgument?

    @Option(
        name: .customLong("rollup-age-1m"),
        help: ArgumentHelp(
            "Delete rollups by the minute of flows that are gone and were received longer ago than this.",
            valueName: "time"))
    var minuteAge: AgeArgument?

    @Option(
        help: ArgumentHelp(
            "Delete all rollups of flows that are gone and were received longer ago than this.",
            valueName: "time"))
    var rollupAge: AgeArgument?

    func validate() throws {
        if maxAge == nil, maxSize == nil, minuteAge == nil, rollupAge == nil {
            throw ValidationError(
                "Say what is to go: --max-age, --max-size, --rollup-age-1m, --rollup-age.")
        }
    }

    func run() throws {
        try options.run {
            let care = try options.care()
            defer { care.close() }
            let policy = RetentionPolicy(
                maxAge: maxAge.map { .milliseconds($0.milliseconds) }, maxOctets: maxSize?.octets,
                maxMinuteAge: minuteAge.map { .milliseconds($0.milliseconds) },
                maxRollupAge: rollupAge.map { .milliseconds($0.milliseconds) })
            let summary = try care.expire(policy, now: options.times.now)
            let text =
                summary.segments == 0
                ? "nothing to delete"
                : "deleted \(StoreTable.counted(UInt64(summary.segments), "segment")) "
                    + "(\(StoreTable.octets(summary.octets))) with "
                    + "\(StoreTable.counted(summary.rows, "flow")), received "
                    + StoreTable.range(summary.received, options.times)
            let rollups =
                summary.rollups == 0
                ? []
                : [
                    "deleted \(StoreTable.counted(UInt64(summary.rollups), "rollup")) "
                        + "(\(StoreTable.octets(summary.rollupOctets)))"
                ]
            try options.answer(
                summary.segments == 0 && summary.rollups > 0 ? rollups : [text] + rollups,
                .object([
                    ("segments", .number(UInt64(summary.segments))),
                    ("flows", .number(summary.rows)), ("bytes", .number(summary.octets)),
                    ("received", .range(summary.received)),
                    (
                        "rollups",
                        .object([
                            ("files", .number(UInt64(summary.rollups))),
                            ("bytes", .number(summary.rollupOctets)),
                        ])
                    ),
                ]))
        }
    }
}

/// An age on the command line; days are what people keep, so a bare number is refused.
struct AgeArgument: ExpressibleByArgument {
    let milliseconds: Int64

    init?(argument: String) {
        guard let length = DurationText.milliseconds(argument, bare: nil),
            let milliseconds = Int64(exactly: length)
        else { return nil }
        self.milliseconds = milliseconds
    }
}

/// A size on the command line: `200G`, `1.5TB`, `500000000`; units are decimal, with `i` binary.
struct SizeArgument: ExpressibleByArgument {
    let octets: UInt64

    init?(argument: String) {
        guard let octets = SizeText.octets(argument) else { return nil }
        self.octets = octets
    }
}
