import FlowModel
import GRDB

/// Addresses that a source has come to list.
public struct ListedNews: Sendable {
    /// The source.
    public let source: String
    /// What is in force of them, whatever allows it.
    public let addresses: AddressSet
    /// When the newest of them was listed, ms since 1970: what comes later is news the next time.
    public let latest: Int64
}

extension IndicatorStore {
    /// What sources have come to list, each after its own moment; nothing of sources without news.
    ///
    /// - Parameter known: ms since 1970 by source; of a source that is not in it everything is news.
    public func news(
        after known: [String: Int64], policy: AddressPolicy, now: Int64
    ) throws(IndicatorStoreError) -> [ListedNews] {
        var news: [ListedNews] = []
        for source in try sources() {
            let from = known[source.name].map { $0 == .max ? .max : $0 + 1 } ?? .min
            guard let latest = try latestListing(of: source.name), latest >= from else { continue }
            var ranges: [AddressRange] = []
            try forEachRange(of: source.name, now: now, since: from...latest) { range in
                if policy.refusal(of: range) == nil { ranges.append(range) }
            }
            news.append(
                ListedNews(source: source.name, addresses: AddressSet(ranges), latest: latest))
        }
        return news
    }

    private func latestListing(of source: String) throws(IndicatorStoreError) -> Int64? {
        try read { database in
            try Int64.fetchOne(
                database,
                sql: """
                    SELECT MAX(since) FROM indicator
                    WHERE source = (SELECT id FROM source WHERE name = ?) AND level IS NOT NULL
                    """, arguments: [source])
        }
    }
}
