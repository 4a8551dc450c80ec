import FlowModel
import GRDB

/// What an update of a source did.
public struct SourceUpdate: Equatable, Sendable {
    /// What became of the list.
    public enum Outcome: Equatable, Sendable {
        /// It is in force now.
        case taken
        /// It has less than half of the entries that are kept, which stay in force.
        case held(entries: Int, kept: Int)
        /// It is the one that is in force already.
        case unchanged
    }

    /// What became of the list.
    public var outcome: Outcome
    /// Entries that were not in the list before.
    public var added = 0
    /// Entries that are no longer in it.
    public var gone = 0
    /// Different entries in it.
    public var count = 0

    /// Makes the report of an update.
    public init(outcome: Outcome, added: Int = 0, gone: Int = 0, count: Int = 0) {
        self.outcome = outcome
        self.added = added
        self.gone = gone
        self.count = count
    }
}

/// A piece of a source that is replaced by itself: a pulse of OTX, an event of MISP, an object of STIX.
public struct FeedPart: Sendable {
    /// What the source calls it.
    public var name: String
    /// Which state of it this is, in the source's words.
    public var version: String
    /// What it lists.
    public var contents: FeedContents

    /// Makes a part.
    public init(name: String, version: String, contents: FeedContents) {
        self.name = name
        self.version = version
        self.contents = contents
    }
}

/// What an update of a source that is read in parts has brought.
public struct FeedChange: Sendable {
    /// New parts, and new states of parts.
    public var parts: [FeedPart] = []
    /// Parts that are no longer there, by name.
    public var removed: Set<String> = []
    /// All parts that there are; nil where only the changes are known.
    public var present: Set<String>?
    /// Whether nothing of what was listed before these parts stays: the source is another now.
    public var isFresh = false

    /// Makes a change of nothing.
    public init() {}
}

extension IndicatorStore {
    /// Puts a source's list in the place of the one before.
    ///
    /// A list with less than half as many different entries is held back: a feed that was cut short, or
    /// taken over, must not disarm.
    /// - Parameters:
    ///   - feeds: the list, in as many files as it came in.
    ///   - now: ms since 1970.
    ///   - insists: whether to take it however short it is.
    ///   - cursors: what the next update shall know, nil to forget it; noted where the list is taken.
    public func update(
        _ source: String, with feeds: [FeedContents], at now: Int64, insists: Bool = false,
        cursors: [String: String?] = [:]
    ) throws(IndicatorStoreError) -> SourceUpdate {
        try change(source, at: now, insists: insists, cursors: cursors, counts: feeds.map(\.counts))
        { database, id, generation in
            let before = try Self.lastDetail(in: database)
            for feed in feeds {
                try Self.insert(
                    feed, source: id, part: 0, generation: generation, now: now, in: database)
            }
            return try Self.sweep(id, generation, detailsUpTo: before, in: database)
        }
    }

    /// Puts parts of a source in the place of what they were before.
    ///
    /// Held back as a whole list is, where less than half of the source's entries would be left.
    public func merge(
        _ change: FeedChange, into source: String, at now: Int64, insists: Bool = false,
        cursors: [String: String?] = [:]
    ) throws(IndicatorStoreError) -> SourceUpdate {
        try self.change(
            source, at: now, insists: insists || change.isFresh, cursors: cursors,
            counts: change.parts.map(\.contents.counts)
        ) { database, id, generation in
            let before = try Self.lastDetail(in: database)
            var gone = 0
            for part in change.parts {
                let number = try Self.number(of: part, source: id, in: database)
                try Self.insert(
                    part.contents, source: id, part: number, generation: generation, now: now,
                    in: database)
                gone += try Self.sweep(
                    part: number, of: id, generation, detailsUpTo: before, in: database)
            }
            let known = try Row.fetchAll(
                database, sql: "SELECT id, name FROM part WHERE source = ?", arguments: [id])
            let new = Set(change.parts.map(\.name))
            for row in known {
                let name: String = row["name"]
                let isGone =
                    change.removed.contains(name) || change.present?.contains(name) == false
                    || change.isFresh && !new.contains(name)
                if isGone { gone += try Self.forget(row["id"], name, of: id, in: database) }
            }
            // What came in no part is of the time when the source was read as a whole.
            if !change.parts.isEmpty || change.isFresh {
                gone += try Self.sweep(
                    part: 0, of: id, generation, detailsUpTo: before, in: database)
            }
            return gone
        }
    }

    /// Notes that a source was looked at and has nothing new.
    public func noteUnchanged(
        _ source: String, at now: Int64, cursors: [String: String?] = [:]
    ) throws(IndicatorStoreError) -> SourceUpdate {
        try write { database in
            let state = try Self.source(source, in: database)
            try database.execute(
                sql: "UPDATE source SET updated = ?, checked = ?, problem = NULL WHERE id = ?",
                arguments: [now, now, state.id])
            try Self.set(cursors, of: state.id, in: database)
            return SourceUpdate(outcome: .unchanged, count: state.entries)
        }
    }

    /// Notes that a source could not be read; its last list stays in force.
    public func note(
        problem: String, of source: String, at now: Int64, cursors: [String: String?] = [:]
    ) throws(IndicatorStoreError) {
        try write { database in
            let state = try Self.source(source, in: database)
            try database.execute(
                sql: "UPDATE source SET checked = ?, problem = ? WHERE id = ?",
                arguments: [now, problem, state.id])
            try Self.set(cursors, of: state.id, in: database)
        }
    }

    /// What the last update of a source left for the next one to know.
    public func cursors(of source: String) throws(IndicatorStoreError) -> [String: String] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT cursor.name AS name, value FROM cursor
                        JOIN source ON source.id = cursor.source
                    WHERE source.name = ?
                    """, arguments: [source])
            return Dictionary(
                rows.map { ($0["name"], $0["value"]) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The parts of a source and their versions, by name.
    public func parts(of source: String) throws(IndicatorStoreError) -> [String: String] {
        try read { database in
            let rows = try Row.fetchAll(
                database,
                sql: """
                    SELECT part.name AS name, version FROM part
                        JOIN source ON source.id = part.source
                    WHERE source.name = ?
                    """, arguments: [source])
            return Dictionary(
                rows.map { ($0["name"], $0["version"]) }, uniquingKeysWith: { first, _ in first })
        }
    }

    /// The ids of the pulses of an author.
    public func pulses(of source: String, by author: String) throws(IndicatorStoreError) -> [String]
    {
        try read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT pulse.id FROM pulse JOIN source ON source.id = pulse.source
                    WHERE source.name = ? AND author = ? ORDER BY pulse.id
                    """, arguments: [source, author])
        }
    }

    /// Forgets all sources but these, and what they listed; the names of those that went.
    public func keepOnly(_ names: Set<String>) throws(IndicatorStoreError) -> [String] {
        try write { database in
            let gone = try Row.fetchAll(database, sql: "SELECT id, name FROM source ORDER BY name")
                .filter { !names.contains($0["name"]) }
            for row in gone {
                let id: Int64 = row["id"]
                for table in ["indicator", "detail", "pulse", "part", "cursor"] {
                    try database.execute(
                        sql: "DELETE FROM \(table) WHERE source = ?", arguments: [id])
                }
                try database.execute(sql: "DELETE FROM source WHERE id = ?", arguments: [id])
            }
            return gone.map { $0["name"] }
        }
    }

    /// Changes what a source lists in one transaction, or takes it back where too little would be left.
    ///
    /// - Parameter body: makes the change, and says how many entries went.
    private func change(
        _ source: String, at now: Int64, insists: Bool, cursors: [String: String?],
        counts: [FeedCounts], _ body: (Database, Int64, Int64) throws -> Int
    ) throws(IndicatorStoreError) -> SourceUpdate {
        try write { database in
            let state = try Self.source(source, in: database)
            let generation = state.generation + 1
            let before = try Self.rows(of: state.id, in: database)
            var entries = 0
            var gone = 0
            try database.inSavepoint {
                gone = try body(database, state.id, generation)
                entries = try Self.entries(of: state.id, in: database)
                return entries * 2 < state.entries && !insists ? .rollback : .commit
            }
            if entries * 2 < state.entries, !insists {
                try database.execute(
                    sql: "UPDATE source SET checked = ?, held = ?, problem = NULL WHERE id = ?",
                    arguments: [now, entries, state.id])
                return SourceUpdate(
                    outcome: .held(entries: entries, kept: state.entries), count: state.entries)
            }
            try database.execute(
                sql: """
                    UPDATE source SET generation = ?, updated = ?, checked = ?, read = ?, bad = ?,
                        ignored = ?, entries = ?, held = NULL, problem = NULL WHERE id = ?
                    """,
                arguments: [
                    generation, now, now, counts.reduce(0) { $0 + $1.readTotal },
                    counts.reduce(0) { $0 + $1.badTotal }, counts.reduce(0) { $0 + $1.ignored },
                    entries, state.id,
                ])
            try Self.set(cursors, of: state.id, in: database)
            return SourceUpdate(
                outcome: .taken, added: try Self.rows(of: state.id, in: database) + gone - before,
                gone: gone, count: entries)
        }
    }

    private func write<Value>(
        _ body: (Database) throws -> Value
    ) throws(IndicatorStoreError) -> Value {
        try Self.wrapping(database.path) { try database.write(body) }
    }
}
