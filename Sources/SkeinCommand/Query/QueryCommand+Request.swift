import ArgumentParser
import FlowModel
import FlowQuery

/// From options to a request; whatever is wrong with them is a ``ValidationError``, exit code 64.
extension QueryCommand {
    /// How times are read and written.
    var times: TimeText { TimeText(zone: utc ? .utc : .local) }

    /// Whether a table's length was left to us.
    var isTableCut: Bool { form == .table && limit == nil && isList }

    var isList: Bool { !total && by.isEmpty && series == nil }

    /// Answers at most.
    private static let answersMax = 8

    /// The questions: one, or one for each `--by`, which are about the same flows.
    ///
    /// - Parameters:
    ///   - intel: the listed addresses; nil: those of the configuration.
    ///   - note: takes what is to be said of the filter.
    func requests(
        rules: FilterRules = .trusted, intel: IntelSets? = nil,
        note: (FilterNote) -> Void = { _ in }
    ) throws -> [QueryRequest] {
        guard by.count <= Self.answersMax else {
            throw ValidationError("--by: \(by.count) answers at once; \(Self.answersMax) at most")
        }
        if by.count > 1, form != .table, form != .json {
            throw ValidationError(
                "--by: only tables and json have place for several answers; say --by once")
        }
        let first = try request(by: by.first, rules: rules, intel: intel, note: note)
        return try [first]
            + by.dropFirst().map { list in
                var request = first
                request.kind = try kind(by: list)
                return request
            }
    }

    private func request(
        by list: String?, rules: FilterRules, intel: IntelSets?, note: (FilterNote) -> Void
    ) throws -> QueryRequest {
        let times = times
        let filter = try store.filter(
            filter, times: times, rules: rules,
            intel: intel ?? .configured(override.configuration.path))
        filter.notes.forEach(note)
        var request = QueryRequest(filter: filter.expression, kind: try kind(by: list))
        request.from = try from.map { try instant($0, of: "--from", times) }
        request.to = try to.map { try instant($0, of: "--to", times) }
        if let from = request.from, let to = request.to, from > to {
            throw ValidationError("--from is later than --to")
        }
        if overlap && request.from == nil && request.to == nil {
            throw ValidationError("--overlap needs --from or --to")
        }
        request.overlap = overlap
        request.raw = raw
        request.rollups = !withoutRollups
        try grouping.apply(to: &request, isList: isList) { list, option in
            try keys(list, of: option)
        }
        try flowTime.apply(to: &request, isLayout: try flowLayout() != nil)
        return request
    }

    private func instant(_ text: String, of option: String, _ times: TimeText) throws -> UInt64 {
        guard let instant = times.instant(text) else {
            throw ValidationError(
                "\(option): ‘\(text)’ is not a time such as 2016-06-07T12:00, -1h or now")
        }
        return instant
    }

    private func kind(by list: String?) throws -> QueryRequest.Kind {
        if total && (list != nil || series != nil) {
            throw ValidationError("--total stands alone, without --by and --series")
        }
        if !isList {
            try refuse("--fields", fields != nil, unless: "a list of flows")
            try refuse("a layout", try flowLayout() != nil, unless: "a list of flows")
            try refuse("--sort", sort != nil, unless: "a list of flows")
            try refuse("--limit", limit != nil, unless: "a list of flows; groups have --top")
        }
        if list == nil || series != nil {
            try refuse("--order", order != nil, unless: "--by without --series")
            try refuse("--top", top != nil, unless: "--by without --series")
        }
        if total { return .total }
        if let series {
            guard let step = DurationText.milliseconds(series, bare: nil), step > 0 else {
                throw ValidationError("--series: ‘\(series)’ is not a step such as 30s, 1m or 1h")
            }
            return .series(step: step, by: try keys(list, of: "--by"))
        }
        if list != nil {
            let top = top ?? Self.topGroups
            guard top >= 0 else { throw ValidationError("--top is 0 or more") }
            return .groups(by: try keys(list, of: "--by"), order: order ?? .bytes, top: top)
        }
        return try flows()
    }

    private func refuse(_ option: String, _ isGiven: Bool, unless place: String) throws {
        if isGiven { throw ValidationError("\(option) belongs to \(place)") }
    }

    private static let sums: Set<Field> = [.flows, .packets, .bytes, .rpackets, .rbytes]

    private func keys(_ list: String?, of option: String) throws -> [GroupKey] {
        guard let list else { return [] }
        var keys: [GroupKey] = []
        for name in try names(list, of: option) {
            let key: GroupKey
            do {
                key = try GroupKey(parsing: name)
            } catch {
                throw ValidationError("\(option): \(error)")
            }
            // An answer must not have two columns of one name.
            if option == "--by", case .field(let field) = key, Self.sums.contains(field) {
                throw ValidationError(
                    "--by: ‘\(field.name)’ is summed up in every group; group by another field")
            }
            keys.append(key)
        }
        return keys
    }

    private func flows() throws -> QueryRequest.Kind {
        var outputs: [FlowOutput] = try ownFields() ?? []
        let usual =
            flowTime.bidirectional
            ? FlowTimeOptions.conversationFields
            : "start,duration,proto,srcip,srcport,dstip,dstport,flags,packets,bytes"
        let wanted = fields ?? usual
        for name in outputs.isEmpty ? try names(wanted, of: "--fields") : [] {
            if name.lowercased() == Field.other.name {
                outputs.append(.other)
            } else {
                outputs.append(.quantity(try quantity(name, of: "--fields", alsoOther: true)))
            }
        }
        var order: FlowSort?
        if let sort {
            let isDescending = sort.hasPrefix("-")
            let quantity = try quantity(
                isDescending ? String(sort.dropFirst()) : sort, of: "--sort", alsoOther: false)
            order = FlowSort(quantity, descending: isDescending)
        }
        if let limit, limit < 0 { throw ValidationError("--limit is 0 or more") }
        // One row more than is shown tells whether there are more.
        return .flows(
            fields: outputs, sort: order, limit: isTableCut ? Self.tableRows + 1 : limit ?? 0)
    }

    private func names(_ list: String, of option: String) throws -> [String] {
        let names = list.split(separator: ",", omittingEmptySubsequences: false).map {
            String($0.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        var seen: Set<String> = []
        for name in names {
            guard !name.isEmpty else {
                throw ValidationError("\(option): a name is missing in ‘\(list)’")
            }
            guard seen.insert(name.lowercased()).inserted else {
                throw ValidationError("\(option): ‘\(name)’ stands there twice")
            }
        }
        return names
    }

    private func quantity(
        _ name: String, of option: String, alsoOther: Bool
    ) throws -> Quantity {
        if let quantity = Quantity(name: name) { return quantity }
        let known = Quantity.names + (alsoOther ? [Field.other.name] : [])
        let hint =
            NearestWord.find(name, among: known).map { "; did you mean ‘\($0)’?" }
            ?? "; see docs/fields.md"
        throw ValidationError("\(option): there is no field ‘\(name)’\(hint)")
    }
}
