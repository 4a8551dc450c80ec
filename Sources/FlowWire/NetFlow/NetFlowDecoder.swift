import FlowModel

/// Decodes NetFlow v1, v5, v7, v9 (RFC 3954) and IPFIX (RFC 7011).
///
///     datagram ─ header ─┬─ v1, v5, v7: records ──────────────────────────┐
///                        └─ v9, IPFIX: sets ─┬─ templates ─ TemplateCache │
///                                            ├─ options data ─ rates, names
///                                            └─ data ─┬─ writeRecords ───┴─ FlowBatch
///                                                     └─ no template yet ─ WaitingData
struct NetFlowDecoder {
    let configuration: ExportDecoderConfiguration
    var names = ExporterNames()
    /// Rates announced since they were last taken.
    var announced: [SamplingRate] = []

    var sources: [ExportSourceKey: ExportSource] = [:]
    private var latestSource: ExportSource?
    /// How many of the sources each address has.
    private var domainCounts: [IPAddress: Int] = [:]
    /// When room was last looked for among idle exporters.
    private var lastSweep: UInt64 = 0
    /// The same in the order in which they came, by ``ExportSource/rank``.
    private var bySeniority: [ExportSource] = []
    /// No source of a higher rank has templates.
    private var templateRankMax = -1
    /// What templates are made of.
    let layouts = RecordLayouts()
    let columns = BatchColumns()
    /// Octets of all waiting sets.
    var waitingBytes = 0
    /// Rates that all exporters announced.
    var rateCount = 0
    /// How often what a snapshot holds has changed.
    var templateChanges: UInt64 = 0
    /// Datagrams so far: tells whether two things came in the same one.
    var datagram: UInt64 = 0
    let netflow1 = NetFlowDecoder.fixedTemplate(1)
    let netflow5 = NetFlowDecoder.fixedTemplate(5)
    let netflow7 = NetFlowDecoder.fixedTemplate(7)
    /// Reused between records.
    var places: [FieldPlace] = []
    var otherOctets: [UInt8] = []

    init(configuration: ExportDecoderConfiguration) { self.configuration = configuration }

    /// Decodes one message that begins with `version`.
    mutating func decode(
        _ payload: RawSpan, version: UInt16, from endpoint: ExporterEndpoint, received: UInt64,
        over transport: ExportTransport, into appender: BatchAppender,
        counters: inout ExportCounters
    ) throws {
        guard let header = MessageHeader(payload, version: version) else {
            counters.count(.truncated)
            return
        }
        counters.datagrams += 1
        datagram += 1
        guard
            let source = source(of: header, endpoint, received: received, counters: &counters)
        else { return }
        let isRestart = source.noteUptime(of: header)
        let before = counters.mark
        defer { source.note(header, received: received, &counters, since: before) }
        let isWhole: Bool
        var message = Message(
            header: header, source: source, received: received,
            port: configuration.separatesTemplatesByPort ? endpoint.port : 0, transport: transport)
        if version == 9 || version == 10 {
            isWhole = try decodeSets(payload, &message, into: appender, counters: &counters)
        } else {
            isWhole = try decodeFixed(payload, message, into: appender, counters: &counters)
        }
        guard let sequence = header.sequence else { return }
        let counted =
            counters.records + counters.optionsRecords - before.records - before.optionsRecords
        let units: UInt32?
        switch version {
        case 9: units = 1
        case 10:
            units = isWhole ? UInt32(clamping: counted - message.recordsOfOtherMessages) : nil
        default: units = UInt32(clamping: counted)
        }
        let old = source.sequence
        source.sequence.note(sequence, units: units, isRestart: isRestart)
        let lost = source.sequence.lost &- old.lost
        counters.sequenceLost = counters.sequenceLost &+ lost
        source.tally.lost = source.tally.lost &+ lost
        source.tally.reordered += source.sequence.reordered - old.reordered
        source.tally.restarts += source.sequence.restarts - old.restarts
    }

    /// Gives up on what still waits for a template, and lets sequences and counts begin anew.
    ///
    /// Templates, rates and names stay.
    mutating func finish(counters: inout ExportCounters) {
        for source in sources.values {
            let dropped = source.waiting.shrink(to: -1)
            if dropped > 0 { counters.count(.templateUnknown, UInt64(dropped)) }
            source.beginAnew()
        }
        waitingBytes = 0
        latestSource = nil
    }

    // MARK: - Exporters

    private mutating func source(
        of header: MessageHeader, _ endpoint: ExporterEndpoint, received: UInt64,
        counters: inout ExportCounters
    ) -> ExportSource? {
        let key = ExportSourceKey(
            address: endpoint.address, domain: header.domain, version: header.version)
        if let latestSource, latestSource.key == key {
            return latestSource
        }
        if let source = sources[key] {
            latestSource = source
            source.count(in: &counters)
            return source
        }
        guard let source = insert(key, received: received, counters: &counters) else { return nil }
        latestSource = source
        source.count(in: &counters)
        return source
    }

    /// Enters a new source; nil where there is no room for it, which is counted.
    mutating func insert(
        _ key: ExportSourceKey, received: UInt64, counters: inout ExportCounters
    ) -> ExportSource? {
        func isFull() -> Bool { sources.count >= configuration.exportersMax }
        func hasMany() -> Bool {
            domainCounts[key.address, default: 0] >= configuration.domainsPerSenderMax
        }
        if isFull() || hasMany() { sweep(received, counters: &counters) }
        guard !isFull(), !hasMany() else {
            counters.count(isFull() ? .exportersFull : .domainsFull)
            return nil
        }
        let source = ExportSource(key: key)
        source.rank = bySeniority.count
        bySeniority.append(source)
        sources[key] = source
        domainCounts[key.address, default: 0] += 1
        return source
    }

    /// Forgets exporters that have been silent; at most once a minute, as it looks at all of them.
    private mutating func sweep(_ now: UInt64, counters: inout ExportCounters) {
        guard now >= lastSweep &+ 60_000 || now < lastSweep else { return }
        lastSweep = now
        latestSource = nil
        for (key, source) in sources
        where source.tally.lastReceived &+ configuration.idleMilliseconds < now {
            source.templates.removeAll(layouts)
            waitingBytes -= source.waiting.byteCount
            rateCount -= source.rateCount
            let dropped = source.waiting.shrink(to: -1)
            if dropped > 0 { counters.count(.templateUnknown, UInt64(dropped)) }
            sources[key] = nil
            let others = domainCounts[key.address, default: 1] - 1
            domainCounts[key.address] = others > 0 ? others : nil
        }
        bySeniority.removeAll { sources[$0.key] !== $0 }
        for (rank, source) in bySeniority.enumerated() { source.rank = rank }
        templateRankMax = bySeniority.count - 1
    }

    // MARK: - Templates

    /// Enters a template of a source; nil where there is no room for it.
    ///
    /// Where all room is taken, the exporters that came last lose their templates first, so that nobody
    /// can push out the templates of those that were there before.
    mutating func enter(
        _ id: UInt16, _ definition: Template.Definition, of source: ExportSource, port: UInt16,
        counters: inout ExportCounters
    ) -> Template? {
        var layout: RecordLayout?
        while true {
            layout = layouts.take(
                definition, version: source.key.version, fieldsMax: configuration.fieldsMax)
            guard layout == nil, dropTemplates(youngerThan: source, &counters) else { break }
        }
        guard let layout else { return nil }
        let template = Template(id: id, layout: layout)
        source.templates.insert(template, port: port, layouts)
        templateRankMax = max(templateRankMax, source.rank)
        templateChanges &+= 1
        return template
    }

    /// Drops all templates of the source that came last of those that have any; false where none came
    /// after `source`.
    private mutating func dropTemplates(
        youngerThan source: ExportSource, _ counters: inout ExportCounters
    ) -> Bool {
        while templateRankMax > source.rank {
            let youngest = bySeniority[templateRankMax]
            templateRankMax -= 1
            let count = UInt64(youngest.templates.count)
            guard count > 0 else { continue }
            youngest.templates.removeAll(layouts)
            // Not of the exporter whose datagram is at hand.
            youngest.tally.undecoded[.templatesFull, default: 0] += count
            counters.undecoded[.templatesFull, default: 0] += count
            return true
        }
        return false
    }
}

/// One message on its way through the decoder.
struct Message {
    let header: MessageHeader
    let source: ExportSource
    let received: UInt64
    /// The sender's port, 0 where templates are not kept apart by it.
    let port: UInt16
    let transport: ExportTransport
    /// Records that were decoded on its occasion but came in earlier messages.
    var recordsOfOtherMessages: UInt64 = 0
}

extension ExportCounters.Reason {
    /// A template withdrawal over UDP, where it is not allowed (RFC 7011 §8.4).
    public static let withdrawalIgnored = Self(rawValue: "withdrawalIgnored")
    /// A datagram of an exporter beyond `exportersMax`.
    public static let exportersFull = Self(rawValue: "exportersFull")
    /// A datagram of a domain beyond `domainsPerSenderMax`.
    public static let domainsFull = Self(rawValue: "domainsFull")
    /// A template beyond `templatesPerExporterMax` or `fieldsMax`, or one that made room for those of an
    /// exporter that has been known for longer.
    public static let templatesFull = Self(rawValue: "templatesFull")
    /// A template of more than `fieldsPerTemplateMax` fields.
    public static let templateTooLarge = Self(rawValue: "templateTooLarge")
    /// A name in options data beyond `namesMax`.
    public static let namesFull = Self(rawValue: "namesFull")
    /// A sampling rate in options data beyond `ratesPerExporterMax` or `ratesMax`.
    public static let ratesFull = Self(rawValue: "ratesFull")
    /// A piece of a packet in which no header was recognised; its record is kept.
    public static let sectionInvalid = Self(rawValue: "sectionInvalid")
    /// A list (RFC 6313) that cannot be read; its record is kept.
    public static let listInvalid = Self(rawValue: "listInvalid")
}
