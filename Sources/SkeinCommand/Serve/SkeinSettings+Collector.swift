import FlowCollector
import FlowStore
import FlowWire
import SkeinConfiguration
import SkeinServer

extension SkeinSettings {
    /// What of the settings the collector is told.
    var collector: CollectorConfiguration {
        var configuration = CollectorConfiguration()
        configuration.listen = listen.map { place in
            ListenAddress(
                place.address, port: place.port, transport: place.transport.ofCollector)
        }
        if let certificate = tls.certificate, let key = tls.key {
            configuration.tls = TLSFiles(
                certificate: certificate, key: key, authorities: tls.authorities)
        }
        configuration.allow = exporters.allow
        configuration.receiveBufferBytes = Int(clamping: receiveBuffer)
        configuration.queueBytesMax = Int(clamping: queueMemory)
        configuration.forward = forward.compactMap { place in
            place.address.map { ForwardTarget(host: "\($0)", port: place.port) }
        }
        configuration.retention = RetentionPolicy(
            maxAge: store.retention.maxAge, maxOctets: store.retention.maxSize,
            maxMinuteAge: store.retention.minuteRollups, maxRollupAge: store.retention.hourRollups)
        configuration.decoder.separatesTemplatesByPort = exporters.useSourcePort
        return configuration
    }

    /// When the journal is made safe.
    var journalPolicy: JournalPolicy {
        store.commitInterval == .zero ? .eachBatch : .every(store.commitInterval)
    }

    /// Refuses what this version cannot do, rather than to leave it out in silence.
    func checkAbilities() throws {
        guard interface.name == nil else {
            throw StoreProblem(
                description: "interface.name is set, but this version does not meter interfaces; "
                    + "let softflowd or pmacctd export to it")
        }
        guard exporters.overrides.isEmpty else {
            throw StoreProblem(
                description: "exporters.overrides is set, but this version does not apply it")
        }
    }

    /// Where and how the page is served; nil = not at all.
    var server: ServerConfiguration? {
        guard let place = http.listen else { return nil }
        var server = ServerConfiguration(host: "\(place.address)", port: place.port)
        server.names = http.hosts
        server.queryTime = http.queryTime
        server.queries = http.queries
        return server
    }
}

extension ListenEndpoint.Transport {
    fileprivate var ofCollector: ListenAddress.Transport {
        switch self {
        case .udp: .udp
        case .tcp: .tcp
        case .tls: .tls
        }
    }
}
