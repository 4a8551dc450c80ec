import FlowModel
import Synchronization

/// Columns that were read, kept in memory encoded but not compressed, up to a limit; what was used
/// longest ago goes first.
///
/// Give one to each ``StoreReader`` of a process that answers many queries: segments never change, so
/// what one reader read serves the next.
public final class BlockCache: Sendable {
    /// Octets kept at most.
    public let octetsMax: Int
    private let kept: Mutex<Kept>

    /// A cache.
    ///
    /// - Parameter octetsMax: octets that it keeps at most.
    public init(octetsMax: Int) {
        self.octetsMax = max(octetsMax, 0)
        kept = Mutex(Kept())
    }

    /// Octets kept now.
    public var octets: Int { kept.withLock { $0.octets } }

    /// What is kept of one block.
    struct Shelf: Sendable {
        private let cache: BlockCache
        private let segment: String
        private let block: Int

        init(_ cache: BlockCache, segment: String, block: Int) {
            self.cache = cache
            self.segment = segment
            self.block = block
        }

        func column(_ field: Field) -> EncodedColumn? {
            if case .column(let column)? = cache.find(key(field, isRanks: false)) {
                column
            } else {
                nil
            }
        }

        func keep(_ column: EncodedColumn) {
            cache.keep(.column(column), column.octets, key(column.field, isRanks: false))
        }

        func ranks(_ field: Field) -> RankedColumn? {
            if case .ranks(let ranks)? = cache.find(key(field, isRanks: true)) {
                ranks
            } else {
                nil
            }
        }

        func keep(_ ranks: RankedColumn, of field: Field) {
            let octets =
                ranks.presence.octets + ranks.ranks.storage.footprint + 8 * ranks.values.count
            cache.keep(.ranks(ranks), octets, key(field, isRanks: true))
        }

        private func key(_ field: Field, isRanks: Bool) -> Key {
            Key(segment: segment, block: block, field: field, isRanks: isRanks)
        }
    }

    private struct Key: Hashable, Sendable {
        let segment: String
        let block: Int
        let field: Field
        let isRanks: Bool
    }

    private enum Part: Sendable {
        case column(EncodedColumn)
        case ranks(RankedColumn)
    }

    /// Entries in a list from the one used last to the one used longest ago.
    private struct Kept: Sendable {
        struct Entry: Sendable {
            var key: Key
            var part: Part
            var octets: Int
            var newer: Int?
            var older: Int?
        }

        var places: [Key: Int] = [:]
        var entries: [Entry?] = []
        var free: [Int] = []
        var newest: Int?
        var oldest: Int?
        var octets = 0

        mutating func find(_ key: Key) -> Part? {
            guard let place = places[key], let entry = entries[place] else { return nil }
            if newest != place {
                unlink(place)
                link(place)
            }
            return entry.part
        }

        mutating func keep(_ part: Part, _ size: Int, _ key: Key, _ octetsMax: Int) {
            guard size <= octetsMax, places[key] == nil else { return }
            while octets + size > octetsMax, let oldest { remove(oldest) }
            let entry = Entry(key: key, part: part, octets: size)
            let place: Int
            if let spare = free.popLast() {
                place = spare
                entries[place] = entry
            } else {
                place = entries.count
                entries.append(entry)
            }
            places[key] = place
            octets += size
            link(place)
        }

        private mutating func remove(_ place: Int) {
            guard let entry = entries[place] else { return }
            unlink(place)
            places[entry.key] = nil
            entries[place] = nil
            free.append(place)
            octets -= entry.octets
        }

        private mutating func link(_ place: Int) {
            entries[place]?.older = newest
            entries[place]?.newer = nil
            if let newest { entries[newest]?.newer = place }
            newest = place
            if oldest == nil { oldest = place }
        }

        private mutating func unlink(_ place: Int) {
            let (newer, older) = (entries[place]?.newer, entries[place]?.older)
            if let newer { entries[newer]?.older = older } else { newest = older }
            if let older { entries[older]?.newer = newer } else { oldest = newer }
        }
    }

    private func find(_ key: Key) -> Part? { kept.withLock { $0.find(key) } }

    private func keep(_ part: Part, _ octets: Int, _ key: Key) {
        kept.withLock { $0.keep(part, octets, key, octetsMax) }
    }
}

extension EncodedColumn {
    /// Octets that the column takes in memory.
    fileprivate var octets: Int {
        let own =
            switch values {
            case .frame, .afterStart: 0
            case .dictionary(let values, _): 8 * values.count
            case .addresses(let dictionary, _): dictionary.storage.footprint
            }
        return own + values.codes.storage.footprint + presence.octets
    }
}

extension Presence {
    /// Octets that it takes in memory.
    fileprivate var octets: Int {
        if case .some(let bits) = self { bits.footprint } else { 0 }
    }
}
