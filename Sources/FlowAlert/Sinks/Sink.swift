public import FlowQuery

/// A place where events are told, and which.
public struct SinkPlan: Sendable {
    /// Where.
    public enum Target: Hashable, Sendable {
        case standardOutput
        case file(String)
        case syslog(SyslogTarget)
        /// A program and its arguments, the event on its standard input.
        case exec([String], timeout: UInt64)
        case webhook(WebhookTarget)
        case mail(MailTarget)

        /// What events are written for; those of different kinds differ in more than their form.
        var kind: String {
            switch self {
            case .standardOutput: "stdout"
            case .file: "file"
            case .syslog(let target): target.carrier == .udp ? "syslog-udp" : "syslog"
            case .exec: "exec"
            case .webhook: "webhook"
            case .mail: "mail"
            }
        }
    }

    /// What counters and messages call it.
    public var name: String
    /// Where.
    public var target: Target
    /// How events are written.
    public var form: AlertForm
    /// Only of these rules; empty: of all.
    public var rules: [String] = []
    /// Only what is so bad or worse.
    public var severity = AlertSeverity.low
    /// Whether the end of alerts is told.
    public var tellsResolved = false
    /// How many events of a key are told; nil: all.
    public var threshold: SinkThreshold?
    /// The member of the event that the threshold counts by.
    public var trackBy = "srcip"
    /// Octets that may wait.
    public var queueBytes = 16 << 20
    /// How times are written.
    public var times = TimeText()

    /// Puts a plan together.
    public init(name: String, target: Target, form: AlertForm) {
        self.name = name
        self.target = target
        self.form = form
    }

    /// Whether an event is for it, its threshold apart.
    func wants(_ event: AlertEvent) -> Bool {
        event.alert.severity >= severity && (tellsResolved || event.kind != .resolved)
            && (rules.isEmpty || rules.contains(event.alert.rule))
    }

    /// The members that a threshold can count by.
    public static let trackable = [
        "srcip", "dstip", "host", "peer", "indicator", "rule", "severity", "country", "dstport",
    ]

    func key(of alert: Alert) -> String {
        switch trackBy {
        case "dstip": alert.target?.description ?? ""
        case "host": alert.host?.description ?? ""
        case "peer": alert.peer?.description ?? ""
        case "indicator": alert.indicator
        case "rule": alert.rule
        case "severity": alert.severity.rawValue
        case "country": alert.country
        case "dstport": "\(alert.targetPort)"
        default: alert.source?.description ?? ""
        }
    }
}

/// Takes events away; used by one thread, which may wait in it.
protocol SinkTransport: AnyObject {
    /// Delivers one event, or says why not; then it is tried again.
    func deliver(_ octets: [UInt8]) throws(SinkError)
}

extension SinkPlan {
    /// What carries the events there.
    func transport() -> any SinkTransport {
        switch target {
        case .standardOutput: DescriptorTransport()
        case .file(let path): FileTransport(path: path)
        case .syslog(let target): SyslogTransport(target)
        case .exec(let arguments, let timeout): ExecTransport(arguments, timeout: timeout)
        case .webhook(let target): WebhookTransport(target)
        case .mail(let target): MailTransport(target)
        }
    }

    /// What is kept for the transport.
    func octets(of event: AlertEvent) -> [UInt8] {
        switch target {
        case .syslog(let target): target.message(event, form: form, times: times)
        case .mail(let target): target.message(event, form: form, times: times)
        case .standardOutput, .file, .exec, .webhook:
            Array((form.line(event, times: times) + "\n").utf8)
        }
    }
}
