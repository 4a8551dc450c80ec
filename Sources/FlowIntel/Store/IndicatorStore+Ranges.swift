public import FlowModel
import Foundation
import GRDB

/// How wide a range is, as the number of bits of last less first: 0 for one address.
///
/// A range of level n that contains an address begins less than 2ⁿ below it. That makes what contains an
/// address one short stretch of an index for each level, whether ranges are networks or not.
enum RangeLevel {
    static func of(_ range: AddressRange) -> Int {
        let width = range.last.number - range.first.number
        return UInt128.bitWidth - width.leadingZeroBitCount
    }

    /// The level of the range whose ends have these keys; nil where they are none.
    static func of(_ first: Data, _ last: Data) -> Int? {
        guard let first = IPAddress(key: first), let last = IPAddress(key: last),
            let range = AddressRange(from: first, through: last)
        else { return nil }
        return of(range)
    }

    /// The lowest address at which a range of `level` can begin that contains `address`.
    static func lowestStart(_ level: Int, containing address: IPAddress) -> IPAddress {
        let floor: UInt128 = address.isV4 ? IPAddress.v4Zero.number : 0
        guard level > 0 else { return address }
        guard level < UInt128.bitWidth else { return IPAddress(number: floor) }
        let reach = (UInt128(1) << UInt128(level)) - 1
        return IPAddress(number: address.number - min(reach, address.number - floor))
    }
}

extension IndicatorStore {
    /// All entries that list `address`, the narrowest first.
    ///
    /// - Complexity: a look into an index for each level of width, 33 for IPv4 and 129 for IPv6.
    public func listings(of address: IPAddress) throws(IndicatorStoreError) -> [Listing] {
        let key = address.key
        let found = try read { database in
            try (0...(address.isV4 ? 32 : 128)).flatMap { level in
                let start = RangeLevel.lowestStart(level, containing: address)
                return try Self.listings(
                    where: """
                        indicator.level = ? AND indicator.first BETWEEN ? AND ?
                            AND indicator.last >= ?
                        """, arguments: [level, start.key, key, key], in: database)
            }
        }
        return found.sorted { $0.indicator.width < $1.indicator.width }
    }

    /// What a source lists of addresses and is not withheld, refused or expired; for matching.
    ///
    /// Nothing but the ends of the ranges is held in memory.
    public func addresses(
        of source: String, policy: AddressPolicy, now: Int64
    ) throws(IndicatorStoreError) -> AddressSet {
        var ranges: [AddressRange] = []
        try forEachRange(of: source, now: now) { range in
            if policy.refusal(of: range) == nil { ranges.append(range) }
        }
        return AddressSet(ranges)
    }

    /// Entries of a source that are not withheld, refused or expired; whatever allows them.
    public func countInForce(
        of source: String, policy: AddressPolicy, now: Int64
    ) throws(IndicatorStoreError) -> Int {
        var count = try read { database in
            try Int.fetchOne(
                database,
                sql: """
                    SELECT COUNT(*) FROM (SELECT kind, value FROM indicator
                        WHERE source = (SELECT id FROM source WHERE name = ?) AND level IS NULL
                            AND detail NOT IN (SELECT id FROM detail
                                WHERE withheld IS NOT NULL OR expires <= ?)
                        GROUP BY kind, value)
                    """, arguments: [source, now]) ?? 0
        }
        try forEachRange(of: source, now: now) { range in
            if policy.refusal(of: range) == nil { count += 1 }
        }
        return count
    }

    /// - Parameter since: only what is listed since then, ms since 1970.
    func forEachRange(
        of source: String, now: Int64, since: ClosedRange<Int64> = .min ... .max,
        _ body: (AddressRange) -> Void
    ) throws(IndicatorStoreError) {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT first, last FROM indicator
                    WHERE source = (SELECT id FROM source WHERE name = ?) AND level IS NOT NULL
                        AND detail NOT IN (SELECT id FROM detail
                            WHERE withheld IS NOT NULL OR expires <= ?)
                    GROUP BY kind, value HAVING MIN(since) BETWEEN ? AND ?
                    """, arguments: [source, now, since.lowerBound, since.upperBound])
            while let row = try rows.next() {
                let first = try row.withUnsafeData(atIndex: 0) { IPAddress(key: $0) }
                let last = try row.withUnsafeData(atIndex: 1) { IPAddress(key: $0) }
                if let first, let last, let range = AddressRange(from: first, through: last) {
                    body(range)
                }
            }
        }
    }
}
