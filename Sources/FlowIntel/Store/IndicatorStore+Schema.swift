import Foundation
import GRDB

extension IndicatorStore {
    /// Versions of the schema; one that was released never changes.
    static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE source (
                        id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
                        -- ms since 1970: when a list was last taken, and last looked at
                        updated INTEGER, checked INTEGER,
                        -- which update its entries are of
                        generation INTEGER NOT NULL DEFAULT 0,
                        read INTEGER NOT NULL DEFAULT 0, bad INTEGER NOT NULL DEFAULT 0,
                        ignored INTEGER NOT NULL DEFAULT 0,
                        -- entries of a list that is held back
                        held INTEGER,
                        -- why the last look took no list
                        problem TEXT);
                    CREATE TABLE detail (
                        id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source,
                        description TEXT NOT NULL, reportURL TEXT NOT NULL, port INTEGER,
                        confidence INTEGER, firstSeen INTEGER, lastSeen INTEGER, expires INTEGER,
                        tags TEXT NOT NULL, withheld TEXT);
                    CREATE INDEX detailOfSource ON detail(source);
                    CREATE TABLE indicator (
                        source INTEGER NOT NULL REFERENCES source, kind TEXT NOT NULL,
                        value TEXT NOT NULL, listed TEXT NOT NULL,
                        -- addresses: the ends of the range, 16 octets each
                        first BLOB, last BLOB,
                        detail INTEGER NOT NULL REFERENCES detail,
                        -- ms since 1970: since when it is in the list, without a break
                        since INTEGER NOT NULL,
                        generation INTEGER NOT NULL,
                        PRIMARY KEY (source, kind, value)) WITHOUT ROWID;
                    CREATE INDEX indicatorByValue ON indicator(value);
                    CREATE TABLE pulse (
                        source INTEGER NOT NULL REFERENCES source, id TEXT NOT NULL,
                        name TEXT NOT NULL, description TEXT NOT NULL, author TEXT NOT NULL,
                        created INTEGER, modified INTEGER, revision INTEGER NOT NULL,
                        tlp TEXT NOT NULL, isPublic INTEGER NOT NULL, adversary TEXT NOT NULL,
                        -- a line each
                        tags TEXT NOT NULL, "references" TEXT NOT NULL, countries TEXT NOT NULL,
                        industries TEXT NOT NULL, families TEXT NOT NULL, attacks TEXT NOT NULL,
                        PRIMARY KEY (source, id)) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("2", migrate: addParts)
        return migrator
    }

    /// Sources that are read in parts, what they remember, and an index of ranges.
    private static func addParts(_ database: Database) throws {
        let width = DatabaseFunction("rangeLevel", argumentCount: 2, pure: true) { values in
            guard let first = Data.fromDatabaseValue(values[0]),
                let last = Data.fromDatabaseValue(values[1])
            else { return nil }
            return RangeLevel.of(first, last)
        }
        database.add(function: width)
        defer { database.remove(function: width) }
        try database.execute(
            sql: """
                ALTER TABLE source ADD COLUMN entries INTEGER NOT NULL DEFAULT 0;
                UPDATE source SET entries =
                    (SELECT COUNT(*) FROM indicator WHERE indicator.source = source.id);
                -- what a source can be read again of by itself: a pulse, an event, an object
                CREATE TABLE part (
                    id INTEGER PRIMARY KEY, source INTEGER NOT NULL REFERENCES source,
                    name TEXT NOT NULL, version TEXT NOT NULL, UNIQUE (source, name));
                -- what the next update of a source begins with
                CREATE TABLE cursor (
                    source INTEGER NOT NULL REFERENCES source, name TEXT NOT NULL,
                    value TEXT NOT NULL, PRIMARY KEY (source, name)) WITHOUT ROWID;
                -- 0 for what came in no part
                ALTER TABLE detail ADD COLUMN part INTEGER NOT NULL DEFAULT 0;
                DROP INDEX detailOfSource;
                CREATE INDEX detailOfPart ON detail(source, part);
                ALTER TABLE indicator RENAME TO indicatorBefore;
                DROP INDEX indicatorByValue;
                CREATE TABLE indicator (
                    source INTEGER NOT NULL REFERENCES source, kind TEXT NOT NULL,
                    value TEXT NOT NULL, listed TEXT NOT NULL,
                    -- addresses: the ends of the range, 16 octets each
                    first BLOB, last BLOB,
                    detail INTEGER NOT NULL REFERENCES detail,
                    -- ms since 1970: since when it is in the list, without a break
                    since INTEGER NOT NULL,
                    generation INTEGER NOT NULL,
                    part INTEGER NOT NULL,
                    -- addresses: bits of last - first
                    level INTEGER,
                    PRIMARY KEY (source, kind, value, part)) WITHOUT ROWID;
                INSERT INTO indicator SELECT source, kind, value, listed, first, last, detail,
                    since, generation, 0, rangeLevel(first, last) FROM indicatorBefore;
                DROP TABLE indicatorBefore;
                CREATE INDEX indicatorByValue ON indicator(value);
                CREATE INDEX indicatorByRange ON indicator(level, first) WHERE level IS NOT NULL;
                CREATE INDEX indicatorOfPart ON indicator(part) WHERE part <> 0;
                """)
    }
}
