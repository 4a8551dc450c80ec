/// What can be asked for, by its path.
enum Endpoint: String, CaseIterable {
    /// Whether flows are taken and kept.
    case health = "/healthz"
    /// What was counted, for Prometheus.
    case metrics = "/metrics"
    /// Flows, groups, series, totals.
    case query = "/api/v1/query"
    /// What rules have found.
    case alerts = "/api/v1/alerts"
    /// What is listed, for other tools.
    case export = "/api/v1/intel/export/{format}"
    /// Who exports.
    case exporters = "/api/v1/exporters"
    /// What was counted, as JSON.
    case counters = "/api/v1/counters"
    /// The description of all this.
    case document = "/api/v1/openapi.json"

    /// What a path is that somebody asks for.
    init?(path: String) {
        if ExportAnswer.format(in: path) != nil {
            self = .export
        } else {
            self.init(rawValue: path)
        }
    }
}
