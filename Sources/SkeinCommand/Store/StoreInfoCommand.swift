import ArgumentParser
import FlowModel
import FlowQuery
import FlowStore

/// `skein store info`.
struct StoreInfoCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Say what a store holds and what it takes.",
        discussion:
            "Octets of a column are those on disk, compressed; flows in the journal take none.")

    @OptionGroup var options: StoreCommandOptions

    func run() throws {
        try options.run {
            let reader = try options.store.reader()
            try options.answer(lines(reader), object(reader))
        }
    }

    private func perFlow(_ octets: UInt64, _ reader: StoreReader) -> Double {
        let rows = reader.rows - reader.journal.rows
        return rows == 0 ? 0 : Double(octets) / Double(rows)
    }

    private func lines(_ reader: StoreReader) -> [String] {
        let journal = reader.journal
        let damaged = reader.damaged
        let times = options.times
        var rows: [(name: String, text: String)] = [
            ("store", options.store.directory),
            ("changes", StoreTable.grouped(reader.generation)),
            ("flows", StoreTable.grouped(reader.rows)),
            ("received", StoreTable.range(reader.received, times)),
            ("start", StoreTable.range(reader.start, times)),
            (
                "segments",
                "\(StoreTable.grouped(UInt64(reader.segments.count))), "
                    + "\(StoreTable.octets(reader.octets)), "
                    + "\(StoreTable.fixed(perFlow(reader.octets, reader), decimals: 2)) bytes a flow"
            ),
            (
                "journal",
                "\(StoreTable.counted(journal.rows, "flow")), \(StoreTable.octets(journal.octets))"
            ),
        ]
        for step in RollupStep.allCases {
            let rollups = reader.rollups.filter { $0.step == step }
            guard !rollups.isEmpty else { continue }
            let octets = rollups.reduce(0) { $0 + $1.octets }
            let flows = max(rollups.reduce(0) { $0 + $1.flows }, 1)
            rows.append(
                (
                    "by \(step.name)",
                    "\(StoreTable.counted(UInt64(rollups.count), "rollup")), "
                        + "\(StoreTable.octets(octets)), "
                        + "\(StoreTable.fixed(Double(octets) / Double(flows), decimals: 2)) "
                        + "bytes a flow, of flows received "
                        + StoreTable.range(Self.received(rollups), times)
                ))
        }
        if !damaged.isEmpty {
            let lost = damaged.reduce(0) { $0 + $1.info.rows }
            rows.append(
                (
                    "damaged",
                    "\(StoreTable.counted(UInt64(damaged.count), "segment")) "
                        + "with \(StoreTable.counted(lost, "flow"))"
                ))
        }
        let columns = reader.columnOctets
        guard !columns.isEmpty else { return StoreTable.lines(rows) }
        let body = columns.map { [$0.field.name] + figures($0.octets, reader) }
        let other = reader.octets - min(reader.octets, columns.reduce(0) { $0 + $1.octets })
        let last = ["(directories)"] + figures(other, reader)
        return StoreTable.lines(rows) + [""]
            + StoreTable.table(["column", "octets", "bytes/flow", "share"], body + [last])
    }

    private static func received(_ rollups: [RollupInfo]) -> ClosedRange<UInt64>? {
        guard let first = rollups.map(\.received.lowerBound).min(),
            let last = rollups.map(\.received.upperBound).max()
        else { return nil }
        return first...last
    }

    private func figures(_ octets: UInt64, _ reader: StoreReader) -> [String] {
        [
            StoreTable.grouped(octets), StoreTable.fixed(perFlow(octets, reader), decimals: 3),
            StoreTable.fixed(
                Double(octets) * 100 / Double(max(reader.octets, 1)), decimals: 1) + "%",
        ]
    }

    private func object(_ reader: StoreReader) -> JSONValue {
        let journal = reader.journal
        return .object([
            ("store", .text(options.store.directory)),
            ("generation", .number(reader.generation)),
            ("flows", .number(reader.rows)),
            ("received", .range(reader.received)),
            ("start", .range(reader.start)),
            ("segments", .number(UInt64(reader.segments.count))),
            ("bytes", .number(reader.octets)),
            ("bytesPerFlow", .real(perFlow(reader.octets, reader))),
            (
                "journal",
                .object([
                    ("flows", .number(journal.rows)),
                    ("batches", .number(UInt64(journal.batches))),
                    ("bytes", .number(journal.octets)), ("received", .range(journal.received)),
                ])
            ),
            (
                "rollups",
                .array(
                    RollupStep.allCases.map { step in
                        let rollups = reader.rollups.filter { $0.step == step }
                        return .object([
                            ("step", .number(step.milliseconds)),
                            ("files", .number(UInt64(rollups.count))),
                            ("flows", .number(rollups.reduce(0) { $0 + $1.flows })),
                            ("bytes", .number(rollups.reduce(0) { $0 + $1.octets })),
                            ("received", .range(Self.received(rollups))),
                        ])
                    })
            ),
            ("expiredUpTo", reader.expired.map { .number($0) } ?? .null),
            (
                "columns",
                .array(
                    reader.columnOctets.map { column in
                        .object([
                            ("name", .text(column.field.name)), ("bytes", .number(column.octets)),
                            ("bytesPerFlow", .real(perFlow(column.octets, reader))),
                        ])
                    })
            ),
            (
                "damaged",
                .array(
                    reader.damaged.map { segment in
                        .object([
                            ("flows", .number(segment.info.rows)),
                            ("problem", .text("\(segment.error)")),
                        ])
                    })
            ),
        ])
    }
}
