import Foundation
import Glibc
import Synchronization

/// The port that is tried next.
private let next = Mutex<UInt32>(UInt32(getpid()) &* 97)

/// A port of the loopback, for a peer that must be told its port: free for TCP and UDP, given once.
///
/// It lies below those that the kernel hands out by itself. One of these would be free a moment ago too, but
/// whatever else runs may get it before the peer does.
public func freePort() throws -> UInt16 {
    let range = try ephemeralPorts()
    // Below 10,000 well-known services live, and those of this field.
    let first: UInt32 = 10_000
    guard range.lowerBound > first + 1000 else {
        throw RunningProgram.Failure(
            description: "the kernel hands out the ports from \(range.lowerBound) on itself")
    }
    for _ in 0..<1000 {
        let port = next.withLock { next in
            next &+= 1
            return UInt16(first + next % (range.lowerBound - first))
        }
        if try isFree(port, SOCK_STREAM), try isFree(port, SOCK_DGRAM) { return port }
    }
    throw RunningProgram.Failure(description: "there is no free port")
}

/// The ports that the kernel gives to whoever asks for any.
private func ephemeralPorts() throws -> ClosedRange<UInt32> {
    let text = try String(contentsOfFile: "/proc/sys/net/ipv4/ip_local_port_range", encoding: .utf8)
    let bounds = text.split(whereSeparator: \.isWhitespace).compactMap { UInt32($0) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
        throw RunningProgram.Failure(description: "no range of ports: \(text)")
    }
    return bounds[0]...bounds[1]
}

private func isFree(_ port: UInt16, _ kind: __socket_type) throws -> Bool {
    let descriptor = socket(AF_INET, CInt(kind.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else {
        throw RunningProgram.Failure(description: "cannot make a socket: \(errno)")
    }
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    address.sin_port = port.bigEndian
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, size) == 0
        }
    }
}
