import FlowModel

/// Dictionaries of addresses: alone, shared by the columns of a block, or one address.
extension ColumnReader {
    /// A column's dictionary.
    func dictionary(_ entry: ColumnEntry) throws(StoreError) -> AddressDictionary {
        let found = try stored(entry)
        let sorted = found.storage.values(as: IPAddress.self)
        guard found.count == entry.dictionaryCount, case .addresses(let range) = entry.extent,
            sorted[0] == range.lowerBound, sorted[sorted.count - 1] == range.upperBound
        else { throw impossible("dictionary of", entry) }
        return found
    }

    /// A column's dictionary, which has at least one entry and ascends.
    private func stored(_ entry: ColumnEntry) throws(StoreError) -> AddressDictionary {
        if let one = only(entry) { return one }
        if entry.chunk(.members) != nil {
            let all = try sharedAddresses(entry)
            return pick(
                all, members: try members(entry, of: all.count), count: entry.dictionaryCount)
        }
        if entry.chunk(.prefixes) != nil {
            let suffixes = try read(.suffixes, of: entry, "dictionary of")
            guard let unpacked = unpackAddresses(try prefixes(of: entry), suffixes: suffixes)
            else { throw impossible("dictionary of", entry) }
            return unpacked
        }
        let octets = try read(.dictionary, of: entry, "dictionary of")
        guard let unpacked = unpackAddresses(octets, count: entry.dictionaryCount) else {
            throw impossible("dictionary of", entry)
        }
        return unpacked
    }

    /// The codes of the addresses in some ranges.
    ///
    /// Networks of up to 16 bits begin and end where a prefix does: for them the prefixes are enough.
    func matches(
        _ entry: ColumnEntry, _ ranges: [ClosedRange<IPAddress>]
    ) throws(StoreError) -> CodeMatches {
        guard entry.chunk(.members) != nil else {
            return try dictionary(entry).matches(ranges)
        }
        let prefixes = try sharedPrefixes(entry)
        let members = try members(entry, of: prefixes.count)
        var matches = CodeMatches(entries: entry.dictionaryCount)
        var isExact = true
        for range in ranges {
            guard let places = prefixes.places(in: range) else {
                isExact = false
                break
            }
            matches.append(
                rank(of: places.lowerBound, in: members)..<rank(of: places.upperBound, in: members))
        }
        if isExact { return matches }
        let all = try sharedAddresses(entry)
        return all.matches(ranges).ranked(by: members, entries: entry.dictionaryCount)
    }

    /// The dictionary of a column that has one address; nil where it has more.
    private func only(_ entry: ColumnEntry) -> AddressDictionary? {
        guard entry.dictionaryCount == 1, entry.chunk(.dictionary) == nil,
            case .addresses(let range) = entry.extent, range.lowerBound == range.upperBound
        else { return nil }
        let storage = EncodedBytes(unfilled: 16)
        var output = storage.mutableValues(as: IPAddress.self)
        output[0] = range.lowerBound
        return AddressDictionary(storage: storage)
    }

    private func prefixes(of entry: ColumnEntry) throws(StoreError) -> AddressPrefixes {
        guard let prefixes = AddressPrefixes(try read(.prefixes, of: entry, "dictionary of")),
            prefixes.count == entry.dictionaryCount
        else { throw impossible("dictionary of", entry) }
        return prefixes
    }

    private func members(_ entry: ColumnEntry, of count: Int) throws(StoreError) -> EncodedBytes {
        let octets = (count + 63) / 64 * 8
        let bits = try read(.members, of: entry, "dictionary of", octets: octets)
        guard entry.dictionaryCount > 0,
            countBits(bits.values(as: UInt64.self), rows: count) == entry.dictionaryCount,
            countBits(bits.values(as: UInt64.self), rows: octets * 8) == entry.dictionaryCount
        else { throw impossible("dictionary of", entry) }
        return bits
    }

    private func sharedPrefixes(_ entry: ColumnEntry) throws(StoreError) -> AddressPrefixes {
        if let known = block.recall({ $0.sharedPrefixes }) { return known }
        guard let prefixes = AddressPrefixes(try readShared(.sharedPrefixes, entry)) else {
            throw impossible("dictionary of", entry)
        }
        block.remember { $0.sharedPrefixes = prefixes }
        return prefixes
    }

    private func sharedAddresses(_ entry: ColumnEntry) throws(StoreError) -> AddressDictionary {
        if let known = block.recall({ $0.sharedAddresses }) { return known }
        guard
            let found = unpackAddresses(
                try sharedPrefixes(entry), suffixes: try readShared(.sharedSuffixes, entry))
        else { throw impossible("dictionary of", entry) }
        block.remember { $0.sharedAddresses = found }
        return found
    }

    private func readShared(
        _ role: Chunk.Role, _ entry: ColumnEntry
    ) throws(StoreError) -> EncodedBytes {
        guard let chunk = directory.extra(role), chunk.rawOctets <= 12 + 18 * addressesMax else {
            throw impossible("dictionary of", entry)
        }
        return try block.segment.read(chunk, part: "dictionary of addresses")
    }
}

extension AddressPrefixes {
    /// The places of the addresses in a range; nil where that takes the suffixes.
    fileprivate func places(in range: ClosedRange<IPAddress>) -> Range<Int>? {
        guard let lower = places(below: range.lowerBound) else { return nil }
        let last = range.upperBound
        let next = IPAddress(
            high: last.low == .max ? last.high &+ 1 : last.high, low: last.low &+ 1)
        guard last.low != .max || last.high != .max else { return lower..<count }
        guard let upper = places(below: next) else { return nil }
        return lower..<max(lower, upper)
    }
}
