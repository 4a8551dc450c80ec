public import FlowIntel

/// What an update of a source did.
public struct FeedReport: Sendable {
    /// How it ended.
    public enum Outcome: Sendable {
        /// Its list is in force now.
        case taken
        /// It has less than half of the entries that are kept, which stay in force.
        case held(entries: Int, kept: Int)
        /// Nothing has changed.
        case unchanged
        /// There is no list; the last one stays in force.
        case failed(FetchError)
    }

    /// The source's name.
    public var name: String
    /// How it ended.
    public var outcome = Outcome.unchanged
    /// Entries read, as often as they are listed.
    public var read = 0
    /// Entries that could not be read.
    public var bad = 0
    /// Entries of types that no indicator is made of.
    public var ignored = 0
    /// Entries refused, by reason.
    public var refused: [Refusal: Int] = [:]
    /// Entries read and not refused.
    public var inForce = 0
    /// Entries that were not listed before.
    public var added = 0
    /// Entries that no longer are.
    public var gone = 0
    /// Different entries that the source has now.
    public var count = 0
    /// Where the first bad entry is, and how many there are.
    public var firstBad: BadPlace?

    init(name: String) { self.name = name }

    mutating func count(_ feed: FeedContents, policy: AddressPolicy, now: Int64) {
        let judged = feed.judged(by: policy, now: now)
        read += judged.read
        bad += feed.counts.badTotal
        ignored += feed.counts.ignored
        inForce += judged.inForce
        refused.merge(judged.refused, uniquingKeysWith: +)
        if firstBad == nil { firstBad = feed.counts.badPlaces.first }
    }

    mutating func count(_ update: SourceUpdate) {
        added += update.added
        gone += update.gone
        count = update.count
        switch update.outcome {
        case .taken: outcome = .taken
        case .held(let entries, let kept): outcome = .held(entries: entries, kept: kept)
        case .unchanged: if case .taken = outcome {} else { outcome = .unchanged }
        }
    }

    /// Whether the list that is in force is the source's present one.
    public var isWhole: Bool {
        switch outcome {
        case .taken, .unchanged: true
        case .held, .failed: false
        }
    }
}
