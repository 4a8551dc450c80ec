public import ArgumentParser
public import FlowIntel

extension ExportFormat: ExpressibleByArgument {}

/// `skein intel export`.
struct IntelExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write what is in force as a file that another tool reads.",
        discussion: """
            The file is replaced as a whole, and left alone where nothing changed; the command after \
            --then runs only where it changed: `skein intel export rpz --out rpz.zone --then rndc \
            reload rpz.example`. `decisions` says why what is listed is not exported as it stands.
            """)

    @OptionGroup var intel: IntelOption

    @Argument(
        help: ArgumentHelp("What for.", valueName: "format"))
    var format: ExportFormat

    @Option(help: "The file (default: standard output).")
    var out: String?

    @Option(help: "Last two digits of an RPZ's serial number, for another export on the same day.")
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
        let letters = setName.utf8.allSatisfy {
            (97...122).contains($0 | 32) || (48...57).contains($0) || $0 == 95 || $0 == 45
        }
        // ipset's names have 31 letters, of which "4-new" is put behind.
        guard letters, (1...26).contains(setName.utf8.count) else {
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
            let export = Export(try intelligence.store.indicators(), judge: intelligence.judge)
            var options = ExportOptions()
            options.revision = revision
            options.setName = setName
            let octets = export.file(format, options: options)
            guard let out else { return try StandardStreams.write(octets) }
            guard try replaceFile(at: out, with: octets) else { return }
            guard let program = then.first else { return }
            switch runPostCommand(then) {
            case .exited(code: 0): return
            case .exited(let code):
                StandardStreams.say("\(out) is written, but \(program) exited with \(code)")
            case .killed(let signal):
                StandardStreams.say("\(out) is written, but \(program) died of signal \(signal)")
            case .notStarted(let code):
                let cause = SystemError(action: "starting \(program)", number: code)
                StandardStreams.say("\(out) is written, but: \(cause)")
            }
            throw ExitCode.failure
        }
    }
}
