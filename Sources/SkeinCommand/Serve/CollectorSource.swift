import FlowCollector
import FlowIntel
import FlowQuery
import FlowStore
import FlowWire
import Glibc
import SkeinServer

/// What the server tells of a running collector and its store.
struct CollectorSource: ServerSource {
    let collector: Collector
    /// The store's folder.
    let store: String
    let queries: StoreQueries
    let alerts: ServeAlerts
    /// The updating of sources.
    let feeds: ServerFeeds
    /// The swarms of what arrives.
    let live: LiveSwarms
    /// What is listed, for other tools.
    let exports: ServerExports
    /// What is configured.
    let settings: SharedSettings
    /// The file that it comes from; nil where there is none.
    let configuration: String?

    var troubles: [String] { collector.counters.troubles }

    var metrics: [MetricFamily] {
        var families =
            collector.counters.metrics + alerts.metrics + feeds.metrics + exports.metrics
            + live.metrics
        if let reader = try? StoreReader(directory: store) {
            families += [
                MetricFamily(
                    "skein_store_bytes", .gauge, "Octets of segments and journal.",
                    reader.octets + reader.journal.octets),
                MetricFamily(
                    "skein_store_flows", .gauge, "Flows in the store.", reader.rows),
                MetricFamily(
                    "skein_store_segments", .gauge, "Segments of the store.",
                    UInt64(reader.segments.count)),
            ]
        }
        if let source = try? ExporterSource(directory: store) {
            families += MetricFamily.families(of: source.statuses, now: ExporterSource.now)
        }
        return families
    }

    func exporters() throws -> [UInt8] {
        let source = try ExporterSource(directory: store)
        let knowledge = queries.knowledge.current
        let rows = ExportersCommand.rows(
            source.diagnoses(knowledge), at: source.instant, knowledge)
        return Array(rows.text(as: .json).utf8)
    }

    func query(_ parameters: QueryParameters) throws -> any ServedQuery {
        try queries.query(parameters)
    }

    func swarm(_ parameters: QueryParameters) throws -> any ServedQuery {
        try queries.swarm(parameters, settings: settings)
    }

    func live(_ parameters: QueryParameters) throws -> any ServedFeed {
        try queries.live(parameters, live, alerts, settings: settings)
    }

    func alerts(_ parameters: QueryParameters) throws -> any ServedQuery {
        try alerts.query(parameters)
    }

    func export(_ format: String, _ parameters: QueryParameters) throws -> (any ServedExport)? {
        try exports.served.asked(format, parameters)
    }

    var exportFormats: [String] { ExportFormat.allCases.map(\.rawValue) }
}
