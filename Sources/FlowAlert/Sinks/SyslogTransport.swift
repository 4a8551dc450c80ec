import FlowQuery
import Glibc
import NIOCore

/// A syslog server, and as what Skein speaks to it (RFC 5424).
public struct SyslogTarget: Hashable, Sendable {
    /// How messages get there.
    public enum Carrier: String, CaseIterable, Hashable, Sendable {
        /// A datagram each (RFC 5426).
        case udp
        /// With octet counting (RFC 6587 §3.4.1).
        case tcp
        /// The same over TLS (RFC 5425).
        case tls
    }

    /// How.
    public var carrier: Carrier
    /// A name or an address.
    public var host: String
    /// 514, or 6514 for TLS.
    public var port: Int
    /// 0 to 23; 16 = local0.
    public var facility: Int
    /// Authorities, PEM, by one of which the server's certificate must be; nil: the system's.
    public var authorities: String?

    /// Names a server.
    public init(
        _ carrier: Carrier, host: String, port: Int, facility: Int = 16, authorities: String? = nil
    ) {
        self.carrier = carrier
        self.host = host
        self.port = port
        self.facility = facility
        self.authorities = authorities
    }

    /// Octets of a message at most over UDP (RFC 5426 §3.2 wants 2,048 to be taken).
    private static let datagramMax = 8192

    /// The message; over TCP with its length in front.
    func message(_ event: AlertEvent, form: AlertForm, times: TimeText) -> [UInt8] {
        let severity =
            switch event.alert.severity {
            case .low: 5
            case .medium: 4
            case .high: 3
            case .critical: 2
            }
        let head =
            "<\(facility * 8 + severity)>1 \(AlertEvent.stamp(event.time, zone: "Z")) "
            + "\(Self.hostName) skein \(getpid()) alert - "
        let message = Array((head + form.line(event, times: times)).utf8)
        if carrier == .udp { return Array(message.prefix(Self.datagramMax)) }
        return Array("\(message.count) ".utf8) + message
    }

    /// The machine's name, `-` where it has none.
    private static let hostName: String = {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return "-" }
        let text = String(
            decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.isEmpty || text.contains(where: { !$0.isASCII || $0 == " " }) ? "-" : text
    }()
}

/// Messages to a syslog server.
final class SyslogTransport: SinkTransport {
    private let target: SyslogTarget
    private var stream: StreamClient?

    init(_ target: SyslogTarget) { self.target = target }

    func deliver(_ octets: [UInt8]) throws(SinkError) {
        if target.carrier == .udp {
            try sendDatagram(octets, to: target.host, port: target.port)
            return
        }
        if stream?.isOpen != true {
            stream = nil
            stream = try StreamClient(
                host: target.host, port: target.port,
                security: target.carrier == .tls ? .tls(authorities: target.authorities) : .none)
        }
        do throws(SinkError) {
            try stream?.send(octets)
        } catch {
            stream = nil
            throw error
        }
    }
}

/// Sends a datagram to the first address of a name.
private func sendDatagram(_ octets: [UInt8], to host: String, port: Int) throws(SinkError) {
    var hints = unsafe addrinfo()
    unsafe hints.ai_family = AF_UNSPEC
    unsafe hints.ai_socktype = CInt(SOCK_DGRAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
    guard code == 0, let entry = unsafe list else {
        throw SinkError("\(host): \(unsafe String(cString: gai_strerror(code)))")
    }
    defer { unsafe freeaddrinfo(list) }
    let descriptor = unsafe socket(
        entry.pointee.ai_family, entry.pointee.ai_socktype | CInt(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SinkError("\(host): \(systemMessage(errno))") }
    defer { close(descriptor) }
    let sent = unsafe octets.withUnsafeBytes { memory in
        unsafe sendto(
            descriptor, memory.baseAddress, memory.count, CInt(MSG_NOSIGNAL),
            entry.pointee.ai_addr, entry.pointee.ai_addrlen)
    }
    guard sent == octets.count else {
        throw SinkError("\(host):\(port): \(systemMessage(errno))")
    }
}
