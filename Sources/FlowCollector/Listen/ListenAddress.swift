public import FlowModel

/// Where the collector listens: `0.0.0.0:2055`, `[2001:db8::1]:4739`, `tcp://[::]:4739`, `2055`.
public struct ListenAddress: Hashable, Sendable, CustomStringConvertible {
    /// What brings the exports.
    public enum Transport: String, Sendable {
        /// NetFlow, IPFIX and sFlow, a datagram each.
        case udp
        /// IPFIX as a stream of messages (RFC 7011 §10.4).
        case tcp
        /// The same within TLS (RFC 7011 §11.1).
        case tls
    }

    /// What brings the exports.
    public var transport: Transport
    /// The machine's own address; nil = every address, of both families.
    public var address: IPAddress?
    /// The port; 0 = any that is free.
    public var port: UInt16

    /// Names a place.
    public init(_ address: IPAddress?, port: UInt16, transport: Transport = .udp) {
        self.address = address
        self.port = port
        self.transport = transport
    }

    /// Reads `[udp://|tcp://|tls://][ADDRESS]:PORT` or a bare port; an IPv6 address stands in brackets.
    public init?(_ text: String) {
        var rest = Substring(text)
        transport = .udp
        for scheme in [Transport.udp, .tcp, .tls] where rest.hasPrefix("\(scheme.rawValue)://") {
            transport = scheme
            rest = rest.dropFirst(6)
        }
        guard let colon = rest.lastIndex(of: ":") else {
            guard let port = Self.port(rest) else { return nil }
            self.port = port
            return
        }
        guard let port = Self.port(rest[rest.index(after: colon)...]) else { return nil }
        self.port = port
        let host = rest[..<colon]
        if host.isEmpty || host == "*" { return }
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let bare = isBracketed ? host.dropFirst().dropLast() : host
        guard let address = IPAddress(String(bare)), address.isV4 != isBracketed else { return nil }
        self.address = address
    }

    private static func port(_ text: Substring) -> UInt16? {
        text.allSatisfy { $0.isASCII && $0.isNumber } ? UInt16(text) : nil
    }

    /// The ports that exporters send to by custom: UDP 2055, 4739, 6343 and 9995, and TCP 4739.
    public static let standard: [ListenAddress] =
        [2055, 4739, 6343, 9995].map { ListenAddress(nil, port: $0) }
        + [ListenAddress(nil, port: 4739, transport: .tcp)]

    /// `udp://[::1]:2055`; `*` for every address.
    public var description: String {
        let host = address.map { $0.isV4 ? "\($0)" : "[\($0)]" } ?? "*"
        return "\(transport.rawValue)://\(host):\(port)"
    }
}
