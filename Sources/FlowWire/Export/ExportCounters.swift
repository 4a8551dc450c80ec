/// What became of the datagrams of one source of exports: nothing that arrives is dropped uncounted.
public struct ExportCounters: Hashable, Sendable {
    /// Why something could not be decoded.
    ///
    /// The raw value is the key in summaries and metrics.
    public struct Reason: RawRepresentable, Hashable, Sendable {
        /// camelCase, e.g.
        ///
        /// `templateUnknown`.
        public let rawValue: String
        /// Names a reason.
        public init(rawValue: String) { self.rawValue = rawValue }
    }

    /// Datagrams (messages, over TCP) that are exports.
    public var datagrams: UInt64 = 0
    /// Data records and, for sFlow, flow and discard samples.
    public var records: UInt64 = 0
    /// Options data records.
    public var optionsRecords: UInt64 = 0
    /// Rows written.
    public var flows: UInt64 = 0
    /// sFlow counter samples.
    public var counterSamples: UInt64 = 0
    /// Sets, records or datagrams that could not be decoded, by reason.
    public var undecoded: [Reason: UInt64] = [:]
    /// Flows, datagrams or records (v5, v9, IPFIX) lost by the sequence numbers.
    public var sequenceLost: UInt64 = 0
    /// Flows of NetFlow and IPFIX whose end, or start where they have no end, lies out of
    /// ``ExportDecoderConfiguration/clockBounds``.
    public var clockSkewed: UInt64 = 0
    /// Exporters seen: distinct (address, domain, version).
    public var exporters: UInt64 = 0
    /// The ``undecoded`` of the datagram at hand, for the tally of its exporter; empty in between.
    var latest: [Reason: UInt64] = [:]

    /// Nothing seen.
    public init() {}

    /// Counts something that could not be decoded.
    public mutating func count(_ reason: Reason, _ times: UInt64 = 1) {
        undecoded[reason, default: 0] += times
        latest[reason, default: 0] += times
    }

    /// What was counted after `before`, an earlier state of the same counters.
    public func since(_ before: ExportCounters) -> ExportCounters {
        var later = self
        later.datagrams -= before.datagrams
        later.records -= before.records
        later.optionsRecords -= before.optionsRecords
        later.flows -= before.flows
        later.counterSamples -= before.counterSamples
        // What was missed may come late, and then it is not lost any more.
        later.sequenceLost -= min(before.sequenceLost, later.sequenceLost)
        later.clockSkewed -= before.clockSkewed
        later.exporters -= before.exporters
        for (reason, count) in before.undecoded { later.undecoded[reason, default: 0] -= count }
        later.undecoded = later.undecoded.filter { $0.value > 0 }
        return later
    }
}

extension ExportCounters.Reason {
    /// A length points past the end of what there is.
    public static let truncated = Self(rawValue: "truncated")
    /// A data set whose template has not come (or is older than the data).
    public static let templateUnknown = Self(rawValue: "templateUnknown")
    /// A template that makes no sense.
    public static let templateInvalid = Self(rawValue: "templateInvalid")
    /// A set or sample length that makes no sense.
    public static let setInvalid = Self(rawValue: "setInvalid")
    /// A version that is not an export protocol known here.
    public static let versionUnknown = Self(rawValue: "versionUnknown")
}
