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

    /// All addresses of the block, as ascending lists; one may be in several.
    func addressLists() throws(StoreError) -> [EncodedBytes] {
        var lists: [EncodedBytes] = []
        var hasShared = false
        for entry in directory.columns where entry.encoding == .addresses {
            if only(entry) == nil, entry.chunk(.members) != nil {
                if !hasShared { lists.append(try sharedAddresses(entry).storage) }
                hasShared = true
            } else {
                lists.append(try dictionary(entry).storage)
            }
        }
        return lists
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
        let prefixes: AddressPrefixes
        let members: EncodedBytes
        if ranges.allSatisfy(\.isV4Prefixes),
            let found = try sharedV4Prefixes(entry)
        {
            prefixes = found
            members = try self.members(entry, of: nil)
        } else {
            prefixes = try sharedPrefixes(entry)
            members = try self.members(entry, of: prefixes.count)
        }
        var places: [Range<Int>] = []
        for range in ranges {
            if let found = prefixes.places(in: range) {
                places.append(found)
            } else {
                places.append(try sharedLookup(entry).places(in: range))
            }
        }
        var matches = CodeMatches(entries: entry.dictionaryCount)
        for place in places {
            let place = place.clamped(to: 0..<members.count * 8)
            matches.append(
                rank(of: place.lowerBound, in: members)..<rank(of: place.upperBound, in: members))
        }
        return matches
    }

    /// Some entries of a column's dictionary, an address of 16 octets each.
    ///
    /// - Parameter places: ascending, below the number of entries.
    func addresses(_ entry: ColumnEntry, at places: [Int]) throws(StoreError) -> EncodedBytes {
        let storage = EncodedBytes(unfilled: 16 * places.count)
        var output = storage.mutableValues(as: IPAddress.self)
        if entry.chunk(.members) != nil {
            let lookup = try sharedLookup(entry)
            let members = try members(entry, of: lookup.prefixes.count)
            let found = marked(members, at: places)
            guard found.count == places.count else { throw impossible("dictionary of", entry) }
            lookup.addresses(at: found, into: &output)
        } else if entry.chunk(.prefixes) != nil {
            let suffixes = try read(.suffixes, of: entry, "dictionary of")
            guard let lookup = AddressLookup(try prefixes(of: entry), suffixes: suffixes) else {
                throw impossible("dictionary of", entry)
            }
            lookup.addresses(at: places, into: &output)
        } else {
            let all = try dictionary(entry)
            let addresses = all.storage.values(as: IPAddress.self)
            for (index, place) in places.enumerated() { output[index] = addresses[place] }
        }
        for index in places.indices.dropFirst() where !(output[index - 1] < output[index]) {
            throw impossible("dictionary of", entry)
        }
        return storage
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

    /// - Parameter count: entries of the shared dictionary; nil where they were not counted.
    private func members(_ entry: ColumnEntry, of count: Int?) throws(StoreError) -> EncodedBytes {
        let bits = try read(
            .members, of: entry, "dictionary of", octets: count.map { ($0 + 63) / 64 * 8 })
        let words = bits.values(as: UInt64.self)
        guard entry.dictionaryCount > 0, bits.count & 7 == 0,
            countBits(words, rows: bits.count * 8) == entry.dictionaryCount,
            count.map({ countBits(words, rows: $0) == entry.dictionaryCount }) ?? true
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

    /// The prefixes without those above IPv4; nil where all are at hand, or only all can be read.
    private func sharedV4Prefixes(_ entry: ColumnEntry) throws(StoreError) -> AddressPrefixes? {
        if block.recall({ $0.sharedPrefixes }) != nil { return nil }
        if let known = block.recall({ $0.sharedV4Prefixes }) { return known }
        let chunk = try sharedChunk(.sharedPrefixes, entry)
        guard
            let octets = try block.segment.readFirst(chunk, part: "dictionary of addresses"),
            let prefixes = AddressPrefixes(octets, isCut: true)
        else { return nil }
        block.remember { $0.sharedV4Prefixes = prefixes }
        return prefixes
    }

    private func sharedLookup(_ entry: ColumnEntry) throws(StoreError) -> AddressLookup {
        if let known = block.recall({ $0.sharedLookup }) { return known }
        guard
            let lookup = AddressLookup(
                try sharedPrefixes(entry), suffixes: try readShared(.sharedSuffixes, entry))
        else { throw impossible("dictionary of", entry) }
        block.remember { $0.sharedLookup = lookup }
        return lookup
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
        try block.segment.read(
            try sharedChunk(role, entry), part: "dictionary of addresses")
    }

    private func sharedChunk(
        _ role: Chunk.Role, _ entry: ColumnEntry
    ) throws(StoreError) -> Chunk {
        guard let chunk = directory.extra(role), chunk.rawOctets <= 12 + 18 * addressesMax else {
            throw impossible("dictionary of", entry)
        }
        return chunk
    }
}

extension AddressPrefixes {
    /// The places of the addresses in a range; nil where that takes the suffixes.
    fileprivate func places(in range: ClosedRange<IPAddress>) -> Range<Int>? {
        guard let lower = places(below: range.lowerBound) else { return nil }
        guard let next = range.upperBound.next else { return lower..<count }
        guard let upper = places(below: next) else { return nil }
        return lower..<max(lower, upper)
    }
}

extension ClosedRange<IPAddress> {
    /// Whether it begins and ends where IPv4 prefixes of 16 bits do.
    fileprivate var isV4Prefixes: Bool {
        lowerBound.isV4 && upperBound.isV4 && lowerBound.low & 0xffff == 0
            && upperBound.low & 0xffff == 0xffff
    }
}
