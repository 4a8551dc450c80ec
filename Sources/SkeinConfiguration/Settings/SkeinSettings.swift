import FlowModel

/// What `skein serve` is told by its configuration.
///
/// What is left out has the default; ``reference`` names every setting.
public struct SkeinSettings: Hashable, Sendable {
    /// Where flows are kept, and for how long.
    public var store = StoreSettings()
    /// Where exports arrive.
    public var listen =
        [2055, 4739, 6343, 9995].map { ListenEndpoint(.udp, nil, port: $0) }
        + [ListenEndpoint(.tcp, nil, port: 4739)]
    /// Who it is over TLS.
    public var tls = TLSSettings()
    /// Octets that the kernel holds for each UDP socket.
    public var receiveBuffer: UInt64 = 64 << 20
    /// Octets of what was received and is not decoded yet.
    public var queueMemory: UInt64 = 256 << 20
    /// Who exports.
    public var exporters = ExporterSettings()
    /// Who gets a copy of every datagram.
    public var forward: [ListenEndpoint] = []
    /// The interface whose packets are metered.
    public var interface = InterfaceSettings()
    /// Who the process becomes when root starts it; nil = it stays root.
    public var user: String?
    /// Where addresses are.
    public var geo = GeoSettings()
    /// Lists of known-bad peers.
    public var intel = IntelSettings()
    /// What is worth an alert.
    public var alerts = AlertSettings()
    /// The page and its interface.
    public var http = HTTPSettings()
    /// What is said.
    public var log = LogSettings()

    /// The defaults.
    public init() {}
}

/// Where flows are kept, and for how long.
public struct StoreSettings: Hashable, Sendable {
    /// The folder.
    public var path = "./skein-data"
    /// How long what arrived may wait to be on the disk; zero = each batch at once.
    public var commitInterval: Duration = .milliseconds(200)
    /// How long flows and rollups are kept.
    public var retention = RetentionSettings()
}

/// How long flows and rollups are kept.
public struct RetentionSettings: Hashable, Sendable {
    /// Flows that arrived longer ago are deleted; nil = never.
    public var maxAge: Duration?
    /// Octets of the store at which the oldest flows are deleted; nil = never.
    public var maxSize: UInt64?
    /// How long sums by the minute are kept; nil = for ever.
    public var minuteRollups: Duration? = .seconds(400 * 86_400)
    /// How long sums by the hour are kept; nil = for ever.
    public var hourRollups: Duration?
}

/// The files by which TLS knows who is who, in PEM.
public struct TLSSettings: Hashable, Sendable {
    /// The certificate that exporters are shown, and those between it and its authority.
    public var certificate: String?
    /// Its key.
    public var key: String?
    /// The authorities of which exporters need a certificate; nil = they need none.
    public var authorities: String?
}

/// The packets that are metered.
public struct InterfaceSettings: Hashable, Sendable {
    /// The interface; nil = none.
    public var name: String?
    /// Which packets, in libpcap's language; nil = all.
    public var bpf: String?
    /// A flow that lasts longer is reported in pieces.
    public var activeTimeout: Duration = .seconds(300)
    /// A flow without packets for so long has ended.
    public var idleTimeout: Duration = .seconds(15)
    /// Octets that the kernel holds of its packets.
    public var buffer: UInt64 = 32 << 20
    /// Whether to meter what is for other machines too.
    public var isPromiscuous = true
}

/// What is said on standard error.
public struct LogSettings: Hashable, Sendable {
    /// How much matters enough to be said.
    public enum Level: String, Hashable, Sendable, CaseIterable, Comparable {
        /// Everything.
        case trace
        /// What developers look for.
        case debug
        /// What happens.
        case info
        /// What happens and is not usual.
        case notice
        /// What may lose flows.
        case warning
        /// What loses flows.
        case error

        /// By how much it matters.
        public static func < (a: Level, b: Level) -> Bool {
            (allCases.firstIndex(of: a) ?? 0) < (allCases.firstIndex(of: b) ?? 0)
        }
    }

    /// What is less than this is not said.
    public var level = Level.info
    /// Whether each line is a JSON object.
    public var json = false
}
