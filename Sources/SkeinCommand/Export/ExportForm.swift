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

    /// Whether it is text that may go to a terminal.
    var isText: Bool { self != .ipfix }

    /// Whether the user says which fields it has.
    var hasFields: Bool { self == .csv || self == .ndjson }
}
