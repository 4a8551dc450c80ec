import FlowQuery

/// Writes links as AfterGlow reads them: source, event and target separated by commas, a link a line.
///
/// Where rules give colours, a fourth column has the link's, and a fifth to seventh those of source, event
/// and target; AfterGlow's properties take them as `color.edge=$fields[3]`, `color.source=$fields[4]` and so
/// on. What no rule colours is empty there.
enum LinkListWriter {
    /// - Parameter hasRules: whether the columns of colours are wanted.
    static func text(of graph: LinkGraph, hasRules: Bool) -> String {
        var text = ""
        for link in graph.links {
            var cells = link.names
            if hasRules {
                cells.append(link.colour ?? "")
                cells.append(graph.colours[.source]?[link.source] ?? "")
                if let event = link.event { cells.append(graph.colours[.event]?[event] ?? "") }
                cells.append(graph.colours[.target]?[link.target] ?? "")
            }
            text += cells.map(quoted).joined(separator: ",") + "\n"
        }
        return text
    }

    /// Within quotation marks where RFC 4180 wants it.
    private static func quoted(_ text: String) -> String {
        guard text.contains(where: { ",\"\r\n".contains($0) }) else { return text }
        return "\"" + text.replacing("\"", with: "\"\"") + "\""
    }
}
