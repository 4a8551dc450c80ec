import FlowModel

/// Gathers a feed's entries and counts what became of each.
struct FeedBuilder {
    var contents: FeedContents
    let limits: FeedLimits
    /// What the feed itself says of how many entries, or addresses, it has.
    var declared: Int?
    private var known: [IndicatorDetail: UInt32] = [:]
    private var entries = 0
    // Plain counters for what is counted once a line; a dictionary would cost more than parsing does.
    private var addressCount = 0
    private var networkCount = 0

    init(_ format: FeedFormat, limits: FeedLimits) {
        contents = FeedContents(format: format)
        self.limits = limits
    }

    /// The index of `detail`, which entries that say the same share.
    mutating func index(of detail: IndicatorDetail) -> UInt32 {
        if let index = known[detail] { return index }
        let index = UInt32(contents.details.count)
        contents.details.append(detail)
        known[detail] = index
        return index
    }

    mutating func add(_ range: AddressRange, detail: UInt32) throws(FeedError) {
        try makeRoom()
        if range.isSingle { addressCount += 1 } else { networkCount += 1 }
        contents.addresses.append(ListedAddresses(range: range, detail: detail))
        countWithheld(detail)
    }

    mutating func add(
        _ kind: IndicatorKind, _ value: String, listed: String? = nil, detail: UInt32
    ) throws(FeedError) {
        try makeRoom()
        contents.counts.read[kind, default: 0] += 1
        contents.texts.append(
            ListedText(
                kind: kind, value: value, listed: listed == value ? nil : listed, detail: detail))
        countWithheld(detail)
    }

    mutating func addBad(_ reason: BadEntry, line: Int) throws(FeedError) {
        let place = BadPlace(line: line, reason: reason)
        contents.counts.bad[reason, default: 0] += 1
        if contents.counts.badPlaces.count < 10 { contents.counts.badPlaces.append(place) }
        if entries == 0, contents.counts.badTotal >= limits.badMax {
            throw .nothingReadable(
                bad: contents.counts.badTotal, first: contents.counts.badPlaces[0])
        }
    }

    private mutating func makeRoom() throws(FeedError) {
        guard entries < limits.entriesMax else { throw .tooMany(entriesMax: limits.entriesMax) }
        entries += 1
    }

    private mutating func countWithheld(_ detail: UInt32) {
        guard detail != 0, let withheld = contents.details[Int(detail)].withheld else { return }
        contents.counts.withheld[withheld, default: 0] += 1
    }

    /// The contents of what is only a part of a feed: it may have nothing that can be read.
    consuming func finishPart() -> FeedContents {
        if addressCount > 0 { contents.counts.read[.address] = addressCount }
        if networkCount > 0 { contents.counts.read[.network] = networkCount }
        return contents
    }

    /// The contents, once all was read.
    consuming func finish() throws(FeedError) -> FeedContents {
        if addressCount > 0 { contents.counts.read[.address] = addressCount }
        if networkCount > 0 { contents.counts.read[.network] = networkCount }
        if let declared {
            let read =
                contents.format == .plain
                ? Int(clamping: AddressSet(contents.addresses.lazy.map(\.range)).countV4) : entries
            guard read == declared else { throw .incomplete(declared: declared, read: read) }
        }
        if entries == 0, let first = contents.counts.badPlaces.first {
            throw .nothingReadable(bad: contents.counts.badTotal, first: first)
        }
        return contents
    }
}
