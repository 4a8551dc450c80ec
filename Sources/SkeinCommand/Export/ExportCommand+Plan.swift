import ArgumentParser
import FlowModel
import FlowQuery

/// From options to what is to be done; whatever is wrong with them is a ``ValidationError``.
extension ExportCommand {
    /// Where the flows go.
    enum Target {
        case file(String)
        case collector(CollectorArgument)
    }

    /// What is to be done.
    struct Plan {
        /// Which flows, as a list without fields.
        var request: QueryRequest
        /// The fields of csv and ndjson; nil: all that the store has.
        var outputs: [FlowOutput]?
        var target: Target
    }

    /// Flows a second where nothing else is said: what a collector on another machine can be trusted
    /// to take without loss.
    static let defaultRate = 100_000

    /// - Parameter note: takes what is to be said of the filter.
    func plan(
        rules: FilterRules = .trusted, note: (FilterNote) -> Void = { _ in }
    ) throws -> Plan {
        let times = TimeText(zone: utc ? .utc : .local)
        var end: UInt64?
        var collector: CollectorArgument?
        for text in to {
            if end == nil, let instant = times.instant(text) {
                end = instant
            } else if collector == nil, let argument = CollectorArgument(argument: text) {
                collector = argument
            } else {
                throw ValidationError(
                    "--to: ‘\(text)’ is neither a time such as 2016-06-07T12:00 nor a collector, "
                        + "HOST:PORT, or one too many")
            }
        }
        let filter = try store.filter(filter, times: times, rules: rules)
        filter.notes.forEach(note)
        var request = QueryRequest(
            filter: filter.expression, kind: .flows(fields: [], sort: nil, limit: 0))
        request.from = try from.map { text in
            guard let instant = times.instant(text) else {
                throw ValidationError(
                    "--from: ‘\(text)’ is not a time such as 2016-06-07T12:00, -1h or now")
            }
            return instant
        }
        request.to = end
        if let from = request.from, let end, from > end {
            throw ValidationError("--from is later than --to")
        }
        request.raw = raw
        if let bucket {
            guard form == .codeswarm else {
                throw ValidationError("--bucket belongs to --as codeswarm")
            }
            _ = try SwarmCommand.milliseconds(bucket, of: "--bucket", bare: nil)
        }
        try checkGraph(rules: rules)
        return Plan(
            request: request, outputs: try outputs(), target: try target(collector))
    }

    private func target(_ collector: CollectorArgument?) throws -> Target {
        if let collector {
            guard form == .ipfix else {
                throw ValidationError(
                    "--as \(form.rawValue) goes to a file; only ipfix can be sent")
            }
            guard out == nil else {
                throw ValidationError("--out and a collector exclude each other")
            }
            if speed != nil && rate != nil {
                throw ValidationError("--speed and --rate exclude each other")
            }
            if let speed, !(speed > 0 && speed <= 1_000_000) {
                throw ValidationError("--speed is more than 0 and at most a million")
            }
            return .collector(collector)
        }
        if speed != nil || rate != nil {
            throw ValidationError("--speed and --rate belong to a collector: --to HOST:PORT")
        }
        if out == nil && !form.isText {
            throw ValidationError("say where it goes: --out FILE or --to HOST:PORT")
        }
        return .file(out ?? "-")
    }

    private func outputs() throws -> [FlowOutput]? {
        guard let fields else { return nil }
        guard form.hasFields else {
            throw ValidationError(
                form == .ipfix
                    ? "--as ipfix keeps all fields; leave out --fields"
                    : "--as \(form.rawValue) has fields of its own; leave out --fields")
        }
        var outputs: [FlowOutput] = []
        for name in fields.split(separator: ",", omittingEmptySubsequences: false) {
            let name = name.drop { $0 == " " }
            let output: FlowOutput
            if name.lowercased() == Field.other.name {
                output = .other
            } else if let quantity = Quantity(name: String(name)) {
                output = .quantity(quantity)
            } else {
                let near = NearestWord.find(String(name), among: Quantity.names)
                throw ValidationError(
                    "--fields: there is no field ‘\(name)’"
                        + (near.map { "; did you mean ‘\($0)’?" } ?? "; see docs/fields.md"))
            }
            guard !outputs.contains(output) else {
                throw ValidationError("--fields: ‘\(name)’ stands there twice")
            }
            outputs.append(output)
        }
        return outputs
    }
}
