import FlowModel

// Sorted addresses in the file, since version 2. The first half of an address, which many share, is
// stored once for all of them: 16 bits of an IPv4 address, 64 bits of an IPv6 address. The halves lie
// in a chunk of their own, small and enough to find where a network of up to 16 bits begins and ends.
//
//     prefixes   below, v4 prefixes, upper halves            u32 each; below: addresses
//                v4 prefixes, as differences                 2 planes
//                addresses under each, less one              4 planes
//                upper halves of those above, as differences 8 planes
//                addresses under each, less one              4 planes
//     suffixes   v4: the other 16 bits, as the difference from the address before under the same
//                prefix                                      2 planes
//                below and above: lower halves               u64 each
//
// Addresses below ::ffff:0.0.0.0 come first, then IPv4, then those above.

/// Sorted addresses before compression, and where statistics change.
struct PackedAddresses {
    let prefixes: EncodedBytes
    let prefixCuts: [Int]
    let suffixes: EncodedBytes
    let suffixCuts: [Int]
}

/// Distinct addresses that all columns of one block have together at most.
let addressesMax = Field.table.count { $0.storage == .address } * FlowBatch.capacity

/// Packs ascending, distinct addresses.
func packAddresses(_ addresses: Span<IPAddress>) -> PackedAddresses {
    var below = 0
    while below < addresses.count, addresses[below] < .v4Zero { below += 1 }
    var end = below
    while end < addresses.count, addresses[end].isV4 { end += 1 }
    let v4 = end - below
    let others = addresses.count - v4

    let suffixes = EncodedBytes(unfilled: 2 * v4 + 8 * others)
    let differences = EncodedBytes(unfilled: 2 * v4)
    var suffixDifferences = differences.mutableValues(as: UInt16.self)
    var v4Groups = Groups<UInt16>()
    var before: UInt16 = 0
    for index in 0..<v4 {
        let address = UInt32(truncatingIfNeeded: addresses[below + index].low)
        let suffix = UInt16(truncatingIfNeeded: address)
        let isFirst = v4Groups.append(UInt16(truncatingIfNeeded: address >> 16))
        suffixDifferences[index] = isFirst ? suffix : suffix &- before
        before = suffix
    }
    var upperGroups = Groups<UInt64>()
    for index in end..<addresses.count { _ = upperGroups.append(addresses[index].high) }

    var suffixOctets = suffixes.mutableValues(as: UInt8.self)
    split(suffixDifferences.span, into: &suffixOctets)
    let lows = EncodedBytes(unfilled: 8 * others)
    var lowerHalves = lows.mutableValues(as: UInt64.self)
    for index in 0..<others {
        lowerHalves[index] = addresses[index < below ? index : index + v4].low
    }
    let lowOctets = lows.values(as: UInt8.self)
    for index in lowOctets.indices { suffixOctets[2 * v4 + index] = lowOctets[index] }

    let prefixes = EncodedBytes(
        unfilled: 12 + 6 * v4Groups.values.count + 12 * upperGroups.values.count)
    var counts = prefixes.mutableValues(as: UInt32.self, first: 3)
    counts[0] = UInt32(below)
    counts[1] = UInt32(v4Groups.values.count)
    counts[2] = UInt32(upperGroups.values.count)
    var octets = prefixes.mutableValues(as: UInt8.self)
    let next = v4Groups.write(to: &octets, at: 12)
    _ = upperGroups.write(to: &octets, at: next)
    // A frame costs a dozen octets: only where there is enough behind it.
    return PackedAddresses(
        prefixes: prefixes, prefixCuts: v4 >= 1024 && others >= 256 ? [next] : [],
        suffixes: suffixes, suffixCuts: v4 >= 1024 ? [v4, 2 * v4] : [])
}

/// The distinct first halves of ascending addresses, and how many have each.
private struct Groups<Half: FixedWidthInteger & UnsignedInteger & BitwiseCopyable> {
    var values: [Half] = []
    var differences: [Half] = []
    var counts: [UInt32] = []

    /// Counts an address; true for the first that has this half.
    mutating func append(_ half: Half) -> Bool {
        if values.last == half {
            counts[counts.count - 1] += 1
            return false
        }
        differences.append(half &- (values.last ?? 0))
        values.append(half)
        counts.append(0)
        return true
    }

    /// Writes differences and counts; answers where they end.
    func write(to octets: inout MutableSpan<UInt8>, at offset: Int) -> Int {
        split(differences.span, into: &octets, at: offset)
        let middle = offset + differences.count * MemoryLayout<Half>.size
        split(counts.span, into: &octets, at: middle)
        return middle + counts.count * 4
    }
}

/// The first halves of sorted addresses: where each begins.
struct AddressPrefixes: Sendable {
    /// Addresses below IPv4.
    let below: Int
    /// The upper 16 bits of IPv4 addresses, ascending, and the place of the first address of each.
    let v4: [UInt16]
    let v4Starts: [Int]
    /// The upper halves of the addresses above IPv4, ascending, and the place of the first of each.
    let upper: [UInt64]
    let upperStarts: [Int]
    /// All addresses.
    let count: Int

    /// Places of IPv4 addresses.
    var v4Places: Range<Int> { below..<(upperStarts.first ?? count) }

    /// Takes apart a chunk of prefixes; nil where it is not one.
    ///
    /// - Parameter isCut: whether the octets end with the IPv4 prefixes, which is enough to find IPv4
    ///   addresses; ``count`` has no others above then.
    init?(_ octets: EncodedBytes, isCut: Bool = false) {
        guard octets.count >= 12 else { return nil }
        let counts = octets.values(as: UInt32.self)
        let (v4Count, upperCount) = (Int(counts[1]), isCut ? 0 : Int(counts[2]))
        guard octets.count == 12 + 6 * v4Count + 12 * upperCount, counts[0] <= addressesMax else {
            return nil
        }
        below = Int(counts[0])
        let all = octets.values(as: UInt8.self)
        let v4End = 12 + 6 * v4Count
        var total = below
        guard
            let found = readGroups(
                all.extracting(12..<v4End), v4Count, halves: UInt16.self, from: &total),
            let above = readGroups(
                all.extracting(v4End..<octets.count), upperCount, halves: UInt64.self, from: &total)
        else { return nil }
        (v4, v4Starts) = found
        (upper, upperStarts) = above
        count = total
    }

    /// How many addresses are smaller; nil where that takes the suffixes.
    func places(below address: IPAddress) -> Int? {
        if let number = address.v4 {
            let prefix = UInt16(truncatingIfNeeded: number >> 16)
            let group = v4.firstPlace { $0 >= prefix }
            guard group < v4.count else { return v4Places.upperBound }
            if v4[group] == prefix, number & 0xffff != 0 { return nil }
            return v4Starts[group]
        }
        if address < .v4Zero { return below == 0 || address.low == 0 ? 0 : nil }
        let group = upper.firstPlace { $0 >= address.high }
        guard group < upper.count else { return count }
        // Above IPv4 and yet with an upper half of 0, an address may be the first of its group.
        if upper[group] == address.high, address.low != 0 { return nil }
        return upperStarts[group]
    }
}

/// Reads first halves and where each one's addresses begin; nil where they do not ascend, or where the
/// addresses are more than there can be.
private func readGroups<Half: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ octets: Span<UInt8>, _ count: Int, halves: Half.Type, from total: inout Int
) -> ([Half], [Int])? {
    let width = MemoryLayout<Half>.size
    let joined = EncodedBytes(unfilled: count * width)
    var differences = joined.mutableValues(as: Half.self)
    join(octets.extracting(0..<count * width), into: &differences)
    let counted = EncodedBytes(unfilled: count * 4)
    var counts = counted.mutableValues(as: UInt32.self)
    join(octets.extracting(count * width..<count * (width + 4)), into: &counts)

    var values = [Half](repeating: 0, count: count)
    var starts = [Int](repeating: 0, count: count)
    var value: Half = 0
    for index in 0..<count {
        let (next, wrapped) = value.addingReportingOverflow(differences[index])
        let addresses = Int(counts[index])
        guard !wrapped, index == 0 || next > value, addresses < addressesMax - total else {
            return nil
        }
        value = next
        values[index] = value
        starts[index] = total
        total += addresses + 1
    }
    return (values, starts)
}

/// The addresses that ``packAddresses(_:)`` packed; nil where the octets are not that, or do not ascend.
func unpackAddresses(_ prefixes: AddressPrefixes, suffixes: EncodedBytes) -> AddressDictionary? {
    let v4Places = prefixes.v4Places
    let v4 = v4Places.count
    let others = prefixes.count - v4
    guard prefixes.count > 0, suffixes.count == 2 * v4 + 8 * others else { return nil }
    let octets = suffixes.values(as: UInt8.self)
    let storage = EncodedBytes(unfilled: prefixes.count * 16)
    var addresses = storage.mutableValues(as: IPAddress.self)

    let differences = EncodedBytes(unfilled: 2 * v4)
    var v4Differences = differences.mutableValues(as: UInt16.self)
    join(octets.extracting(0..<2 * v4), into: &v4Differences)
    for (group, prefix) in prefixes.v4.enumerated() {
        let start = prefixes.v4Starts[group]
        let end =
            group + 1 < prefixes.v4.count ? prefixes.v4Starts[group + 1] : v4Places.upperBound
        var suffix: UInt16 = 0
        for place in start..<end {
            suffix &+= v4Differences[place - v4Places.lowerBound]
            addresses[place] = IPAddress(v4: UInt32(prefix) << 16 | UInt32(suffix))
        }
    }
    let lows = suffixes.bytes.extracting(2 * v4..<suffixes.count)
    func low(_ index: Int) -> UInt64 {
        unsafe lows.unsafeLoadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
    }
    for place in 0..<prefixes.below { addresses[place] = IPAddress(high: 0, low: low(place)) }
    for (group, high) in prefixes.upper.enumerated() {
        let start = prefixes.upperStarts[group]
        let end =
            group + 1 < prefixes.upper.count ? prefixes.upperStarts[group + 1] : prefixes.count
        for place in start..<end {
            addresses[place] = IPAddress(high: high, low: low(place - v4))
        }
    }
    // Sums that wrapped are no longer ascending, and what should lie below IPv4 but does not is not.
    for place in 1..<max(prefixes.count, 1)
    where !(addresses[place - 1] < addresses[place]) { return nil }
    return AddressDictionary(storage: storage)
}

extension Array {
    /// The first place where `holds` is true; it is false before and true from there on.
    func firstPlace(where holds: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
