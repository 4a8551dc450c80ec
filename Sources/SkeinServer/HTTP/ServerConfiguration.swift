/// How ``Server`` serves.
public struct ServerConfiguration: Sendable {
    /// The address, as text.
    public var host: String
    /// The port; 0 = any that is free.
    public var port: UInt16
    /// Names besides those of the loopback by which it may be asked.
    public var names: [String] = []
    /// How long a query may take.
    ///
    /// Default: 30 s.
    public var queryTime: Duration = .seconds(30)
    /// Queries that run at once.
    ///
    /// Default: 2.
    public var queries = 2
    /// Queries that wait for their turn; more are told to come back.
    ///
    /// Default: 16.
    public var queriesWaiting = 16
    /// How often those who listen for events are told how things stand.
    ///
    /// Default: 2 s.
    public var pulse: Duration = .seconds(2)
    /// Connections at once; more wait to be taken.
    ///
    /// Default: 256.
    public var connectionsMax = 256

    /// Who may ask; nil: whoever reaches it.
    public var access: AccessConfiguration?
    /// What the server shows for who it is; nil: it speaks HTTP without TLS.
    public var tls: CertificateFiles?
    /// How long a request may take to arrive once it has begun.
    ///
    /// Default: 10 s.
    public var requestTime: Duration = .seconds(10)
    /// Told what an operator should know of those who ask, a sentence each.
    public var say: @Sendable (String) -> Void = { _ in }

    /// At `host` and `port`, otherwise the defaults.
    public init(host: String = "127.0.0.1", port: UInt16 = 8055) {
        self.host = host
        self.port = port
    }
}
