import ArgumentParser
import FlowStore

/// `skein store verify`.
struct StoreVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Read all of a store and check every checksum.",
        discussion: """
            Tells each damaged block with its file and offset; the exit code is 1 where there is one. \
            Nothing is changed but with --repair, which puts a manifest that is damaged or gone back \
            from its copy, or, where that is gone too, makes a new one of the segments.
            """)

    @OptionGroup var options: StoreCommandOptions

    @Flag(help: "Mend the manifest first.")
    var repair = false

    func run() throws {
        try options.run {
            let directory = options.store.directory
            let outcome = repair ? try StoreRepair.repair(directory: directory) : .nothingToDo
            for line in Self.lines(of: outcome) { StandardStreams.say(line) }
            if !repair { _ = try options.store.reader(quietly: true) }
            var progress = ProgressBar(name: directory, total: 0)
            defer { progress.clear() }
            var before: UInt64 = 0
            let report = try StoreVerifier.verify(directory: directory) { done, total in
                if before == 0 { progress = ProgressBar(name: directory, total: total) }
                progress.advance(by: Int(done - before))
                before = done
            }
            progress.clear()
            for notice in report.notices { StandardStreams.say("\(notice)") }
            for problem in report.problems { StandardStreams.say("\(problem)") }
            try options.answer(lines(report), object(report))
            if !report.problems.isEmpty { throw ExitCode.failure }
        }
    }

    private static func lines(of outcome: StoreRepair.Outcome) -> [String] {
        switch outcome {
        case .nothingToDo: []
        case .mended(let notices): notices.map { "\($0)" } + ["both manifests are whole again"]
        case .rebuilt(let segments, let rows, let setAside):
            setAside.map { "\($0); it was moved to aside/" } + [
                "made a manifest of \(StoreTable.counted(UInt64(segments), "segment")) with "
                    + "\(StoreTable.counted(rows, "flow")); announced sampling rates and which files "
                    + "were imported are lost"
            ]
        }
    }

    private func lines(_ report: StoreVerifier.Report) -> [String] {
        [
            "\(StoreTable.counted(UInt64(report.segments), "segment")), "
                + "\(StoreTable.counted(UInt64(report.blocks), "block")), "
                + "\(StoreTable.counted(UInt64(report.batches), "batch", plural: "batches")), "
                + "\(StoreTable.counted(report.rows, "flow")), "
                + (report.rollups == 0
                    ? "" : "\(StoreTable.counted(UInt64(report.rollups), "rollup")), ")
                + "\(StoreTable.octets(report.octets + report.rollupOctets)): "
                + (report.problems.isEmpty
                    ? "all whole"
                    : StoreTable.counted(UInt64(report.problems.count), "problem"))
        ]
    }

    private func object(_ report: StoreVerifier.Report) -> JSONValue {
        .object([
            ("segments", .number(UInt64(report.segments))),
            ("blocks", .number(UInt64(report.blocks))),
            ("batches", .number(UInt64(report.batches))),
            ("flows", .number(report.rows)),
            ("bytes", .number(report.octets)),
            ("rollups", .number(UInt64(report.rollups))),
            ("rollupBytes", .number(report.rollupOctets)),
            (
                "problems",
                .array(
                    report.problems.map { problem in
                        .object([
                            ("file", .text(problem.path)),
                            ("offset", problem.offset.map { .number($0) } ?? .null),
                            ("problem", .text("\(problem)")),
                        ])
                    })
            ),
        ])
    }
}
