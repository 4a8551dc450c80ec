public import FlowModel
import GRDB

/// What the sources list, kept in SQLite: everything that was read, refused or not, so that silence can
/// be explained as well as an alert.
///
/// An update of a source is one transaction: whoever reads finds the list before it or the list after it.
public final class IndicatorStore: Sendable {
    let database: DatabaseQueue

    /// Opens the store, and makes it where there is none.
    public init(path: String) throws(IndicatorStoreError) {
        database = try Self.wrapping(path) {
            var configuration = GRDB.Configuration()
            configuration.busyMode = .timeout(10)
            configuration.journalMode = .wal
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try Self.migrator.migrate(database)
            return database
        }
    }

    /// What the sources are and how they are doing, by name.
    public func sources() throws(IndicatorStoreError) -> [SourceState] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: """
                    SELECT source.*,
                        (SELECT COUNT(*) FROM indicator WHERE indicator.source = source.id) AS count
                    FROM source ORDER BY name
                    """
            ).map(SourceState.init)
        }
    }

    /// All that is listed, of one source or of all: sources by name, their entries in the order of their
    /// values.
    public func indicators(of source: String? = nil) throws(IndicatorStoreError) -> [Indicator] {
        try listings(
            where: source == nil ? "TRUE" : "source.name = ?",
            arguments: source.map { [$0] } ?? []
        ).map(\.indicator)
    }

    /// All entries that list `address`, the narrowest first.
    public func listings(of address: IPAddress) throws(IndicatorStoreError) -> [Listing] {
        let key = address.key
        let found = try listings(
            where: "indicator.first <= ? AND indicator.last >= ?", arguments: [key, key])
        return found.sorted { $0.indicator.width < $1.indicator.width }
    }

    /// All entries that list a value which is no address; a name also by the domains above it.
    public func listings(of text: String) throws(IndicatorStoreError) -> [Listing] {
        guard let (name, _) = NameText.parse(text, scope: .domain) else {
            return try listings(
                where: "indicator.value IN (?, ?) AND indicator.first IS NULL",
                arguments: [text, text.lowercased()])
        }
        var found = try listings(
            where: "indicator.value = ? AND indicator.kind IN ('domain', 'hostname')",
            arguments: [name])
        var rest = Substring(name)
        while let dot = rest.firstIndex(of: ".") {
            rest = rest[rest.index(after: dot)...]
            found += try listings(
                where: "indicator.value = ? AND indicator.kind IN ('domain', 'subtree')",
                arguments: [String(rest)])
        }
        return found
    }

    func listings(
        where condition: String, arguments: StatementArguments
    ) throws(IndicatorStoreError) -> [Listing] {
        try read { database in
            let rows = try Row.fetchCursor(
                database,
                sql: """
                    SELECT indicator.*, source.name AS sourceName, detail.*
                    FROM indicator JOIN source ON source.id = indicator.source
                        JOIN detail ON detail.id = indicator.detail
                    WHERE \(condition)
                    ORDER BY source.name, indicator.first, indicator.last, indicator.kind,
                        indicator.value
                    """, arguments: arguments)
            var listings: [Listing] = []
            while let row = try rows.next() {
                if let listing = Listing(row) { listings.append(listing) }
            }
            return listings
        }
    }

    private func read<Value>(
        _ body: (Database) throws -> Value
    ) throws(IndicatorStoreError) -> Value {
        try Self.wrapping(database.path) { try database.read(body) }
    }

    static func wrapping<Value>(
        _ path: String, _ body: () throws -> Value
    ) throws(IndicatorStoreError) -> Value {
        do {
            return try body()
        } catch {
            throw IndicatorStoreError(path: path, message: "\(error)")
        }
    }
}

/// What SQLite says of the store.
public struct IndicatorStoreError: Error, Sendable, CustomStringConvertible {
    /// The file.
    public var path: String
    /// SQLite's words.
    public var message: String

    /// What went wrong.
    public var description: String { "\(path): \(message)" }
}

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
        return migrator
    }
}
