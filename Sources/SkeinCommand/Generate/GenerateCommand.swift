import ArgumentParser
import FlowGenerator
import Glibc

/// `skein generate`: a day of traffic that never was, the same every time.
struct GenerateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Make deterministic traffic with a story in it, as a capture or to a collector.",
        discussion: """
            A working day of an organisation (web, DNS, mail, calls, backups at night) with a port scan, \
            a sweep, a beacon every 60 s, a flood, a slow exfiltration and contacts with listed hosts \
            hidden in it; --story tells where. The same --flows, --seed, --start and --hours give the \
            same flows on any machine.

              skein generate --as ipfix --flows 200000 --out demo.pcap
              skein generate --as v9 --flows 1000000 --rate 50000/s --to 127.0.0.1:2055
            """)

    @Option(
        name: .customLong("as"),
        help: "What to make: \(GeneratedKind.allCases.map(\.rawValue).joined(separator: ", ")).")
    var kind = GeneratedKind.ipfix

    @Option(help: "How many flows.")
    var flows = 100_000

    @Option(help: "What every choice is drawn from.")
    var seed: UInt64 = 1

    @Option(parsing: .unconditional, help: "When the script begins: RFC 3339, now or -1h.")
    var start: InstantArgument?

    @Option(help: "How many hours it lasts.")
    var hours = 24

    @Option(help: "Write a capture to this file; - is standard output.")
    var out: String?

    @Option(help: "Send the datagrams to this collector, HOST:PORT.")
    var to: CollectorArgument?

    @Option(help: "How many flows a second to write or send; 0 = as fast as possible.")
    var rate = RateArgument(flowsPerSecond: 0)

    @Flag(help: "Begin now and let the time stamps be those of the sending.")
    var live = false

    @Option(
        help: "The routers meter 1 in so many packets (default: 512 for sflow, 1 for the others).")
    var sampling: UInt32?

    @Flag(help: "IPFIX: a flow and its reply are one record (RFC 5103).")
    var biflow = false

    @Option(help: "Octets kept of each frame; 0 = all (default: 128 for traffic, all for others).")
    var snaplen: Int?

    @Flag(help: "Print who does what to whom and when, on standard output.")
    var story = false

    @Option(help: "How to print the story: table, csv, json, ndjson.")
    var output = StoryFormat.table

    func validate() throws {
        guard flows > 0 else { throw ValidationError("--flows is at least 1, not \(flows).") }
        guard (1...8_784).contains(hours) else {
            throw ValidationError("--hours is 1 to 8784 (a year), not \(hours).")
        }
        if let sampling, sampling == 0 || sampling > 16_383 {
            throw ValidationError("--sampling is 1 to 16383, not \(sampling).")
        }
        if let snaplen, !(0...262_144).contains(snaplen) {
            throw ValidationError("--snaplen is 0 to 262144, not \(snaplen).")
        }
        if out == nil && to == nil && !story {
            throw ValidationError("Say where it goes: --out FILE or --to HOST:PORT.")
        }
        if out != nil && to != nil {
            throw ValidationError("--out and --to exclude each other.")
        }
        if out == "-" && story {
            throw ValidationError("The story and the capture cannot both go to standard output.")
        }
        if to != nil && kind == .traffic {
            throw ValidationError(
                "Packets cannot be sent to a collector; --as traffic needs --out.")
        }
        if kind == .traffic && sampling != nil {
            throw ValidationError("--sampling is for exports, not for --as traffic.")
        }
        if biflow && kind != .ipfix {
            throw ValidationError("--biflow needs --as ipfix.")
        }
        if to != nil && snaplen != nil {
            throw ValidationError("--snaplen is for captures, not for --to.")
        }
        if live && start != nil {
            throw ValidationError("--live begins now; leave out --start.")
        }
        if live && out != nil {
            throw ValidationError("--live is for --to.")
        }
    }

    func run() throws {
        let script = script()
        if story { try printStory(of: script) }
        if let out {
            try write(script, to: out)
        } else if let to {
            try send(script, to: to)
        }
    }

    private func script() -> FlowScript {
        var seconds = hours * 3_600
        // A rate fixes how long a live script lasts; without one it takes as long as it lasts.
        if live && rate.flowsPerSecond > 0 {
            seconds = min(max(flows / rate.flowsPerSecond, 1), 366 * 86_400)
        }
        let begin = live ? Clock.millisecondsSince1970() : start?.milliseconds
        return FlowScript(
            flows: flows, seed: seed, start: begin ?? FlowScript.defaultStart, seconds: seconds)
    }

    private func printStory(of script: FlowScript) throws {
        let stdout = FileSink(descriptor: STDOUT_FILENO, name: "standard output")
        do {
            try stdout.write(output.text(of: script))
        } catch is ClosedPipe {}
    }
}

/// What `--as` takes.
enum GeneratedKind: String, CaseIterable, ExpressibleByArgument {
    case v5, v9, ipfix, sflow, traffic

    /// The export format; nil for traffic.
    var exportFormat: ExportFormat? { ExportFormat(rawValue: rawValue) }

    /// What is sampled where the user says nothing.
    var defaultSampling: UInt32 { self == .sflow ? 512 : 1 }
}
