import ArgumentParser
import FlowStore

/// `skein store rollup`.
struct StoreRollupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollup",
        abstract: "Count the flows of segments anew where their rollups are missing or wrong.",
        discussion: """
            Rollups are made with each segment. Missing are those of segments that an older skein \
            wrote; wrong are those that are damaged, or that were counted before an exporter \
            announced the sampling rate that holds for them. What has expired stays as it is.
            """)

    @OptionGroup var options: StoreCommandOptions

    func run() throws {
        try options.run {
            let care = try options.care()
            defer { care.close() }
            let summary = try care.rollUp()
            for line in care.unreadable {
                StandardStreams.say("\(line); the segment has no rollups")
            }
            let text =
                summary.segments == 0
                ? "nothing to count"
                : "counted \(StoreTable.counted(UInt64(summary.segments), "segment")) "
                    + "with \(StoreTable.counted(summary.rows, "flow"))"
            try options.answer(
                [text],
                .object([
                    ("segments", .number(UInt64(summary.segments))),
                    ("flows", .number(summary.rows)),
                    ("unreadable", .number(UInt64(care.unreadable.count))),
                ]))
        }
    }
}
