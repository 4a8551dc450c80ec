import FlowTestSupport
import Foundation
import Glibc

/// Debian's nfcapd on a UDP port of loopback.
///
/// Nothing here waits for a time: the kernel's table of sockets says when it listens and when it has
/// read all that was sent to it.
final class NfcapdCollector {
    /// Where nfcapd is; nil where it or nfdump is not installed.
    static let program: String? =
        Command.installed("nfdump") == nil ? nil : Command.installed("nfcapd")

    /// Where it listens.
    let port: UInt16
    private var process: pid_t = 0
    private let folder: TemporaryFolder

    /// It ended, or did not do what it should in a minute.
    struct Failure: Error {
        let what: String
    }

    init(_ program: String, in folder: TemporaryFolder) throws {
        self.folder = folder
        // A port that was free a moment ago.
        port = try DatagramCollector().port
        try FileManager.default.createDirectory(
            atPath: folder.path("nfcapd"), withIntermediateDirectories: true)
        process = try Self.start(
            [
                program, "-b", "127.0.0.1", "-p", "\(port)", "-l", folder.path("nfcapd"), "-B",
                "8388608",
            ], log: try folder.write("nfcapd.log", []))
        try wait("listen") { try queue() != nil }
    }

    deinit { if process > 0 { end(SIGKILL) } }

    /// Starts a program that can be ended by a signal.
    ///
    /// Foundation's would inherit the signals that the threads of tests block.
    private static func start(_ words: [String], log: String) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        var files = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&files)
        defer { posix_spawn_file_actions_destroy(&files) }
        posix_spawn_file_actions_addopen(&files, STDOUT_FILENO, log, O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&files, STDOUT_FILENO, STDERR_FILENO)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        guard posix_spawn(&process, words[0], &files, &attributes, &arguments, environ) == 0 else {
            throw Failure(what: "start")
        }
        return process
    }

    private func end(_ signal: CInt) {
        kill(process, signal)
        var status: CInt = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        process = 0
    }

    /// Ends it when it has read everything; `nfdump` reads what it wrote.
    func stop() throws {
        try wait("read") { try queue() == 0 }
        end(SIGTERM)
    }

    /// What nfdump prints of the flows.
    func nfdump(arguments: [String]) throws -> String {
        guard process == 0, let nfdump = Command.installed("nfdump") else {
            throw Failure(what: "still running")
        }
        return try Command.run(nfdump, ["-R", folder.path("nfcapd")] + arguments).output
    }

    /// Octets that wait in the socket; nil where nobody listens.
    private func queue() throws -> Int? {
        let table = try String(contentsOfFile: "/proc/net/udp", encoding: .utf8)
        let hexadecimal = String(port, radix: 16, uppercase: true)
        let address =
            "0100007F:" + String(repeating: "0", count: 4 - hexadecimal.count) + hexadecimal
        for line in table.split(separator: "\n") {
            let columns = line.split(separator: " ")
            guard columns.count > 4, columns[1] == address else { continue }
            return Int(columns[4].split(separator: ":")[1], radix: 16)
        }
        return nil
    }

    private func wait(_ what: String, until holds: () throws -> Bool) throws {
        let end = Date(timeIntervalSinceNow: 60)
        while try !holds() {
            guard Date() < end, kill(process, 0) == 0 else { throw Failure(what: what) }
            sched_yield()
        }
    }
}
