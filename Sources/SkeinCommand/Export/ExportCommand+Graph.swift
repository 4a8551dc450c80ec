import ArgumentParser
import FlowModel
import FlowQuery
import FlowStore

/// What belongs to a graph of links alone.
struct GraphOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            """
            graphviz and afterglow: what links join: source, event and target, or source and target \
            (default: srcip,service,dstip).
            """, valueName: "a,b,c"))
    var by: String?

    @Option(
        help: ArgumentHelp(
            "graphviz and afterglow: so many links, the largest (default: 200).",
            valueName: "n"))
    var top: Int?

    @Option(help: "graphviz and afterglow: what makes a link large (default: bytes).")
    var order: GroupOrder?

    @Option(
        name: [.long, .customLong("color")], parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            """
            graphviz and afterglow: a colour for links of flows that match, or with source:, event: or \
            target: before it, for these. The first rule that fits counts.
            """, valueName: "colour=filter"))
    var colour: [ColourRule] = []

    /// Whether anything is said here.
    var isGiven: Bool { by != nil || top != nil || order != nil || !colour.isEmpty }
}

extension ExportCommand {
    /// What links join; whatever is wrong with it is a ``ValidationError``.
    func graphKeys() throws -> [GroupKey] {
        let names = (graph.by ?? "srcip,service,dstip")
            .split(separator: ",", omittingEmptySubsequences: false)
            .map { String($0.filter { $0 != " " }) }
        guard names.count == 2 || names.count == 3 else {
            throw ValidationError("--by: source, event and target, or source and target")
        }
        let keys = try names.map { name in
            do {
                return try GroupKey(parsing: name)
            } catch {
                throw ValidationError("--by: \(error)")
            }
        }
        guard Set(keys).count == keys.count else {
            throw ValidationError("--by: the same stands there twice")
        }
        return keys
    }

    /// Refuses what cannot be drawn.
    func checkGraph(rules: FilterRules) throws {
        guard form.isGraph else {
            if graph.isGiven {
                throw ValidationError(
                    "--by, --top, --order and --colour belong to --as graphviz and --as afterglow")
            }
            return
        }
        _ = try graphKeys()
        guard 1...LinkGraph.linksMax ~= graph.top ?? 1 else {
            throw ValidationError("--top is 1 to \(LinkGraph.linksMax) links")
        }
        guard graph.order != .distinct else {
            throw ValidationError("--order: links are not ordered by distinct values")
        }
        _ = try colourRules(rules: rules)
    }

    private func colourRules(
        rules: FilterRules
    ) throws -> [(rule: ColourRule, filter: FlowExpression)] {
        let times = TimeText(zone: utc ? .utc : .local)
        return try graph.colour.map { rule in
            (rule, try store.filter([rule.filter], times: times, rules: rules).expression)
        }
    }

    /// Writes the links of the flows.
    func writeGraph(
        _ request: QueryRequest, _ engine: QueryEngine, to file: ExportFile
    ) throws {
        let links = try LinkGraph(
            request, graphKeys(), order: graph.order ?? .bytes,
            top: graph.top ?? LinkGraph.linksDefault,
            rules: colourRules(rules: .trusted), engine: engine, times: TimeText(zone: .utc))
        switch form {
        case .afterglow:
            try file.write(
                Array(LinkListWriter.text(of: links, hasRules: !graph.colour.isEmpty).utf8))
        default:
            let title = filter.isEmpty ? "all flows" : filter.joined(separator: " ")
            try file.write(Array(GraphvizWriter.text(of: links, title: title).utf8))
        }
        try file.finish()
        let rest = links.linksInAll - min(links.linksInAll, UInt64(links.links.count))
        StandardStreams.say(
            "\(file.name): \(links.links.count) links"
                + (rest > 0 ? "; \(rest) smaller ones were left out (--top)" : ""))
        links.notes.forEach(StandardStreams.say)
    }
}
