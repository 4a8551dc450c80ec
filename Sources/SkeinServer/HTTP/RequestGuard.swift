import FlowModel

/// Lets only those ask who mean this server: programs, and its own page.
///
/// A page of any site may make the browser send requests to 127.0.0.1. What it cannot do is choose their
/// headers: under DNS rebinding `Host` bears the name of the site, otherwise `Origin` or
/// `Sec-Fetch-Site` tell of it.
public struct RequestGuard: Sendable {
    /// Why a request is not answered.
    public enum Refusal: Error, Hashable, Sendable {
        /// There is no `Host`.
        case hostMissing
        /// `Host` is a name that this server does not have.
        case hostUnknown(String)
        /// A page is left for what changes something.
        case navigation
        /// Another site's page asks.
        case crossOrigin(String)
    }

    private let names: Set<String>
    private let isReachable: Bool
    private let isSecure: Bool

    /// - Parameters:
    ///   - names: names by which the server is known besides those of the loopback.
    ///   - isReachable: whether others than programs of this machine may reach it: by any address then. One
    ///     stands in no page that has rebound a name.
    ///   - isSecure: whether it speaks TLS: pages of its own have come by TLS then.
    public init(names: [String], isReachable: Bool = false, isSecure: Bool = false) {
        self.names = Set(names.map { $0.lowercased() })
        self.isReachable = isReachable
        self.isSecure = isSecure
    }

    /// Looks at the headers of a request; nil stands for one that is not there.
    ///
    /// - Parameters:
    ///   - host: `Host`, or `:authority`.
    ///   - origin: `Origin`, which browsers send with what may change something or cross sites.
    ///   - site: `Sec-Fetch-Site` (W3C Fetch Metadata).
    ///   - mode: `Sec-Fetch-Mode`; somebody who follows a link is let in.
    ///   - writes: whether the request may change something; no link and no form may.
    public func check(
        host: String?, origin: String?, site: String?, mode: String?, writes: Bool = false
    ) throws(Refusal) {
        guard let host, !host.isEmpty else { throw .hostMissing }
        let authority = host.lowercased()
        guard isOurs(authority) else { throw .hostUnknown(host) }
        if let origin {
            let parts = origin.lowercased().split(
                separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
            // Another port of this machine is another site.
            guard parts.count == 2, parts[0] == "https" || parts[0] == "http" && !isSecure,
                Self.withoutDefaultPort(parts[1], parts[0])
                    == Self.withoutDefaultPort(authority[...], parts[0])
            else { throw .crossOrigin(origin) }
        }
        if writes, mode == "navigate" { throw .navigation }
        if let site, !["same-origin", "none"].contains(site), mode != "navigate" {
            throw .crossOrigin("a page of another site")
        }
    }

    private func isOurs(_ authority: String) -> Bool {
        guard let name = Self.name(of: authority) else { return false }
        return name == "localhost" || name == "[::1]" || Self.isLoopbackV4(name)
            || names.contains(String(name)) || isReachable && Self.isAddress(name)
    }

    /// The name or address before the port; nil where something else follows it.
    private static func name(of authority: String) -> Substring? {
        var name = authority[...]
        var port = Substring()
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            name = authority[...end]
            port = authority[authority.index(after: end)...]
        } else if let colon = authority.firstIndex(of: ":") {
            name = authority[..<colon]
            port = authority[colon...]
        }
        guard port.isEmpty || port.first == ":" && port.dropFirst().allSatisfy(\.isASCIIDigit)
        else {
            return nil
        }
        return name.hasSuffix(".") ? name.dropLast() : name
    }

    private static func isAddress(_ name: Substring) -> Bool {
        let isBracketed = name.hasPrefix("[") && name.hasSuffix("]")
        let address = IPAddress(String(isBracketed ? name.dropFirst().dropLast() : name))
        return address.map { $0.isV4 != isBracketed } ?? false
    }

    private static func isLoopbackV4(_ name: Substring) -> Bool {
        let parts = name.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.allSatisfy(\.isASCIIDigit)
                    && UInt8(part) != nil
            }
    }

    private static func withoutDefaultPort(
        _ authority: Substring, _ scheme: Substring
    ) -> Substring {
        let port = scheme == "https" ? ":443" : ":80"
        return authority.hasSuffix(port) ? authority.dropLast(port.count) : authority
    }
}

extension RequestGuard.Refusal: CustomStringConvertible {
    /// What, and what to do.
    public var description: String {
        switch self {
        case .hostMissing: "the request has no Host"
        case .hostUnknown(let host):
            "‘\(host.prefix(80))’ is not a name of this server; add it to http.hosts of the "
                + "configuration, if it is"
        case .navigation: "a link or form changes nothing here: only this server's own page does"
        case .crossOrigin(let origin):
            "\(origin.prefix(80)) may not ask here: only this server's own page may"
        }
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
