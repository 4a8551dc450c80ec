/// How many events of a key a sink tells, as swatch counts.
///
/// What it does at the edges is swatch's (`Swatchdog::Threshold`, whose answers the test has): an interval
/// begins with the first event of a key, and is over when as many seconds have passed; `limit` tells
/// `count` events however long they take, and only then looks at the interval.
public struct SinkThreshold: Hashable, Sendable {
    /// Which events are told.
    public enum Kind: String, CaseIterable, Hashable, Sendable {
        /// The first `count` of an interval.
        case limit
        /// Each `count`th within an interval.
        case threshold
        /// The `count`th of an interval, and no more.
        case both
    }

    /// Which.
    public var kind: Kind
    /// How many.
    public var count: UInt64
    /// How long an interval is.
    public var seconds: UInt64

    /// Puts a threshold together.
    public init(_ kind: Kind, count: UInt64, seconds: UInt64) {
        self.kind = kind
        self.count = count
        self.seconds = seconds
    }
}

/// What a sink's threshold has counted, by key; so many keys at most.
public struct SinkGate: Sendable {
    private struct Entry {
        var first: UInt64
        var events: UInt64
    }

    private let threshold: SinkThreshold
    private let keysMax: Int
    private var entries: [String: Entry] = [:]

    /// - Parameter keysMax: when there are more, those whose interval is over are forgotten, else all.
    public init(_ threshold: SinkThreshold, keysMax: Int = 65_536) {
        self.threshold = threshold
        self.keysMax = max(keysMax, 1)
    }

    /// Whether an event is told.
    ///
    /// - Parameter now: seconds.
    public mutating func passes(_ key: String, at now: UInt64) -> Bool {
        guard var entry = entries[key] else {
            makeRoom(now)
            var entry = Entry(first: now, events: 1)
            let passes = threshold.kind == .limit || threshold.count == 1
            if passes, threshold.kind == .threshold { entry.events = 0 }
            entries[key] = entry
            return passes
        }
        defer { entries[key] = entry }
        let isWithin = entry.first + threshold.seconds > now
        switch threshold.kind {
        case .limit:
            if entry.events < threshold.count {
                entry.events += 1
                return true
            }
            guard !isWithin else { return false }
            entry = Entry(first: now, events: 1)
            return true
        case .threshold:
            entry.events += 1
            if isWithin {
                guard entry.events == threshold.count else { return false }
                entry.events = 0
                return true
            }
            entry = Entry(first: now, events: 1)
            guard threshold.count == 1 else { return false }
            entry.events = 0
            return true
        case .both:
            entry.events += 1
            if !isWithin { entry = Entry(first: now, events: 1) }
            return entry.events == threshold.count
        }
    }

    private mutating func makeRoom(_ now: UInt64) {
        guard entries.count >= keysMax else { return }
        let seconds = threshold.seconds
        entries = entries.filter { $0.value.first + seconds > now }
        if entries.count >= keysMax { entries.removeAll() }
    }
}
