import ArgumentParser
import FlowIntel
import FlowModel
import FlowQuery

/// `skein intel lookup`.
struct IntelLookupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lookup",
        abstract:
            "Say who lists an address, a name or another value, and why it is silent if it is.",
        discussion: """
            Nothing is looked up anywhere but in the lists that `skein intel update` has read. A name is \
            listed by itself and by the domains above it.
            """)

    @OptionGroup var intel: IntelOption

    @Argument(help: "An address, a host name, a URL, a digest.")
    var value: String

    @Option(help: "How to answer: table, csv, json or ndjson.")
    var output = OutputFormat.table

    func run() throws {
        try runCommand {
            let (rows, notes) = try answer(by: intel.load())
            notes.forEach(StandardStreams.say)
            try rows.write(as: output)
        }
    }

    /// Who lists it, and what is to be said beside.
    func answer(by intelligence: Intelligence) throws -> (ListedRows, notes: [String]) {
        let value = try checked()
        let address = IPAddress(value)
        let listings =
            try address.map { try intelligence.store.listings(of: $0) }
            ?? intelligence.store.listings(of: value)
        let judge = intelligence.judge
        var notes = listings.isEmpty ? [silence(address, judge)] : []
        if let unread = try unread(intelligence) { notes.append(unread) }
        let answers = listings.map { listing in
            (listing, state(of: listing.indicator, address: address, judge))
        }
        return (rows(answers), notes)
    }

    /// The value without the blanks around it, where it is one that could be listed.
    func checked() throws -> String {
        let value = Indicator.trimmed(value)
        switch Indicator.reading(ofValue: value) {
        case .value: return value
        case .network:
            throw ValidationError("'\(value)' is a network; look up one address of it.")
        case .bad(let reason):
            throw ValidationError(
                "'\(value)' is no address, name, URL, digest or e-mail address: \(reason).")
        }
    }

    /// Which lists had no say, so that silence is not taken for an all-clear; nil where all had.
    private func unread(_ intelligence: Intelligence) throws -> String? {
        let names = intelligence.settings.sources.map(\.name)
        if names.isEmpty {
            return "no source is configured, so no list was asked; see docs/intel.md"
        }
        let states = try intelligence.store.sources()
        let read = Set(states.filter { $0.updated != nil }.map(\.name))
        let missing = names.filter { !read.contains($0) }
        if missing.isEmpty { return nil }
        return "not asked, as no list of theirs has been read (`skein intel update`): "
            + missing.joined(separator: ", ")
    }

    /// Why nothing is said of a value that nobody lists.
    private func silence(_ address: IPAddress?, _ judge: Judge) -> String {
        guard let address else { return "nobody lists \(value)" }
        if let refusal = judge.policy.refusal(of: AddressRange(address)) {
            return "nobody lists \(value), and nobody could: \(refusal)"
        }
        let origins = judge.allowList.origins(allowing: address)
        let allowed = origins.isEmpty ? "" : "; it is allowed by " + origins.joined(separator: ", ")
        return "nobody lists \(value)\(allowed)"
    }

    /// `in force`, or why it is not.
    private func state(
        of indicator: Indicator, address: IPAddress?, _ judge: Judge
    ) -> String {
        switch judge.judge(indicator).outcome {
        case .refused(let reason): return "refused: \(reason)"
        case .allowed(let origin):
            let origins = address.map { judge.allowList.origins(allowing: $0) } ?? []
            return "allowed by " + (origins.isEmpty ? origin : origins.joined(separator: ", "))
        case .inForce, .carved:
            if let address {
                let origins = judge.allowList.origins(allowing: address)
                if !origins.isEmpty { return "allowed by " + origins.joined(separator: ", ") }
            } else if indicator.kind.isName,
                let origin = judge.allowList.origin(allowing: value, kind: .hostname)
            {
                return "allowed by \(origin)"
            }
            return "in force"
        }
    }

    private func rows(_ answers: [(listing: Listing, state: String)]) -> ListedRows {
        let rows = answers.map { listing, state -> [JSONValue] in
            let indicator = listing.indicator
            let detail = indicator.detail
            let times = [detail.firstSeen, detail.lastSeen, detail.expires].map { time in
                time.map { JSONValue.integer($0) } ?? .null
            }
            return [
                .text(indicator.source), .text(indicator.kind.rawValue), .text(indicator.text),
                .text(state), .text(detail.description), .text(detail.reportURL),
                detail.port.map { .number(UInt64($0)) } ?? .null,
                detail.confidence.map { .number(UInt64($0)) } ?? .null, .integer(listing.since),
            ] + times + [.array(detail.tags.map { .text($0) })]
        }
        return ListedRows(
            columns: [
                "source", "kind", "value", "state", "description", "url", "port", "confidence",
                "since", "firstSeen", "lastSeen", "expires", "tags",
            ], rows: rows,
            table: (
                ["source", "value", "state", "why"],
                answers.map { listing, state in
                    let detail = listing.indicator.detail
                    let why = [detail.description, detail.reportURL].filter { !$0.isEmpty }
                    return [
                        listing.indicator.source, listing.indicator.text, state,
                        why.joined(separator: " "),
                    ]
                }
            ))
    }
}
