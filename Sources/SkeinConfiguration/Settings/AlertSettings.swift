import FlowQuery

/// What is worth an alert, and who is told (docs/alerts.md).
public struct AlertSettings: Hashable, Sendable {
    /// Where alerts are kept; nil = `skein-alerts.sqlite` in the store's folder.
    public var database: String?
    /// Rules that come with Skein and are on.
    public var builtIn = ["known-bad", "known-bad-name"]
    /// The user's own rules.
    public var rules: [AlertRuleSettings] = []
    /// Where events are told.
    public var sinks: [AlertSinkSettings] = []
    /// Logs of resolvers whose blocked questions are alerts.
    public var queryLogs: [QueryLogSettings] = []
    /// How far back the past is searched for what is newly listed; nil: it is not.
    public var retro: Duration? = .seconds(90 * 86_400)

    /// The rules that come with Skein.
    public static let builtInNames = [
        "known-bad", "known-bad-name", "port-scan", "host-sweep", "flood", "brute-force", "beacon",
    ]
    /// How bad something can be, the worst last.
    public static let severities = ["low", "medium", "high", "critical"]
}

/// A rule.
public struct AlertRuleSettings: Hashable, Sendable {
    /// What alerts call it.
    public var name = ""
    /// `contact`, `dns`, `threshold` or `beacon`.
    public var type = "contact"
    /// Which flows it looks at.
    public var filter = "any"
    /// contact, dns: only what these sources list; empty: any.
    public var sources: [String] = []
    /// threshold: what is counted.
    public var count = "flows"
    /// threshold: how much is too much.
    public var reach: UInt64?
    /// threshold: for whom it is counted.
    public var track = "source"
    /// beacon: the least score.
    public var score: UInt64 = 80
    /// beacon: the fewest contacts.
    public var contacts: UInt64 = 20
    /// threshold: the time in which is counted; all: a line once in this time; nil: by the type.
    public var window: Duration?
    /// Silence that ends an alert; nil: as the window.
    public var silence: Duration?
    /// How bad it is.
    public var severity = "high"

    /// The defaults.
    public init() {}
}

/// Where events are told.
public struct AlertSinkSettings: Hashable, Sendable {
    /// What counters call it.
    public var name = ""
    /// `stdout`, `file`, `syslog`, `webhook`, `mail` or `exec`.
    public var to = "file"
    /// The form; nil: text for people, ndjson for programs and webhooks.
    public var form: String?
    /// file: which.
    public var path: String?
    /// syslog: `udp://HOST:PORT`, `tcp://`, `tls://`.
    public var address: String?
    /// syslog: the facility, 0 to 23.
    public var facility: UInt64 = 16
    /// Over TLS: authorities, PEM; nil: the system's.
    public var authorities: String?
    /// webhook: where events are posted to.
    public var url: String?
    /// webhook: a file with what is sent as `Authorization`.
    public var authorizationFile: String?
    /// mail: the server, `HOST[:PORT]`.
    public var server: String?
    /// mail: `none`, `starttls` or `tls`.
    public var security = "starttls"
    /// mail: who Skein is there.
    public var user: String?
    /// mail: the file with the password.
    public var passwordFile: String?
    /// mail: who it is from.
    public var from: String?
    /// mail: who gets it.
    public var recipients: [String] = []
    /// exec: the program and its arguments.
    public var command: [String] = []
    /// exec: how long it may run.
    public var timeout: Duration = .seconds(10)
    /// Only of these rules; empty: of all.
    public var rules: [String] = []
    /// Only what is so bad or worse.
    public var severity = "low"
    /// Whether the end of alerts is told.
    public var resolved = false
    /// `limit`, `threshold` or `both`; nil: everything is told.
    public var threshold: String?
    /// How many, of the threshold.
    public var count: UInt64 = 1
    /// How long, of the threshold.
    public var seconds: UInt64 = 60
    /// What the threshold counts by.
    public var trackBy = "srcip"
    /// Octets that may wait.
    public var queue: UInt64 = 16 << 20
}

extension AlertRuleSettings {
    static let table: SettingTable<AlertRuleSettings> = {
        let setting = SettingMaker(initial: AlertRuleSettings())
        let times = Duration.seconds(1)...Duration.seconds(90 * 86_400)
        func word(_ words: [String], _ noun: String) -> ValueFormat<String> {
            .word(words.map { ($0, $0) }, noun: noun)
        }
        return SettingTable([
            setting(
                "name", \.name, .label, required: true,
                "What alerts call it; that of a built-in rule takes its place."),
            setting(
                "type", \.type, word(["contact", "dns", "threshold", "beacon"], "a type of rule"),
                "A listed peer; a blocked question to a resolver; too much in a window; contacts as "
                    + "regular as a clock."),
            setting(
                "filter", \.filter, .flowFilter,
                "Which flows it looks at (docs/filter.md); sets are read when serve starts or reloads."
            ),
            setting(
                "sources", \.sources, .list(.label),
                "contact, dns: only what these sources list; an empty list: any."),
            setting(
                "count", \.count,
                word(["flows", "packets", "bytes", "peers", "ports"], "what is counted"),
                "threshold: what is counted; peers and ports: different ones."),
            setting(
                "reach", \.reach, .optional(.number(1...1_000_000_000_000)),
                "threshold: how much in a window is too much."),
            setting(
                "track", \.track, word(["source", "destination", "pair"], "whom to count for"),
                "threshold: for whom it is counted."),
            setting("score", \.score, .number(1...100), "beacon: the least score."),
            setting(
                "contacts", \.contacts, .number(4...100_000),
                "beacon: the fewest contacts, after joining what the active timeout split."),
            setting(
                "window", \.window, .optional(.duration(times)),
                "threshold: the time in which is counted (none: 1min). contact, dns: a line once in "
                    + "this time (none: 1h). beacon: how far to look back (none: 24h)."),
            setting(
                "silence", \.silence, .optional(.duration(times)),
                "Silence that ends an alert (none: as long as the window, 5min at least)."),
            setting(
                "severity", \.severity, word(AlertSettings.severities, "a severity"),
                "How bad it is."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: AlertRuleSettings) -> String? {
        if entry.type == "threshold" {
            if entry.reach == nil { return "‘reach’ is missing: how much in a window is too much" }
        } else if entry.reach != nil {
            return "‘reach’ is for ‘type: threshold’"
        }
        if entry.type != "contact", entry.type != "dns", !entry.sources.isEmpty {
            return
                "‘sources’ is for ‘type: contact’ and ‘type: dns’; in a filter write ‘ip in @name’"
        }
        return nil
    }
}

extension AlertSinkSettings {
    /// What can be counted by.
    static let trackable = [
        "srcip", "dstip", "host", "peer", "indicator", "rule", "severity", "country", "dstport",
    ]

    static let table: SettingTable<AlertSinkSettings> = {
        let setting = SettingMaker(initial: AlertSinkSettings())
        func word(_ words: [String], _ noun: String) -> ValueFormat<String> {
            .word(words.map { ($0, $0) }, noun: noun)
        }
        return SettingTable([
            setting("name", \.name, .label, required: true, "What counters call it."),
            setting(
                "to", \.to,
                word(
                    ["stdout", "file", "syslog", "webhook", "mail", "exec"], "a kind of sink"),
                "Where events go."),
            setting(
                "form", \.form,
                .optional(word(["text", "ndjson", "eve", "ecs"], "a form")),
                "How they are written (none: ndjson for webhook and exec, else text)."),
            setting("path", \.path, .optional(.path), "file: which; it may be rotated away."),
            setting(
                "address", \.address, .optional(.syslogAddress),
                "syslog: where (RFC 5424), `tcp://HOST:514`; over TCP and TLS with octet counting."),
            setting("facility", \.facility, .number(0...23), "syslog: the facility; 16 is local0."),
            setting(
                "authorities", \.authorities, .optional(.path),
                "syslog and mail over TLS: authorities, PEM; none: the system's."),
            setting(
                "url", \.url, .optional(.webhookURL),
                "webhook: where each event is posted to; redirects are not followed."),
            setting(
                "authorization-file", \.authorizationFile, .optional(.path),
                "webhook: a file whose first line is sent as `Authorization`."),
            setting(
                "server", \.server, .optional(.mailServer),
                "mail: `HOST[:PORT]` (587; 25 without security, 465 for tls)."),
            setting(
                "security", \.security, word(["none", "starttls", "tls"], "a kind of security"),
                "mail: how the connection is kept secret."),
            setting(
                "user", \.user, .optional(.label), "mail: who Skein is there; not without TLS."),
            setting(
                "password-file", \.passwordFile, .optional(.path),
                "mail: a file whose first line is the password."),
            setting("from", \.from, .optional(.mailAddress), "mail: who it is from."),
            setting("recipients", \.recipients, .list(.mailAddress), "mail: who gets it."),
            setting(
                "command", \.command, .arguments,
                "exec: the program and its arguments; the event is on its standard input."),
            setting(
                "timeout", \.timeout, .duration(.milliseconds(100) ... .seconds(600)),
                "exec: how long it may run before it is killed."),
            setting(
                "rules", \.rules, .list(.label), "Only of these rules; an empty list: of all."),
            setting(
                "severity", \.severity, word(AlertSettings.severities, "a severity"),
                "Only what is so bad or worse."),
            setting("resolved", \.resolved, .truth, "Whether the end of alerts is told."),
            setting(
                "threshold", \.threshold,
                .optional(word(["limit", "threshold", "both"], "a threshold")),
                "As swatch: the first `count` in `seconds`; each `count`th; the `count`th only."),
            setting("count", \.count, .number(1...1_000_000), "How many, of the threshold."),
            setting("seconds", \.seconds, .number(1...31_536_000), "How long, of the threshold."),
            setting(
                "track-by", \.trackBy, word(trackable, "what to count by"),
                "What the threshold counts by."),
            setting("queue", \.queue, .size(65_536...1 << 34), "What may wait on the disk."),
        ])
    }()

    /// What is wrong with it as a whole.
    static func problem(of entry: AlertSinkSettings) -> String? {
        let needs: [(String, String, Bool)] = [
            ("file", "path", entry.path == nil), ("syslog", "address", entry.address == nil),
            ("exec", "command", entry.command.isEmpty), ("webhook", "url", entry.url == nil),
            ("mail", "server", entry.server == nil), ("mail", "from", entry.from == nil),
            ("mail", "recipients", entry.recipients.isEmpty),
        ]
        for (kind, key, isMissing) in needs {
            if entry.to == kind, isMissing { return "‘\(key)’ is missing, of ‘to: \(kind)’" }
            if entry.to != kind, !isMissing { return "‘\(key)’ is for ‘to: \(kind)’" }
        }
        if (entry.user == nil) != (entry.passwordFile == nil) {
            return "‘user’ and ‘password-file’ go together"
        }
        if entry.user != nil, entry.security == "none" {
            return "‘user’ needs ‘security: starttls’ or ‘tls’: a password is not sent openly"
        }
        return nil
    }
}

extension ValueFormat<String> {
    /// A filter of flows; the sets that it names are looked up when it is used.
    static let flowFilter = ValueFormat.scalar(
        "filter", noun: "a filter of flows",
        parse: { text throws(ValueProblem) in
            do throws(FilterError) {
                _ = try FlowFilter(parsing: text, rules: .unread)
            } catch {
                throw .notAValue(hint: error.message)
            }
            return text
        }, write: { $0 })

    /// A syslog server.
    static let syslogAddress = ValueFormat.scalar(
        "`udp://HOST:PORT`, `tcp://HOST:PORT` or `tls://HOST[:PORT]`", noun: "a syslog server",
        parse: { text throws(ValueProblem) in
            guard SyslogAddress(text) != nil else {
                throw .notAValue(hint: "write udp://192.0.2.1:514 or tls://logs.example.org")
            }
            return text
        }, write: { $0 })
}

extension ValueFormat<String> {
    /// A place that takes events.
    static let webhookURL = ValueFormat.scalar(
        "`https://…` or `http://…`", noun: "a URL",
        parse: { text throws(ValueProblem) in
            guard text.hasPrefix("https://") || text.hasPrefix("http://"),
                text.utf8.count <= 2048, text.utf8.allSatisfy({ (33...126).contains($0) })
            else { throw .notAValue(hint: "write https://hooks.example.org/skein") }
            return text
        }, write: { $0 })

    /// A mail server.
    static let mailServer = ValueFormat.scalar(
        "`HOST[:PORT]`", noun: "a mail server",
        parse: { text throws(ValueProblem) in
            guard SyslogAddress("tcp://\(text)") != nil else {
                throw .notAValue(hint: "write mail.example.org or mail.example.org:587")
            }
            return text
        }, write: { $0 })

    /// An address of mail, without a name and without what a server would take for a command.
    static let mailAddress = ValueFormat.scalar(
        "mail address", noun: "a mail address",
        parse: { text throws(ValueProblem) in
            let parts = text.split(separator: "@", omittingEmptySubsequences: false)
            guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), text.utf8.count <= 254,
                text.utf8.allSatisfy({
                    (33...126).contains($0) && !"<>()[],;:\\\"".utf8.contains($0)
                })
            else { throw .notAValue(hint: "write skein@example.org") }
            return text
        }, write: { $0 })
}

extension ValueFormat<[String]> {
    /// A program and its arguments, which may repeat.
    static let arguments = ValueFormat(
        name: "list of: text", noun: "a list of a program and its arguments", textForm: .list,
        fields: [],
        read: { node, findings in
            let nodes: [YAMLNode]
            switch node.content {
            case .sequence(let items): nodes = items
            case .scalar("none", isQuoted: false): nodes = []
            case .scalar where !node.isNull: nodes = [node]
            case .refused: return nil
            default:
                findings.add(
                    .wrongShape(expected: "a list", found: node.shapeName), at: node.place)
                return nil
            }
            var words: [String] = []
            for node in nodes {
                guard case .scalar(let text, _) = node.content else {
                    findings.add(
                        .wrongShape(expected: "a text", found: node.shapeName), at: node.place)
                    return nil
                }
                words.append(text)
            }
            return words
        }, write: { .list($0.map { .scalar($0) }) })
}

/// `tcp://HOST:PORT` taken apart.
public struct SyslogAddress: Hashable, Sendable {
    /// `udp`, `tcp` or `tls`.
    public let carrier: String
    /// A name or an address, without brackets.
    public let host: String
    /// The port; 514 where none is named, 6514 for TLS.
    public let port: Int

    /// Reads an address; nil where it is none.
    public init?(_ text: String) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, ["udp", "tcp", "tls"].contains(parts[0]) else { return nil }
        carrier = String(parts[0])
        var host = parts[1]
        var port: Int? = carrier == "tls" ? 6514 : 514
        if host.hasPrefix("["), let end = host.firstIndex(of: "]") {
            let rest = host[host.index(after: end)...]
            if !rest.isEmpty {
                guard rest.hasPrefix(":") else { return nil }
                port = Int(rest.dropFirst())
            }
            host = host[host.index(after: host.startIndex)..<end]
        } else if let colon = host.lastIndex(of: ":") {
            port = Int(host[host.index(after: colon)...])
            host = host[..<colon]
        }
        guard let port, (1...65_535).contains(port), !host.isEmpty, host.utf8.count <= 253,
            !host.contains(where: { $0 == " " || $0 == "/" })
        else { return nil }
        self.host = String(host)
        self.port = port
    }
}
