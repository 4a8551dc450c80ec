public import FlowModel

/// A place where exports arrive, or are sent: `udp://*:2055`, `tcp://[2001:db8::1]:4739`.
public struct ListenEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// What carries the exports.
    public enum Transport: String, Sendable, CaseIterable {
        /// A datagram each.
        case udp
        /// IPFIX as a stream (RFC 7011 §10.4).
        case tcp
        /// The same within TLS (RFC 7011 §11.1).
        case tls
    }

    /// What carries the exports.
    public var transport: Transport
    /// The address; nil, written `*`: every address of the machine, of both families.
    public var address: IPAddress?
    /// The port; 0 = any that is free.
    public var port: UInt16

    /// Names a place.
    public init(_ transport: Transport, _ address: IPAddress?, port: UInt16) {
        self.transport = transport
        self.address = address
        self.port = port
    }

    /// `udp://[::1]:2055`.
    public var description: String {
        "\(transport.rawValue)://\(address.map(SocketText.host) ?? "*"):\(port)"
    }
}

/// An address and a port of this machine: `127.0.0.1:8055`, `[::1]:8055`.
public struct LocalEndpoint: Hashable, Sendable, CustomStringConvertible {
    /// The address.
    public var address: IPAddress
    /// The port; 0 = any that is free.
    public var port: UInt16

    /// Names a place.
    public init(_ address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }

    /// `[::1]:8055`.
    public var description: String { "\(SocketText.host(address)):\(port)" }
}

extension IPAddress {
    /// Whether only programs of this machine can reach it.
    public var isLoopback: Bool {
        v4.map { $0 >> 24 == 127 } ?? (high == 0 && low == 1)
    }
}

/// Reads `HOST:PORT`.
enum SocketText {
    /// An address as it stands before a port.
    static func host(_ address: IPAddress) -> String {
        address.isV4 ? "\(address)" : "[\(address)]"
    }

    /// What stands before and after the last colon.
    ///
    /// - Parameter example: a text that would do.
    static func split(
        _ text: Substring, example: String
    ) throws(ValueProblem) -> (host: Substring, port: UInt16) {
        if !text.contains("["), text.count(where: { $0 == ":" }) > 1 {
            throw .notAValue(hint: "an IPv6 address stands in brackets before its port: \(example)")
        }
        guard let colon = text.lastIndex(of: ":"), !text.hasSuffix("]") else {
            throw .notAValue(hint: "the port is missing, as in \(example)")
        }
        return (text[..<colon], try port(text[text.index(after: colon)...]))
    }

    private static func port(_ text: Substring) throws(ValueProblem) -> UInt16 {
        guard !text.isEmpty, text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .notAValue(hint: "the port is a number from 0 to 65535")
        }
        guard let port = UInt16(text) else { throw .outOfRange(least: "port 0", most: "65535") }
        return port
    }

    /// An address, in brackets where it is IPv6.
    static func address(_ host: Substring) throws(ValueProblem) -> IPAddress {
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.count > 2
        let bare = isBracketed ? host.dropFirst().dropLast() : host
        guard let address = IPAddress(String(bare)), address.isV4 != isBracketed else {
            throw .notAValue(
                hint: host.isEmpty
                    ? "an address is missing"
                    : "‘\(host)’ is not an address (names are not looked up)")
        }
        return address
    }
}

extension ValueFormat<ListenEndpoint> {
    /// Where exports arrive.
    static let listen = ValueFormat.scalar(
        "`udp://ADDRESS:PORT`, `tcp://ADDRESS:PORT` or `tls://ADDRESS[:PORT]`, `*` for every address",
        noun: "a place to listen",
        parse: { text throws(ValueProblem) in
            var (transport, rest) = try scheme(text, example: "udp://*:2055")
            let withPort = "\(rest):\(tlsPort)"
            if transport == .tls, rest.hasSuffix("]") || !rest.contains(":") {
                rest = withPort[...]
            }
            let (host, port) = try SocketText.split(rest, example: "\(transport)://[::1]:2055")
            let address = host == "*" || host.isEmpty ? nil : try SocketText.address(host)
            return ListenEndpoint(transport, address, port: port)
        }, write: { "\($0)" })

    /// The port of IPFIX over TLS (RFC 7011 §10.3.4).
    private static let tlsPort = 4740

    /// Where datagrams are sent on to.
    static let forward = ValueFormat.scalar(
        "`udp://ADDRESS:PORT`", noun: "another collector's place",
        parse: { text throws(ValueProblem) in
            let (transport, rest) = try scheme(text, example: "udp://192.0.2.1:2055")
            guard transport == .udp else {
                throw .notAValue(hint: "datagrams are sent on by UDP only")
            }
            let (host, port) = try SocketText.split(rest, example: "udp://[2001:db8::1]:2055")
            let address = try SocketText.address(host)
            guard !address.isUnspecified, port > 0 else {
                throw .notAValue(hint: "nobody can be there")
            }
            return ListenEndpoint(.udp, address, port: port)
        }, write: { "\($0)" })

    private static func scheme(
        _ text: String, example: String
    ) throws(ValueProblem) -> (ListenEndpoint.Transport, Substring) {
        guard let mark = text.firstRange(of: "://") else {
            throw .notAValue(hint: "udp://, tcp:// or tls:// is missing in front, as in \(example)")
        }
        let name = text[..<mark.lowerBound].lowercased()
        guard let transport = ListenEndpoint.Transport(rawValue: name) else {
            throw .notAValue(hint: "it begins with udp://, tcp:// or tls://")
        }
        return (transport, text[mark.upperBound...])
    }
}

extension ValueFormat<LocalEndpoint> {
    /// Where the page is served.
    static let local = ValueFormat.scalar(
        "`ADDRESS:PORT`", noun: "an address and a port",
        parse: { text throws(ValueProblem) in
            let scheme = ["http://", "https://"].first { text.hasPrefix($0) } ?? ""
            let (host, port) = try SocketText.split(
                text.dropFirst(scheme.count), example: "[::1]:8055")
            let address =
                host == "localhost" ? IPAddress(v4: 0x7f00_0001) : try SocketText.address(host)
            return LocalEndpoint(address, port: port)
        }, write: { "\($0)" })
}

extension ValueFormat<IPPrefix> {
    /// A block of addresses.
    static let prefix = ValueFormat.scalar(
        "prefix or address", noun: "a prefix such as 192.0.2.0/24 or 2001:db8::/32",
        parse: { text throws(ValueProblem) in
            guard let prefix = IPPrefix(text) else {
                let parts = text.split(separator: "/", maxSplits: 1)
                if parts.count == 2, let address = IPAddress(String(parts[0])),
                    let length = Int(parts[1])
                {
                    let most = address.isV4 ? 32 : 128
                    throw .notAValue(hint: "the length \(length) is not from 0 to \(most)")
                }
                throw .notAValue
            }
            // Bits behind the length are a slip as often as not: the block would be another.
            let given = IPAddress(String(text.prefix { $0 != "/" }))
            guard given == prefix.address else {
                throw .notAValue(hint: "it has bits beyond its length; the block is \(prefix)")
            }
            return prefix
        },
        write: { prefix in
            prefix.bits == 128 ? "\(prefix.address)" : "\(prefix)"
        })
}
