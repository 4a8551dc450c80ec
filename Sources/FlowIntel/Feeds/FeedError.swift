/// Why a whole feed is refused; the last good one stays in force.
public enum FeedError: Error, Equatable, Sendable {
    /// It has more octets than allowed.
    case tooLarge(bytesMax: Int)
    /// It has more entries than allowed.
    case tooMany(entriesMax: Int)
    /// It is no list: what its first octets say that it is.
    case notAFeed(String)
    /// It is no JSON from that octet on.
    case json(offset: Int, what: String)
    /// It is JSON of no kind that is known here.
    case unknownDocument
    /// It says how many entries it has, and has others.
    case incomplete(declared: Int, read: Int)
    /// None of its entries could be read.
    case nothingReadable(bad: Int, first: BadPlace)
    /// Its first line does not name the columns that are asked for.
    case column(String)
    /// The file could not be read.
    case system(path: String, code: Int32)
}

extension FeedError: CustomStringConvertible {
    /// What is wrong, for the line that names the feed.
    public var description: String {
        switch self {
        case .tooLarge(let limit): "larger than \(limit) octets"
        case .tooMany(let limit): "more than \(limit) entries"
        case .notAFeed(let what): "no list of indicators: \(what)"
        case .json(let offset, let what): "no JSON at octet \(offset): \(what)"
        case .unknownDocument:
            "JSON, but no MISP event or warning list, STIX bundle, OTX page or Spamhaus list"
        case .incomplete(let declared, let read):
            "cut short or altered: it says that it has \(declared) entries, and has \(read)"
        case .nothingReadable(let bad, let first):
            "none of \(bad) entries can be read; the first, in line \(first.line): \(first.reason)"
        case .column(let name): "no column \(name)"
        case .system(let path, let code): "\(path): \(systemMessage(code))"
        }
    }
}

extension BadEntry: CustomStringConvertible {
    /// What is wrong, in words.
    public var description: String {
        switch self {
        case .address: "not an address"
        case .length: "a prefix length or port out of range"
        case .range: "not a range of addresses"
        case .name: "not a host name"
        case .value: "malformed"
        case .long: "too long a line"
        case .text: "not text"
        case .row: "too few columns"
        case .pattern: "a pattern that is more than a list of values"
        }
    }
}
