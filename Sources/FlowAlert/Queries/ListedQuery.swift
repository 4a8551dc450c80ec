public import FlowIntel
import FlowModel

/// A blocked question, and who lists what is blocked.
public struct ListedQuery: Sendable {
    /// The question.
    public var query: BlockedQuery
    /// What is listed: the narrowest name, address or network; where nobody lists it any more, what the zone
    /// has.
    public var indicator: String
    /// Who lists it.
    public var sources: [String] = []
    /// What they say; for ``Alert/explained(by:)``.
    public var listings: [Listing] = []

    /// What nobody is known to list.
    public init(_ query: BlockedQuery) {
        self.query = query
        indicator =
            switch query.trigger {
            case .name: query.name
            case .address(let prefix), .client(let prefix), .serverAddress(let prefix):
                prefix.bits == 128 ? "\(prefix.address)" : "\(prefix)"
            case .serverName(let name): name
            }
    }
}

/// Says who lists what is blocked, and keeps in mind what it has said: one name is asked for again and again.
public struct QueryExplainer {
    private let store: IndicatorStore?
    private let judge: Judge?
    private var known: [String: (indicator: String?, listings: [Listing])] = [:]

    /// Names and networks kept in mind at most.
    private static let knownMax = 4096

    /// - Parameter judge: what is refused or allowed lists nothing; nil: all counts.
    public init(_ store: IndicatorStore?, _ judge: Judge?) {
        self.store = store
        self.judge = judge
    }

    /// The question with who lists it.
    public mutating func explain(_ query: BlockedQuery) -> ListedQuery {
        var listed = ListedQuery(query)
        let key = listed.indicator
        let found: (indicator: String?, listings: [Listing])
        if let answer = known[key] {
            found = answer
        } else {
            found = look(query.trigger, query.name)
            if known.count >= Self.knownMax { known = [:] }
            known[key] = found
        }
        if let indicator = found.indicator { listed.indicator = indicator }
        listed.listings = found.listings
        for listing in found.listings where !listed.sources.contains(listing.indicator.source) {
            listed.sources.append(listing.indicator.source)
        }
        return listed
    }

    private func look(
        _ trigger: BlockedQuery.Trigger, _ name: String
    ) -> (indicator: String?, listings: [Listing]) {
        let found: [Listing]
        switch trigger {
        case .name: found = listings(ofName: name)
        case .serverName(let name): found = listings(ofName: name)
        case .address(let prefix), .client(let prefix), .serverAddress(let prefix):
            // What is exported is merged: a list may have only a part of it, and then the one at its beginning.
            found = (try? store?.listings(of: prefix.address)) ?? []
        }
        let inForce = found.filter { judge?.judge($0.indicator).isInForce ?? true }
        let narrowest = inForce.max { a, b in
            (a.indicator.text.utf8.count, b.indicator.source)
                < (b.indicator.text.utf8.count, a.indicator.source)
        }
        if case .name = trigger { return (narrowest?.indicator.text, inForce) }
        return (inForce.first?.indicator.text, inForce)
    }

    /// A name that could not be a host's is listed by the names above it alone.
    private func listings(ofName name: String) -> [Listing] {
        guard let store else { return [] }
        var rest = Substring(name)
        while Indicator.reading(ofValue: String(rest)) != .value {
            guard let dot = Self.labelEnd(rest) else { return [] }
            rest = rest[rest.index(after: dot)...]
        }
        let found = (try? store.listings(of: String(rest))) ?? []
        return rest.count == name.count
            ? found : found.filter { $0.indicator.kind != .hostname }
    }

    /// Where the first label ends: at a dot that is not escaped.
    private static func labelEnd(_ name: Substring) -> Substring.Index? {
        var isEscaped = false
        for index in name.indices {
            if isEscaped {
                isEscaped = false
            } else if name[index] == "\\" {
                isEscaped = true
            } else if name[index] == "." {
                return index
            }
        }
        return nil
    }
}
