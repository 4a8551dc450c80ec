import ArgumentParser
import FlowGenerator
import FlowModel
import Glibc

/// How `--story` is printed.
enum StoryFormat: String, CaseIterable, ExpressibleByArgument {
    case table, csv, json, ndjson

    /// The story of a script.
    func text(of script: FlowScript) -> [UInt8] {
        let text: String
        switch self {
        case .table: text = table(script)
        case .csv: text = csv(script)
        case .json:
            let rows = script.story.map { "  " + object($0) }.joined(separator: ",\n")
            let footing =
                "{\"seed\": \(script.seed), \"flows\": \(script.flows), "
                + "\"start\": \(script.start), \"end\": \(script.end)}"
            text = "{\"rows\": [\n\(rows)\n], \"footing\": \(footing)}\n"
        case .ndjson: text = script.story.map { object($0) + "\n" }.joined()
        }
        return Array(text.utf8)
    }

    /// Names are the vocabulary of design.md §4 where it has one.
    private func object(_ fact: StoryFact) -> String {
        let sources = fact.sources.map { "\"\($0)\"" }.joined(separator: ", ")
        let targets = fact.targets.map { "\"\($0)\"" }.joined(separator: ", ")
        let ports = fact.ports.map { "\"\(Self.text($0))\"" }.joined(separator: ", ")
        let protocols = fact.protocols.map { "\($0)" }.joined(separator: ", ")
        return "{\"kind\": \"\(fact.kind)\", \"summary\": \"\(fact.summary)\", "
            + "\"srcip\": [\(sources)], \"dstip\": [\(targets)], \"dstport\": [\(ports)], "
            + "\"proto\": [\(protocols)], \"start\": \(fact.start), \"end\": \(fact.end), "
            + "\"period\": \(fact.period.map { "\($0)" } ?? "null"), "
            + "\"exchanges\": \(fact.exchanges), \"flows\": \(fact.flows)}"
    }

    private func csv(_ script: FlowScript) -> String {
        "kind,srcip,dstip,dstport,start,end,period,exchanges,flows\n"
            + script.story.map { fact in
                let sources = fact.sources.map { "\($0)" }.joined(separator: " ")
                let targets = fact.targets.map { "\($0)" }.joined(separator: " ")
                let ports = fact.ports.map(Self.text).joined(separator: " ")
                return "\(fact.kind),\(sources),\(targets),\(ports),\(fact.start),\(fact.end),"
                    + "\(fact.period.map { "\($0)" } ?? ""),\(fact.exchanges),\(fact.flows)\n"
            }.joined()
    }

    private func table(_ script: FlowScript) -> String {
        script.story.map { fact in
            let sources =
                fact.sources.isEmpty
                ? "many" : fact.sources.map { "\($0)" }.joined(separator: " ")
            let targets = fact.targets.map { "\($0)" }.joined(separator: " ")
            let ports = fact.ports.map(Self.text).joined(separator: ", ")
            return """
                \(fact.kind): \(fact.summary)
                  from   \(sources)
                  to     \(targets) port \(ports)
                  when   \(Self.utc(fact.start)) to \(Self.utc(fact.end)) UTC
                  flows  \(fact.flows) of \(fact.exchanges) conversations


                """
        }.joined()
    }

    private static func text(_ ports: ClosedRange<UInt16>) -> String {
        ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }

    private static func utc(_ milliseconds: UInt64) -> String {
        var seconds = time_t(milliseconds / 1_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        func two(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return "\(parts.tm_year + 1_900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))"
    }
}
