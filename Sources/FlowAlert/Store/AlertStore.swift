import FlowModel
import GRDB

/// Alerts, kept in SQLite: what was found, what became of it, and who knows of it.
public final class AlertStore: Sendable {
    private let database: DatabaseQueue

    /// What SQLite says of the store.
    public struct Failure: Error, Sendable, CustomStringConvertible {
        /// The file.
        public let path: String
        /// SQLite's words.
        public let message: String

        /// What went wrong.
        public var description: String { "\(path): \(message)" }
    }

    /// Opens the store, and makes it where there is none.
    ///
    /// - Parameter patience: how long to wait for others that write.
    public init(path: String, patience: Duration = .seconds(10)) throws(Failure) {
        database = try Self.wrapping(path) {
            var configuration = GRDB.Configuration()
            configuration.busyMode = .timeout(patience / .seconds(1))
            configuration.journalMode = .wal
            let database = try DatabaseQueue(path: path, configuration: configuration)
            try Self.migrator.migrate(database)
            return database
        }
    }

    private static func wrapping<Value>(
        _ path: String, _ body: () throws -> Value
    ) throws(Failure) -> Value {
        do {
            return try body()
        } catch {
            throw Failure(path: path, message: "\(error)")
        }
    }

    private static var migrator: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("1") { database in
            try database.execute(
                sql: """
                    CREATE TABLE alert (
                        id INTEGER PRIMARY KEY, rule TEXT NOT NULL, kind TEXT NOT NULL,
                        severity TEXT NOT NULL, retro INTEGER NOT NULL,
                        source TEXT, target TEXT, host TEXT, peer TEXT,
                        indicator TEXT NOT NULL, direction TEXT NOT NULL,
                        proto INTEGER NOT NULL, sourcePort INTEGER NOT NULL,
                        targetPort INTEGER NOT NULL,
                        flows INTEGER NOT NULL, packets INTEGER NOT NULL, bytes INTEGER NOT NULL,
                        -- ms since 1970
                        first INTEGER NOT NULL, last INTEGER NOT NULL, opened INTEGER NOT NULL,
                        updated INTEGER NOT NULL, resolved INTEGER, windows INTEGER NOT NULL,
                        -- a line each
                        sources TEXT NOT NULL, links TEXT NOT NULL, descriptions TEXT NOT NULL,
                        country TEXT NOT NULL, measure TEXT NOT NULL, value INTEGER NOT NULL,
                        acknowledged INTEGER, note TEXT NOT NULL);
                    CREATE INDEX alertByTime ON alert(last);
                    CREATE INDEX openAlert ON alert(resolved) WHERE resolved IS NULL;
                    """)
        }
        migrator.registerMigration("2") { database in
            try database.execute(
                sql: """
                    -- up to where what a source lists was looked up in the past, ms since 1970
                    CREATE TABLE hunted (
                        source TEXT PRIMARY KEY, latest INTEGER NOT NULL) WITHOUT ROWID;
                    """)
        }
        migrator.registerMigration("3") { database in
            try database.execute(
                sql: "ALTER TABLE alert ADD COLUMN question TEXT NOT NULL DEFAULT ''")
        }
        return migrator
    }

    // MARK: - Writing

    /// A change of an alert.
    public enum Change: Sendable {
        /// It is new, or another with its number takes its place.
        case insert(Alert)
        /// Figures and state; what people wrote of it stays.
        case update(Alert)
    }

    /// Makes changes, all or none.
    public func apply(_ changes: [Change]) throws(Failure) {
        guard !changes.isEmpty else { return }
        try Self.wrapping(database.path) {
            try database.write { database in
                let insert = try database.cachedStatement(sql: Self.insertion)
                let update = try database.cachedStatement(sql: Self.updating)
                for change in changes {
                    switch change {
                    case .insert(let alert):
                        try insert.execute(arguments: StatementArguments(alert.columns))
                    case .update(let alert):
                        try update.execute(arguments: [
                            Int64(clamping: alert.flows), Int64(clamping: alert.packets),
                            Int64(clamping: alert.bytes), Int64(clamping: alert.first),
                            Int64(clamping: alert.last), Int64(clamping: alert.updated),
                            alert.resolved.map { Int64(clamping: $0) },
                            Int64(clamping: alert.windows), Int64(clamping: alert.value),
                            alert.direction.rawValue, alert.id,
                        ])
                    }
                }
            }
        }
    }

    private static let insertion =
        "INSERT OR REPLACE INTO alert VALUES ("
        + Array(repeating: "?", count: 32).joined(separator: ",") + ")"
    private static let updating = """
        UPDATE alert SET flows = ?, packets = ?, bytes = ?, first = ?, last = ?, updated = ?,
            resolved = ?, windows = ?, value = ?, direction = ? WHERE id = ?
        """

    /// Notes that somebody knows of an alert; nil where there is none of that number.
    ///
    /// - Parameter now: ms since 1970.
    public func acknowledge(
        _ id: Int64, note: String?, at now: UInt64
    ) throws(Failure) -> Alert? {
        try Self.wrapping(database.path) {
            try database.write { database in
                try database.execute(
                    sql: """
                        UPDATE alert SET acknowledged = coalesce(acknowledged, ?),
                            note = coalesce(?, note) WHERE id = ?
                        """, arguments: [Int64(clamping: now), note, id])
                return try Row.fetchOne(
                    database, sql: "SELECT * FROM alert WHERE id = ?", arguments: [id]
                ).map(Alert.init)
            }
        }
    }

    /// Notes up to where what a source lists was looked up in the past, ms since 1970.
    public func setHunted(_ latest: Int64, of source: String) throws(Failure) {
        try Self.wrapping(database.path) {
            try database.write { database in
                try database.execute(
                    sql: "INSERT OR REPLACE INTO hunted VALUES (?, ?)", arguments: [source, latest])
            }
        }
    }

    // MARK: - Reading

    /// Up to where what each source lists was looked up in the past, ms since 1970.
    public func hunted() throws(Failure) -> [String: Int64] {
        try Self.wrapping(database.path) {
            try database.read { database in
                let rows = try Row.fetchAll(database, sql: "SELECT source, latest FROM hunted")
                return Dictionary(
                    rows.map { ($0["source"] as String, $0["latest"] as Int64) },
                    uniquingKeysWith: { $1 })
            }
        }
    }

    /// Alerts that touch a time, the last first.
    ///
    /// - Parameters:
    ///   - from: ms since 1970; nil: since ever.
    ///   - to: ms since 1970; nil: for ever.
    ///   - body: answers whether more is wanted.
    public func each(
        from: UInt64? = nil, to: UInt64? = nil, _ body: (Alert) throws -> Bool
    ) throws(Failure) {
        try Self.wrapping(database.path) {
            try database.read { database in
                let rows = try Row.fetchCursor(
                    database,
                    sql: """
                        SELECT * FROM alert WHERE last >= ? AND first < ?
                        ORDER BY last DESC, id DESC
                        """,
                    arguments: [
                        Int64(clamping: from ?? 0), to.map { Int64(clamping: $0) } ?? .max,
                    ])
                while let row = try rows.next() {
                    guard try body(Alert(row)) else { return }
                }
            }
        }
    }

    /// What goes on, by number.
    public func open() throws(Failure) -> [Alert] {
        try Self.wrapping(database.path) {
            try database.read {
                try Row.fetchAll($0, sql: "SELECT * FROM alert WHERE resolved IS NULL ORDER BY id")
                    .map(Alert.init)
            }
        }
    }

    /// The numbers of what goes on and somebody knows of.
    public func acknowledged() throws(Failure) -> Set<Int64> {
        try Self.wrapping(database.path) {
            try database.read {
                Set(
                    try Int64.fetchAll(
                        $0,
                        sql: """
                            SELECT id FROM alert
                            WHERE resolved IS NULL AND acknowledged IS NOT NULL
                            """))
            }
        }
    }

    /// The number after the highest.
    public func nextID() throws(Failure) -> Int64 {
        try Self.wrapping(database.path) {
            try database.read {
                (try Int64.fetchOne($0, sql: "SELECT max(id) FROM alert") ?? 0) + 1
            }
        }
    }

    /// A number that changes when anybody else writes to the store.
    public func dataVersion() throws(Failure) -> Int {
        try Self.wrapping(database.path) {
            try database.read { try Int.fetchOne($0, sql: "PRAGMA data_version") ?? 0 }
        }
    }
}

extension Alert {
    fileprivate var columns: [(any DatabaseValueConvertible)?] {
        let numbers = [flows, packets, bytes, first, last, opened, updated].map {
            Int64(clamping: $0)
        }
        return [
            id, rule, kind.rawValue, severity.rawValue, isRetro, source?.description,
            target?.description, host?.description, peer?.description, indicator,
            direction.rawValue, Int(proto), Int(sourcePort), Int(targetPort),
        ] + numbers + [
            resolved.map { Int64(clamping: $0) }, Int64(clamping: windows),
            sources.joined(separator: "\n"), links.joined(separator: "\n"),
            descriptions.joined(separator: "\n"), country, measure, Int64(clamping: value),
            acknowledged.map { Int64(clamping: $0) }, note, question,
        ]
    }

    fileprivate init(_ row: Row) {
        func number(_ name: String) -> UInt64 { UInt64(clamping: row[name] as Int64? ?? 0) }
        func instant(_ name: String) -> UInt64? {
            (row[name] as Int64?).map { UInt64(clamping: $0) }
        }
        func address(_ name: String) -> IPAddress? {
            (row[name] as String?).flatMap { IPAddress($0) }
        }
        func lines(_ name: String) -> [String] {
            (row[name] as String? ?? "").split(separator: "\n").map(String.init)
        }
        self.init(
            rule: row["rule"], kind: Kind(rawValue: row["kind"]) ?? .contact,
            severity: AlertSeverity(rawValue: row["severity"]) ?? .medium)
        id = row["id"]
        isRetro = row["retro"]
        source = address("source")
        target = address("target")
        host = address("host")
        peer = address("peer")
        indicator = row["indicator"]
        direction = Direction(rawValue: row["direction"]) ?? .outward
        proto = UInt8(truncatingIfNeeded: number("proto"))
        sourcePort = UInt16(truncatingIfNeeded: number("sourcePort"))
        targetPort = UInt16(truncatingIfNeeded: number("targetPort"))
        flows = number("flows")
        packets = number("packets")
        bytes = number("bytes")
        first = number("first")
        last = number("last")
        opened = number("opened")
        updated = number("updated")
        resolved = instant("resolved")
        windows = number("windows")
        sources = lines("sources")
        links = lines("links")
        descriptions = lines("descriptions")
        country = row["country"]
        measure = row["measure"]
        value = number("value")
        acknowledged = instant("acknowledged")
        note = row["note"]
        question = row["question"]
    }
}
