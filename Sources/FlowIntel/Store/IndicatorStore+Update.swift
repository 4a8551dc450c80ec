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

extension IndicatorStore {
    /// Puts a source's list in the place of the one before.
    ///
    /// A list with less than half as many different entries is held back: a feed that was cut short, or
    /// taken over, must not disarm.
    /// - Parameters:
    ///   - feeds: the list, in as many files as it came in.
    ///   - now: ms since 1970.
    ///   - insists: whether to take it however short it is.
    public func update(
        _ source: String, with feeds: [FeedContents], at now: Int64, insists: Bool = false
    ) throws(IndicatorStoreError) -> SourceUpdate {
        try write { database in
            let state = try Self.source(source, in: database)
            let entries = Set(feeds.flatMap(\.keys)).count
            let kept =
                try Int.fetchOne(
                    database, sql: "SELECT COUNT(*) FROM indicator WHERE source = ?",
                    arguments: [state.id]) ?? 0
            if entries * 2 < kept, !insists {
                try database.execute(
                    sql: "UPDATE source SET checked = ?, held = ?, problem = NULL WHERE id = ?",
                    arguments: [now, entries, state.id])
                return SourceUpdate(outcome: .held(entries: entries, kept: kept), count: kept)
            }
            let generation = state.generation + 1
            try database.execute(
                sql: """
                    UPDATE source SET generation = ?, updated = ?, checked = ?, read = ?, bad = ?,
                        ignored = ?, held = NULL, problem = NULL WHERE id = ?
                    """,
                arguments: [
                    generation, now, now, feeds.reduce(0) { $0 + $1.counts.readTotal },
                    feeds.reduce(0) { $0 + $1.counts.badTotal },
                    feeds.reduce(0) { $0 + $1.counts.ignored }, state.id,
                ])
            let before = try Self.lastDetail(in: database)
            for feed in feeds {
                try Self.insert(
                    feed, source: state.id, generation: generation, now: now, in: database)
            }
            let gone = try Self.sweep(state.id, generation, detailsUpTo: before, in: database)
            return SourceUpdate(
                outcome: .taken, added: entries - (kept - gone), gone: gone, count: entries)
        }
    }

    /// Notes that a source could not be read; its last list stays in force.
    public func note(
        problem: String, of source: String, at now: Int64
    ) throws(IndicatorStoreError) {
        try write { database in
            let state = try Self.source(source, in: database)
            try database.execute(
                sql: "UPDATE source SET checked = ?, problem = ? WHERE id = ?",
                arguments: [now, problem, state.id])
        }
    }

    /// Forgets all sources but these, and what they listed; the names of those that went.
    public func keepOnly(_ names: Set<String>) throws(IndicatorStoreError) -> [String] {
        try write { database in
            let gone = try Row.fetchAll(database, sql: "SELECT id, name FROM source ORDER BY name")
                .filter { !names.contains($0["name"]) }
            for row in gone {
                let id: Int64 = row["id"]
                for table in ["indicator", "detail", "pulse"] {
                    try database.execute(
                        sql: "DELETE FROM \(table) WHERE source = ?", arguments: [id])
                }
                try database.execute(sql: "DELETE FROM source WHERE id = ?", arguments: [id])
            }
            return gone.map { $0["name"] }
        }
    }

    private func write<Value>(
        _ body: (Database) throws -> Value
    ) throws(IndicatorStoreError) -> Value {
        try Self.wrapping(database.path) { try database.write(body) }
    }

    private static func source(
        _ name: String, in database: Database
    ) throws -> (id: Int64, generation: Int64) {
        try database.execute(
            sql: "INSERT INTO source (name) VALUES (?) ON CONFLICT (name) DO NOTHING",
            arguments: [name])
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT id, generation FROM source WHERE name = ?",
                arguments: [name])
        else { throw DatabaseError(message: "the source \(name) is not there") }
        return (row["id"], row["generation"])
    }

    private static func lastDetail(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT MAX(id) FROM detail") ?? 0
    }

    private static func insert(
        _ feed: FeedContents, source: Int64, generation: Int64, now: Int64, in database: Database
    ) throws {
        let first = try lastDetail(in: database) + 1
        let detail = try database.cachedStatement(
            sql: "INSERT INTO detail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for (index, value) in feed.details.enumerated() {
            let id = first + Int64(index)
            try detail.execute(arguments: StatementArguments([id, source] + value.columns))
        }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO indicator VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (source, kind, value) DO UPDATE SET listed = excluded.listed,
                    detail = excluded.detail, generation = excluded.generation
                """)
        for entry in feed.addresses {
            let kind: IndicatorKind = entry.range.isSingle ? .address : .network
            let text = "\(entry.range)"
            try statement.execute(arguments: [
                source, kind.rawValue, text, text, entry.range.first.key, entry.range.last.key,
                first + Int64(entry.detail), now, generation,
            ])
        }
        for entry in feed.texts {
            try statement.execute(arguments: [
                source, entry.kind.rawValue, entry.value, entry.listed ?? entry.value, nil, nil,
                first + Int64(entry.detail), now, generation,
            ])
        }
        for pulse in feed.pulses where !pulse.id.isEmpty {
            try insert(pulse, source: source, in: database)
        }
    }

    private static func insert(
        _ pulse: OTXPulse, source: Int64, in database: Database
    ) throws {
        let lists = [
            pulse.tags, pulse.references, pulse.targetedCountries, pulse.industries,
            pulse.malwareFamilies, pulse.attackIDs,
        ].map { $0.joined(separator: "\n") }
        let columns: [(any DatabaseValueConvertible)?] = [
            source, pulse.id, pulse.name, pulse.description, pulse.author, pulse.created,
            pulse.modified, pulse.revision, pulse.tlp, pulse.isPublic, pulse.adversary,
        ]
        try database.cachedStatement(
            sql: """
                INSERT OR REPLACE INTO pulse
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """
        ).execute(arguments: StatementArguments(columns + lists))
    }

    /// Deletes what is no longer listed, and what earlier updates said of what is.
    private static func sweep(
        _ source: Int64, _ generation: Int64, detailsUpTo last: Int64, in database: Database
    ) throws -> Int {
        try database.execute(
            sql: "DELETE FROM indicator WHERE source = ? AND generation <> ?",
            arguments: [source, generation])
        let gone = database.changesCount
        try database.execute(
            sql: "DELETE FROM detail WHERE source = ? AND id <= ?", arguments: [source, last])
        return gone
    }
}

extension FeedContents {
    /// What tells entries of a source apart.
    fileprivate var keys: [String] {
        addresses.map { ($0.range.isSingle ? "address " : "network ") + "\($0.range)" }
            + texts.map { "\($0.kind.rawValue) \($0.value)" }
    }
}
