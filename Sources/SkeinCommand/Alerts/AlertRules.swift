import FlowAlert
import FlowIntel
import FlowModel
import FlowQuery
import SkeinConfiguration

/// The rules of a configuration, its own and the built-in ones that are on.
struct AlertRules {
    var settings: [AlertRuleSettings]
    /// The store's folder, whose sets filters may name.
    private let store: String

    init(_ all: SkeinSettings) {
        let own = all.alerts.rules
        settings =
            all.alerts.builtIn.filter { name in !own.contains { $0.name == name } }
            .compactMap(Self.builtIn) + own
        store = all.store.path
    }

    /// A rule that comes with Skein, on or not.
    static func builtIn(_ name: String) -> AlertRuleSettings? {
        var rule = AlertRuleSettings()
        rule.name = name
        rule.type = "threshold"
        rule.severity = "medium"
        rule.window = .seconds(60)
        switch name {
        case "known-bad":
            rule.type = "contact"
            rule.severity = "high"
            rule.window = nil
        case "known-bad-name":
            rule.type = "dns"
            rule.severity = "high"
            rule.window = nil
        case "port-scan":
            rule.count = "ports"
            rule.reach = 100
            rule.track = "pair"
        case "host-sweep":
            rule.filter = "(proto tcp and flags S and not flags A) or proto icmp"
            rule.count = "peers"
            rule.reach = 100
        case "flood":
            rule.count = "packets"
            rule.reach = 3_000_000
            rule.track = "destination"
            rule.severity = "high"
        case "brute-force":
            rule.filter =
                "proto tcp and dst port in [21 22 23 25 110 143 389 445 993 1433 3306 3389 5900]"
            rule.count = "flows"
            rule.reach = 60
            rule.track = "pair"
        case "beacon":
            rule.type = "beacon"
            rule.window = .seconds(86_400)
        default: return nil
        }
        return rule
    }

    /// Whether one of them is about listed peers.
    var needIndicators: Bool { settings.contains { $0.type == "contact" } }

    /// Reads the filters.
    ///
    /// - Parameter sets: the listed addresses, for `@name`.
    func compiled(_ sets: IntelSets) throws -> [AlertRule] {
        try settings.map { try Self.compiled($0, store, sets) }
    }

    private static func compiled(
        _ entry: AlertRuleSettings, _ store: String, _ sets: IntelSets
    ) throws -> AlertRule {
        let filter: FlowExpression
        do {
            filter = try FlowExpression(
                parsing: entry.filter, sources: FilterFiles(store: store, intel: sets))
        } catch {
            throw StoreProblem(description: "the rule \(entry.name): \(error)")
        }
        let test: AlertRule.Test
        let usual: UInt64
        switch entry.type {
        case "threshold":
            usual = 60_000
            test = .threshold(
                AlertRule.Threshold(
                    AlertRule.Measure(rawValue: entry.count) ?? .flows, reach: entry.reach ?? 1,
                    track: AlertRule.Track(rawValue: entry.track) ?? .source))
        case "beacon":
            usual = 86_400_000
            test = .beacon(
                AlertRule.Beacon(score: entry.score, contacts: Int(clamping: entry.contacts)))
        case "dns":
            usual = 3_600_000
            test = .dns(sources: entry.sources)
        default:
            usual = 3_600_000
            test = .contact(sources: entry.sources)
        }
        let window = entry.window.map(milliseconds) ?? usual
        return AlertRule(
            name: entry.name, filter: filter, test: test,
            severity: AlertSeverity(rawValue: entry.severity) ?? .medium, window: window,
            silence: entry.silence.map(milliseconds) ?? max(window, 300_000))
    }

    private static func milliseconds(_ duration: Duration) -> UInt64 {
        UInt64(max(duration / .milliseconds(1), 1))
    }
}

extension SkeinSettings {
    /// Where alerts are kept.
    var alertDatabase: String { alerts.database ?? "\(store.path)/skein-alerts.sqlite" }

    /// The user's own networks as they are now.
    var inside: InsideNetworks {
        let now = Clock.millisecondsSince1970()
        let home = geo.home.filter { ($0.from ?? 0) <= now && now < $0.to ?? .max }
        return InsideNetworks(own: intel.own + home.flatMap(\.networks))
    }

    /// Logs of resolvers that are followed.
    var queryLogs: [QueryLog] {
        alerts.queryLogs.map { entry in
            var log = QueryLog(path: entry.path)
            log.zone = entry.zone
            log.fromBeginning = entry.from == "beginning"
            return log
        }
    }

    /// Where events are told.
    var sinkPlans: [SinkPlan] { alerts.sinks.compactMap(\.plan) }
}

extension AlertSinkSettings {
    fileprivate var plan: SinkPlan? {
        let target: SinkPlan.Target
        switch to {
        case "stdout": target = .standardOutput
        case "syslog":
            guard let place = address.flatMap({ SyslogAddress($0) }) else { return nil }
            target = .syslog(
                SyslogTarget(
                    SyslogTarget.Carrier(rawValue: place.carrier) ?? .udp, host: place.host,
                    port: place.port, facility: Int(facility), authorities: authorities))
        case "webhook":
            guard let url else { return nil }
            target = .webhook(WebhookTarget(url: url, authorizationFile: authorizationFile))
        case "mail":
            guard let mail else { return nil }
            target = .mail(mail)
        case "exec":
            target = .exec(command, timeout: UInt64(max(timeout / .milliseconds(1), 1)))
        default:
            guard let path else { return nil }
            target = .file(path)
        }
        let usual: AlertForm = to == "exec" || to == "webhook" ? .ndjson : .text
        var plan = SinkPlan(
            name: name, target: target, form: form.flatMap { AlertForm(rawValue: $0) } ?? usual)
        plan.rules = rules
        plan.severity = AlertSeverity(rawValue: severity) ?? .low
        plan.tellsResolved = resolved
        plan.threshold = threshold.flatMap { SinkThreshold.Kind(rawValue: $0) }.map {
            SinkThreshold($0, count: count, seconds: seconds)
        }
        plan.trackBy = trackBy
        plan.queueBytes = Int(clamping: queue)
        return plan
    }
    private var mail: MailTarget? {
        guard let from, let server, let place = SyslogAddress("tcp://\(server)") else { return nil }
        let security = MailTarget.Security(rawValue: security) ?? .starttls
        let usual = [.none: 25, .starttls: 587, .tls: 465][security] ?? 587
        // The form of an address has syslog's port where none is named.
        let hasPort =
            server.last != "]" && server.split(separator: "]").last?.contains(":") ?? false
        var target = MailTarget(
            host: place.host, port: hasPort ? place.port : usual, security: security, from: from,
            recipients: recipients)
        target.authorities = authorities
        target.user = user
        target.passwordFile = passwordFile
        return target
    }
}
