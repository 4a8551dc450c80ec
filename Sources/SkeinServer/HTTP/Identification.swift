import FlowModel
import HTTPTypes
import Hummingbird

/// Finds out who asks: by a token, by what the browser bears, or that nobody has to say it.
struct Identification: Sendable {
    /// Who may ask; nil: whoever reaches the server.
    let access: AccessControl?
    /// Whether the server speaks TLS.
    let isSecure: Bool
    /// What tells this server's sessions from those of another port: cookies know no ports.
    private let port: UInt16

    init(_ access: AccessControl?, isSecure: Bool, port: UInt16) {
        self.access = access
        self.isSecure = isSecure
        self.port = port
    }

    /// Who asks; nil where that has to be proved, and is not.
    func caller(of request: Request) -> Caller? {
        guard let access else { return Caller(name: nil, scope: .admin, proof: .none) }
        return access.caller(
            session: session(in: request.headers), token: token(in: request.headers))
    }

    /// Whether somebody still is who they were.
    func isStill(_ caller: Caller) -> Bool { access?.isStill(caller) ?? true }

    /// Whether somebody may read the metrics without a name.
    func isMetricReader(_ address: IPAddress?) -> Bool {
        guard let access, let address else { return false }
        return access.configuration.metricReaders.contains { $0.contains(address) }
    }

    // MARK: - What they bear

    /// RFC 6750 §2.1; nil where there is none, empty where there is none that could be right.
    private func token(in headers: HTTPFields) -> String? {
        guard let value = headers[.authorization] else { return nil }
        let words = value.split(separator: " ", maxSplits: 1)
        guard words.count == 2, words[0].lowercased() == "bearer", words[1].utf8.count <= 256
        else { return "" }
        return String(words[1])
    }

    /// What stands in the cookie; the one that only TLS can have set goes first.
    func session(in headers: HTTPFields) -> String? {
        let pairs = headers[values: .cookie].joined(separator: ";").split(separator: ";")
            .map { $0.drop { $0 == " " } }
        for name in isSecure ? [secureName] : [secureName, plainName] {
            let pair = pairs.first { $0.hasPrefix(name + "=") }
            if let value = pair?.dropFirst(name.utf8.count + 1), value.utf8.count == 64 {
                return String(value)
            }
        }
        return nil
    }

    private var plainName: String { "skein-\(port)" }
    /// RFC 6265bis §4.1.3.2: nobody but this host can have set it, and only over TLS.
    private var secureName: String { "__Host-skein-\(port)" }

    /// The cookie that begins a session, or with nil ends it.
    ///
    /// - Parameter origin: that of the page; behind a web server that speaks TLS it tells so.
    func cookie(_ session: String?, origin: String?) -> String {
        let isSecure = isSecure || origin?.lowercased().hasPrefix("https://") == true
        let age = session == nil ? 0 : access?.configuration.sessionTime.components.seconds ?? 0
        return "\(isSecure ? secureName : plainName)=\(session ?? ""); Path=/; Max-Age=\(age); "
            + "HttpOnly; SameSite=Strict\(isSecure ? "; Secure" : "")"
    }

    // MARK: - Where they are

    /// The address of whoever asks: of web servers in front their word is taken for it.
    func address(of request: Request, _ peer: IPAddress?) -> IPAddress? {
        guard let proxies = access?.configuration.proxies, let peer,
            proxies.contains(where: { $0.contains(peer) })
        else { return peer }
        // Each adds whom it has heard at the end; what stands before the last stranger anybody can write.
        let said = request.headers[values: ResponseHeaders.forwardedFor].joined(separator: ",")
            .split(separator: ",").map { $0.filter { $0 != " " } }
        for text in said.reversed() {
            guard let address = IPAddress(text) else { return peer }
            if !proxies.contains(where: { $0.contains(address) }) { return address }
        }
        return peer
    }
}
