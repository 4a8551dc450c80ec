import ArgumentParser

/// What `skein export --as` makes.
enum ExportForm: String, CaseIterable, ExpressibleByArgument {
    /// RFC 4180, the vocabulary's names in the header.
    case csv
    /// An object a line.
    case ndjson
    /// A file of IPFIX messages (RFC 5655), or datagrams to a collector.
    case ipfix
    /// The XML that code_swarm reads: two events a flow.
    case codeswarm
    /// A graph of who talks to whom, in Graphviz's language.
    case graphviz
    /// The same graph as AfterGlow reads it: source, event and target.
    case afterglow

    /// Whether it is text that may go to a terminal.
    var isText: Bool { self != .ipfix }

    /// Whether it is a graph of links, which flows are added up to.
    var isGraph: Bool { self == .graphviz || self == .afterglow }

    /// Whether the user says which fields it has.
    var hasFields: Bool { self == .csv || self == .ndjson }
}
