/// What can be asked for, by its path; the files of the page are in ``PageFiles``.
enum Endpoint: String, CaseIterable {
    /// Whether flows are taken and kept.
    case health = "/healthz"
    /// What was counted, for Prometheus.
    case metrics = "/metrics"
    /// What there is to ask: the store, the vocabulary.
    case about = "/api/v1/about"
    /// Flows, groups, series, totals.
    case query = "/api/v1/query"
    /// Whether a filter can be read, and where not.
    case filter = "/api/v1/filter"
    /// Which countries flows go to and come from.
    case map = "/api/v1/map"
    /// What rules have found.
    case alerts = "/api/v1/alerts"
    /// What is listed, for other tools.
    case export = "/api/v1/intel/export/{format}"
    /// Notes that somebody knows of an alert.
    case acknowledge = "/api/v1/alerts/acknowledge"
    /// The sources of indicators.
    case feeds = "/api/v1/intel/feeds"
    /// Who lists a value.
    case lookup = "/api/v1/intel/lookup"
    /// Who exports.
    case exporters = "/api/v1/exporters"
    /// What was counted, as JSON.
    case counters = "/api/v1/counters"
    /// What happens, as it happens.
    case events = "/api/v1/events"
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
    /// Whether it changes something, and so wants POST.
    var writes: Bool { self == .acknowledge }
}
