/// Why an indicator that was read is not in force although nothing is wrong with its value.
public enum Withheld: String, CaseIterable, Hashable, Sendable {
    /// Its feed says that it is no longer active.
    case inactive
    /// Its feed has deleted it and still names it.
    case deleted
    /// Its feed has revoked it.
    case revoked
    /// Its feed gives it for context: MISP's `to_ids` is false.
    case context
}

/// What a feed says of an indicator besides its value.
///
/// Entries of a feed that say the same share one; times are ms since 1970, UTC.
public struct IndicatorDetail: Hashable, Sendable {
    /// What it is, in the feed's words on one line; empty where the feed has none.
    public var description = ""
    /// Where its report can be read; empty where the feed names none.
    public var reportURL = ""
    /// The port that goes with an address or a name.
    public var port: UInt16?
    /// 0 to 100; nil where the feed does not say.
    public var confidence: UInt8?
    /// When it was first seen, or listed.
    public var firstSeen: Int64?
    /// When it was last seen.
    public var lastSeen: Int64?
    /// When it ceases to be in force; nil for never.
    public var expires: Int64?
    /// Words that the feed gives it.
    public var tags: [String] = []
    /// Why it is not in force, nil where it is.
    public var withheld: Withheld?

    /// Makes a detail that says nothing.
    public init() {}
}

/// A listed range of addresses.
public struct ListedAddresses: Hashable, Sendable, BitwiseCopyable {
    /// The addresses.
    public var range: AddressRange
    /// The index of its detail in ``FeedContents/details``.
    public var detail: UInt32

    /// Makes an entry.
    public init(range: AddressRange, detail: UInt32) {
        self.range = range
        self.detail = detail
    }
}

/// A listed value that is no address: a name, a URL, a digest.
public struct ListedText: Hashable, Sendable {
    /// What it is a value of.
    public var kind: IndicatorKind
    /// The value in canonical form: names in lower case, as A-labels and without the root's dot.
    public var value: String
    /// The value as the feed has it, nil where that is the same.
    public var listed: String?
    /// The index of its detail in ``FeedContents/details``.
    public var detail: UInt32
}
