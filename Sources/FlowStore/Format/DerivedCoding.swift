// What routing says of an address is the same in all rows that have it: the AS number, the prefix
// length, mostly the interface and the next hop. Such a column is stored as one code for each entry of
// the dictionary of `srcip` or `dstip`, and a list of the rows that have another.

/// Finds whether one column's codes follow from another's; keeps its scratch memory.
struct DerivedCoding {
    /// Room for every key there can be, so that no row's key need be checked.
    private let map = EncodedBytes(unfilled: 65_536 * 2)
    private let votes = EncodedBytes(unfilled: 65_536 * 2)
    private let exceptions = EncodedBytes(unfilled: 65_536 * 2)

    /// Rows that may have another code, as a share of all.
    private static let exceptionShare = 64
    /// Rows with another code, as a share of all, for which no better map is looked for.
    private static let fewExceptionsShare = 512
    /// Rows after which a column is given up that has shown too many exceptions.
    private static let sampleRows = 4096

    /// What is stored of a column.
    struct Packed {
        /// A code for each entry, as wide as the column's.
        let map: EncodedBytes
        /// The rows that have another, ascending, 2 octets each; then their codes.
        let exceptions: EncodedBytes
    }

    /// How `codes` follow from `addresses`; nil where they do not.
    ///
    /// - Parameters:
    ///   - codes: of one or two octets.
    ///   - addresses: codes of a dictionary with `entries` entries.
    func pack(_ codes: Codes, by addresses: Codes, entries: Int) -> Packed? {
        switch (codes.width, addresses.width) {
        case (1, 1): derive(codes, UInt8.self, by: addresses, UInt8.self, entries)
        case (1, 2): derive(codes, UInt8.self, by: addresses, UInt16.self, entries)
        case (2, 1): derive(codes, UInt16.self, by: addresses, UInt8.self, entries)
        case (2, 2): derive(codes, UInt16.self, by: addresses, UInt16.self, entries)
        default: nil
        }
    }

    private func derive<
        Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable,
        Entry: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
    >(
        _ codes: Codes, _: Code.Type, by addresses: Codes, _: Entry.Type, _ entries: Int
    ) -> Packed? {
        let values = codes.storage.values(as: Code.self)
        let keys = addresses.storage.values(as: Entry.self)
        guard keys.count == values.count, keys.count <= 65_536, entries <= 65_536,
            entries <= values.count * 3 / 4
        else { return nil }
        var mapped = map.mutableValues(as: Code.self, first: 65_536)
        var votes = votes.mutableValues(as: UInt16.self)
        var rows = exceptions.mutableValues(as: UInt16.self)
        let sample = min(Self.sampleRows, values.count)
        for entry in 0..<entries {
            mapped[entry] = 0
            votes[entry] = 0
        }
        vote(values.extracting(0..<sample), by: keys, into: &mapped, &votes)
        // In a sample, an address that comes once agrees with itself: only contradictions count.
        let contradictions = listExceptions(
            values.extracting(0..<sample), by: keys, mapped.span, into: &rows)
        guard contradictions <= sample / 16 else { return nil }

        // Where hardly any row contradicts another, who is believed makes no odds.
        believeLast(values, by: keys, into: &mapped)
        var count = listExceptions(values, by: keys, mapped.span, into: &rows)
        if count > values.count / Self.fewExceptionsShare {
            for entry in 0..<entries { votes[entry] = 0 }
            vote(values, by: keys, into: &mapped, &votes)
            count = listExceptions(values, by: keys, mapped.span, into: &rows)
        }
        guard count <= values.count / Self.exceptionShare else { return nil }
        return Packed(
            map: copy(mapped.span.extracting(0..<entries)),
            exceptions: exceptions(values, at: rows.span.extracting(0..<count)))
    }

    private func copy<Code: BitwiseCopyable>(_ mapped: Span<Code>) -> EncodedBytes {
        let map = EncodedBytes(unfilled: mapped.count * MemoryLayout<Code>.size)
        var output = map.mutableValues(as: Code.self)
        for entry in mapped.indices { output[entry] = mapped[entry] }
        return map
    }

    private func exceptions<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
        _ values: Span<Code>, at rows: Span<UInt16>
    ) -> EncodedBytes {
        let size = MemoryLayout<Code>.size
        let exceptions = EncodedBytes(unfilled: rows.count * (2 + size))
        var numbers = exceptions.mutableValues(as: UInt16.self, first: rows.count)
        for index in rows.indices { numbers[index] = rows[index] }
        var octets = exceptions.mutableValues(as: UInt8.self)
        for index in rows.indices {
            let value = values[Int(rows[index])]
            for place in 0..<size {
                octets[2 * rows.count + index * size + place] = UInt8(
                    truncatingIfNeeded: value >> Code(8 * place))
            }
        }
        return exceptions
    }
}

/// Lets each row vote for its address's code: a majority wins, and whoever comes first where there is
/// none (Boyer and Moore's vote).
///
/// Addresses come at random, so nothing branches on them.
private func vote<
    Code: FixedWidthInteger & BitwiseCopyable,
    Entry: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
>(
    _ codes: Span<Code>, by keys: Span<Entry>, into map: inout MutableSpan<Code>,
    _ votes: inout MutableSpan<UInt16>
) {
    precondition(Entry.bitWidth <= 16 && map.count == 65_536 && votes.count == 65_536)
    precondition(keys.count >= codes.count && codes.count <= 65_536)
    for row in codes.indices {
        let key = unsafe Int(keys[unchecked: row])
        let code = codes[row]
        let (candidate, backers) = unsafe (map[unchecked: key], votes[unchecked: key])
        let agrees = candidate == code
        let isOpen = backers == 0
        // No key has more votes than there are rows; the last of 65,536 would be one too many.
        let more = backers == .max ? backers : backers &+ 1
        unsafe map[unchecked: key] = isOpen ? code : candidate
        unsafe votes[unchecked: key] = agrees || isOpen ? more : backers &- 1
    }
}

/// Gives each address the code of its last row.
private func believeLast<
    Code: FixedWidthInteger & BitwiseCopyable,
    Entry: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
>(_ codes: Span<Code>, by keys: Span<Entry>, into map: inout MutableSpan<Code>) {
    precondition(Entry.bitWidth <= 16 && map.count == 65_536 && keys.count >= codes.count)
    for row in codes.indices {
        unsafe map[unchecked: Int(keys[unchecked: row])] = codes[unchecked: row]
    }
}

/// Lists the rows that have another code than their address; answers how many there are.
private func listExceptions<
    Code: FixedWidthInteger & BitwiseCopyable,
    Entry: FixedWidthInteger & UnsignedInteger & BitwiseCopyable
>(
    _ codes: Span<Code>, by keys: Span<Entry>, _ map: Span<Code>,
    into rows: inout MutableSpan<UInt16>
) -> Int {
    precondition(Entry.bitWidth <= 16 && map.count == 65_536 && keys.count >= codes.count)
    precondition(rows.count >= codes.count)
    var count = 0
    for row in codes.indices {
        // Written in any case: it stays where the row is one.
        unsafe rows[unchecked: count] = UInt16(truncatingIfNeeded: row)
        let isOther = unsafe map[unchecked: Int(keys[unchecked: row])] != codes[unchecked: row]
        count &+= isOther ? 1 : 0
    }
    return count
}

/// The codes that follow from an address column's; nil where the octets are not what
/// ``DerivedCoding`` packed.
///
/// - Parameters:
///   - addresses: codes below the number of entries.
///   - limit: what no exception's code may be above.
func derivedCodes(
    map: EncodedBytes, exceptions: EncodedBytes?, width: Int, by addresses: Codes, rows: Int,
    entries: Int, atMost limit: UInt64
) -> EncodedBytes? {
    guard map.count == entries * width else { return nil }
    let output = EncodedBytes(unfilled: rows * width)
    let isWhole =
        switch width {
        case 1: follow(map, UInt8.self, exceptions, by: addresses, into: output, limit)
        case 2: follow(map, UInt16.self, exceptions, by: addresses, into: output, limit)
        default: false
        }
    return isWhole ? output : nil
}

private func follow<Code: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ map: EncodedBytes, _: Code.Type, _ exceptions: EncodedBytes?, by addresses: Codes,
    into output: EncodedBytes, _ limit: UInt64
) -> Bool {
    let mapped = map.values(as: Code.self)
    var codes = output.mutableValues(as: Code.self)
    switch addresses.width {
    case 0: for row in codes.indices { codes[row] = mapped[0] }
    case 1: follow(mapped, by: addresses.storage.values(as: UInt8.self), into: &codes)
    case 2: follow(mapped, by: addresses.storage.values(as: UInt16.self), into: &codes)
    default: return false
    }
    guard let exceptions else { return true }
    return except(exceptions, in: &codes, atMost: limit)
}

private func follow<Code: BitwiseCopyable, Entry: FixedWidthInteger & BitwiseCopyable>(
    _ map: Span<Code>, by keys: Span<Entry>, into codes: inout MutableSpan<Code>
) {
    precondition(keys.count >= codes.count)
    for row in codes.indices { codes[row] = map[Int(keys[row])] }
}
