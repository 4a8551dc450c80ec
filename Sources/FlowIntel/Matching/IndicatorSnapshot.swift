public import FlowModel
import GRDB

/// What is in force of the listed addresses at one moment, compiled.
public struct IndicatorSnapshot: Sendable {
    /// Looks flows up.
    public let matcher: Matcher
    /// What each source lists and is in force, by the sources' names; what is allowed is a hole in it.
    public let sets: [(name: String, addresses: AddressSet)]
    /// When something of it ceases to be in force, ms since 1970; nil for never.
    public let nextExpiry: Int64?
    /// Ranges that are no networks, as the store has them; for ``IndicatorStore/explain(_:odd:)``.
    public let odd: [OddRange]

    /// A listed range that is no network.
    public struct OddRange: Hashable, Sendable {
        /// The addresses.
        public let range: AddressRange
        /// `192.0.2.1-192.0.2.9`.
        public let text: String
    }

    /// Nothing in force.
    public static let nothing = IndicatorSnapshot(
        matcher: Matcher(sources: []), sets: [], nextExpiry: nil, odd: [])

    /// Everything that any source lists.
    public var all: AddressSet {
        // In pairs, so that each range is merged few times.
        var sets = sets.map(\.addresses)
        while sets.count > 1 {
            sets = stride(from: 0, to: sets.count, by: 2).map { index in
                index + 1 < sets.count ? sets[index].union(sets[index + 1]) : sets[index]
            }
        }
        return sets.first ?? AddressSet()
    }
}

extension IndicatorStore {
    /// A number that changes when anybody else writes to the store: SQLite's `data_version`.
    public func dataVersion() throws(IndicatorStoreError) -> Int {
        try Self.wrapping(database.path) {
            try database.read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
        }
    }

    /// Compiles what is in force.
    ///
    /// - Complexity: a pass over all entries; a million take a second or two.
    public func snapshot(by judge: Judge) throws(IndicatorStoreError) -> IndicatorSnapshot {
        var ranges: [String: [AddressRange]] = [:]
        var odd: [IndicatorSnapshot.OddRange] = []
        var nextExpiry: Int64?
        try Self.wrapping(database.path) {
            try database.read { database in
                for (id, name) in try Row.fetchAll(database, sql: "SELECT id, name FROM source")
                    .map({ ($0["id"] as Int64, $0["name"] as String) })
                {
                    ranges[name] = try Self.inForce(
                        database, source: id, judge, odd: &odd, nextExpiry: &nextExpiry)
                }
            }
        }
        let allowed = judge.allowList.addresses
        let listed = ranges.sorted { $0.key < $1.key }.map {
            (name: $0.key, addresses: AddressSet($0.value))
        }
        return IndicatorSnapshot(
            matcher: Matcher(sources: listed, allowed: allowed),
            sets: allowed.isEmpty
                ? listed
                : listed.map { (name: $0.name, addresses: $0.addresses.subtracting(allowed)) },
            nextExpiry: nextExpiry, odd: odd)
    }

    private static func inForce(
        _ database: Database, source: Int64, _ judge: Judge,
        odd: inout [IndicatorSnapshot.OddRange], nextExpiry: inout Int64?
    ) throws -> [AddressRange] {
        var ranges: [AddressRange] = []
        let rows = try Row.fetchCursor(
            database,
            sql: """
                SELECT first, last, value, kind, expires, withheld
                FROM indicator JOIN detail ON detail.id = indicator.detail
                WHERE indicator.source = ? AND first IS NOT NULL
                """, arguments: [source])
        while let row = try rows.next() {
            guard let first = IPAddress(storeKey: row, column: 0),
                let last = IPAddress(storeKey: row, column: 1),
                let range = AddressRange(from: first, through: last)
            else { continue }
            let withheld: String? = row[5]
            let expires: Int64? = row[4]
            if withheld != nil { continue }
            if let expires {
                guard expires > judge.now else { continue }
                nextExpiry = min(nextExpiry ?? expires, expires)
            }
            guard judge.policy.refusal(of: range) == nil else { continue }
            ranges.append(range)
            guard !range.isSingle else { continue }
            let text: String = row[2]
            if text.contains("-") {
                odd.append(IndicatorSnapshot.OddRange(range: range, text: text))
            }
        }
        return ranges
    }

    /// The entries that list `address`, the narrowest first, found by the texts that they can have: for
    /// alerts, of which many may come at once.
    ///
    /// - Parameter odd: the ranges that are no networks, of ``IndicatorSnapshot/odd``.
    public func explain(
        _ address: IPAddress, odd: [IndicatorSnapshot.OddRange]
    ) throws(IndicatorStoreError) -> [Listing] {
        let whole = address.isV4 ? 32 : 128
        var texts = (0...whole).compactMap { IPPrefix(address, length: $0)?.description }
        texts.append("\(address)")
        texts += odd.filter { $0.range.contains(AddressRange(address)) }.map(\.text)
        let marks = texts.map { _ in "?" }.joined(separator: ",")
        return try listings(
            where: "indicator.value IN (\(marks)) AND indicator.first IS NOT NULL",
            arguments: StatementArguments(texts)
        ).sorted { $0.indicator.width < $1.indicator.width }
    }
}

extension IPAddress {
    /// The address of which ``key`` is in a column.
    fileprivate init?(storeKey row: Row, column: Int) {
        guard
            let halves = try? row.withUnsafeData(
                atIndex: column,
                { data -> (UInt64, UInt64)? in
                    guard let data, data.count == 16 else { return nil }
                    var halves: (UInt64, UInt64) = (0, 0)
                    for octet in data.prefix(8) { halves.0 = halves.0 << 8 | UInt64(octet) }
                    for octet in data.suffix(8) { halves.1 = halves.1 << 8 | UInt64(octet) }
                    return halves
                })
        else { return nil }
        self.init(high: halves.0, low: halves.1)
    }
}

extension Matcher {
    /// The listed range around `address` of which all is listed by the same sources; nil where it is not
    /// listed.
    public func segment(of address: IPAddress) -> AddressRange? {
        if let number = address.v4 {
            return v4.segments.segment(of: number).map(AddressRange.init(v4:))
        }
        return v6.segments.segment(of: address.number).map(AddressRange.init(v6:))
    }
}

extension Segments {
    fileprivate func segment(of bound: Bound) -> Interval<Bound>? {
        var low = 0
        var high = starts.count
        while low < high {
            let middle = (low + high) / 2
            if starts[middle] <= bound { low = middle + 1 } else { high = middle }
        }
        guard low > 0, ends[low - 1] >= bound else { return nil }
        return Interval(starts[low - 1], ends[low - 1])
    }
}
