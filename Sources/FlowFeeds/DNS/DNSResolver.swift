public import FlowModel
import Glibc

/// Asks a resolver over UDP, one question at a time, and waits for the answer.
///
/// Each try has a number of its own and, as each has a socket of its own, a port that the system chooses at
/// random; only the resolver's datagrams reach the socket (RFC 5452).
public struct DNSResolver: Hashable, Sendable {
    /// The resolver.
    public var address: IPAddress
    /// Its port.
    public var port: UInt16
    /// How long to wait for an answer.
    public var wait = Duration.seconds(2)
    /// How often to ask.
    public var tries = 2

    /// Datagrams that are no answer, after which a try is over.
    private static let strayMax = 32

    /// Names a resolver.
    public init(_ address: IPAddress, port: UInt16 = 53) {
        self.address = address
        self.port = port
    }

    /// The first resolver of `/etc/resolv.conf`; one on this machine where it names none.
    public static var system: DNSResolver {
        let loopback = IPAddress(v4: 0x7f00_0001)
        guard let file = unsafe fopen("/etc/resolv.conf", "re") else { return Self(loopback) }
        defer { unsafe fclose(file) }
        var line = [CChar](repeating: 0, count: 1024)
        while unsafe fgets(&line, CInt(line.count), file) != nil {
            let octets = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let words = String(decoding: octets, as: UTF8.self).split { $0.isWhitespace }
            if words.count > 1, words[0] == "nameserver", let address = IPAddress(String(words[1]))
            {
                return Self(address)
            }
        }
        return Self(loopback)
    }

    /// Nobody answers, or the resolver cannot say.
    enum Failure: Error, Equatable, CustomStringConvertible {
        case name(String)
        case silent
        case system(Int32)
        case code(UInt8)

        var description: String {
            switch self {
            case .name(let name): "‘\(name)’ cannot be asked for"
            case .silent: "the resolver does not answer"
            case .system(let code): "the resolver cannot be asked: \(systemWords(code))"
            case .code(2): "the resolver fails (SERVFAIL)"
            case .code(5): "the resolver refuses (REFUSED)"
            case .code(let code): "the resolver answers with RCODE \(code)"
            }
        }
    }

    /// The IPv4 addresses of `name`.
    func ask(_ name: String) throws(Failure) -> DNSQuestion.Answer {
        var failure = Failure.silent
        for _ in 0..<tries {
            guard let question = DNSQuestion(name, id: .random(in: 0...UInt16.max)) else {
                throw .name(name)
            }
            do throws(Failure) {
                guard let answer = try once(question) else { continue }
                guard case .failed(let code) = answer else { return answer }
                failure = .code(code)
            } catch {
                failure = error
            }
        }
        throw failure
    }

    private func once(_ question: DNSQuestion) throws(Failure) -> DNSQuestion.Answer? {
        let family = address.isV4 ? AF_INET : AF_INET6
        let kind = CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw .system(errno) }
        defer { close(descriptor) }
        guard connect(descriptor) == 0 else { throw .system(errno) }
        let octets = question.octets
        let sent = unsafe octets.withUnsafeBytes {
            unsafe send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        guard sent == octets.count else { throw .system(errno) }
        let end = ContinuousClock.now + wait
        var buffer = [UInt8](repeating: 0, count: 4096)
        for _ in 0..<Self.strayMax {
            let rest = (end - ContinuousClock.now).nanoseconds / 1_000_000
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard rest > 0, unsafe poll(&waiting, 1, CInt(clamping: rest)) > 0 else { return nil }
            let count = unsafe buffer.withUnsafeMutableBytes {
                unsafe recv(descriptor, $0.baseAddress, $0.count, 0)
            }
            // Nobody listens there, says an ICMP message.
            guard count >= 0 else { throw .system(errno) }
            if let answer = question.answer(in: Array(buffer[..<count])) { return answer }
        }
        return nil
    }

    private func connect(_ descriptor: CInt) -> CInt {
        if let number = address.v4 {
            var place = sockaddr_in()
            place.sin_family = sa_family_t(AF_INET)
            place.sin_port = port.bigEndian
            place.sin_addr.s_addr = number.bigEndian
            return unsafe withUnsafePointer(to: &place) { pointer in
                unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    unsafe Glibc.connect(
                        descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var place = sockaddr_in6()
        place.sin6_family = sa_family_t(AF_INET6)
        place.sin6_port = port.bigEndian
        unsafe withUnsafeMutableBytes(of: &place.sin6_addr) { target in
            unsafe target.storeBytes(of: address.high.bigEndian, as: UInt64.self)
            unsafe target.storeBytes(of: address.low.bigEndian, toByteOffset: 8, as: UInt64.self)
        }
        return unsafe withUnsafePointer(to: &place) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
            }
        }
    }
}
