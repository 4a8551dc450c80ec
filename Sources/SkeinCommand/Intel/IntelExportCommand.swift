public import ArgumentParser
public import FlowIntel
import SkeinConfiguration

extension ExportFormat: ExpressibleByArgument {}

/// `skein intel export`.
struct IntelExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write what is in force as a file that another tool reads.",
        discussion: """
            The file is replaced as a whole, and left alone where nothing changed; the command after \
            --then runs only where it changed: `skein intel export rpz --out rpz.zone --then rndc \
            reload rpz.example`. skein serve does the same by itself (intel.exports). `decisions` says why what is listed is not exported as it stands.
            """)

    @OptionGroup var intel: IntelOption

    @Argument(
        help: ArgumentHelp("What for.", valueName: "format"))
    var format: ExportFormat

    @Option(help: "The file (default: standard output).")
    var out: String?

    @Option(
        help: ArgumentHelp(
            "Only what this source lists; may be given several times (default: all).",
            valueName: "name"))
    var source: [String] = []

    @Option(
        help: """
            Last two digits of an RPZ's serial number (default: as often as the file --out changes).
            """)
    var revision = 0

    @Option(help: "What sets of nftables and ipset are named after.")
    var setName = "threat"

    @Option(
        parsing: .remaining,
        help: ArgumentHelp(
            "A program and its arguments to run when the file has changed; must come last.",
            valueName: "program"))
    var then: [String] = []

    func validate() throws {
        guard (0...99).contains(revision) else {
            throw ValidationError("--revision is 0 to 99.")
        }
        guard ExportOptions.isSetName(setName) else {
            throw ValidationError("--set-name has 1 to 26 letters, digits, '-' and '_'.")
        }
        guard then.isEmpty || out != nil else {
            throw ValidationError(
                "--then needs --out: what goes to standard output changes no file.")
        }
    }

    func run() throws {
        try runCommand {
            let intelligence = try intel.load()
            let known = intelligence.settings.sources.map(\.name)
            for name in source where !known.contains(name) {
                throw ValidationError("--source: " + IntelSource.unknown(name, among: known))
            }
            let export = Export(
                try intelligence.store.indicators(of: source), judge: intelligence.judge)
            var options = ExportOptions()
            options.revision = revision
            options.setName = setName
            guard let out else {
                return try StandardStreams.write(export.file(format, options: options))
            }
            let octets = export.file(
                format, options: options, following: fileContents(at: out) ?? [])
            guard try replaceFile(at: out, with: octets) else { return }
            guard let program = then.first else { return }
            let result = runPostCommand(then)
            if result == .exited(code: 0) { return }
            StandardStreams.say("\(out) is written, but \(program) \(result)")
            throw ExitCode.failure
        }
    }
}
