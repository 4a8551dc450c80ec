import ArgumentParser
import FlowStore

/// `skein store compact`.
struct StoreCompactCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Merge small segments of the same time into large ones.",
        discussion: """
            Makes segments of what a stopped writer left in the journal, too. Answers are the same \
            before and after; whoever reads the store goes on. Where skein serve holds the store, it \
            does the work, and goes on collecting.
            """)

    @OptionGroup var options: StoreCommandOptions

    func run() throws {
        try options.run {
            let care = try options.care()
            defer { care.close() }
            let summary = try care.compact()
            for line in care.unreadable {
                StandardStreams.say("\(line); the segment is left as it is")
            }
            let text =
                summary.segmentsBefore == 0
                ? "nothing to merge"
                : "merged \(StoreTable.counted(UInt64(summary.segmentsBefore), "segment")) "
                    + "(\(StoreTable.octets(summary.octetsBefore))) into "
                    + "\(StoreTable.grouped(UInt64(summary.segmentsAfter))) "
                    + "(\(StoreTable.octets(summary.octetsAfter))) "
                    + "with \(StoreTable.counted(summary.rows, "flow"))"
            try options.answer(
                [text],
                .object([
                    ("segmentsBefore", .number(UInt64(summary.segmentsBefore))),
                    ("segmentsAfter", .number(UInt64(summary.segmentsAfter))),
                    ("flows", .number(summary.rows)),
                    ("bytesBefore", .number(summary.octetsBefore)),
                    ("bytesAfter", .number(summary.octetsAfter)),
                    ("unreadable", .number(UInt64(care.unreadable.count))),
                ]))
        }
    }
}
