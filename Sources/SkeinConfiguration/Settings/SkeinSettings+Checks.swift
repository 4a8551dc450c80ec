import FlowModel

extension SkeinSettings {
    /// Finds settings that do not go together.
    func check(_ findings: inout Findings) {
        if findings.isSound("interface.name"), interface.bpf != nil, interface.name == nil {
            findings.add(
                .conflict("it chooses packets of an interface, but interface.name is none"),
                of: "interface.bpf")
        }
        if findings.isSound("interface.active-timeout", "interface.idle-timeout"),
            interface.idleTimeout > interface.activeTimeout
        {
            let name =
                findings.origins["interface.idle-timeout"] == nil
                ? "interface.active-timeout" : "interface.idle-timeout"
            findings.add(
                .conflict("interface.idle-timeout is longer than interface.active-timeout"),
                of: name)
        }
        if findings.isSound("listen", "interface.name"), listen.isEmpty, interface.name == nil {
            findings.add(
                .conflict("nothing would ever arrive: listen somewhere, or name an interface"),
                of: "listen")
        }
        if findings.isSound("listen", "tls.certificate", "tls.key") { checkTLS(&findings) }
        for target in forward where loops(to: target) {
            findings.add(
                .conflict("‘\(target)’ is where Skein listens: datagrams would go round for ever"),
                of: "forward")
        }
        checkHTTP(&findings)
        checkOverrides(&findings)
        checkHome(&findings)
    }

    private func checkTLS(_ findings: inout Findings) {
        let missing = [("tls.certificate", tls.certificate), ("tls.key", tls.key)]
            .filter { $0.1 == nil }.map(\.0)
        if let place = listen.first(where: { $0.transport == .tls }), !missing.isEmpty {
            findings.add(
                .conflict(
                    "‘\(place)’ needs \(missing.joined(separator: " and ")), PEM files of who Skein is"
                ),
                of: "listen")
        } else if missing.count == 1 {
            let given = missing[0] == "tls.key" ? "tls.certificate" : "tls.key"
            findings.add(
                .conflict("it goes together with \(missing[0]), which is missing"), of: given)
        }
    }

    private func loops(to target: ListenEndpoint) -> Bool {
        listen.contains { endpoint in
            endpoint.transport == target.transport && endpoint.port == target.port
                && (endpoint.address == target.address
                    || endpoint.address?.isUnspecified ?? true
                        && target.address?.isLoopback ?? false)
        }
    }

    private func checkOverrides(_ findings: inout Findings) {
        struct Key: Hashable {
            let prefix: IPPrefix
            let domain: UInt32?
        }
        var seen: Set<Key> = []
        for (index, entry) in exporters.overrides.enumerated()
        where !seen.insert(Key(prefix: entry.address, domain: entry.domain)).inserted {
            findings.add(
                .conflict("‘\(entry.address)’ has an entry above; only one can hold"),
                of: "exporters.overrides", entry: index)
        }
        var names: Set<String> = []
        for (index, entry) in intel.sources.enumerated() where !names.insert(entry.name).inserted {
            findings.add(
                .conflict("‘\(entry.name)’ has an entry above; each source needs its own name"),
                of: "intel.sources", entry: index)
        }
        checkExports(&findings)
        checkAlerts(&findings)
        var prefixes: Set<IPPrefix> = []
        for (index, entry) in geo.overrides.enumerated()
        where !prefixes.insert(entry.prefix).inserted {
            findings.add(
                .conflict("‘\(entry.prefix)’ has an entry above; only one can hold"),
                of: "geo.overrides", entry: index)
        }
    }

    private func checkExports(_ findings: inout Findings) {
        var paths: Set<String> = []
        for (index, entry) in intel.exports.enumerated() {
            if !paths.insert(entry.path).inserted {
                findings.add(
                    .conflict("‘\(entry.path)’ is the file of an entry above"),
                    of: "intel.exports", entry: index)
            }
            for name in entry.sources where !intel.sources.contains(where: { $0.name == name }) {
                findings.add(
                    .conflict("there is no source ‘\(name)’"), of: "intel.exports", entry: index)
            }
        }
    }

    private func checkAlerts(_ findings: inout Findings) {
        let lists = [
            ("alerts.rules", alerts.rules.map(\.name)), ("alerts.sinks", alerts.sinks.map(\.name)),
            ("alerts.query-logs", alerts.queryLogs.map(\.path)),
        ]
        for (list, names) in lists {
            var seen: Set<String> = []
            for (index, name) in names.enumerated() where !seen.insert(name).inserted {
                findings.add(
                    .conflict("‘\(name)’ has an entry above; each needs its own name"), of: list,
                    entry: index)
            }
        }
        let known = AlertSettings.builtInNames + alerts.rules.map(\.name)
        for (index, sink) in alerts.sinks.enumerated() {
            for name in sink.rules where !known.contains(name) {
                findings.add(
                    .conflict("there is no rule ‘\(name)’"), of: "alerts.sinks", entry: index)
            }
        }
    }

    /// A network cannot be at two places at once.
    private func checkHome(_ findings: inout Findings) {
        var times: [IPPrefix: [Range<UInt64>]] = [:]
        for (index, entry) in geo.home.enumerated() {
            for network in entry.networks {
                if times[network]?.contains(where: { $0.overlaps(entry.validity) }) == true {
                    findings.add(
                        .conflict(
                            "‘\(network)’ has an entry above for the same time; "
                                + "say with ‘from’ and ‘to’ when it was where"),
                        of: "geo.home", entry: index)
                }
                times[network, default: []].append(entry.validity)
            }
        }
    }
}

extension Findings {
    /// Adds to what is wrong with an entry of a list.
    fileprivate mutating func add(
        _ kind: ConfigurationProblem.Kind, of list: String, entry: Int
    ) {
        setting = list
        add(kind, from: origins["\(list)[\(entry)]"] ?? .file(TextPlace(line: 1, column: 1)))
    }
}
