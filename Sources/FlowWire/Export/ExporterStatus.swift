public import FlowModel

/// How one exporter is doing: one observation domain of one sender, by one protocol.
///
/// All counts are since it was first seen, restarts of this program included where its state was kept
/// (``ExportDecoder/restoreExporters(_:)``). Instants are ms since 1970 by this machine's clock.
public struct ExporterStatus: Hashable, Sendable {
    /// What it speaks.
    public var exportProtocol: ExportProtocol
    /// Where its datagrams come from; for sFlow the agent.
    public var sender: IPAddress
    /// The address that its rows bear as ``Field/exporter``.
    public var exporter: IPAddress
    /// Observation domain, source id, engine or sub-agent.
    public var domain: UInt32

    /// What was counted of it.
    public var tally: ExporterTally

    /// Templates known of data and of options.
    public var templates = 0
    /// How many of them are known from an earlier run only.
    public var restoredTemplates = 0
    /// Arrival of the template that was not repeated for longest; nil where there is none.
    public var oldestTemplate: UInt64?
    /// Data sets that wait for their template, and their octets.
    public var waitingSets = 0
    /// Octets of them.
    public var waitingBytes = 0
    /// Private enterprise numbers in its templates, ascending: they tell who made it.
    public var enterprises: [UInt32] = []
    /// Sampling rates that it announced, one for each subject.
    public var rates = 0
}

/// What was counted of one exporter.
public struct ExporterTally: Hashable, Sendable {
    /// Arrival of its first and of its latest datagram, ms since 1970; 0 before the first.
    public var firstReceived: UInt64 = 0
    /// Arrival of the latest.
    public var lastReceived: UInt64 = 0
    /// Datagrams (messages over TCP).
    public var datagrams: UInt64 = 0
    /// Data records, or flow and discard samples.
    public var records: UInt64 = 0
    /// Options data records.
    public var optionsRecords: UInt64 = 0
    /// Rows written.
    public var flows: UInt64 = 0
    /// Flows, datagrams or records lost by its sequence numbers, as the protocol counts.
    public var lost: UInt64 = 0
    /// Datagrams that came after one that followed them.
    public var reordered: UInt64 = 0
    /// How often it seems to have started anew.
    public var restarts: UInt64 = 0
    /// Flows whose times lie out of ``ExportDecoderConfiguration/clockBounds``.
    public var clockSkewed: UInt64 = 0
    /// Flows that name a sampler whose rate was not known when they came.
    public var rateUnknown: UInt64 = 0
    /// Its clock less ours by the latest datagram, in ms; nil where the protocol has no clock.
    public var clockOffset: Int64?
    /// Sets, records or datagrams that could not be decoded, by reason.
    public var undecoded: [ExportCounters.Reason: UInt64] = [:]

    /// Nothing counted.
    public init() {}

    /// Adds what `counters` gained over `before` by one of its datagrams.
    mutating func add(
        _ counters: inout ExportCounters, since before: ExportCounters.Mark, received: UInt64
    ) {
        if firstReceived == 0 { firstReceived = received }
        lastReceived = max(lastReceived, received)
        datagrams &+= 1
        records &+= counters.records &- before.records
        optionsRecords &+= counters.optionsRecords &- before.optionsRecords
        flows &+= counters.flows &- before.flows
        clockSkewed &+= counters.clockSkewed &- before.clockSkewed
        guard !counters.latest.isEmpty else { return }
        for (reason, count) in counters.latest { undecoded[reason, default: 0] += count }
        counters.forgetLatest()
    }
}

extension ExportCounters {
    /// Where the counts stood before a datagram.
    struct Mark {
        var records: UInt64
        var optionsRecords: UInt64
        var flows: UInt64
        var clockSkewed: UInt64
    }

    /// Where the counts stand.
    var mark: Mark {
        Mark(
            records: records, optionsRecords: optionsRecords, flows: flows, clockSkewed: clockSkewed
        )
    }

    /// Ends a datagram.
    mutating func forgetLatest() {
        if !latest.isEmpty { latest.removeAll(keepingCapacity: true) }
    }
}
