import FlowModel

// Sorted dictionaries lie in the file as the differences between neighbours.

/// A dictionary's octets before compression, and where statistics change.
struct PackedDictionary {
    let octets: EncodedBytes
    let cuts: [Int]
}

/// The addresses of a dictionary as version 1 has it: three counts, then the IPv4 addresses as
/// differences of 32 bits in byte planes, then the others as differences of the upper halves and the
/// lower halves in byte planes; nil where the octets are not that, or not ascending.
///
///     below IPv4 | IPv4 | above IPv4      u32 each; below and above are IPv6
///     IPv4 differences                    4 planes
///     IPv6 differences of upper halves    8 planes
///     IPv6 lower halves                   8 planes
func unpackAddresses(_ octets: EncodedBytes, count: Int) -> AddressDictionary? {
    guard octets.count >= 12 else { return nil }
    let counts = octets.values(as: UInt32.self)
    let below = Int(counts[0])
    let v4 = Int(counts[1])
    let v6 = below + Int(counts[2])
    guard count > 0, v4 + v6 == count, octets.count == 12 + v4 * 4 + v6 * 16 else { return nil }
    let all = octets.values(as: UInt8.self)
    let storage = EncodedBytes(unfilled: count * 16)
    var addresses = storage.mutableValues(as: IPAddress.self)

    let differences = EncodedBytes(unfilled: v4 * 4)
    var v4Differences = differences.mutableValues(as: UInt32.self)
    join(all.extracting(12..<12 + v4 * 4), into: &v4Differences)
    var address: UInt32 = 0
    for index in 0..<v4 {
        address &+= v4Differences[index]
        addresses[below + index] = IPAddress(v4: address)
    }

    let upper = EncodedBytes(unfilled: v6 * 8)
    let lower = EncodedBytes(unfilled: v6 * 8)
    var upperDifferences = upper.mutableValues(as: UInt64.self)
    var lowers = lower.mutableValues(as: UInt64.self)
    join(all.extracting(12 + v4 * 4..<12 + v4 * 4 + v6 * 8), into: &upperDifferences)
    join(all.extracting(12 + v4 * 4 + v6 * 8..<octets.count), into: &lowers)
    var high: UInt64 = 0
    for index in 0..<v6 {
        high &+= upperDifferences[index]
        addresses[index < below ? index : index + v4] = IPAddress(high: high, low: lowers[index])
    }
    // Sums that wrapped are no longer ascending, so this finds them too.
    for index in 1..<max(count, 1) where !(addresses[index - 1] < addresses[index]) { return nil }
    return AddressDictionary(storage: storage)
}

/// Packs ascending numbers as the differences from their predecessors, the first being 0 because
/// the directory has it, in byte planes of the least width that holds all.
func pack(_ dictionary: [UInt64]) -> PackedDictionary {
    var largest: UInt64 = 0
    for index in dictionary.indices.dropFirst() {
        largest = max(largest, dictionary[index] - dictionary[index - 1])
    }
    switch codeWidth(upTo: largest) {
    case 0, 1: return packDifferences(dictionary, as: UInt8.self)
    case 2: return packDifferences(dictionary, as: UInt16.self)
    case 4: return packDifferences(dictionary, as: UInt32.self)
    default: return packDifferences(dictionary, as: UInt64.self)
    }
}

private func packDifferences<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ dictionary: [UInt64], as type: T.Type
) -> PackedDictionary {
    let differences = EncodedBytes(count: dictionary.count * MemoryLayout<T>.size)
    var values = differences.mutableValues(as: T.self)
    for index in dictionary.indices.dropFirst() {
        values[index] = T(truncatingIfNeeded: dictionary[index] - dictionary[index - 1])
    }
    let octets = EncodedBytes(unfilled: differences.count)
    var planes = octets.mutableValues(as: UInt8.self)
    split(values.span, into: &planes)
    return PackedDictionary(octets: octets, cuts: [])
}

/// The numbers that ``pack(_:)`` packed; nil where the octets are not that, or do not ascend from
/// `range.lowerBound` to `range.upperBound`.
func unpackNumbers(
    _ octets: EncodedBytes, count: Int, range: ClosedRange<UInt64>
) -> [UInt64]? {
    guard count > 0, octets.count % count == 0 else { return nil }
    let numbers: [UInt64]? =
        switch octets.count / count {
        case 1: unpackDifferences(octets, count, from: range.lowerBound, as: UInt8.self)
        case 2: unpackDifferences(octets, count, from: range.lowerBound, as: UInt16.self)
        case 4: unpackDifferences(octets, count, from: range.lowerBound, as: UInt32.self)
        case 8: unpackDifferences(octets, count, from: range.lowerBound, as: UInt64.self)
        default: nil
        }
    return numbers?.last == range.upperBound ? numbers : nil
}

private func unpackDifferences<T: FixedWidthInteger & UnsignedInteger & BitwiseCopyable>(
    _ octets: EncodedBytes, _ count: Int, from first: UInt64, as type: T.Type
) -> [UInt64]? {
    let differences = EncodedBytes(unfilled: octets.count)
    var values = differences.mutableValues(as: T.self)
    join(octets.values(as: UInt8.self), into: &values)
    guard values[0] == 0 else { return nil }
    var numbers = [first]
    numbers.reserveCapacity(count)
    var number = first
    for index in 1..<max(count, 1) {
        let (next, wrapped) = number.addingReportingOverflow(UInt64(values[index]))
        guard !wrapped, next > number else { return nil }
        numbers.append(next)
        number = next
    }
    return numbers
}
