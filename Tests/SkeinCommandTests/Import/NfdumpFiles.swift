import FlowTestSupport
import Foundation
import Glibc

/// Files of nfdump's, made by its own programs.
extension TemporaryFolder {
    /// A capture of packets as nfpcapd keeps it, its files made one.
    func nfpcapd(_ capture: String, _ more: String...) throws -> String {
        let flows = try makeFolder()
        try peer("nfpcapd", ["-r", capture, "-w", flows, "-t", "86400"] + more)
        if let file = try? onlyFile(in: flows) { return file }
        let merged = path("merged-\(UUID().uuidString)")
        try peer("nfdump", ["-R", flows, "-w", merged])
        return merged
    }

    /// Datagrams as nfcapd keeps them.
    func nfcapd(_ datagrams: [[UInt8]]) throws -> String {
        let flows = try makeFolder()
        let collector = try NfcapdProcess(writingTo: flows)
        try collector.send(datagrams)
        try collector.finish()
        return try onlyFile(in: flows)
    }

    /// What `nfdump -w` makes of a file, with more options.
    func nfdump(rewriting file: String, _ options: String...) throws -> String {
        let target = path("rewritten-\(UUID().uuidString)")
        try peer("nfdump", ["-r", file, "-w", target] + options)
        return target
    }

    /// Runs one of nfdump's programs and answers its output.
    @discardableResult
    func peer(_ name: String, _ arguments: [String]) throws -> String {
        guard let program = Command.installed(name) else {
            throw Unexpected("no \(name)")
        }
        let result = try Command.run(program, arguments, in: self)
        guard result.status == 0 else { throw Unexpected(result) }
        return result.output
    }

    private func makeFolder() throws -> String {
        let folder = path("flows-\(UUID().uuidString)")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: false)
        return folder
    }

    private func onlyFile(in folder: String) throws -> String {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasPrefix("nfcapd.2") || $0.hasPrefix("nfcapd.1") }
        guard let file = files.first, files.count == 1 else {
            throw Unexpected("\(files.count) files where there should be one")
        }
        return folder + "/" + file
    }
}

/// nfcapd on a port of its own on loopback.
final class NfcapdProcess {
    private var process: pid_t = 0
    private let port: UInt16
    private let socket: CInt

    /// Answers when it listens.
    init(writingTo folder: String) throws {
        port = try freePort()
        socket = Glibc.socket(AF_INET, CInt(SOCK_DGRAM.rawValue), 0)
        let program = Command.installed("nfcapd") ?? "/usr/bin/nfcapd"
        process = try Self.start([
            program, "-w", folder, "-p", "\(port)", "-b", "127.0.0.1", "-t", "86400",
        ])
        try wait { $0 != nil }
    }

    deinit {
        if process > 0 {
            kill(process, SIGKILL)
            waitpid(process, nil, 0)
        }
        close(socket)
    }

    /// Starts a program that gets all signals: a `Process` inherits those that the thread of the test
    /// blocks, the one to end among them.
    private static func start(_ words: [String]) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_init(&attributes)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        defer { posix_spawnattr_destroy(&attributes) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        for descriptor in [STDOUT_FILENO, STDERR_FILENO] {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0)
        }
        defer { posix_spawn_file_actions_destroy(&actions) }
        var arguments = words.map { strdup($0) } + [nil]
        var environment = [strdup("TZ=UTC"), nil]
        defer { for word in arguments + environment { free(word) } }
        var process: pid_t = 0
        let status = posix_spawn(
            &process, words[0], &actions, &attributes, &arguments, &environment)
        guard status == 0 else { throw DatagramCollector.Failure(code: status) }
        return process
    }

    /// Sends datagrams, not faster than it takes them.
    func send(_ datagrams: [[UInt8]]) throws {
        for datagram in datagrams {
            try send(datagram)
            try wait { $0 == 0 }
        }
    }

    private func send(_ datagram: [UInt8]) throws {
        var target = sockaddr_in()
        target.sin_family = sa_family_t(AF_INET)
        target.sin_port = port.bigEndian
        target.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let sent = withUnsafePointer(to: &target) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                sendto(
                    socket, datagram, datagram.count, 0, $0,
                    socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard sent == datagram.count else { throw DatagramCollector.Failure(code: errno) }
    }

    /// Ends it when it has taken everything.
    func finish() throws {
        try wait { $0 == 0 }
        kill(process, SIGTERM)
        // It may have looked for the signal just before it came, and then waits for a datagram: one
        // octet is none that counts.
        for _ in 0..<20_000 {
            if waitpid(process, nil, WNOHANG) == process {
                process = 0
                return
            }
            try send([0])
            usleep(1000)
        }
        throw Unexpected("nfcapd does not end")
    }

    /// Waits until the octets in its socket's queue (nil: no socket) suit, for at most 20 s.
    private func wait(until suits: (Int?) -> Bool) throws {
        for _ in 0..<20_000 {
            if suits(try queued()) { return }
            usleep(1000)
        }
        throw Unexpected("nfcapd does not answer")
    }

    private func queued() throws -> Int? {
        let table = try String(contentsOfFile: "/proc/net/udp", encoding: .utf8)
        let name = ":" + String(format: "%04X", port)
        for line in table.split(separator: "\n") {
            let cells = line.split(separator: " ")
            guard cells.count > 4, cells[1].hasSuffix(name) else { continue }
            return Int(cells[4].split(separator: ":").last ?? "", radix: 16)
        }
        return nil
    }
}

extension SmallCapture {
    /// The UDP payloads of an Ethernet and IPv4 pcap.
    static func datagrams(of pcap: [UInt8]) -> [[UInt8]] {
        frames(of: pcap).compactMap { frame in
            guard frame.count > 42, frame[12] == 8, frame[13] == 0, frame[23] == 17 else {
                return nil
            }
            let start = 14 + Int(frame[14] & 15) * 4
            guard frame.count >= start + 8 else { return nil }
            let length = Int(frame[start + 4]) << 8 | Int(frame[start + 5])
            guard length >= 8, frame.count >= start + length else { return nil }
            return Array(frame[(start + 8)..<(start + length)])
        }
    }
}
