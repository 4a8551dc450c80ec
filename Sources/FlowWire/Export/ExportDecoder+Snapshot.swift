import FlowModel

extension ExportDecoder {
    /// What is known of exporters, for ``restoreExporters(_:)`` after a restart.
    ///
    /// Templates of NetFlow v9 and IPFIX, the system's start (160) and the address (130, 131) that
    /// exporters announced, sampling rates, names, and what was counted of each.
    ///
    /// - Parameter withSequences: whether sequence numbers go on where they stand: only for a snapshot
    ///   after which nothing more is decoded, as what came later would look lost.
    public func exporterSnapshot(withSequences: Bool = false) -> [UInt8] {
        var snapshot = ExporterSnapshot()
        snapshot.sources =
            (netflow.kept(withSequences: withSequences) + sflow.kept()).sorted { a, b in
                (a.key.address, a.key.domain, a.key.version)
                    < (b.key.address, b.key.domain, b.key.version)
            }
        snapshot.names = netflow.names
        return snapshot.encoded()
    }

    /// Takes over what an earlier run, or an import, knew of exporters, so that data are decoded before
    /// their templates come again.
    ///
    /// Templates hold for data that were exported after them, and within
    /// ``ExportDecoderConfiguration/restoredTemplateSeconds``. What this run knows already stays.
    /// - Returns: whether the snapshot could be read; where not, nothing is taken over.
    @discardableResult
    public func restoreExporters(_ snapshot: RawSpan) -> Bool {
        guard
            let found = ExporterSnapshot(
                snapshot, fieldsPerTemplateMax: netflow.configuration.fieldsPerTemplateMax)
        else { return false }
        for source in found.sources where source.key.version == 0 { sflow.restore(source) }
        // Whoever came first has the first claim to room.
        let bySeniority = found.sources.sorted {
            ($0.tally.firstReceived, $0.key.address, $0.key.domain, $0.key.version)
                < ($1.tally.firstReceived, $1.key.address, $1.key.domain, $1.key.version)
        }
        for source in bySeniority where source.key.version != 0 {
            netflow.restore(source, counters: &counters)
        }
        netflow.restore(found.names)
        counters.forgetLatest()
        return true
    }

    /// How the exporters in a snapshot were doing when it was made; nil where it cannot be read.
    public static func exporterStatuses(in snapshot: RawSpan) -> [ExporterStatus]? {
        let decoder = ExportDecoder(appender: BatchAppender { $0 })
        return decoder.restoreExporters(snapshot) ? decoder.exporterStatuses() : nil
    }
}

extension NetFlowDecoder {
    /// What to keep of each source.
    func kept(withSequences: Bool) -> [ExporterSnapshot.Source] {
        sources.values.map { source in
            ExporterSnapshot.Source(
                key: source.key, received: source.tally.lastReceived, systemInit: source.systemInit,
                announcedAddress: source.announcedAddress, templates: source.keptTemplates,
                rates: source.restoredRates.merging(source.rates) { $0.merging($1) { $1 } },
                tally: source.tally,
                sequence: withSequences ? source.sequence.expected : nil)
        }
    }

    mutating func restore(_ kept: ExporterSnapshot.Source, counters: inout ExportCounters) {
        let known = sources[kept.key]
        guard let source = known ?? insert(kept.key, received: kept.received, counters: &counters)
        else { return }
        if known == nil {
            source.systemInit = kept.systemInit
            source.announcedAddress = kept.announcedAddress
            source.restoredRates = kept.rates
            source.tally = kept.tally
            source.sequence = SequenceTracker(expected: kept.sequence)
        }
        for template in kept.templates
        where source.templates.template(template.id, port: template.port) == nil {
            guard source.templates.count < configuration.templatesPerExporterMax,
                let entered = enter(
                    template.id, template.definition, of: source, port: template.port,
                    counters: &counters)
            else { break }
            entered.exportSeconds = template.exportSeconds
            entered.sequence = template.sequence
            entered.received = template.received
            entered.isRestored = true
        }
    }

    mutating func restore(_ kept: ExporterNames) {
        names.interfaces.merge(kept.interfaces) { now, _ in now }
        names.applications.merge(kept.applications) { now, _ in now }
        names.vrfs.merge(kept.vrfs) { now, _ in now }
    }
}

extension ExportSource {
    fileprivate var keptTemplates: [ExporterSnapshot.KeptTemplate] {
        templates.all.map { port, template in
            ExporterSnapshot.KeptTemplate(
                port: port, id: template.id, definition: template.definition,
                exportSeconds: template.exportSeconds, sequence: template.sequence,
                received: template.received)
        }
    }
}

extension SFlowDecoder {
    /// What to keep of each sub-agent.
    func kept() -> [ExporterSnapshot.Source] {
        agents.values.map { agent in
            ExporterSnapshot.Source(
                key: ExportSourceKey(
                    address: agent.key.address, domain: agent.key.subAgent, version: 0),
                received: agent.tally.lastReceived, tally: agent.tally)
        }
    }

    mutating func restore(_ kept: ExporterSnapshot.Source) {
        let key = SFlowAgentKey(address: kept.key.address, subAgent: kept.key.domain)
        guard agents[key] == nil, agents.count < agentsMax else { return }
        let agent = SFlowAgent(key: key)
        agent.tally = kept.tally
        agents[key] = agent
    }
}
