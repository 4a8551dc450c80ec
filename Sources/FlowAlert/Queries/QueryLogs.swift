public import FlowQuery
import FlowStore

/// A log of a resolver that is followed.
public struct QueryLog: Hashable, Sendable {
    /// The file.
    public var path: String
    /// Only what this policy zone has blocked; nil: any.
    public var zone: String?
    /// Whether what is in it when it is first opened is read too.
    public var fromBeginning = false

    /// A log of any policy zone, from its end on.
    public init(path: String) { self.path = path }
}

/// What was read of a log.
public struct QueryLogCount: Hashable, Sendable {
    /// The file.
    public var path: String
    /// Questions that were blocked.
    public var blocked: UInt64 = 0
    /// Questions that the zone lets pass.
    public var passed: UInt64 = 0
    /// Questions that another zone has blocked.
    public var foreign: UInt64 = 0
    /// Lines that could not be understood, or are too long.
    public var unreadable: UInt64 = 0

    /// Nothing so far.
    public init(path: String) { self.path = path }

    /// Takes a line; the question, where it is a blocked one.
    public mutating func take(_ line: BlockedQuery.Line, zone: String?) -> BlockedQuery? {
        switch line {
        case .other: return nil
        case .unreadable:
            unreadable += 1
            return nil
        case .query(let query):
            if let zone, !query.isOf(zone: zone) {
                foreign += 1
                return nil
            }
            if query.isPassed {
                passed += 1
                return nil
            }
            blocked += 1
            return query
        }
    }
}

/// Reads a log of a resolver once, from its beginning to its end.
///
/// - Parameters:
///   - zone: only what this policy zone has blocked; nil: any.
///   - body: takes each blocked question.
public func readQueryLog(
    at path: String, zone: String?, times: TimeText, _ body: (BlockedQuery) -> Void
) throws(SinkError) -> QueryLogCount {
    var count = QueryLogCount(path: path)
    let follower = LogFollower(path: path, fromBeginning: true, lineMax: BlockedQuery.lineMax)
    try follower.readWhole { line in
        let read = BlockedQuery.read(line) { times.instant($0) }
        if let query = count.take(read, zone: zone) { body(query) }
    }
    count.unreadable += follower.longLines
    return count
}

/// The logs that are followed; used by one thread.
final class QueryLogs {
    private struct Followed {
        var log: QueryLog
        var follower: LogFollower
        var count: QueryLogCount
        var trouble = ""
    }

    private var followed: [Followed] = []
    private let say: @Sendable (String) -> Void

    init(say: @escaping @Sendable (String) -> Void) { self.say = say }

    var counts: [QueryLogCount] {
        followed.map { entry in
            var count = entry.count
            count.unreadable += entry.follower.longLines
            return count
        }
    }

    /// Follows these from now on; what was followed before goes on where it is.
    func replace(by logs: [QueryLog]) {
        followed = logs.map { log in
            if var old = followed.first(where: { $0.log.path == log.path }) {
                old.log = log
                return old
            }
            return Followed(
                log: log,
                follower: LogFollower(
                    path: log.path, fromBeginning: log.fromBeginning,
                    lineMax: BlockedQuery.lineMax), count: QueryLogCount(path: log.path))
        }
    }

    /// Reads what has come; whether there may be more.
    func read(_ take: (BlockedQuery) -> Void) -> Bool {
        var hasMore = false
        for index in followed.indices {
            let zone = followed[index].log.zone
            let times = TimeText()
            do throws(SinkError) {
                let more = try followed[index].follower.read { line in
                    let read = BlockedQuery.read(line) { times.instant($0) }
                    if let query = followed[index].count.take(read, zone: zone) { take(query) }
                }
                hasMore = hasMore || more
                if !followed[index].trouble.isEmpty { say("\(followed[index].log.path): is read") }
                followed[index].trouble = ""
            } catch {
                if followed[index].trouble != error.description {
                    say("\(error); it is waited for")
                }
                followed[index].trouble = error.description
            }
        }
        return hasMore
    }
}
