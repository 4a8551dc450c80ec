import FlowTestSupport
import Foundation
import Glibc

/// `skein serve` on a port of its own of loopback.
final class SkeinServer {
    let program: RunningProgram
    /// Where it listens.
    let port: UInt16

    init(_ folder: TemporaryFolder, _ options: [String] = [], shell prefix: [String] = []) throws {
        // A port that was free a moment ago.
        port = try DatagramCollector().port
        program = try RunningProgram(
            prefix + [
                Command.skein, "serve", "--store", folder.path("store"), "--listen",
                "udp://127.0.0.1:\(port)", "--receive-buffer", "8Mi",
            ] + options, in: folder)
        let program = program
        try program.wait(for: "getting ready") { program.errors.contains("ready; storing") }
    }

    /// Its counters, as it prints them on SIGUSR1.
    func counters() throws -> ServerCounters {
        let lines = program.output.split(separator: "\n").count
        program.send(SIGUSR1)
        let program = program
        try program.wait(for: "the counters") {
            let output = program.output
            return output.hasSuffix("\n") && output.split(separator: "\n").count > lines
        }
        let line = program.output.split(separator: "\n").last ?? ""
        return try JSONDecoder().decode(ServerCounters.self, from: Data(line.utf8))
    }

    /// Waits until the counters say so.
    func wait(for what: String, until holds: (ServerCounters) throws -> Bool) throws {
        try program.wait(for: what) { try holds(counters()) }
    }
}

/// What of the counters tests look at.
struct ServerCounters: Decodable {
    struct Listener: Decodable {
        var datagrams: Int
        var kernelDrops: Int
        /// Of streams only.
        var accepted: Int?
        var broken: Int?
        var handshakesFailed: Int?
    }
    struct Exports: Decodable {
        var datagrams: Int
        var flows: Int
        var undecoded: [String: Int]
    }
    struct Stage: Decodable {
        var flows: Int
        var shedFlows: Int
    }
    struct Store: Decodable {
        var appended: Int
        var acknowledged: Int
        var lostFlows: Int
        var refusals: Int
    }
    var listeners: [Listener]
    var exports: Exports
    var stages: [Stage]
    var store: Store

    var received: Int { listeners.reduce(0) { $0 + $1.datagrams } }
    var dropped: Int { listeners.reduce(0) { $0 + $1.kernelDrops } }
    /// Whether so many datagrams have come, and all that was in them is on the disk.
    func haveSafe(_ datagrams: Int) -> Bool {
        exports.datagrams == datagrams && stages[0].flows == exports.flows
            && store.appended == store.acknowledged
    }
}

/// A socket that sends datagrams to loopback.
final class DatagramSender {
    private let descriptor: CInt

    init(port: UInt16) throws {
        descriptor = socket(AF_INET, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let descriptor = descriptor
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard descriptor >= 0, connected == 0 else { throw DatagramCollector.Failure(code: errno) }
    }

    deinit { close(descriptor) }

    /// Sends them; they lie in the receiver's socket when it returns.
    func send(_ datagrams: some Sequence<[UInt8]>) throws {
        for datagram in datagrams { Glibc.send(descriptor, datagram, datagram.count, 0) }
        try Loopback.settle()
    }
}
