// What routing says of an address is the same in all rows that have it: the AS number, the prefix
// length, mostly the interface and the next hop. Such a column is stored as one code for each entry of
// the dictionary of `srcip` or `dstip`, and a list of the rows that have another.

/// Finds whether one column's codes follow from another's; keeps its scratch memory.
struct DerivedCoding {
    private let votes = EncodedBytes(count: 65_536 * 2)

    /// Rows that may have another code, as a share of all.
    private static let exceptionShare = 64
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
        guard keys.count == values.count, entries <= 65_536, entries <= values.count * 3 / 4
        else { return nil }
        let map = EncodedBytes(count: entries * MemoryLayout<Code>.size)
        var mapped = map.mutableValues(as: Code.self)
        var votes = votes.mutableValues(as: UInt16.self, first: entries)
        let sample = min(Self.sampleRows, values.count)
        for entry in votes.indices { votes[entry] = 0 }
        vote(values.extracting(0..<sample), by: keys, into: &mapped, &votes)
        let limit = values.count / Self.exceptionShare
        // In a sample, an address that comes once agrees with itself: only contradictions count.
        guard
            countExceptions(values.extracting(0..<sample), by: keys, mapped.span) <= sample / 16
        else { return nil }
        vote(
            values.extracting(sample..<values.count), by: keys.extracting(sample..<keys.count),
            into: &mapped, &votes)
        let count = countExceptions(values, by: keys, mapped.span)
        guard count <= limit else { return nil }
        let size = MemoryLayout<Code>.size
        let exceptions = EncodedBytes(unfilled: count * (2 + size))
        var rows = exceptions.mutableValues(as: UInt16.self, first: count)
        var octets = exceptions.mutableValues(as: UInt8.self)
        var next = 0
        for row in values.indices where values[row] != mapped[Int(keys[row])] && next < count {
            rows[next] = UInt16(row)
            for place in 0..<size {
                octets[2 * count + next * size + place] = UInt8(
                    truncatingIfNeeded: values[row] >> Code(8 * place))
            }
            next += 1
        }
        return Packed(map: map, exceptions: exceptions)
    }
}

/// Lets each row vote for its address's code: a majority wins, and whoever comes first where there is
/// none (Boyer and Moore's vote).
private func vote<
    Code: FixedWidthInteger & BitwiseCopyable, Entry: FixedWidthInteger & BitwiseCopyable
>(
    _ codes: Span<Code>, by keys: Span<Entry>, into map: inout MutableSpan<Code>,
    _ votes: inout MutableSpan<UInt16>
) {
    precondition(keys.count >= codes.count && votes.count == map.count)
    for row in codes.indices {
        let key = Int(keys[row])
        let code = codes[row]
        if map[key] == code {
            votes[key] &+= votes[key] == .max ? 0 : 1
        } else if votes[key] == 0 {
            map[key] = code
            votes[key] = 1
        } else {
            votes[key] &-= 1
        }
    }
}

private func countExceptions<
    Code: FixedWidthInteger & BitwiseCopyable, Entry: FixedWidthInteger & BitwiseCopyable
>(_ codes: Span<Code>, by keys: Span<Entry>, _ map: Span<Code>) -> Int {
    precondition(keys.count >= codes.count)
    var count = 0
    for row in codes.indices { count &+= map[Int(keys[row])] == codes[row] ? 0 : 1 }
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
