import FlowModel

/// Decodes sFlow version 5 datagrams (sflow.org, "sFlow Version 5", July 2004).
///
///     version │ agent address │ sub-agent │ number │ uptime │ n samples
///       sample: format │ length │ … n records: format │ length │ …
///
/// One row for each flow or discard sample: packets 1 and bytes the length of the frame, not scaled.
/// The exporter is the agent, which need not be the sender.
struct SFlowDecoder {
    /// Sub-agents that are followed; the datagrams of more are decoded all the same.
    let agentsMax: Int
    /// How long one must be silent to make room for another.
    let idleMilliseconds: UInt64

    var agents: [SFlowAgentKey: SFlowAgent] = [:]
    private var latestAgent: SFlowAgent?
    /// When room was last looked for among silent agents.
    private var lastSweep: UInt64 = 0

    init(configuration: ExportDecoderConfiguration = .init()) {
        agentsMax = configuration.exportersMax
        idleMilliseconds = configuration.idleMilliseconds
    }

    /// Decodes one datagram; malformed input is counted.
    ///
    /// Throws only what `appender` throws. Exporters are distinct (agent, sub-agent).
    mutating func decode(
        _ datagram: RawSpan, from endpoint: ExporterEndpoint, received: UInt64,
        into appender: BatchAppender, counters: inout ExportCounters
    ) throws {
        var reader = XDRReader(datagram)
        guard let version = reader.word() else { return counters.count(.truncated) }
        guard version == 5 else { return counters.count(.versionUnknown) }
        guard let address = reader.address(), let subAgent = reader.word(),
            let number = reader.word(), let uptime = reader.word(), let samples = reader.word()
        else { return counters.count(.truncated) }
        let before = counters.mark
        counters.datagrams += 1
        let key = SFlowAgentKey(address: address ?? endpoint.address, subAgent: subAgent)
        let agent = agent(key, received: received)
        if let agent {
            agent.follow(number, uptime: uptime, &counters)
        } else {
            counters.count(.exportersFull)
        }
        defer { agent?.tally.add(&counters, since: before, received: received) }

        var index: UInt32 = 0
        // Each turn takes eight octets or ends, whatever the count says.
        while index < samples {
            guard let format = reader.word(), let length = reader.word(),
                let content = reader.opaque(length)
            else { return counters.count(.truncated) }
            index += 1
            var sample = XDRReader(content)
            let start: SFlowSample?
            switch format {
            case 1: start = Self.flowSample(&sample)
            case 3: start = Self.expandedFlowSample(&sample)
            case 5: start = Self.discardSample(&sample)
            case 2, 4:
                counters.counterSamples += 1
                continue
            default:
                counters.count(.sampleUnknown)
                continue
            }
            guard var row = start, let records = sample.word() else {
                counters.count(.truncated)
                continue
            }
            if !Self.readRecords(records, &sample, into: &row) { counters.count(.truncated) }
            try appender.reserve(1)
            row.write(
                to: appender.batch, row: appender.batch.count, agent: key.address,
                subAgent: subAgent, received: received)
            appender.batch.advance(by: 1)
            counters.records += 1
            counters.flows += 1
        }
    }

    /// How each sub-agent is doing.
    func statuses() -> [ExporterStatus] { agents.values.map(\.status) }

    /// Lets sequences and the count of exporters begin anew.
    mutating func finish() {
        for agent in agents.values { agent.beginAnew() }
    }

    private mutating func agent(_ key: SFlowAgentKey, received: UInt64) -> SFlowAgent? {
        if let latestAgent, latestAgent.key == key { return latestAgent }
        if let agent = agents[key] {
            latestAgent = agent
            return agent
        }
        if agents.count >= agentsMax { sweep(received) }
        guard agents.count < agentsMax else { return nil }
        let agent = SFlowAgent(key: key)
        agents[key] = agent
        latestAgent = agent
        return agent
    }

    /// Forgets agents that have been silent; at most once a minute, as it looks at all of them.
    private mutating func sweep(_ now: UInt64) {
        guard now >= lastSweep &+ 60_000 || now < lastSweep else { return }
        lastSweep = now
        latestAgent = nil
        agents = agents.filter { $0.value.tally.lastReceived &+ idleMilliseconds >= now }
    }

    /// Number, source, rate, pool, drops, interfaces in compact form.
    private static func flowSample(_ reader: inout XDRReader) -> SFlowSample? {
        guard reader.skip(words: 2), let rate = reader.word(), reader.skip(words: 2),
            let input = reader.word(), let output = reader.word()
        else { return nil }
        var sample = SFlowSample()
        sample.rate = rate
        sample.input = .init(compact: input)
        sample.output = .init(compact: output)
        return sample
    }

    /// Number, source in two words, rate, pool, drops, interfaces in two words each.
    private static func expandedFlowSample(_ reader: inout XDRReader) -> SFlowSample? {
        guard reader.skip(words: 3), let rate = reader.word(), reader.skip(words: 2),
            let inputFormat = reader.word(), let input = reader.word(),
            let outputFormat = reader.word(), let output = reader.word()
        else { return nil }
        var sample = SFlowSample()
        sample.rate = rate
        sample.input = .init(format: inputFormat, value: input)
        sample.output = .init(format: outputFormat, value: output)
        return sample
    }

    /// "sFlow Dropped Packet Notification Structures": number, source in two words, drops, plain
    /// interfaces, reason.
    private static func discardSample(_ reader: inout XDRReader) -> SFlowSample? {
        guard reader.skip(words: 4), let input = reader.word(), let output = reader.word(),
            let reason = reader.word()
        else { return nil }
        var sample = SFlowSample()
        sample.input = .init(format: 0, value: input)
        sample.output = .init(format: 0, value: output)
        sample.discard = reason
        return sample
    }

    /// False where a record is cut short; what was read before it holds.
    private static func readRecords(
        _ count: UInt32, _ reader: inout XDRReader, into sample: inout SFlowSample
    ) -> Bool {
        var index: UInt32 = 0
        while index < count {
            guard let format = reader.word(), let length = reader.word() else { return false }
            guard let record = reader.opaque(length) else {
                // Of a cut piece of a frame the beginning may still be there.
                if format == 1, let rest = reader.opaque(UInt32(reader.remaining)) {
                    _ = sample.read(format: format, rest)
                }
                return false
            }
            if !sample.read(format: format, record) { return false }
            index += 1
        }
        return true
    }
}

extension ExportCounters.Reason {
    /// An sFlow sample of a format that is not known here.
    static let sampleUnknown = Self(rawValue: "sampleUnknown")
}
