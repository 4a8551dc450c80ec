import Foundation
import Glibc
import Synchronization

/// A web server for one test, on a free port of the loopback: a thread a connection, a request each.
public final class LoopbackServer: Sendable {
    /// What was asked.
    public struct Request: Sendable {
        /// `GET`.
        public var method = ""
        /// With the query.
        public var target = ""
        /// By name in lower case.
        public var headers: [String: String] = [:]
        /// What was posted.
        public var body = ""

        /// Without the query.
        public var path: String { String(target.prefix { $0 != "?" }) }
        /// By name.
        public var query: [String: String] {
            let items = URLComponents(string: target)?.queryItems ?? []
            return Dictionary(
                items.map { ($0.name, $0.value ?? "") }, uniquingKeysWith: { $1 })
        }
    }

    /// What is answered.
    public struct Reply: Sendable {
        var status: Int
        var headers: [(String, String)]
        var body: [UInt8]
        /// How often the body is sent.
        var times: Int
        /// Whether its length is said in advance.
        var saysLength: Bool
        /// Whether the connection is kept until the other side gives up.
        var holds: Bool

        /// Makes an answer.
        public init(
            status: Int = 200, headers: [(String, String)] = [], body: [UInt8] = [],
            times: Int = 1, saysLength: Bool = true, holds: Bool = false
        ) {
            self.status = status
            self.headers = headers
            self.body = body
            self.times = times
            self.saysLength = saysLength
            self.holds = holds
        }

        /// A text.
        public static func text(_ text: String, _ headers: (String, String)...) -> Reply {
            Reply(headers: headers, body: Array(text.utf8))
        }

        /// No body.
        public static func status(_ status: Int, _ headers: (String, String)...) -> Reply {
            Reply(status: status, headers: headers)
        }
    }

    /// Where it listens.
    public let port: UInt16
    private let listener: Int32
    private let seen = Mutex<[Request]>([])
    private let sent = Atomic<Int>(0)

    /// What was asked so far.
    public var requests: [Request] { seen.withLock { $0 } }
    /// Octets of bodies that were sent.
    public var sentBytes: Int { sent.load(ordering: .relaxed) }
    /// Its place.
    public var url: String { "http://127.0.0.1:\(port)" }

    /// Begins to answer.
    public init(_ answer: @escaping @Sendable (Request) -> Reply) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 64) == 0
                    && getsockname(listener, $0, &length) == 0
            }
        }
        guard isBound else { throw POSIXError(.init(rawValue: errno) ?? .EIO) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(listener, nil, nil)
                if connection < 0 { return }
                Thread.detachNewThread { [self] in
                    defer { close(connection) }
                    guard let request = Self.read(connection) else { return }
                    seen.withLock { $0.append(request) }
                    send(answer(request), to: connection)
                }
            }
        }
    }

    /// Ends.
    public func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    private static func read(_ connection: Int32) -> Request? {
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let text = String(decoding: octets, as: UTF8.self)
            if let end = text.range(of: "\r\n\r\n") {
                var request = Request()
                let lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
                let words = lines[0].split(separator: " ")
                (request.method, request.target) = (String(words[0]), String(words[1]))
                for line in lines.dropFirst() {
                    let parts = line.split(separator: ":", maxSplits: 1)
                    request.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(
                        in: .whitespaces)
                }
                let body = text[end.upperBound...]
                if body.utf8.count >= Int(request.headers["content-length"] ?? "0") ?? 0 {
                    request.body = String(body)
                    return request
                }
            }
            let count = Glibc.read(connection, &buffer, buffer.count)
            guard count > 0 else { return nil }
            octets += buffer[..<count]
        }
    }

    private func send(_ reply: Reply, to connection: Int32) {
        var head = "HTTP/1.1 \(reply.status) X\r\nConnection: close\r\n"
        if reply.saysLength { head += "Content-Length: \(reply.body.count * reply.times)\r\n" }
        for (name, value) in reply.headers { head += "\(name): \(value)\r\n" }
        guard write(Array((head + "\r\n").utf8), to: connection) else { return }
        for _ in 0..<reply.times {
            guard write(reply.body, to: connection) else { return }
            sent.add(reply.body.count, ordering: .relaxed)
        }
        var octet: UInt8 = 0
        if reply.holds { while Glibc.read(connection, &octet, 1) > 0 {} }
    }

    private func write(_ octets: [UInt8], to connection: Int32) -> Bool {
        var done = 0
        while done < octets.count {
            let count = octets.withUnsafeBytes {
                Glibc.send(
                    connection, $0.baseAddress.map { $0 + done }, $0.count - done,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
