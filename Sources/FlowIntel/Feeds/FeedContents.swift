/// What a feed held, and what became of each of its entries.
public struct FeedContents: Sendable {
    /// The format that it was read as.
    public var format: FeedFormat
    /// Listed addresses, as often as the feed lists them.
    public var addresses: [ListedAddresses] = []
    /// Listed names, URLs, digests and the like.
    public var texts: [ListedText] = []
    /// What entries refer to; the first says nothing.
    public var details: [IndicatorDetail] = [IndicatorDetail()]
    /// OTX: the pulses, without their indicators.
    public var pulses: [OTXPulse] = []
    /// OTX: what changed in the subscription, for a page of events.
    public var events: [OTXEvent] = []
    /// OTX: where the next page is.
    public var nextPage: String?
    /// MISP: the list, where this is one of false positives and not of indicators.
    public var warningList: WarningList?
    /// MISP: the events that a feed's manifest names.
    public var manifest: [String] = []
    /// When the publisher wants it fetched again, ms since 1970.
    public var expires: Int64?
    /// What became of its entries.
    public var counts = FeedCounts()

    package init(format: FeedFormat) { self.format = format }
}

extension FeedContents {
    /// Adds what another page of the same feed lists.
    package mutating func append(_ other: FeedContents) {
        let offset = UInt32(details.count)
        details += other.details
        addresses += other.addresses.map {
            ListedAddresses(range: $0.range, detail: $0.detail + offset)
        }
        texts += other.texts.map { entry in
            var entry = entry
            entry.detail += offset
            return entry
        }
        counts.read.merge(other.counts.read, uniquingKeysWith: +)
        counts.withheld.merge(other.counts.withheld, uniquingKeysWith: +)
        counts.bad.merge(other.counts.bad, uniquingKeysWith: +)
        counts.ignored += other.counts.ignored
        counts.lines += other.counts.lines
        counts.badPlaces += other.counts.badPlaces.prefix(10 - min(10, counts.badPlaces.count))
    }
}

/// Entries of a feed, counted by what became of them.
public struct FeedCounts: Equatable, Sendable {
    /// Entries read, by kind, as often as they are listed.
    public var read: [IndicatorKind: Int] = [:]
    /// Entries that are read and not in force by the feed's own word.
    public var withheld: [Withheld: Int] = [:]
    /// Entries of types that no indicator is made of, such as `text` in MISP.
    public var ignored = 0
    /// Entries that could not be read, by what is wrong.
    public var bad: [BadEntry: Int] = [:]
    /// Where the first bad entries are; ten at most.
    public var badPlaces: [BadPlace] = []
    /// Lines, or elements of a document.
    public var lines = 0

    /// All entries read.
    public var readTotal: Int { read.values.reduce(0, +) }
    /// All entries that could not be read.
    public var badTotal: Int { bad.values.reduce(0, +) }
}

/// What is wrong with an entry.
public enum BadEntry: String, CaseIterable, Hashable, Sendable {
    /// It looks like an address and is none: `1.2.3`, `010.0.0.1`, `192.0.2.300`.
    case address
    /// A prefix length or a port beyond what there is.
    case length
    /// A range that runs backwards, or from one family into the other.
    case range
    /// A host name that could not be looked up in the DNS, or that some would read as an address.
    case name
    /// A URL, digest or e-mail address that is malformed.
    case value
    /// A line longer than ``FeedLimits/lineBytesMax``.
    case long
    /// Octets that are no text.
    case text
    /// A row with too few columns, or one that is no JSON.
    case row
    /// A STIX pattern that says more than "one of these values".
    case pattern
}

/// A bad entry's line, or its number in a document, from 1.
public struct BadPlace: Hashable, Sendable {
    /// The line.
    public var line: Int
    /// What is wrong there.
    public var reason: BadEntry

    /// Makes a place.
    public init(line: Int, reason: BadEntry) {
        self.line = line
        self.reason = reason
    }
}

/// Bounds on what a feed may cost.
public struct FeedLimits: Sendable {
    /// Octets of a list that is read line by line; 256 MiB by default.
    public var listBytesMax = 256 << 20
    /// Octets of a document that must be read whole; 64 MiB by default.
    public var documentBytesMax = 64 << 20
    /// Octets of a line; 16 KiB by default.
    public var lineBytesMax = 16 << 10
    /// Entries; 8 million by default.
    public var entriesMax = 8_000_000
    /// Bad entries after which a feed without a good one is given up; 10,000 by default.
    public var badMax = 10_000

    /// Makes the default limits.
    public init() {}
}
