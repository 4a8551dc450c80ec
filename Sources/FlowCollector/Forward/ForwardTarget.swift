/// Another collector that gets a copy of every datagram: `192.0.2.9:2055`, `[2001:db8::9]:2055`,
/// `collector.example:2055`.
public struct ForwardTarget: Hashable, Sendable, CustomStringConvertible {
    /// A name or address.
    public var host: String
    /// Its UDP port.
    public var port: UInt16
    /// Whether the copy bears the exporter's address as its source, which needs CAP_NET_RAW.
    ///
    /// For IPv4; others are sent from this machine's address. Default: true, as collectors tell
    /// exporters apart by it.
    public var keepsSource = true

    /// Names a collector.
    public init(host: String, port: UInt16, keepsSource: Bool = true) {
        self.host = host
        self.port = port
        self.keepsSource = keepsSource
    }

    /// Reads `HOST:PORT`.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":"),
            let port = UInt16(text[text.index(after: colon)...]), port > 0
        else { return nil }
        let host = text[..<colon]
        let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
        let bare = isBracketed ? host.dropFirst().dropLast() : host
        guard !bare.isEmpty, bare.contains(":") == isBracketed else { return nil }
        self.init(host: String(bare), port: port)
    }

    /// `HOST:PORT`.
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
