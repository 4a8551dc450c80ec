import Foundation
import Glibc
import Testing

/// An answer as it came.
struct HTTPAnswer: Sendable {
    let status: Int
    /// Names in small letters.
    let headers: [String: String]
    let body: [UInt8]
    /// Whether the body came to its end.
    let isWhole: Bool

    var text: String { String(decoding: body, as: UTF8.self) }
}

/// A connection to a server of this machine, octet by octet: what browsers would not send can be sent.
final class HTTPConnection {
    private let descriptor: Int32

    /// - Parameter receiveBuffer: octets that the kernel holds of what is not read yet; nil: as it likes.
    init(port: UInt16, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        if var octets = receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &octets, socklen_t(4))
        }
        // A server that never answers must not hang the test.
        var limit = timeval(tv_sec: 300, tv_usec: 0)
        setsockopt(
            descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(result == 0)
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let octets = Array(text.utf8)
        try #require(
            Glibc.send(descriptor, octets, octets.count, CInt(MSG_NOSIGNAL)) == octets.count)
    }

    /// Sends as much as the other side takes at once: it may not read on, or hang up.
    func sendAsMuchAsPossible(_ text: String) {
        let octets = Array(text.utf8)
        var sent = 0
        while sent < octets.count {
            let count = octets[sent...].withUnsafeBytes {
                Glibc.send(
                    descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL) | CInt(MSG_DONTWAIT))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// Says that nothing more will be sent.
    func endSending() { shutdown(descriptor, CInt(SHUT_WR)) }

    /// Reads at most so much; empty at the end.
    func read(_ most: Int = 65_536) throws -> [UInt8] {
        var octets = [UInt8](repeating: 0, count: most)
        var count = recv(descriptor, &octets, most, 0)
        while count < 0, errno == EINTR { count = recv(descriptor, &octets, most, 0) }
        // A connection that is reset has ended too.
        try #require(count >= 0 || errno == ECONNRESET)
        return Array(octets.prefix(max(count, 0)))
    }

    /// Reads what is there; nil where that is nothing yet.
    func readNow() throws -> [UInt8]? {
        var octets = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &octets, octets.count, CInt(MSG_DONTWAIT))
        if count < 0, errno == EAGAIN { return nil }
        return Array(octets.prefix(max(count, 0)))
    }

    func readToEnd() throws -> [UInt8] {
        var octets: [UInt8] = []
        while true {
            let piece = try read()
            if piece.isEmpty { return octets }
            octets += piece
        }
    }
}

/// Asks a server of this machine.
///
/// - Parameters:
///   - host: the header `Host`; nil = the right one.
///   - headers: further lines.
///   - body: what is sent behind them.
func ask(
    _ port: UInt16, _ path: String, method: String = "GET", host: String? = nil,
    headers: [String] = [], body: String = ""
) throws -> HTTPAnswer {
    let connection = try HTTPConnection(port: port)
    let lines =
        ["\(method) \(path) HTTP/1.1", "Host: \(host ?? "127.0.0.1:\(port)")", "Connection: close"]
        + headers + (body.isEmpty ? [] : ["Content-Length: \(body.utf8.count)"])
    try connection.send(lines.map { $0 + "\r\n" }.joined() + "\r\n" + body)
    return try answer(in: connection.readToEnd())
}

/// Takes an answer apart.
func answer(in octets: [UInt8]) throws -> HTTPAnswer {
    let end = try #require(octets.firstRange(of: Array("\r\n\r\n".utf8)))
    let lines = String(decoding: octets[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
    let status = try #require(lines[0].split(separator: " ").dropFirst().first.flatMap { Int($0) })
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
        let parts = line.split(separator: ":", maxSplits: 1)
        headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
    }
    let body = Array(octets[end.upperBound...])
    guard headers["transfer-encoding"] == "chunked" else {
        let length = headers["content-length"].flatMap { Int($0) } ?? body.count
        return HTTPAnswer(
            status: status, headers: headers, body: body, isWhole: body.count == length)
    }
    var whole: [UInt8] = []
    var rest = body[...]
    while let line = rest.firstRange(of: [13, 10]),
        let count = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16)
    {
        rest = rest[line.upperBound...]
        if count == 0 {
            return HTTPAnswer(status: status, headers: headers, body: whole, isWhole: true)
        }
        whole += rest.prefix(count)
        guard rest.count >= count + 2 else { break }
        rest = rest.dropFirst(count + 2)
    }
    return HTTPAnswer(status: status, headers: headers, body: whole, isWhole: false)
}

/// Runs what waits on a thread of its own: the server answers on those that tests run on, and there are
/// no more of them than cores.
func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value
{
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}
