import FlowModel

/// How long whoever got passwords wrong has to wait: longer each time.
///
/// Counted by where they are (an IPv4 address, an IPv6 /56) and by whom they say they are. Each attempt counts
/// as failed until it has succeeded, so that many at once are no way around. What is kept has a bound: where
/// too many are counted, newcomers are counted together.
struct LoginThrottle {
    fileprivate enum Key: Hashable {
        case place(IPPrefix)
        case user(String)
        case otherPlaces
        case otherUsers
    }

    private struct Record {
        var failures = 0
        /// ms until when to wait.
        var until: Int64 = 0
        var last: Int64 = 0
    }

    private struct Home: Hashable {
        let user: String
        let place: IPPrefix
    }

    /// An attempt that was let pass.
    struct Attempt {
        fileprivate let place: IPPrefix
        fileprivate let keys: [Key]
        fileprivate let user: String
    }

    private var records: [Key: Record] = [:]
    /// Where people have logged in: strangers who guess at their names do not keep them out there.
    private var homes: [Home: Int64] = [:]
    private var lastSweep: Int64 = .min / 2

    /// Mistakes that cost nothing.
    private static let freeOfPlace = 5
    private static let freeOfUser = 15
    /// ms to wait at most.
    private static let waitMaxOfPlace: Int64 = 15 * 60_000
    private static let waitMaxOfUser: Int64 = 2 * 60_000
    /// ms after which a mistake is forgotten.
    private static let memory: Int64 = 60 * 60_000
    static let recordsMax = 8192
    private static let homesMax = 1024

    /// Places and users that are counted.
    var count: Int { records.count }

    /// Those that have to wait.
    func waiting(at now: Int64) -> Int { records.values.count { $0.until > now } }

    /// An attempt, or how many ms it is too early.
    mutating func begin(
        user: String, at address: IPAddress, now: Int64
    ) -> Result<Attempt, Wait> {
        let place = Self.place(of: address)
        var keys = [key(.place(place), or: .otherPlaces, now)]
        if homes[Home(user: user, place: place)] == nil {
            keys.append(key(.user(user), or: .otherUsers, now))
        }
        let until = keys.compactMap { records[$0]?.until }.max() ?? 0
        guard until <= now else { return .failure(Wait(milliseconds: until - now)) }
        for key in keys { count(key, now) }
        return .success(Attempt(place: place, keys: keys, user: user))
    }

    /// How many ms to wait.
    struct Wait: Error {
        let milliseconds: Int64
    }

    /// The attempt was not looked at: it does not count.
    mutating func undo(_ attempt: Attempt) {
        for key in attempt.keys {
            guard var record = records[key] else { continue }
            record.failures = max(record.failures - 1, 0)
            record.until = 0
            records[key] = record.failures == 0 ? nil : record
        }
    }

    /// The attempt has succeeded.
    mutating func succeed(_ attempt: Attempt, now: Int64) {
        // Of the place only this one is undone: who has an account of their own may still guess at another's.
        undo(attempt)
        records[.user(attempt.user)] = nil
        if homes.count >= Self.homesMax, let oldest = homes.min(by: { $0.value < $1.value })?.key {
            homes[oldest] = nil
        }
        homes[Home(user: attempt.user, place: attempt.place)] = now
    }

    private mutating func count(_ key: Key, _ now: Int64) {
        var record = records[key] ?? Record()
        record.failures = min(record.failures + 1, 1000)
        record.last = now
        let (free, most) =
            switch key {
            case .place, .otherPlaces: (Self.freeOfPlace, Self.waitMaxOfPlace)
            case .user, .otherUsers: (Self.freeOfUser, Self.waitMaxOfUser)
            }
        let over = record.failures - free
        if over > 0 { record.until = now + min(1000 << Int64(min(over - 1, 20)), most) }
        records[key] = record
    }

    /// Under what to count.
    private mutating func key(_ key: Key, or other: Key, _ now: Int64) -> Key {
        if let record = records[key] {
            if now - record.last > Self.memory, record.until <= now { records[key] = nil }
            return key
        }
        guard records.count >= Self.recordsMax else { return key }
        guard now - lastSweep >= 1000 else { return other }
        lastSweep = now
        records = records.filter { now - $0.value.last <= Self.memory || $0.value.until > now }
        return records.count < Self.recordsMax ? key : other
    }

    static func place(of address: IPAddress) -> IPPrefix {
        guard !address.isV4 else { return IPPrefix(address) }
        return IPPrefix(address, length: 56) ?? IPPrefix(address)
    }
}
