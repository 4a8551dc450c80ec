import Foundation

/// A finished run of a program.
public struct CommandResult: Sendable {
    /// The exit status; a signal's number negated.
    public let status: Int32
    /// What it wrote to standard output.
    public let output: String
    /// What it wrote to standard error.
    public let errors: String
}

/// Runs programs to their end: the real `skein`, and the peers that it is held against.
public enum Command {
    /// The `skein` built with these tests; `SKEIN_BINARY` names another.
    public static let skein: String = {
        if let named = ProcessInfo.processInfo.environment["SKEIN_BINARY"] { return named }
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        return tests.deletingLastPathComponent().appendingPathComponent("skein").path
    }()

    /// The program of that name in PATH, nil where it is not installed.
    public static func installed(_ name: String) -> String? {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return (path.split(separator: ":").map(String.init) + ["/usr/sbin", "/usr/local/sbin"])
            .map { "\($0)/\(name)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Runs `program` in `folder` with the time zone UTC and waits for its end.
    ///
    /// No country database is found that the environment does not name: what tests see must not hang
    /// on what is installed.
    public static func run(
        _ program: String, _ arguments: [String], in folder: TemporaryFolder? = nil,
        environment: [String: String] = [:], input: [UInt8] = []
    ) throws -> CommandResult {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        if let folder { process.currentDirectoryURL = folder.url }
        process.environment = ProcessInfo.processInfo.environment
            .merging(["TZ": "UTC", "SKEIN_COUNTRY_DATABASE": ""]) { $1 }.merging(environment) { $1 }
        process.environment?["SKEIN_STORE"] = environment["SKEIN_STORE"]
        // Files, not pipes: a program that says more than a pipe holds must not wait for its reader.
        let scratch = try TemporaryFolder()
        let input = URL(fileURLWithPath: try scratch.write("in", input))
        let output = URL(fileURLWithPath: try scratch.write("out", []))
        let errors = URL(fileURLWithPath: try scratch.write("err", []))
        process.standardInput = try FileHandle(forReadingFrom: input)
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        let status = process.terminationStatus
        return CommandResult(
            status: process.terminationReason == .uncaughtSignal ? -status : status,
            output: String(decoding: try Data(contentsOf: output), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: errors), as: UTF8.self))
    }

    /// Runs `skein`.
    public static func skein(
        _ arguments: String..., in folder: TemporaryFolder? = nil, input: [UInt8] = []
    ) throws -> CommandResult {
        try run(skein, arguments, in: folder, input: input)
    }
}
