public import FlowModel

/// The page and its interface.
public struct HTTPSettings: Hashable, Sendable {
    /// Where it is served; nil = not at all.
    public var listen: LocalEndpoint? = LocalEndpoint(.init(v4: 0x7f00_0001), port: 8055)
    /// Names, besides those of the loopback, by which a browser may ask.
    public var hosts: [String] = []
    /// By what it shows who it is over TLS.
    public var tls = HTTPCertificateSettings()
    /// Whether it may be reached without TLS, behind a web server that speaks it.
    public var isPlain = false
    /// Web servers in front, whose `X-Forwarded-For` is believed.
    public var proxies: [IPPrefix] = []
    /// The file of users and tokens; nil = `ACCESS` in the store's folder.
    public var accessFile: String?
    /// Who may read the metrics without a token.
    public var metricReaders: [IPPrefix] = []
    /// How long somebody stays logged in without asking for anything.
    public var sessionIdle: Duration = .seconds(3600)
    /// How long somebody stays logged in at most.
    public var sessionTime: Duration = .seconds(12 * 3600)
    /// How long a query may take.
    public var queryTime: Duration = .seconds(30)
    /// Octets that a query may use for groups and sorting.
    public var queryMemory: UInt64 = 256 << 20
    /// Queries at once; more wait.
    public var queries = 2
}

/// The files by which a web server shows who it is, in PEM.
public struct HTTPCertificateSettings: Hashable, Sendable {
    /// The certificate, and those between it and its authority.
    public var certificate: String?
    /// Its key.
    public var key: String?
}

extension SkeinSettings {
    /// The file of users and tokens.
    public var accessFile: String { http.accessFile ?? "\(store.path)/ACCESS" }

    /// Finds settings of the page that do not go together.
    func checkHTTP(_ findings: inout Findings) {
        guard findings.isSound("http.listen", "http.tls", "http.plain") else { return }
        let missing = [
            ("http.tls.certificate", http.tls.certificate), ("http.tls.key", http.tls.key),
        ]
        .filter { $0.1 == nil }.map(\.0)
        if missing.count == 1 {
            let given = missing[0] == "http.tls.key" ? "http.tls.certificate" : "http.tls.key"
            findings.add(
                .conflict("it goes together with \(missing[0]), which is missing"), of: given)
        }
        if let place = http.listen, !place.address.isLoopback, missing.count == 2, !http.isPlain {
            findings.add(
                .conflict(
                    "‘\(place)’ can be reached from other machines, which would send passwords in plain "
                        + "text: name http.tls.certificate and http.tls.key, or set http.plain to true "
                        + "where a web server in front speaks TLS"),
                of: "http.listen")
        }
    }
}
