import HTTPTypes

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
    /// Scenes of flows, step by step.
    case swarm = "/api/v1/swarm"
    /// Scenes of what arrives, as it arrives.
    case live = "/api/v1/swarm/live"
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
    /// Who asks; logging in and out.
    case session = "/api/v1/session"
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

    /// How it may be asked.
    var methods: [HTTPRequest.Method] {
        switch self {
        case .acknowledge: [.post]
        case .session: [.get, .head, .post, .delete]
        default: [.get, .head]
        }
    }

    /// What has to be open to whoever asks; nil where it is open to all.
    var scope: AccessScope? {
        switch self {
        case .health, .session: nil
        case .acknowledge: .admin
        default: .read
        }
    }
}
