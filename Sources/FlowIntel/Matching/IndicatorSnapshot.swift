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

    /// Nothing in force.
    public static let nothing = IndicatorSnapshot(
        matcher: Matcher(sources: []), sets: [], nextExpiry: nil)

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
        try read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
    }

    /// What tells whether other entries are listed than before; a source that was looked at and has
    /// nothing new does not change it.
    public func contentVersion() throws(IndicatorStoreError) -> String {
        try read { database in
            try String.fetchAll(
                database,
                sql: "SELECT name || ':' || generation || ':' || entries FROM source ORDER BY name"
            ).joined(separator: " ")
        }
    }

    /// When the next entry ceases to be in force, ms since 1970; nil for never.
    public func nextExpiry(after now: Int64) throws(IndicatorStoreError) -> Int64? {
        try read { database in
            try Int64.fetchOne(
                database,
                sql: "SELECT MIN(expires) FROM detail WHERE expires > ? AND withheld IS NULL",
                arguments: [now])
        }
    }

    /// Compiles what is in force.
    ///
    /// - Complexity: a pass over all entries; a million take a second or two.
    public func snapshot(by judge: Judge) throws(IndicatorStoreError) -> IndicatorSnapshot {
        let now = judge.now
        var listed: [(name: String, addresses: AddressSet)] = []
        for source in try sources() {
            listed.append(
                (
                    name: source.name,
                    addresses: try addresses(of: source.name, policy: judge.policy, now: now)
                ))
        }
        let nextExpiry = try nextExpiry(after: now)
        let allowed = judge.allowList.addresses
        return IndicatorSnapshot(
            matcher: Matcher(sources: listed, allowed: allowed),
            sets: allowed.isEmpty
                ? listed
                : listed.map { (name: $0.name, addresses: $0.addresses.subtracting(allowed)) },
            nextExpiry: nextExpiry)
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
