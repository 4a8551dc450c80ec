import FlowModel
public import FlowQuery

/// The form in which events are told.
public enum AlertForm: String, CaseIterable, Hashable, Sendable {
    /// `2016-06-07 12:38:20 : A -> B (TCP)`, rule, sources and links behind it.
    case text
    /// An object a line, with the names of `skein alerts --output ndjson`.
    case ndjson
    /// An `alert` of Suricata's EVE log.
    case eve
    /// Elastic Common Schema 8.
    case ecs

    /// The line, without its end.
    public func line(_ event: AlertEvent, times: TimeText = TimeText()) -> String {
        switch self {
        case .text: event.text(times)
        case .ndjson: event.json.line
        case .eve: event.eve.line
        case .ecs: event.ecs.line
        }
    }
}

extension AlertEvent {
    /// The line for people, and for OSSEC.
    func text(_ times: TimeText) -> String {
        var octets: [UInt8] = []
        times.append(kind == .opened ? alert.first : time, to: &octets)
        let stamp = String(decoding: octets.prefix(19), as: UTF8.self)
        var line =
            "\(stamp) : \(alert.source?.description ?? "*") -> \(alert.targetText) (\(proto))"
        line += " \(alert.rule.asOneLine)"
        if alert.kind == .dns, alert.indicator != alert.question {
            line += " listed as \(alert.indicator.asOneLine)"
        }
        if alert.isRetro { line += " retro" }
        if kind != .opened { line += " \(kind.rawValue)" }
        if !alert.measure.isEmpty { line += " \(alert.value) \(alert.measure)" }
        if kind != .opened {
            line += " flows=\(alert.flows) bytes=\(alert.bytes)"
        }
        if !alert.sources.isEmpty {
            line += " [\(alert.sources.map(\.asOneLine).joined(separator: ", "))]"
        }
        // What a feed calls a link stays within its word.
        let links = alert.links.map { $0.asOneLine.split(separator: " ").joined(separator: "%20") }
        return ([line] + links).joined(separator: " ")
    }

    private var proto: String {
        if alert.kind == .dns { return "DNS" }
        return ProtocolNames.name(of: UInt64(alert.proto)) ?? "\(alert.proto)"
    }

    /// The object of `ndjson`.
    public var json: AlertJSON {
        .object(
            [("event", .text(kind.rawValue)), ("time", .number(time))]
                + alert.members)
    }

    /// Suricata's EVE: `alert` with the rule as signature.
    var eve: AlertJSON {
        // Severity is 1 for the worst there.
        let severity = UInt64(5 - alert.severity.rank)
        var members: [(String, AlertJSON)] = [
            ("timestamp", .text(Self.stamp(time, zone: "+0000"))),
            ("event_type", .text("alert")),
        ]
        if let source = alert.source { members.append(("src_ip", .text("\(source)"))) }
        if hasPorts { members.append(("src_port", .number(UInt64(alert.sourcePort)))) }
        if let target = alert.target { members.append(("dest_ip", .text("\(target)"))) }
        if hasPorts { members.append(("dest_port", .number(UInt64(alert.targetPort)))) }
        if alert.kind == .dns {
            let query = AlertJSON.object([
                ("type", .text("query")), ("rrname", .text(alert.question)),
            ])
            members += [
                ("app_proto", .text("dns")), ("dns", .object([("query", .list([query]))])),
            ]
        } else {
            members.append(("proto", .text(proto)))
        }
        members += [
            (
                "alert",
                .object([
                    ("action", .text("allowed")), ("gid", .number(1)),
                    ("signature_id", .number(alert.signatureID)), ("rev", .number(1)),
                    ("signature", .text(alert.title)), ("category", .text(alert.kind.category)),
                    ("severity", .number(severity)), ("metadata", metadata),
                ])
            ),
            (
                "flow",
                .object([
                    ("pkts_toserver", .number(alert.packets)),
                    ("bytes_toserver", .number(alert.bytes)),
                    ("start", .text(Self.stamp(alert.first, zone: "+0000"))),
                ])
            ),
        ]
        return .object(members)
    }

    /// What EVE has no member for: its schema takes lists of texts here and nothing new elsewhere.
    private var metadata: AlertJSON {
        var members: [(String, [String])] = [
            ("event", [kind.rawValue]), ("id", ["\(alert.id)"]), ("rule", [alert.rule]),
            ("severity", [alert.severity.rawValue]), ("indicator", [alert.indicator]),
            ("list", alert.sources), ("reference", alert.links),
            ("description", alert.descriptions), ("flows", ["\(alert.flows)"]),
        ]
        if let host = alert.host { members.append(("host", ["\(host)"])) }
        if !alert.measure.isEmpty { members.append((alert.measure, ["\(alert.value)"])) }
        if alert.isRetro { members.append(("retro", ["true"])) }
        return .object(
            members.filter { !$0.1.isEmpty }.map { name, texts in
                (name, .list(texts.map { .text($0) }))
            })
    }

    /// Elastic Common Schema: `event.kind` alert, `threat.enrichments` for what is listed.
    var ecs: AlertJSON {
        var source: [(String, AlertJSON)] = []
        if let address = alert.source {
            source += [("address", .text("\(address)")), ("ip", .text("\(address)"))]
        }
        var target: [(String, AlertJSON)] = []
        if let address = alert.target {
            target += [("address", .text("\(address)")), ("ip", .text("\(address)"))]
        }
        if hasPorts {
            source.append(("port", .number(UInt64(alert.sourcePort))))
            target.append(("port", .number(UInt64(alert.targetPort))))
        }
        if !alert.country.isEmpty {
            let geo = ("geo", AlertJSON.object([("country_iso_code", .text(alert.country))]))
            if alert.peer == alert.source { source.append(geo) } else { target.append(geo) }
        }
        var members: [(String, AlertJSON)] = [
            ("@timestamp", .text(Self.stamp(time, zone: "Z"))),
            ("ecs", .object([("version", .text("8.11.0"))])),
            ("message", .text(text(TimeText(now: time, zone: .utc)))),
            (
                "event",
                .object([
                    ("kind", .text("alert")),
                    (
                        "category",
                        .list([.text(alert.isOfIndicator ? "threat" : "intrusion_detection")])
                    ),
                    ("type", .list([.text(alert.isOfIndicator ? "indicator" : "info")])),
                    ("action", .text(kind.rawValue)), ("id", .text("\(alert.id)")),
                    ("module", .text("skein")), ("severity", .number(UInt64(alert.severity.rank))),
                    ("start", .text(Self.stamp(alert.first, zone: "Z"))),
                    ("end", .text(Self.stamp(alert.last, zone: "Z"))),
                ])
            ),
            ("rule", .object([("name", .text(alert.rule))])),
            ("source", .object(source)), ("destination", .object(target)),
        ]
        if alert.kind == .dns {
            members += [
                ("network", .object([("protocol", .text("dns"))])),
                (
                    "dns", .object([("question", .object([("name", .text(alert.question))]))])
                ),
            ]
        } else {
            members.append(("network", network))
        }
        if alert.isOfIndicator { members.append(("threat", threat)) }
        return .object(members)
    }

    private var network: AlertJSON {
        var members: [(String, AlertJSON)] = [("iana_number", .text("\(alert.proto)"))]
        if let name = ProtocolNames.name(of: UInt64(alert.proto)) {
            members.append(("transport", .text(name.lowercased())))
        }
        // Seen from the inside, as ECS has it; of both there is no word.
        switch alert.direction {
        case .inward: members.append(("direction", .text("inbound")))
        case .outward: members.append(("direction", .text("outbound")))
        case .both: break
        }
        members += [("bytes", .number(alert.bytes)), ("packets", .number(alert.packets))]
        return .object(members)
    }

    private var threat: AlertJSON {
        var indicator: [(String, AlertJSON)] = [
            ("type", .text(threatType)),
            ("provider", .list(alert.sources.map { .text($0) })),
        ]
        if let peer = alert.peer { indicator.insert(("ip", .text("\(peer)")), at: 1) }
        if alert.kind == .dns { indicator.append(("name", .text(alert.indicator))) }
        if !alert.descriptions.isEmpty {
            indicator.append(("description", .text(alert.descriptions.joined(separator: "; "))))
        }
        if !alert.links.isEmpty {
            indicator.append(("reference", .list(alert.links.map { .text($0) })))
        }
        let isTarget = alert.peer == alert.target
        let field =
            alert.kind == .dns ? "dns.question.name" : isTarget ? "destination.ip" : "source.ip"
        let matched: [(String, AlertJSON)] = [
            ("atomic", .text(alert.kind == .dns ? alert.question : alert.peer?.description ?? "")),
            ("field", .text(field)), ("type", .text("indicator_match_rule")),
        ]
        return .object([
            (
                "enrichments",
                .list([
                    .object([("indicator", .object(indicator)), ("matched", .object(matched))])
                ])
            )
        ])
    }

    private var threatType: String {
        // Of a blocked question only the indicator is known, a name or a network.
        let isV4 = alert.peer?.isV4 ?? IPPrefix(alert.indicator)?.address.isV4
        if alert.kind == .dns, isV4 == nil { return "domain-name" }
        return isV4 ?? true ? "ipv4-addr" : "ipv6-addr"
    }

    private var hasPorts: Bool {
        alert.kind == .dns || alert.kind == .contact && [6, 17, 33, 132].contains(alert.proto)
    }

    /// `2016-06-07T12:38:20.123` and the zone's sign, in UTC.
    static func stamp(_ instant: UInt64, zone: String) -> String {
        var octets: [UInt8] = []
        TimeText(now: instant, zone: .utc).append(instant, to: &octets)
        if octets.count > 10 { octets[10] = UInt8(ascii: "T") }
        return String(decoding: octets, as: UTF8.self) + zone
    }
}

extension Alert {
    /// A number for the rule, the same wherever it has the same name, of those that are left to users.
    fileprivate var signatureID: UInt64 {
        // FNV-1a.
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for octet in rule.utf8 { hash = (hash ^ UInt64(octet)) &* 0x100_0000_01b3 }
        return 9_000_000 + hash % 1_000_000
    }

    /// A sentence.
    var title: String {
        switch kind {
        case .contact:
            "\(rule): \(indicator) is listed by \(sources.joined(separator: ", "))"
        case .threshold: "\(rule): \(value) \(measure) of \(indicator)"
        case .beacon: "\(rule): contacts as regular as \(value) of 100"
        case .dns:
            "\(rule): \(question) is listed"
                + (sources.isEmpty ? "" : " by \(sources.joined(separator: ", "))")
        }
    }

    /// Whether it is about something that is listed.
    fileprivate var isOfIndicator: Bool { kind == .contact || kind == .dns }

    /// The destination for people; of blocked questions the name.
    public var targetText: String {
        kind == .dns ? question.asOneLine : target?.description ?? "*"
    }

    /// All of it, by the names of the vocabulary.
    public var members: [(String, AlertJSON)] {
        [
            ("id", .integer(id)), ("rule", .text(rule)), ("kind", .text(kind.rawValue)),
            ("severity", .text(severity.rawValue)), ("state", .text(state.rawValue)),
            ("retro", .flag(isRetro)),
            ("srcip", .optional(source?.description)), ("dstip", .optional(target?.description)),
            ("srcport", .number(UInt64(sourcePort))), ("dstport", .number(UInt64(targetPort))),
            ("proto", .number(UInt64(proto))), ("host", .optional(host?.description)),
            ("peer", .optional(peer?.description)), ("indicator", .text(indicator)),
            ("question", question.isEmpty ? .null : .text(question)),
            ("direction", .text(direction.rawValue)), ("flows", .number(flows)),
            ("packets", .number(packets)), ("bytes", .number(bytes)), ("first", .number(first)),
            ("last", .number(last)), ("opened", .number(opened)), ("updated", .number(updated)),
            ("resolved", resolved.map { .number($0) } ?? .null), ("windows", .number(windows)),
            ("sources", .list(sources.map { .text($0) })),
            ("links", .list(links.map { .text($0) })),
            ("descriptions", .list(descriptions.map { .text($0) })),
            ("country", country.isEmpty ? .null : .text(country)),
            ("measure", measure.isEmpty ? .null : .text(measure)), ("value", .number(value)),
            ("acknowledged", acknowledged.map { .number($0) } ?? .null), ("note", .text(note)),
        ]
    }
}

extension Alert.Kind {
    /// EVE's category.
    fileprivate var category: String {
        switch self {
        case .contact: "Known Bad Peer"
        case .threshold: "Attempted Information Leak"
        case .beacon: "A Network Trojan was detected"
        case .dns: "Domain Observed Used for C2 Detected"
        }
    }
}
