import FlowIntel
import FlowQuery
import Glibc
import SkeinConfiguration

/// What is listed at a moment, for telling whether something else is.
struct IndicatorState: Hashable, Sendable {
    /// Of the settings.
    fileprivate var edition: Int
    /// Of the entries.
    fileprivate var version: String
    /// When the next entry ceases to be in force, ms since 1970.
    fileprivate var nextExpiry: Int64?
    /// When it was looked at, ms since 1970.
    fileprivate var time: Int64

    /// Whether at another, later moment the same was listed and in force.
    func isCurrent(_ later: IndicatorState) -> Bool {
        edition == later.edition && version == later.version
            && nextExpiry.map { later.time < $0 } ?? true
    }
}

/// Looks whether something else is listed than before, which costs next to nothing.
struct IndicatorWatch {
    private var database: String
    private var edition = 0
    /// Nil while there is none.
    private var store: IndicatorStore?

    init(_ database: String) { self.database = database }

    /// Takes what comes now for something else, since settings have changed.
    mutating func begin(_ database: String) {
        edition += 1
        self.database = database
        store = nil
    }

    /// What is listed now.
    mutating func state() throws -> IndicatorState {
        let now = Int64(Clock.millisecondsSince1970())
        if store == nil, access(database, R_OK) == 0 {
            store = try IndicatorStore(path: database)
        }
        return IndicatorState(
            edition: edition, version: try store?.contentVersion() ?? "",
            nextExpiry: try store?.nextExpiry(after: now), time: now)
    }
}

extension Intelligence {
    /// Whether a list of any of these sources has been read, or there is none to read: before that nothing
    /// is known, and an empty file would disarm whoever reads it.
    ///
    /// - Parameter names: the sources; empty: all.
    func hasRead(_ names: [String]) throws -> Bool {
        if settings.sources.isEmpty { return true }
        return try store.sources().contains { source in
            source.updated != nil && (names.isEmpty || names.contains(source.name))
        }
    }
}

extension IntelSource {
    /// What is said of a name that no source has.
    static func unknown(_ name: String, among known: [String]) -> String {
        let hint = NearestWord.find(name, among: known).map { "; did you mean ‘\($0)’?" }
        return "no source is called ‘\(name.prefix(80))’" + (hint ?? "")
    }
}
