import ArgumentParser
import Glibc
import SkeinConfiguration

/// Where `skein serve` gets its settings from: a file, the environment, options.
struct ConfigurationOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp(
            "The configuration file (default: $SKEIN_CONFIG, else none).", valueName: "file"))
    var path: String?

    @OptionGroup
    var overrides: ConfigurationOverrides

    /// Reads and checks everything; talk goes to stderr.
    func load() throws -> Configuration { try overrides.load(file: file) }

    /// The configuration file; nil where there is none.
    var file: String? { SkeinSettings.file(path) }
}

/// What is otherwise than in the configuration file.
struct ConfigurationOverrides: ParsableArguments {
    @Option(
        name: .customLong("store"),
        help: ArgumentHelp(
            "The store's folder (store.path; default: $SKEIN_STORE, else ./skein-data).",
            valueName: "dir"))
    var store: String?

    @Option(
        help: ArgumentHelp(
            "Where exports arrive, udp://ADDRESS:PORT, tcp:// or tls://, * for every address; may be given "
                + "several times (listen).", valueName: "place"))
    var listen: [String] = []

    @Option(
        help: ArgumentHelp(
            "Take exports only from here, 192.0.2.0/24; may be given several times "
                + "(exporters.allow).", valueName: "prefix"))
    var allow: [String] = []

    @Option(
        help: ArgumentHelp(
            "Send a copy of every datagram there, udp://ADDRESS:PORT; may be given several times "
                + "(forward).", valueName: "place"))
    var forward: [String] = []

    @Option(
        help: ArgumentHelp(
            "What the kernel holds for each UDP socket (receive-buffer).", valueName: "size"))
    var receiveBuffer: String?

    @Option(
        help: ArgumentHelp("What may wait to be decoded (queue-memory).", valueName: "size"))
    var queue: String?

    @Option(
        help: ArgumentHelp(
            "Delete what arrived longer ago, 90d (store.retention.max-age).", valueName: "time"))
    var maxAge: String?

    @Option(
        help: ArgumentHelp(
            "Delete the oldest flows of a store that is larger, 200G (store.retention.max-size).",
            valueName: "size"))
    var maxSize: String?

    @Option(
        help: ArgumentHelp(
            "Meter the packets of this interface (interface.name).", valueName: "name"))
    var interface: String?

    @Option(
        help: ArgumentHelp(
            "Only packets that this filter of libpcap takes (interface.bpf).", valueName: "filter"))
    var bpf: String?

    @Option(
        help: ArgumentHelp(
            "Where the page is served, 127.0.0.1:8055; none: nowhere (http.listen).",
            valueName: "place"))
    var http: String?

    @Option(
        help: ArgumentHelp(
            "Any other setting of docs/configuration.md: log.level=debug.",
            valueName: "setting=value"))
    var set: [String] = []

    /// Reads and checks a file, the environment and these.
    func load(file path: String?) throws -> Configuration {
        let configuration = try Configuration(
            file: path.map(Self.read), environment: Self.environment, assignments: assignments())
        configuration.notes.forEach(StandardStreams.say)
        return configuration
    }

    private func assignments() throws -> [Configuration.Assignment] {
        var assignments = try set.map { try Configuration.Assignment(set: $0) }
        let options: [(String, String, String?)] = [
            ("--store", "store.path", store), ("--interface", "interface.name", interface),
            ("--bpf", "interface.bpf", bpf), ("--http", "http.listen", http),
            ("--listen", "listen", listen.isEmpty ? nil : listen.joined(separator: ",")),
            ("--allow", "exporters.allow", allow.isEmpty ? nil : allow.joined(separator: ",")),
            ("--forward", "forward", forward.isEmpty ? nil : forward.joined(separator: ",")),
            ("--receive-buffer", "receive-buffer", receiveBuffer),
            ("--queue", "queue-memory", queue),
            ("--max-age", "store.retention.max-age", maxAge),
            ("--max-size", "store.retention.max-size", maxSize),
        ]
        for (option, setting, value) in options {
            if let value {
                assignments.append(
                    Configuration.Assignment(option: option, setting: setting, value: value))
            }
        }
        return assignments
    }

    static func read(_ path: String) throws -> Configuration.File {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw SystemError(action: "reading the configuration \(path)", number: errno)
        }
        defer { if path != "-" { close(descriptor) } }
        var octets: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        // One octet more than is allowed shows that there are more.
        while octets.count <= Configuration.File.octetsMax {
            let count = piece.withUnsafeMutableBytes {
                Glibc.read(descriptor, $0.baseAddress, $0.count)
            }
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else {
                throw SystemError(action: "reading the configuration \(path)", number: errno)
            }
            if count == 0 { break }
            octets += piece[..<count]
        }
        return Configuration.File(name: path, octets: octets)
    }

    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if text.hasPrefix("SKEIN_"), let mark = text.firstIndex(of: "=") {
                variables[String(text[..<mark])] = String(text[text.index(after: mark)...])
            }
            next += 1
        }
        return variables
    }
}
