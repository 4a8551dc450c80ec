import ArgumentParser
import FlowDoctor
import FlowModel
import FlowQuery
import FlowStore
import FlowWire

/// `skein exporters`.
struct ExportersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "exporters",
        abstract: "List who sends flows, and how they are doing.",
        discussion: """
            One line for each observation domain of each sender, the worst first. `lost` is by \
            sequence numbers, as the protocol counts: flows (v5), datagrams (v9, sFlow) or records \
            (IPFIX). `skein doctor` says in words what is wrong and what to do.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var configuration: KnowledgeOption

    @Option(help: "How to answer: table, csv, json or ndjson.")
    var output = OutputFormat.table

    func run() throws {
        try runCommand {
            let source = try ExporterSource(store: store)
            let knowledge = try configuration.knowledge()
            let diagnoses = source.diagnoses(knowledge)
            if diagnoses.isEmpty {
                StandardStreams.say(
                    "nothing is known of exporters in \(store.directory); "
                        + "import or collect flow exports first")
            }
            try Self.rows(diagnoses, at: source.instant, knowledge).write(as: output)
        }
    }

    /// - Parameter knowledge: has the exporters' names.
    static func rows(
        _ diagnoses: [ExporterDiagnosis], at instant: UInt64, _ knowledge: UserKnowledge
    ) -> ListedRows {
        let names = diagnoses.map {
            knowledge.name(of: $0.status.exporter, domain: $0.status.domain)
        }
        let areNamed = names.contains { $0 != nil }
        return ListedRows(
            columns: [
                "exporter", "sender", "protocol", "domain", "first", "last", "datagrams", "records",
                "optionsRecords", "flows", "lost", "reordered", "restarts", "clockOffset",
                "clockSkewed", "rateUnknown", "rates", "templates", "oldestTemplate", "waitingSets",
                "undecoded", "severity", "findings", "name",
            ],
            rows: zip(diagnoses, names).map { diagnosis, name in
                values(diagnosis) + [name.map { .text($0) } ?? .null]
            },
            table: (
                (areNamed ? ["name"] : []) + [
                    "exporter", "protocol", "domain", "last", "flows", "lost", "restarts", "clock",
                    "templates", "state",
                ],
                zip(diagnoses, names).map { diagnosis, name in
                    (areNamed ? [name ?? ""] : []) + texts(diagnosis, at: instant)
                }
            ),
            footing: [("instant", .number(instant))])
    }

    private static func values(_ diagnosis: ExporterDiagnosis) -> [JSONValue] {
        let status = diagnosis.status
        let tally = status.tally
        let undecoded = tally.undecoded.sorted { $0.key.rawValue < $1.key.rawValue }
        return [
            .text("\(status.exporter)"), .text("\(status.sender)"),
            .text(status.exportProtocol.rawValue), .number(UInt64(status.domain)),
            .number(tally.firstReceived), .number(tally.lastReceived), .number(tally.datagrams),
            .number(tally.records), .number(tally.optionsRecords), .number(tally.flows),
            .number(tally.lost), .number(tally.reordered), .number(tally.restarts),
            tally.clockOffset.map { .integer($0) } ?? .null, .number(tally.clockSkewed),
            .number(tally.rateUnknown), .number(UInt64(status.rates)),
            .number(UInt64(status.templates)), status.oldestTemplate.map { .number($0) } ?? .null,
            .number(UInt64(status.waitingSets)),
            .object(undecoded.map { ($0.key.rawValue, .number($0.value)) }),
            diagnosis.severity.map { .text("\($0)") } ?? .text("well"),
            .array(diagnosis.findings.map(\.json)),
        ]
    }

    private static func texts(_ diagnosis: ExporterDiagnosis, at instant: UInt64) -> [String] {
        let status = diagnosis.status
        let tally = status.tally
        let age = instant - min(tally.lastReceived, instant)
        return [
            "\(status.exporter)", status.exportProtocol.title, "\(status.domain)",
            tally.lastReceived == 0 ? "" : durationText(age) + " ago",
            StoreTable.grouped(tally.flows), StoreTable.grouped(tally.lost),
            StoreTable.grouped(tally.restarts), clockText(tally.clockOffset),
            "\(status.templates)", state(diagnosis),
        ]
    }

    private static func clockText(_ offset: Int64?) -> String {
        guard let offset else { return "" }
        // IPFIX and v9 tell whole seconds: less than two is in time.
        guard offset.magnitude >= 2000 else { return "in time" }
        return (offset > 0 ? "+" : "-") + durationText(offset.magnitude)
    }

    private static func state(_ diagnosis: ExporterDiagnosis) -> String {
        let kinds = diagnosis.findings.filter { $0.severity > .note }.map(\.kind.rawValue)
        return kinds.isEmpty ? "well" : kinds.joined(separator: ", ")
    }
}
