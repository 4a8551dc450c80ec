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
    private let process: RunningProgram
    private var hasEnded = false
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
        process = try RunningProgram(
            [
                program, "-b", "127.0.0.1", "-p", "\(port)", "-l", folder.path("nfcapd"), "-B",
                "8388608",
            ], in: folder)
        try process.wait(for: "listening") { try queue() != nil }
    }

    /// Ends it when it has stored everything; `nfdump` reads what it wrote.
    ///
    /// An empty queue is not enough: nfcapd looks for a signal between taking a datagram and decoding
    /// it, and then leaves that datagram out. It has stored the last when it sleeps for the next.
    func stop() throws {
        try process.wait(for: "storing") { try queue() == 0 && sleeps() }
        _ = process.end(SIGTERM)
        hasEnded = true
    }

    /// What nfdump prints of the flows.
    func nfdump(arguments: [String]) throws -> String {
        guard hasEnded, let nfdump = Command.installed("nfdump") else {
            throw Failure(what: "still running")
        }
        return try Command.run(nfdump, ["-R", folder.path("nfcapd")] + arguments).output
    }

    /// The files that it wrote, when it has ended.
    func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path("nfcapd"))
            .filter { $0.hasPrefix("nfcapd.2") }.sorted().map { folder.path("nfcapd/\($0)") }
    }

    /// Whether it waits; while it decodes it runs, or is ready to.
    private func sleeps() throws -> Bool {
        let line = try String(contentsOfFile: "/proc/\(process.process)/stat", encoding: .utf8)
        // The name before it, in parentheses, may have blanks.
        return line.split(separator: ")").last?.hasPrefix(" S ") == true
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
}
