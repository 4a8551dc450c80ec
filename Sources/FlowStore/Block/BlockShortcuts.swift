public import FlowModel

/// Codes of a dictionary's entries that a test accepts: ascending ranges with gaps between them.
public struct CodeMatches: Sendable {
    /// Entries of the dictionary.
    public let entries: Int
    /// The codes.
    public private(set) var ranges: [ClosedRange<UInt64>] = []

    /// No codes yet.
    public init(entries: Int) { self.entries = entries }

    /// Adds codes behind those that are there.
    public mutating func append(_ codes: Range<Int>) {
        guard !codes.isEmpty else { return }
        let lower = UInt64(codes.lowerBound)
        let upper = UInt64(codes.upperBound - 1)
        if let last = ranges.last, last.upperBound + 1 >= lower {
            ranges[ranges.count - 1] = last.lowerBound...max(upper, last.upperBound)
        } else {
            ranges.append(lower...upper)
        }
    }
}

extension AddressDictionary {
    /// The codes of the addresses in some ranges, which ascend.
    public func matches(_ ranges: [ClosedRange<IPAddress>]) -> CodeMatches {
        let addresses = storage.values(as: IPAddress.self)
        var matches = CodeMatches(entries: addresses.count)
        for range in ranges {
            let first = place(in: addresses) { $0 >= range.lowerBound }
            let end = place(in: addresses) { $0 > range.upperBound }
            matches.append(first..<max(first, end))
        }
        return matches
    }
}

/// The first place where `holds` is true; it is false before and true from there on.
@inline(__always)
private func place(in addresses: Span<IPAddress>, where holds: (IPAddress) -> Bool) -> Int {
    var low = 0
    var high = addresses.count
    while low < high {
        let middle = (low + high) / 2
        if holds(addresses[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
}

/// The codes of a column without what they stand for.
public struct ColumnCodes: Sendable {
    /// Which rows have a value.
    public let presence: Presence
    /// A code a row.
    public let codes: Codes

    /// Puts codes together.
    public init(presence: Presence, codes: Codes) {
        self.presence = presence
        self.codes = codes
    }
}

/// The rows of a column by the rank of their value among the most frequent, an octet a row.
public struct RankedColumn: Sendable {
    /// Which rows have a value.
    public let presence: Presence
    /// A rank a row, 255 for all values that ``values`` has not.
    public let ranks: Codes
    /// The frequent values, ascending, at most 255.
    public let values: [UInt64]
    /// Whether there may be other values than ``values``.
    public let hasOthers: Bool
}

extension EncodedColumn.Values {
    /// The codes, whatever they stand for.
    public var codes: Codes {
        switch self {
        case .frame(_, let codes), .dictionary(_, let codes), .addresses(_, let codes),
            .afterStart(let codes):
            codes
        }
    }
}
