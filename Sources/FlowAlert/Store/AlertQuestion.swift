import FlowModel
public import FlowQuery

/// Which alerts are wanted.
public struct AlertQuestion: Sendable {
    /// By the flow that an alert is: from its first source to its first destination, with all sums.
    public var filter: FlowExpression
    /// Only what goes on at this time or later, ms since 1970.
    public var from: UInt64?
    /// Only what began before this time.
    public var to: UInt64?
    /// Only those that stand so.
    public var state: Alert.State?
    /// Only what is so bad or worse.
    public var severity: AlertSeverity?
    /// Only of this rule.
    public var rule: String?
    /// How many at most; 0: all.
    public var limit: Int

    /// Puts a question together.
    public init(
        filter: FlowExpression, from: UInt64? = nil, to: UInt64? = nil,
        state: Alert.State? = nil, severity: AlertSeverity? = nil, rule: String? = nil,
        limit: Int = 0
    ) {
        self.filter = filter
        self.from = from
        self.to = to
        self.state = state
        self.severity = severity
        self.rule = rule
        self.limit = limit
    }

    /// Alerts that are looked at together.
    private static let pieceRows = 1024

    /// The alerts of a store, the last first.
    public func answer(from store: AlertStore) throws -> [Alert] {
        let filter = BatchFilter(filter)
        let batch = FlowBatch()
        var found: [Alert] = []
        var piece: [Alert] = []
        func sift() -> Bool {
            batch.reset()
            for alert in piece { batch.append(alert) }
            var rows: [Int32] = []
            filter.select(batch, into: &rows)
            found += rows.map { piece[Int($0)] }
            piece = []
            return limit == 0 || found.count < limit
        }
        try store.each(from: from, to: to) { alert in
            guard state == nil || alert.state == state,
                severity.map({ alert.severity >= $0 }) ?? true,
                rule == nil || alert.rule == rule
            else { return true }
            piece.append(alert)
            return piece.count < Self.pieceRows || sift()
        }
        if !piece.isEmpty { _ = sift() }
        return limit == 0 ? found : Array(found.prefix(limit))
    }
}

extension FlowBatch {
    /// Appends an alert as a flow.
    fileprivate func append(_ alert: Alert) {
        let row = count
        for (field, address) in [(Field.srcip, alert.source), (.dstip, alert.target)] {
            if let address { columnForWriting(field).set(address, at: row) }
        }
        let numbers: [(Field, UInt64)] = [
            (.srcport, UInt64(alert.sourcePort)), (.dstport, UInt64(alert.targetPort)),
            (.proto, UInt64(alert.proto)), (.flows, alert.flows), (.packets, alert.packets),
            (.bytes, alert.bytes), (.start, alert.first), (.end, alert.last),
            (.received, alert.updated),
        ]
        for (field, number) in numbers { columnForWriting(field).set(number, at: row) }
        if let country = CountryCode(alert.country), let peer = alert.peer {
            let field = peer == alert.source ? Field.srcgeo : .dstgeo
            columnForWriting(field).set(UInt64(country.rawValue), at: row)
        }
        advance(by: 1)
    }
}
