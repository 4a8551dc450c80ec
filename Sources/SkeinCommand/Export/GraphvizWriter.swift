import FlowModel
import FlowQuery

/// Writes links in Graphviz's language, laid out by its `sfdp`: `dot -Tsvg` makes the picture.
///
/// A node is an address, or whatever the first and last keys are; one that is both a source and a target is
/// drawn once. A link is as wide as the root of its octets, and as a rule says coloured, else by its event.
struct GraphvizWriter {
    private let graph: LinkGraph
    private let title: String
    private var text = ""

    /// Colours of the events with the most octets: Okabe and Ito's, told apart by the colour-blind too.
    private static let palette = [
        "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C6D31",
    ]
    private static let plain = "#7F8A99"

    private init(_ graph: LinkGraph, title: String) {
        self.graph = graph
        self.title = title
    }

    /// The text of a graph.
    ///
    /// - Parameter title: stands above the picture.
    static func text(of graph: LinkGraph, title: String) -> String {
        var writer = Self(graph, title: title)
        writer.write()
        return writer.text
    }

    private mutating func write() {
        text += "digraph skein {\n"
        text += "  graph [layout=sfdp, K=1.4, overlap=prism, sep=\"+14\", splines=true, "
        text += "outputorder=edgesfirst, fontname=\"sans-serif\", "
        text += "labelloc=t, label=\(Self.quoted(heading))];\n"
        text += "  node [shape=ellipse, style=filled, fillcolor=\"#EEF2F7\", color=\"#5B6B7F\", "
        text += "fontname=\"sans-serif\", fontsize=10, margin=\"0.05,0.02\"];\n"
        text += "  edge [fontname=\"sans-serif\", fontsize=8, arrowsize=0.6];\n"
        writeNodes()
        writeLinks()
        text += "}\n"
    }

    /// What the picture shows, and what it leaves out.
    private var heading: String {
        let shown = graph.links.count
        if graph.linksInAll <= UInt64(shown) { return title }
        let bytes = graph.links.reduce(0) { $0 + Double($1.bytes) }
        let share = bytes / Double(max(graph.bytesInAll, 1)) * 100
        return title + "\n\(shown) of \(graph.linksInAll) links, "
            + "\((share * 10).rounded() / 10) % of the octets"
    }

    private mutating func writeNodes() {
        var written: Set<String> = []
        for link in graph.links {
            for name in [link.source, link.target] where written.insert(name).inserted {
                let colour = graph.colours[.source]?[name] ?? graph.colours[.target]?[name]
                guard let colour else { continue }
                text += "  \(Self.quoted(name)) [fillcolor=\"\(colour)\"];\n"
            }
        }
    }

    private mutating func writeLinks() {
        let largest = Double(graph.links.map(\.bytes).max() ?? 1)
        let ofEvents = eventColours()
        for link in graph.links {
            let width = 0.5 + 5.5 * (Double(link.bytes) / max(largest, 1)).squareRoot()
            let event = link.event.map { graph.colours[.event]?[$0] ?? ofEvents[$0] ?? Self.plain }
            let colour = link.colour ?? event ?? Self.plain
            var words = ["color=\"\(colour)\""]
            words.append("penwidth=\((width * 100).rounded() / 100)")
            if let name = link.event {
                words.append("label=\(Self.quoted(name)), fontcolor=\"\(event ?? Self.plain)\"")
            }
            let numbers = "\(link.flows) flows, \(link.packets) packets, \(link.bytes) octets"
            words.append("tooltip=\(Self.quoted(numbers))")
            text += "  \(Self.quoted(link.source)) -> \(Self.quoted(link.target)) "
            text += "[\(words.joined(separator: ", "))];\n"
        }
    }

    /// A colour for each of the events with the most octets among the links.
    private func eventColours() -> [String: String] {
        var bytes: [String: Double] = [:]
        for link in graph.links {
            if let event = link.event { bytes[event, default: 0] += Double(link.bytes) }
        }
        let ranked = bytes.sorted { ($0.value, $1.key) > ($1.value, $0.key) }
        return Dictionary(uniqueKeysWithValues: zip(ranked.map(\.key), Self.palette))
    }

    /// A string of Graphviz's language; its line break is an escape of its own.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            default: if scalar.value >= 32 { quoted.unicodeScalars.append(scalar) }
            }
        }
        return quoted + "\""
    }
}
