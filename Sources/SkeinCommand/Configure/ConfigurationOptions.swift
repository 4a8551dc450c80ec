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
    func load() throws -> Configuration {
        let variable = getenv("SKEIN_CONFIG").map { String(cString: $0) } ?? ""
        return try overrides.load(file: path ?? (variable.isEmpty ? nil : variable))
    }
}

/// What is otherwise than in the configuration file.
struct ConfigurationOverrides: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where the page is served, 127.0.0.1:8055; none: nowhere (http.listen).",
            valueName: "place"))
    var http: String?

    @Option(
        help: ArgumentHelp(
            "Any setting of docs/configuration.md; may be repeated: http.query-time=1min.",
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
        if let http {
            assignments.append(
                Configuration.Assignment(option: "--http", setting: "http.listen", value: http))
        }
        return assignments
    }

    private static func read(_ path: String) throws -> Configuration.File {
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

    /// The variables that concern the program.
    static var environment: [String: String] {
        var variables: [String: String] = [:]
        var next = environ
        while let entry = next.pointee {
            let text = String(cString: entry)
            if let mark = text.firstIndex(of: "=") {
                variables[String(text[..<mark])] = String(text[text.index(after: mark)...])
            }
            next += 1
        }
        return variables
    }
}
