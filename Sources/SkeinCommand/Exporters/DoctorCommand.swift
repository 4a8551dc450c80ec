public import ArgumentParser
public import FlowDoctor
import FlowModel
import FlowQuery
import FlowStore
import FlowWire

extension RouterModel: ExpressibleByArgument {}

/// `skein doctor`.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say in words what is wrong with each exporter, and what to type on the router.",
        discussion: """
            Exit code 0 where all is well or only worth a note, 1 where something is wrong. \
            `skein doctor --router mikrotik --setup` prints how to make such a router send flows here.
            """)

    @OptionGroup var store: StoreOption
    @OptionGroup var configuration: KnowledgeOption

    @Argument(help: "Only this exporter: the address that its flows bear, or that it sends from.")
    var exporter: String?

    @Option(help: "What the router is, for what to type on it.")
    var router: RouterModel?

    @Option(help: "This machine's address as routers reach it, for what to type on them.")
    var collector = "COLLECTOR"

    @Flag(help: "Only print what makes the --router send flows here.")
    var setup = false

    @Option(help: "How to answer: table (words), csv, json or ndjson.")
    var output = OutputFormat.table

    func validate() throws {
        if setup && router == nil {
            throw ValidationError(
                "--setup needs --router, one of: "
                    + RouterModel.allCases.map(\.rawValue).joined(separator: ", "))
        }
        if let exporter, IPAddress(exporter) == nil {
            throw ValidationError("'\(exporter)' is not an address.")
        }
    }

    func run() throws {
        try runCommand {
            if setup, let router {
                try StandardStreams.write(Array((router.export(to: collector) + "\n").utf8))
                return
            }
            let source = try ExporterSource(store: store)
            let address = exporter.flatMap { IPAddress($0) }
            let statuses = source.statuses.filter {
                address == nil || $0.exporter == address || $0.sender == address
            }
            if let exporter, statuses.isEmpty {
                throw StoreProblem(
                    description: "no exporter \(exporter) is known in \(store.directory); "
                        + "skein exporters lists those that are")
            }
            let knowledge = try configuration.knowledge()
            let diagnoses = source.diagnoses(knowledge, of: statuses)
            if output == .table {
                try StandardStreams.write(Array(words(diagnoses, source, knowledge).utf8))
            } else {
                try ExportersCommand.rows(diagnoses, at: source.instant, knowledge).write(
                    as: output)
            }
            if diagnoses.contains(where: { ($0.severity ?? .note) > .note }) { throw ExitCode(1) }
        }
    }

    private func words(
        _ diagnoses: [ExporterDiagnosis], _ source: ExporterSource, _ knowledge: UserKnowledge
    ) -> String {
        guard !diagnoses.isEmpty else {
            return "Nothing is known of exporters in \(store.directory). Import or collect flow "
                + "exports first;\nskein doctor --setup --router NAME prints what to type on a "
                + "router to make it send them.\n"
        }
        var text = ""
        if !source.isLive {
            text +=
                "Nothing has come for over an hour; exporters are judged as of the last datagram."
            text += "\n\n"
        }
        let ill = diagnoses.filter { !$0.findings.isEmpty }
        for diagnosis in ill { text += words(diagnosis, knowledge) + "\n" }
        let well = diagnoses.count - ill.count
        if well > 0 {
            let exporters = StoreTable.counted(UInt64(well), "exporter")
            text +=
                ill.isEmpty
                ? "All is well with \(exporters).\n" : "\(exporters) more: all is well.\n"
        }
        return text
    }

    private func words(_ diagnosis: ExporterDiagnosis, _ knowledge: UserKnowledge) -> String {
        let status = diagnosis.status
        let name = knowledge.name(of: status.exporter, domain: status.domain)
        var text = name.map { "\($0), " } ?? ""
        text += "\(status.exporter) (\(status.exportProtocol.title), domain \(status.domain)"
        if status.sender != status.exporter { text += ", sends from \(status.sender)" }
        text += ")\n"
        let model = router ?? diagnosis.router
        for finding in diagnosis.findings {
            text += wrapped("  \(finding.severity): ", finding.what)
            text += wrapped("    so: ", finding.effect)
            text += wrapped("    do: ", finding.remedy)
            guard finding.severity > .note, let model,
                let commands = model.commands(for: finding.kind, collector: collector)
            else { continue }
            text += router == nil ? "    if it is \(model.title):\n" : "    on \(model.title):\n"
            for line in commands.split(separator: "\n", omittingEmptySubsequences: false) {
                text += "      \(line)\n"
            }
        }
        return text
    }

    /// Text behind a head, on lines of at most 100 characters that begin below its first word.
    private func wrapped(_ head: String, _ text: String) -> String {
        let indent = String(repeating: " ", count: head.count)
        var (lines, line) = ("", head)
        for word in text.split(separator: " ") {
            if line.count + word.count > 99, line.count > head.count {
                lines += line.dropLast() + "\n"
                line = indent
            }
            line += word + " "
        }
        return lines + line.dropLast() + "\n"
    }
}
