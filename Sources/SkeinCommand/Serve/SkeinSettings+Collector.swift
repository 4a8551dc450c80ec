import FlowCollector
import FlowStore
import FlowWire
import SkeinConfiguration
import SkeinServer

extension SkeinSettings {
    /// What of the settings concerns receiving, decoding and keeping.
    var collector: CollectorConfiguration {
        var collector = CollectorConfiguration()
        collector.listen = listen.map { endpoint in
            ListenAddress(
                endpoint.address, port: endpoint.port,
                transport: endpoint.transport == .tcp ? .tcp : .udp)
        }
        collector.allow = exporters.allow
        collector.receiveBufferBytes = Int(clamping: receiveBuffer)
        collector.queueBytesMax = Int(clamping: queueMemory)
        collector.forward = forward.compactMap { endpoint in
            endpoint.address.map { ForwardTarget(host: "\($0)", port: endpoint.port) }
        }
        collector.retention = RetentionPolicy(
            maxAge: store.retention.maxAge, maxOctets: store.retention.maxSize)
        collector.decoder.separatesTemplatesByPort = exporters.useSourcePort
        return collector
    }

    /// When what arrived is made safe.
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
        return server
    }
}

extension Configuration {
    /// Settings that were set, but that `skein serve` does not act on yet, a sentence each.
    var unused: [String] {
        let waiting = [
            "store.retention.minute-rollups", "store.retention.hour-rollups", "exporters.overrides",
            "interface.", "geo.", "log.",
        ]
        return SkeinSettings.reference.map(\.path).filter { path in
            origins[path] != nil && waiting.contains { path.hasPrefix($0) }
        }.map { "\($0) is set, but this version does not act on it yet" }
    }
}
