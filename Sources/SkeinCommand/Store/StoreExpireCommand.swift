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
            received. Whoever reads one goes on until it has done.

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

    func validate() throws {
        if maxAge == nil, maxSize == nil {
            throw ValidationError("Say what is to go: --max-age, --max-size or both.")
        }
    }

    func run() throws {
        try options.run {
            let writer = try options.writer()
            defer { writer.close() }
            let policy = RetentionPolicy(
                maxAge: maxAge.map { .milliseconds($0.milliseconds) }, maxOctets: maxSize?.octets)
            let summary = try writer.expire(policy, now: options.times.now)
            let text =
                summary.segments == 0
                ? "nothing to delete"
                : "deleted \(StoreTable.counted(UInt64(summary.segments), "segment")) "
                    + "(\(StoreTable.octets(summary.octets))) with "
                    + "\(StoreTable.counted(summary.rows, "flow")), received "
                    + StoreTable.range(summary.received, options.times)
            try options.answer(
                [text],
                .object([
                    ("segments", .number(UInt64(summary.segments))),
                    ("flows", .number(summary.rows)), ("bytes", .number(summary.octets)),
                    ("received", .range(summary.received)),
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
