import FlowModel
import GRDB
import Glibc

/// What the sources list, kept in SQLite: everything that was read, refused or not, so that silence can
/// be explained as well as an alert.
///
/// An update of a source is one transaction: whoever reads finds the list before it or the list after it.
public final class IndicatorStore: Sendable {
    let database: DatabaseQueue

    /// What SQLite calls a database without a file.
    private static let inMemory = ":memory:"

    /// Opens the store, and makes it where there is none.
    public init(path: String) throws(IndicatorStoreError) {
        database = try Self.wrapping(path) {
            var configuration = GRDB.Configuration()
            // An update of a large list is one transaction; whoever else writes waits for its end.
            configuration.busyMode = .timeout(60)
            if path != Self.inMemory { configuration.journalMode = .wal }
            // What refers to what is kept in order by the updates; to have it checked would look through
            // all entries for each detail that goes.
            configuration.foreignKeysEnabled = false
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try Self.migrator.migrate(database)
            return database
        }
    }

    /// Opens the store to be asked; where there is none it is empty, and none is made.
    public convenience init(reading path: String) throws(IndicatorStoreError) {
        try self.init(path: unsafe access(path, F_OK) == 0 ? path : Self.inMemory)
    }

    /// What the sources are and how they are doing, by name.
    public func sources() throws(IndicatorStoreError) -> [SourceState] {
        try read { database in
            try Row.fetchAll(
                database,
                sql: "SELECT source.*, source.entries AS count FROM source ORDER BY name"
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

    /// All that these sources list; of all where there is none.
    public func indicators(of sources: [String]) throws(IndicatorStoreError) -> [Indicator] {
        if sources.isEmpty { return try indicators() }
        let marks = Array(repeating: "?", count: sources.count).joined(separator: ", ")
        return try listings(
            where: "source.name IN (\(marks))", arguments: StatementArguments(sources)
        ).map(\.indicator)
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
        try read { try Self.listings(where: condition, arguments: arguments, in: $0) }
    }

    /// The same within a transaction; the conditions are few, so their statements are kept.
    static func listings(
        where condition: String, arguments: StatementArguments, in database: Database
    ) throws -> [Listing] {
        let statement = try database.cachedStatement(
            sql: """
                SELECT indicator.*, source.name AS sourceName, detail.*
                FROM indicator JOIN source ON source.id = indicator.source
                    JOIN detail ON detail.id = indicator.detail
                WHERE \(condition)
                ORDER BY source.name, indicator.first, indicator.last, indicator.kind,
                    indicator.value
                """)
        let rows = try Row.fetchCursor(statement, arguments: arguments)
        var listings: [Listing] = []
        while let row = try rows.next() {
            if let listing = Listing(row) { listings.append(listing) }
        }
        return listings
    }

    func read<Value>(
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

    /// Says what went wrong.
    public init(path: String, message: String) {
        self.path = path
        self.message = message
    }

    /// What went wrong.
    public var description: String { "\(path): \(message)" }
}
