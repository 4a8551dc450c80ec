import FlowModel

/// A proxy of the web, through which servers are asked (RFC 9110 §9.3.6): `http://[USER:PASSWORD@]HOST[:PORT]`.
///
/// It looks names up itself: that a redirect points to a public address is judged here first, and has to be
/// believed of it.
public struct WebProxy: Hashable, Sendable {
    /// Its name or address.
    public let host: String
    /// Its port; 8080 where none is named.
    public let port: Int
    /// User and password, in Base64.
    let credentials: String?
    /// Hosts that are asked directly: names with what lies below, addresses, networks.
    public var bypassed: [String] = []

    /// Reads a proxy; nil where it is none.
    public init?(_ text: String) {
        var rest = Substring(text)
        if let scheme = rest.firstRange(of: "://") {
            guard rest[..<scheme.lowerBound].lowercased() == "http" else { return nil }
            rest = rest[scheme.upperBound...]
        }
        if rest.hasSuffix("/") { rest.removeLast() }
        var credentials: String?
        if let at = rest.lastIndex(of: "@") {
            guard let user = Self.decoded(rest[..<at]) else { return nil }
            credentials = Base64.text(user)
            rest = rest[rest.index(after: at)...]
        }
        self.credentials = credentials
        var host = rest
        var port = 8080
        let hasBrackets = rest.hasPrefix("[")
        if let colon = rest.lastIndex(of: ":"), !hasBrackets || rest[..<colon].hasSuffix("]") {
            guard let number = UInt16(rest[rest.index(after: colon)...]), number > 0 else {
                return nil
            }
            port = Int(number)
            host = rest[..<colon]
        }
        if hasBrackets {
            guard host.hasSuffix("]") else { return nil }
            host = host.dropFirst().dropLast()
        }
        let isName = host.utf8.allSatisfy {
            (97...122).contains($0 | 32) || (45...57).contains($0) && $0 != 47 || $0 == 95
        }
        guard !host.isEmpty, hasBrackets ? IPAddress(String(host)) != nil : isName else {
            return nil
        }
        self.host = String(host)
        self.port = port
    }

    /// The octets of a text with `%` escapes.
    private static func decoded(_ text: Substring) -> [UInt8]? {
        var octets: [UInt8] = []
        var rest = text.utf8[...]
        while let octet = rest.popFirst() {
            guard octet == UInt8(ascii: "%") else {
                octets.append(octet)
                continue
            }
            let digits = rest.prefix(2)
            guard digits.count == 2,
                let number = UInt8(String(decoding: Array(digits), as: UTF8.self), radix: 16)
            else { return nil }
            octets.append(number)
            rest = rest.dropFirst(2)
        }
        return octets
    }

    private static let loopback = ["127.0.0.0/8", "::1"].compactMap { IPPrefix($0) }

    /// Whether a place is asked directly: this machine always is.
    func isBypassed(for location: FeedLocation) -> Bool {
        let address = IPAddress(location.host)
        if location.host == "localhost" { return true }
        if let address, Self.loopback.contains(where: { $0.contains(address) }) { return true }
        return bypassed.contains { entry in
            let entry = entry.lowercased()
            if entry == "*" { return true }
            if let prefix = IPPrefix(entry) { return address.map(prefix.contains) ?? false }
            let name = entry.hasPrefix(".") ? String(entry.dropFirst()) : entry
            return !name.isEmpty
                && (location.host == name || location.host.hasSuffix("." + name))
        }
    }

    /// What the environment says (`https_proxy`, `http_proxy`, `no_proxy`, or in capitals): of most servers the
    /// first holds, since feeds are fetched by https.
    ///
    /// - Parameter variable: looks a variable up; nil or empty: it is not set.
    /// - Throws: where it names a proxy that cannot be asked.
    public static func ofEnvironment(
        _ variable: (String) -> String?
    ) throws(FetchError) -> WebProxy? {
        func value(_ name: String) -> String? {
            for name in [name, name.uppercased()] {
                if let text = variable(name), !text.isEmpty { return text }
            }
            return nil
        }
        guard let text = value("https_proxy") ?? value("http_proxy") else { return nil }
        guard var proxy = WebProxy(text) else {
            // Without what it says: a password may be in it.
            throw .location("https_proxy", why: "no proxy of the form http://HOST:PORT")
        }
        proxy.bypassed = list(value("no_proxy") ?? "")
        return proxy
    }

    /// Hosts separated by commas or blanks.
    public static func list(_ text: String) -> [String] {
        text.split { $0 == "," || $0 == " " }.map(String.init)
    }
}
