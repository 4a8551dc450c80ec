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
        configuration.interface = metered
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

    /// The interface whose packets become flows.
    private var metered: InterfaceConfiguration? {
        guard let name = interface.name else { return nil }
        var metered = InterfaceConfiguration(name: name)
        metered.filter = interface.bpf
        metered.bufferBytes = Int(clamping: interface.buffer)
        metered.isPromiscuous = interface.isPromiscuous
        metered.activeTimeout = interface.activeTimeout
        metered.idleTimeout = interface.idleTimeout
        return metered
    }

    /// When the journal is made safe.
    var journalPolicy: JournalPolicy {
        store.commitInterval == .zero ? .eachBatch : .every(store.commitInterval)
    }

    /// Where and how the page is served; nil = not at all.
    var server: ServerConfiguration? {
        guard let place = http.listen else { return nil }
        var server = ServerConfiguration(host: "\(place.address)", port: place.port)
        server.names = http.hosts
        server.queryTime = http.queryTime
        server.queries = http.queries
        var access = AccessConfiguration(file: AccessFile(accessFile))
        // Whoever reaches the web server in front reaches this one.
        access.isReachable = !place.address.isLoopback || !http.proxies.isEmpty
        access.sessionIdle = http.sessionIdle
        access.sessionTime = http.sessionTime
        access.metricReaders = http.metricReaders
        access.proxies = http.proxies
        server.access = access
        if let certificate = http.tls.certificate, let key = http.tls.key {
            server.tls = CertificateFiles(certificate: certificate, key: key)
        }
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
