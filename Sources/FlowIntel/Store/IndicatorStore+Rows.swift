import FlowModel
import GRDB

/// What updates do to the rows; all in the transaction of the update.
extension IndicatorStore {
    static func source(
        _ name: String, in database: Database
    ) throws -> (id: Int64, generation: Int64, entries: Int) {
        try database.execute(
            sql: "INSERT INTO source (name) VALUES (?) ON CONFLICT (name) DO NOTHING",
            arguments: [name])
        guard
            let row = try Row.fetchOne(
                database, sql: "SELECT id, generation, entries FROM source WHERE name = ?",
                arguments: [name])
        else { throw DatabaseError(message: "the source \(name) is not there") }
        return (row["id"], row["generation"], row["entries"])
    }

    static func lastDetail(in database: Database) throws -> Int64 {
        try Int64.fetchOne(database, sql: "SELECT MAX(id) FROM detail") ?? 0
    }

    static func insert(
        _ feed: FeedContents, source: Int64, part: Int64, generation: Int64, now: Int64,
        in database: Database
    ) throws {
        let first = try lastDetail(in: database) + 1
        let detail = try database.cachedStatement(
            sql: "INSERT INTO detail VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")
        for (index, value) in feed.details.enumerated() {
            let id = first + Int64(index)
            try detail.execute(
                arguments: StatementArguments([id, source] + value.columns + [part]))
        }
        let statement = try database.cachedStatement(
            sql: """
                INSERT INTO indicator VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (source, kind, value, part) DO UPDATE SET listed = excluded.listed,
                    detail = excluded.detail, generation = excluded.generation
                """)
        for entry in feed.addresses {
            let kind: IndicatorKind = entry.range.isSingle ? .address : .network
            let text = "\(entry.range)"
            try statement.execute(arguments: [
                source, kind.rawValue, text, text, entry.range.first.key, entry.range.last.key,
                first + Int64(entry.detail), now, generation, part, RangeLevel.of(entry.range),
            ])
        }
        for entry in feed.texts {
            try statement.execute(arguments: [
                source, entry.kind.rawValue, entry.value, entry.listed ?? entry.value, nil, nil,
                first + Int64(entry.detail), now, generation, part, nil,
            ])
        }
        for pulse in feed.pulses where !pulse.id.isEmpty {
            try insert(pulse, source: source, in: database)
        }
    }

    static func insert(
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

    /// Deletes what is no longer listed, and what earlier updates said of what is; how much went.
    static func sweep(
        _ source: Int64, _ generation: Int64, detailsUpTo last: Int64, in database: Database
    ) throws -> Int {
        try database.execute(
            sql: "DELETE FROM indicator WHERE source = ? AND generation <> ?",
            arguments: [source, generation])
        let gone = database.changesCount
        try database.execute(
            sql: "DELETE FROM detail WHERE source = ? AND id <= ?", arguments: [source, last])
        try database.execute(sql: "DELETE FROM part WHERE source = ?", arguments: [source])
        return gone
    }

    /// The same for one part.
    static func sweep(
        part: Int64, of source: Int64, _ generation: Int64, detailsUpTo last: Int64,
        in database: Database
    ) throws -> Int {
        // Parts have an index of their own; what came in none is found by its source.
        let condition = part == 0 ? "source = ? AND part = 0" : "part = ?"
        try database.execute(
            sql: "DELETE FROM indicator WHERE \(condition) AND generation <> ?",
            arguments: [part == 0 ? source : part, generation])
        let gone = database.changesCount
        try database.execute(
            sql: "DELETE FROM detail WHERE source = ? AND part = ? AND id <= ?",
            arguments: [source, part, last])
        return gone
    }

    /// The number of a part, which has this version from now on.
    static func number(
        of part: FeedPart, source: Int64, in database: Database
    ) throws -> Int64 {
        let number = try Int64.fetchOne(
            database.cachedStatement(
                sql: """
                    INSERT INTO part (source, name, version) VALUES (?, ?, ?)
                    ON CONFLICT (source, name) DO UPDATE SET version = excluded.version
                    RETURNING id
                    """), arguments: [source, part.name, part.version])
        guard let number else { throw DatabaseError(message: "the part \(part.name) is not there") }
        return number
    }

    /// Forgets a part and what it lists; how much went.
    static func forget(
        _ part: Int64, _ name: String, of source: Int64, in database: Database
    ) throws -> Int {
        try database.execute(sql: "DELETE FROM indicator WHERE part = ?", arguments: [part])
        let gone = database.changesCount
        try database.execute(
            sql: "DELETE FROM detail WHERE source = ? AND part = ?", arguments: [source, part])
        try database.execute(
            sql: "DELETE FROM pulse WHERE source = ? AND id = ?", arguments: [source, name])
        try database.execute(sql: "DELETE FROM part WHERE id = ?", arguments: [part])
        return gone
    }

    /// Rows of a source; a value that several parts list has several.
    static func rows(of source: Int64, in database: Database) throws -> Int {
        try Int.fetchOne(
            database, sql: "SELECT COUNT(*) FROM indicator WHERE source = ?", arguments: [source])
            ?? 0
    }

    /// Different entries of a source.
    static func entries(of source: Int64, in database: Database) throws -> Int {
        try Int.fetchOne(
            database,
            sql: """
                SELECT COUNT(*) FROM (SELECT DISTINCT kind, value FROM indicator WHERE source = ?)
                """, arguments: [source]) ?? 0
    }

    /// Notes what the next update of a source begins with; nil forgets.
    static func set(
        _ cursors: [String: String?], of source: Int64, in database: Database
    ) throws {
        for (name, value) in cursors.sorted(by: { $0.key < $1.key }) {
            if let value {
                try database.execute(
                    sql: "INSERT OR REPLACE INTO cursor VALUES (?, ?, ?)",
                    arguments: [source, name, value])
            } else {
                try database.execute(
                    sql: "DELETE FROM cursor WHERE source = ? AND name = ?",
                    arguments: [source, name])
            }
        }
    }
}
