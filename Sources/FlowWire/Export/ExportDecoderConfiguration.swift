/// What an ``ExportDecoder`` may hold on behalf of exporters, and how it tells them apart.
///
/// Anyone can send a datagram, so everything that a datagram can make the decoder keep has a bound;
/// what does not fit is counted under a reason of its own.
public struct ExportDecoderConfiguration: Sendable {
    /// Whether templates are kept apart by the sender's port as well.
    ///
    /// RFC 7011 §8 says so for UDP, but exporters and address translators change ports in mid-stream.
    /// Default: false.
    public var separatesTemplatesByPort = false
    /// Exporters: distinct (address, domain, version).
    ///
    /// When full, those that were silent for ``idleMilliseconds`` make room. Default: 65,536.
    public var exportersMax = 65_536
    /// Observation domains of one sender, so that one cannot take the room of all.
    ///
    /// Default: 4,096.
    public var domainsPerSenderMax = 4096
    /// How long an exporter must be silent to make room for another.
    ///
    /// Default: 30 minutes.
    public var idleMilliseconds: UInt64 = 1_800_000
    /// Templates of one exporter.
    ///
    /// Default: 4,096.
    public var templatesPerExporterMax = 4096
    /// Fields of one template.
    ///
    /// Default: 1,024.
    public var fieldsPerTemplateMax = 1024
    /// Fields of all different templates, where each of them counts as 16 more, and each exporter's
    /// template, of which many may be the same, as 4.
    ///
    /// When full, the exporters that came last lose their templates to those that came before them.
    /// Default: 2,097,152, about 100 MB.
    public var fieldsMax = 1 << 21
    /// Octets of data sets of one exporter that wait for their template.
    ///
    /// Default: 262,144.
    public var waitingBytesPerExporterMax = 1 << 18
    /// Octets of all data sets that wait for their template.
    ///
    /// Default: 16 MiB.
    public var waitingBytesMax = 1 << 24
    /// Names of each kind (interfaces, applications, VRFs) of all exporters.
    ///
    /// Default: 65,536.
    public var namesMax = 65_536
    /// Sampling rates of one exporter, each change of a rate counted.
    ///
    /// Default: 16,384.
    public var ratesPerExporterMax = 1 << 14
    /// Sampling rates of all exporters, each change of a rate counted.
    ///
    /// Default: 262,144.
    public var ratesMax = 1 << 18
    /// When the clock of an exporter is said to be wrong.
    public var clockBounds = ClockBounds()
    /// How long after its last message a template holds that was restored from an earlier run.
    ///
    /// By the exporter's clock, in seconds. Default: a day; exporters send their templates anew every
    /// half an hour at the latest (RFC 7011 §8.4).
    public var restoredTemplateSeconds: UInt32 = 86_400

    /// The defaults.
    public init() {}
}

/// How export messages reach us.
public enum ExportTransport: Sendable {
    /// UDP, or a capture of it.
    case datagram
    /// TCP, TLS or SCTP: reliable, so that template withdrawals hold (RFC 7011 §8.1).
    case stream
}
