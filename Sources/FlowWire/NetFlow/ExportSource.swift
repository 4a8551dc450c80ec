import FlowModel

/// Who sends: the scope of template ids, sequence numbers and options data (RFC 7011 §8).
struct ExportSourceKey: Hashable {
    var address: IPAddress
    var domain: UInt32
    var version: UInt16

    /// What the version word stands for.
    var exportProtocol: ExportProtocol {
        switch version {
        case 1: .netflow1
        case 5: .netflow5
        case 7: .netflow7
        case 9: .netflow9
        default: .ipfix
        }
    }
}

/// All that is known of one observation domain of one exporter.
final class ExportSource {
    let key: ExportSourceKey
    /// How many came before it of those that are known.
    var rank = 0
    var sequence = SequenceTracker()
    var templates = TemplateCache()
    var waiting = WaitingData()
    /// systemInitTimeMilliseconds (160) from options data.
    var systemInit: UInt64?
    /// The exporter's own address (130, 131) from options data.
    var announcedAddress: IPAddress? {
        didSet { knownSamplers.removeAll(keepingCapacity: true) }
    }
    /// The rates announced last, under each address that it had.
    var rates: [IPAddress: [SamplingRate.Subject: UInt32]] = [:]
    /// The rates that it announced in an earlier run: they are stored, but are noted again when they
    /// come again.
    var restoredRates: [IPAddress: [SamplingRate.Subject: UInt32]] = [:]
    /// Other addresses than its own that its records bear, the first ``borneMax`` of them.
    private(set) var borneAddresses: [IPAddress] = []
    /// How many it announced, each change counted: each is kept for the rows of its time.
    var rateCount = 0
    var tally = ExporterTally()

    /// Some samplers whose rate is known: looked through before the tables, for every other row.
    private var knownSamplers: [UInt64] = []
    private static let knownSamplersMax = 8

    private var isCounted = false
    private var lastUptime: UInt32?
    private var lastExportSeconds: UInt32 = 0

    init(key: ExportSourceKey) { self.key = key }

    /// The address that its rows bear.
    var exporter: IPAddress { announcedAddress ?? key.address }

    /// The rates of its own address.
    var knownRates: [SamplingRate.Subject: UInt32] {
        (restoredRates[exporter] ?? [:]).merging(rates[exporter] ?? [:]) { $1 }
    }

    /// Whether the rate of a sampler was announced.
    ///
    /// What was announced once stays known, as long as the exporter's address is the same.
    func knowsRate(of sampler: UInt64) -> Bool {
        if knownSamplers.contains(sampler) { return true }
        let isKnown =
            rates[exporter]?[.sampler(sampler)] != nil
            || restoredRates[exporter]?[.sampler(sampler)] != nil
        if isKnown, knownSamplers.count < Self.knownSamplersMax { knownSamplers.append(sampler) }
        return isKnown
    }

    /// Addresses that records may bear and share the rates of their source.
    static let borneMax = 64

    /// Notes an address that a record bears; whether it is new.
    func bear(_ address: IPAddress) -> Bool {
        guard borneAddresses.count < Self.borneMax, !borneAddresses.contains(address) else {
            return false
        }
        borneAddresses.append(address)
        return true
    }

    func context(_ header: MessageHeader, received: UInt64) -> RecordContext {
        RecordContext(
            header: header, exporter: exporter, received: received, systemInit: systemInit)
    }

    /// Counts it as an exporter, once until ``beginAnew()``.
    func count(in counters: inout ExportCounters) {
        if !isCounted { counters.exporters += 1 }
        isCounted = true
    }

    /// Takes one of its messages into its tally.
    func note(
        _ header: MessageHeader, received: UInt64, _ counters: inout ExportCounters,
        since before: ExportCounters.Mark
    ) {
        tally.add(&counters, since: before, received: received)
        tally.clockOffset = Int64(clamping: header.exportMilliseconds) &- Int64(clamping: received)
    }

    /// How it is doing.
    var status: ExporterStatus {
        var status = ExporterStatus(
            exportProtocol: key.exportProtocol, sender: key.address, exporter: exporter,
            domain: key.domain, tally: tally)
        var enterprises: Set<UInt32> = []
        for (_, template) in templates.all {
            status.templates += 1
            if template.isRestored { status.restoredTemplates += 1 }
            status.oldestTemplate = min(status.oldestTemplate ?? .max, template.received)
            enterprises.formUnion(template.definition.fields.map(\.enterprise))
        }
        status.enterprises = enterprises.subtracting([0]).sorted()
        status.waitingSets = waiting.count
        status.waitingBytes = waiting.byteCount
        status.rates = knownRates.count
        return status
    }

    /// Forgets where the sequence numbers and the uptime stood: what comes next need not follow.
    func beginAnew() {
        sequence = SequenceTracker()
        lastUptime = nil
        isCounted = false
    }

    /// Whether the header's uptime shows that the exporter started anew since its last message.
    ///
    /// Uptime goes back also when it wraps after 49.7 days, and when a datagram was overtaken.
    func noteUptime(of header: MessageHeader) -> Bool {
        guard let uptime = header.uptime else { return false }
        let seconds = header.exportSeconds
        guard let last = lastUptime else {
            lastUptime = uptime
            lastExportSeconds = seconds
            return false
        }
        let elapsed = Int64(seconds) - Int64(lastExportSeconds)
        guard elapsed >= 0 else { return false }
        defer {
            lastUptime = uptime
            lastExportSeconds = seconds
        }
        let advanced = Int64(Int32(bitPattern: uptime &- last)) / 1000
        return uptime < last && advanced < elapsed - 60
            && UInt64(uptime) / 1000 < UInt64(elapsed) + 60
    }
}
