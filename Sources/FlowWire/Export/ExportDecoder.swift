public import FlowModel

/// Where a datagram came from.
public struct ExporterEndpoint: Hashable, Sendable {
    /// The sender's address.
    public var address: IPAddress
    /// The sender's UDP or TCP port.
    public var port: UInt16

    /// Names a sender.
    public init(address: IPAddress, port: UInt16) {
        self.address = address
        self.port = port
    }
}

/// Decodes export datagrams of every protocol into one batch after another.
///
/// Pure: no I/O, no clock.
public final class ExportDecoder {
    /// What became of everything so far.
    public internal(set) var counters = ExportCounters()

    private let appender: BatchAppender
    var netflow: NetFlowDecoder
    var sflow: SFlowDecoder

    /// A decoder with no state yet that writes rows to `appender`.
    public init(
        appender: BatchAppender, configuration: ExportDecoderConfiguration = .init()
    ) {
        self.appender = appender
        netflow = NetFlowDecoder(configuration: configuration)
        sflow = SFlowDecoder(configuration: configuration)
    }

    /// What exporters call their interfaces, applications and VRFs.
    public var names: ExporterNames { netflow.names }

    /// Decodes one datagram, or one IPFIX message of a stream.
    ///
    /// - Parameters:
    ///   - received: arrival, ms since 1970.
    ///   - transport: how it came; template withdrawals hold only over streams.
    /// - Throws: only what the appender's `emit` throws; malformed input is counted.
    public func decode(
        _ payload: RawSpan, from endpoint: ExporterEndpoint, received: UInt64,
        over transport: ExportTransport = .datagram
    ) throws {
        defer { counters.forgetLatest() }
        guard payload.byteCount >= 4 else {
            counters.count(.truncated)
            return
        }
        switch payload.network16(at: 0) {
        case let version
        where version == 9 || version == 10 || version == 5 || version == 1 || version == 7:
            try netflow.decode(
                payload, version: version, from: endpoint, received: received, over: transport,
                into: appender, counters: &counters)
        case 0 where payload.network32(at: 0) == 5:
            try sflow.decode(
                payload, from: endpoint, received: received, into: appender, counters: &counters)
        default:
            counters.count(.versionUnknown)
        }
    }

    /// The sampling rates announced since the last call.
    public func takeRates() -> [SamplingRate] {
        defer { netflow.announced.removeAll() }
        return netflow.announced
    }

    /// Grows when an exporter has other templates, another start of its system or another address than
    /// before, so that ``exporterSnapshot(withSequences:)`` is worth keeping anew.
    public var templateChanges: UInt64 { netflow.templateChanges }

    /// Counts what still waits for a template as undecoded.
    ///
    /// Call at the end of a capture. The decoder may go on with the next one: it keeps templates, rates
    /// and names, but sequence numbers and the count of exporters begin anew.
    public func finish() throws {
        netflow.finish(counters: &counters)
        sflow.finish()
        counters.forgetLatest()
    }

    /// How each exporter is doing, in the order of sender, domain and protocol.
    public func exporterStatuses() -> [ExporterStatus] {
        (netflow.statuses() + sflow.statuses()).sorted { a, b in
            (a.sender, a.domain, a.exportProtocol.rawValue)
                < (b.sender, b.domain, b.exportProtocol.rawValue)
        }
    }
}
