import ArgumentParser
import FlowQuery

/// Of which time alerts are made or asked for, and how they are shown.
struct PastOptions: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only what is of this time or later: -30d.", valueName: "time"))
    var from: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Only what began before this time.", valueName: "time"))
    var to: String?

    @Option(help: "How to answer: table, csv, json or ndjson.")
    var output = OutputFormat.table

    @Flag(help: "Times of filters and tables in UTC.")
    var utc = false

    /// How times are read and written.
    var times: TimeText { TimeText(zone: utc ? .utc : .local) }
}

extension TimeText {
    /// The time that an option gives, if it is given.
    func instant(_ text: String?, of option: String) throws -> UInt64? {
        guard let text else { return nil }
        guard let instant = instant(text) else {
            throw ValidationError(
                "\(option): ‘\(text)’ is not a time such as 2016-06-07T12:00, -1h or now")
        }
        return instant
    }
}
