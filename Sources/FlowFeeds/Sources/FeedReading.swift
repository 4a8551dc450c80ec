import FlowIntel
import Glibc

/// One update of one source, from its cursors to the store.
struct FeedReading {
    let source: FeedSource
    let store: IndicatorStore
    let fetcher: HTTPFetcher
    let policy: AddressPolicy
    let now: Int64
    let insists: Bool
    /// What the user should know besides the outcome.
    let say: (String) -> Void
    let key: FeedKey?
    /// What the update before has left.
    private(set) var cursors: [String: String]
    private(set) var report: FeedReport
    /// Whether what is listed is of another place.
    private(set) var isFresh: Bool
    private var hasChanged = false
    private let forgotten: [String]

    var limits: FeedLimits { fetcher.options.limits }

    init(
        _ source: FeedSource, store: IndicatorStore, fetcher: HTTPFetcher, policy: AddressPolicy,
        now: Int64, insists: Bool, say: @escaping (String) -> Void
    ) throws {
        self.source = source
        self.store = store
        self.fetcher = fetcher
        self.policy = policy
        self.now = now
        self.insists = insists
        self.say = say
        report = FeedReport(name: source.name)
        let known = try store.cursors(of: source.name)
        if let text = known[Cursor.notBefore], let instant = Int64(text), instant > now {
            throw FetchError.waiting(until: instant)
        }
        isFresh = known[Cursor.origin] != source.origin
        forgotten = isFresh ? Array(known.keys) : []
        cursors = isFresh ? [:] : known
        key = try source.readKey()
    }

    /// Names of what a source remembers.
    enum Cursor {
        static let origin = "origin"
        static let notBefore = "not-before"
        static let entityTag = "etag"
        static let lastModified = "last-modified"
        static let signature = "signature"
    }

    /// Reads the source in its way.
    mutating func run() throws {
        switch source.way {
        case .path(let path): try readPath(path)
        case .list(let place): try readList(place)
        case .threatFox(let place, let days): try readThreatFox(place, days: days)
        case .otx(let place): try readOTX(place)
        case .misp(let place): try readMISP(place)
        case .taxii(let place, let collections): try readTAXII(place, collections)
        case .zone(let zone): try check(zone)
        }
    }

    /// Looks whether a zone is one that is kept; what it lists is asked for when it is seen.
    private mutating func check(_ zone: BlackListZone) throws {
        do throws(BlackListZone.Failure) {
            _ = try zone.check()
        } catch {
            throw FetchError.protocolError(place: zone.zone, what: "\(error)")
        }
        // What another zone has listed goes.
        if isFresh, try !store.parts(of: source.name).isEmpty { _ = try merge(FeedChange()) }
        try noteUnchanged()
    }

    // MARK: What is read goes into the store

    /// Puts a whole list in the place of the one before.
    mutating func take(_ feeds: [FeedContents], cursors: [String: String?] = [:]) throws {
        if let list = feeds.compactMap(\.warningList).first {
            throw FetchError.answer(
                place: source.name,
                cause: .notAFeed("‘\(list.name)’ allows; name it in intel.warning-lists"))
        }
        for feed in feeds { report.count(feed, policy: policy, now: now) }
        report.count(
            try store.update(
                source.name, with: feeds, at: now, insists: insists, cursors: noted(cursors)))
        hasChanged = true
    }

    /// Puts parts in the place of what they were; false where they are held back.
    mutating func merge(_ change: FeedChange, cursors: [String: String?] = [:]) throws -> Bool {
        var change = change
        change.isFresh = isFresh
        for part in change.parts { report.count(part.contents, policy: policy, now: now) }
        let update = try store.merge(
            change, into: source.name, at: now, insists: insists, cursors: noted(cursors))
        report.count(update)
        if case .held = update.outcome { return false }
        isFresh = false
        hasChanged = true
        for (name, value) in cursors { self.cursors[name] = value }
        return true
    }

    /// Notes that there is nothing new.
    mutating func noteUnchanged(cursors: [String: String?] = [:]) throws {
        report.count(try store.noteUnchanged(source.name, at: now, cursors: noted(cursors)))
    }

    private func noted(_ cursors: [String: String?]) -> [String: String?] {
        var all: [String: String?] = [:]
        for name in forgotten where !hasChanged { all.updateValue(nil, forKey: name) }
        all.updateValue(nil, forKey: Cursor.notBefore)
        all.updateValue(source.origin, forKey: Cursor.origin)
        for (name, value) in cursors { all.updateValue(value, forKey: name) }
        return all
    }

    // MARK: Requests

    /// A request that carries the key in `header`, or as the password of the user.
    func request(
        _ place: FeedLocation, keyHeader: String? = nil, accept: String? = nil,
        isConditional: Bool = false, bytesMax: Int? = nil
    ) -> HTTPFetcher.Request {
        var request = HTTPFetcher.Request(
            location: place, bytesMax: bytesMax ?? limits.documentBytesMax)
        if let accept { request.headers.append(("accept", accept)) }
        if isConditional {
            if let tag = cursors[Cursor.entityTag] {
                request.headers.append(("if-none-match", tag))
            }
            if let time = cursors[Cursor.lastModified] {
                request.headers.append(("if-modified-since", time))
            }
        }
        if let key {
            if let user = source.user {
                let credentials = Base64.text(Array("\(user):\(key.secret)".utf8))
                request.secrets.append(("authorization", "Basic \(credentials)"))
            } else if let header = source.keyHeader ?? keyHeader {
                request.secrets.append((header, key.secret))
            } else {
                request.secrets.append(("authorization", "Bearer \(key.secret)"))
            }
        }
        return request
    }

    /// What the answer wants to be asked with next time; both forgotten where it says nothing.
    func validators(_ answer: HTTPFetcher.Answer) -> [String: String?] {
        func value(_ name: String) -> String? {
            answer.headers.first(name: name).flatMap { $0.utf8.count <= 1024 ? $0 : nil }
        }
        return [
            Cursor.entityTag: value("etag"), Cursor.lastModified: value("last-modified"),
        ]
    }

    /// Does something that a server's passing trouble may spoil, again after each pause.
    func retrying<Value>(_ body: () throws -> Value) throws -> Value {
        for pause in fetcher.options.retryPauses {
            do {
                return try body()
            } catch let error as FetchError where error.isPassing {
                try wait(pause)
            }
        }
        return try body()
    }

    private func wait(_ pause: Duration) throws {
        var rest = pause.nanoseconds
        while rest > 0 {
            if fetcher.isCancelled { throw FetchError.cancelled }
            var time = timespec()
            time.tv_nsec = Int(min(rest, 100_000_000))
            unsafe nanosleep(&time, nil)
            rest -= 100_000_000
        }
    }
}

/// Base64 (RFC 4648 §4).
enum Base64 {
    private static let digits = Array(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ octets: [UInt8]) -> String {
        var text: [UInt8] = []
        for start in stride(from: 0, to: octets.count, by: 3) {
            let group = octets[start..<min(start + 3, octets.count)]
            let bits =
                group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) } << (8 * UInt32(3 - group.count))
            for digit in 0..<4 {
                let index = Int(bits >> (18 - 6 * UInt32(digit)) & 63)
                text.append(digit <= group.count ? digits[index] : UInt8(ascii: "="))
            }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
