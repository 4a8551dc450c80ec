import FlowIntel
import FlowModel
import Foundation

/// A place on the web: `https://HOST[:PORT]/PATH[?QUERY]`.
public struct FeedLocation: Hashable, Sendable {
    let url: URL
    /// `http` or `https`.
    public let scheme: String
    /// The host, an IPv6 address without its brackets.
    public let host: String
    /// The port.
    public let port: Int

    /// Reads a URL.
    public init(_ text: String) throws(FetchError) {
        guard text.utf8.count <= 8192, text.utf8.allSatisfy({ $0 > 32 && $0 != 127 }),
            let url = URL(string: text)
        else { throw .location(text, why: "not a URL") }
        try self.init(url)
    }

    private init(_ url: URL) throws(FetchError) {
        let text = url.absoluteString
        guard let scheme = url.scheme?.lowercased(), scheme == "http" || scheme == "https" else {
            throw .location(text, why: "only http and https are asked")
        }
        guard let host = url.host(percentEncoded: false)?.lowercased(), !host.isEmpty else {
            throw .location(text, why: "it names no host")
        }
        guard url.user(percentEncoded: true) == nil, url.password(percentEncoded: true) == nil
        else {
            throw .location(
                "\(scheme)://\(host)", why: "a user or password does not belong into a URL")
        }
        let port = url.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65_535).contains(port) else { throw .location(text, why: "no such port") }
        self.url = url
        self.scheme = scheme
        self.host = host.hasPrefix("[") ? String(host.dropFirst().dropLast()) : host
        self.port = port
    }

    /// What `reference` means on a page of this place (RFC 3986 §5).
    func resolving(_ reference: String) throws(FetchError) -> FeedLocation {
        guard reference.utf8.count <= 8192, reference.utf8.allSatisfy({ $0 > 32 && $0 != 127 }),
            let url = URL(string: reference, relativeTo: self.url)
        else { throw .location(reference, why: "not a URL") }
        return try FeedLocation(url.absoluteURL)
    }

    /// The same place asked for something more.
    func asking(_ items: [(name: String, value: String)]) -> FeedLocation {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else {
            return self
        }
        let query = items.map { Self.encoded($0.name) + "=" + Self.encoded($0.value) }
        parts.percentEncodedQuery = ([parts.percentEncodedQuery] + query).compactMap { $0 }
            .filter { !$0.isEmpty }.joined(separator: "&")
        return parts.url.flatMap { try? FeedLocation($0) } ?? self
    }

    /// What is unreserved as it is, all else as octets (RFC 3986 §2.3): Foundation would leave "+", which
    /// many servers read as a blank, and end the program at "[".
    private static func encoded(_ text: String) -> String {
        var encoded = ""
        for octet in text.utf8 {
            switch octet {
            case 48...57, 65...90, 97...122, 45, 46, 95, 126:
                encoded.unicodeScalars.append(UnicodeScalar(octet))
            default:
                let digits = String(octet, radix: 16, uppercase: true)
                encoded += (octet < 16 ? "%0" : "%") + digits
            }
        }
        return encoded
    }

    /// The place below this one, which counts as a folder.
    func appending(_ path: String) throws(FetchError) -> FeedLocation {
        guard var parts = URLComponents(url: url, resolvingAgainstBaseURL: true) else {
            throw .location(text, why: "not a URL")
        }
        if !parts.percentEncodedPath.hasSuffix("/") { parts.percentEncodedPath += "/" }
        parts.percentEncodedPath += path.split(
            separator: "/", omittingEmptySubsequences: false
        ).map { Self.encoded(String($0)) }.joined(separator: "/")
        parts.fragment = nil
        guard let url = parts.url else { throw .location(text, why: "not a URL") }
        return try FeedLocation(url)
    }

    /// Whether it is on the same server, spoken to in the same way.
    func isOnServer(of other: FeedLocation) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }

    var text: String { url.absoluteString }
}

extension FeedLocation: CustomStringConvertible {
    /// The place without its query, which may hold a key.
    public var description: String {
        let name = host.contains(":") ? "[\(host)]" : host
        let isUsual = port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(name)\(isUsual ? "" : ":\(port)")\(url.path(percentEncoded: true))"
            .asOneLine
    }
}
