import Foundation
import Glibc

/// A program that runs beside a test, and is ended by a signal.
///
/// Foundation's would inherit the signals that the threads of tests block.
public final class RunningProgram {
    /// The system's number for it; 0 when it has ended.
    public private(set) var process: Int32 = 0
    private let outputPath: String
    private let errorsPath: String

    /// It could not be started, or did not do what it should in a minute.
    public struct Failure: Error, CustomStringConvertible {
        /// What, and what it said.
        public let description: String
    }

    /// Starts a program with its streams in files of `folder`.
    public init(_ words: [String], in folder: TemporaryFolder) throws {
        let name = UUID().uuidString
        outputPath = try folder.write("\(name).out", [])
        errorsPath = try folder.write("\(name).err", [])
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        // A group of its own, so that what it started can be ended with it.
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP))
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, outputPath, O_WRONLY | O_APPEND, 0)
        posix_spawn_file_actions_addopen(&files, STDERR_FILENO, errorsPath, O_WRONLY | O_APPEND, 0)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var environment: [UnsafeMutablePointer<CChar>?] =
            ProcessInfo.processInfo.environment.merging(["TZ": "UTC"]) { $1 }
            .filter { $0.key != "SKEIN_STORE" }
            .map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for variable in environment { free(variable) } }
        let code = posix_spawn(
            &process, words[0], &files, &attributes, &arguments, &environment)
        guard code == 0 else { throw Failure(description: "cannot start \(words[0]): \(code)") }
    }

    deinit {
        if process > 0 { kill() }
    }

    /// Ends it and what it started, at once.
    public func kill() {
        Glibc.kill(-process, SIGKILL)
        _ = end(SIGKILL)
    }

    /// What it wrote to standard output so far.
    public var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    /// What it wrote to standard error so far.
    public var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    /// Sends a signal.
    public func send(_ signal: Int32) { Glibc.kill(process, signal) }

    /// Sends a signal and waits for the end; the exit status, or a signal's number negated.
    public func end(_ signal: Int32) -> Int32 {
        Glibc.kill(process, signal)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        process = 0
        return status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
    }

    /// Waits for something that the program brings about.
    public func wait(for what: String, until holds: () throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: 120)
        while try !holds() {
            guard Date() < end, Glibc.kill(process, 0) == 0 else {
                throw Failure(description: "\(what) did not happen: \(errors)")
            }
            // A look costs the program that is waited for more than this does.
            usleep(1000)
        }
    }
}
