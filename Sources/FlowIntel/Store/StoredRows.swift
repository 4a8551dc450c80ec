import FlowModel
import Foundation
import GRDB

/// An entry of the store, and since when it is there.
public struct Listing: Sendable {
    /// What is listed, and by whom.
    public var indicator: Indicator
    /// Since when it is in the list without a break, ms since 1970.
    public var since: Int64

    init?(_ row: Row) {
        let kindText: String = row["kind"]
        guard let kind = IndicatorKind(rawValue: kindText) else { return nil }
        let value: Indicator.Value
        if let first = IPAddress(key: row["first"]), let last = IPAddress(key: row["last"]) {
            guard let range = AddressRange(from: first, through: last) else { return nil }
            value = .addresses(range)
        } else {
            value = .text(kind, row["value"])
        }
        indicator = Indicator(
            value, listed: row["listed"], source: row["sourceName"],
            detail: IndicatorDetail(row))
        since = row["since"]
    }
}

/// A source, and how it is doing.
public struct SourceState: Sendable {
    /// Its name.
    public var name: String
    /// When a list was last taken, ms since 1970; nil for never.
    public var updated: Int64?
    /// When it was last looked at, ms since 1970; nil for never.
    public var checked: Int64?
    /// Entries read when a list was last taken, those that it has twice counted twice.
    public var read: Int
    /// Entries that could not be read then.
    public var bad: Int
    /// Entries then of types that no indicator is made of.
    public var ignored: Int
    /// Different entries that are kept.
    public var count: Int
    /// Entries of a newer list that is held back, because it is less than half as long; nil for none.
    public var held: Int?
    /// Why the last look took no list; nil where it took one.
    public var problem: String?

    init(_ row: Row) {
        name = row["name"]
        updated = row["updated"]
        checked = row["checked"]
        read = row["read"]
        bad = row["bad"]
        ignored = row["ignored"]
        count = row["count"]
        held = row["held"]
        problem = row["problem"]
    }
}

extension IndicatorDetail {
    fileprivate init(_ row: Row) {
        self.init()
        description = row["description"]
        reportURL = row["reportURL"]
        port = row["port"]
        confidence = row["confidence"]
        firstSeen = row["firstSeen"]
        lastSeen = row["lastSeen"]
        expires = row["expires"]
        let lines: String = row["tags"]
        tags = lines.split(separator: "\n").map { String($0) }
        let withheldText: String? = row["withheld"]
        withheld = withheldText.flatMap(Withheld.init)
    }

    /// The values of a row, from the description on.
    var columns: [(any DatabaseValueConvertible)?] {
        [
            description, reportURL, port, confidence, firstSeen, lastSeen, expires,
            tags.joined(separator: "\n"), withheld?.rawValue,
        ]
    }
}

extension IPAddress {
    /// Sixteen octets in the order in which SQLite compares them.
    var key: Data {
        unsafe withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { unsafe Data($0) }
    }

    init?(key: Data?) {
        guard let key, key.count == 16 else { return nil }
        let halves = unsafe key.withUnsafeBytes { octets in
            unsafe (
                octets.loadUnaligned(as: UInt64.self),
                octets.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
            )
        }
        self.init(high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1))
    }
}

extension Indicator {
    /// How many addresses it lists, less one; 0 for what is none.
    var width: UInt128 {
        guard case .addresses(let range) = value else { return 0 }
        return range.last.number - range.first.number
    }
}
