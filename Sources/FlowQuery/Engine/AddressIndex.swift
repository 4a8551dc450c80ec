import FlowModel

/// A set of addresses made ready for being merged with the dictionaries of many blocks.
///
/// Made once a query and read by all workers. The IPv4 ranges, the bulk of every real list, lie in
/// two arrays of 32-bit numbers; a bit for each /24 says whether anything of it is in the set, and a
/// table over the upper 16 bits where to look:
///
///     blocks   … 0 0 1 0 0 …
///     places   … 0a00 ──┐  0a01 ──┐
///     lowers   …        10.0.0.7  10.1.0.0     …
///     uppers   …        10.0.0.9  10.1.255.255 …
///
/// A dictionary is sorted, so looking up its addresses one after the other walks through the arrays
/// once and steps over whatever lies between two of them. Most addresses end at their bit.
final class AddressIndex: Sendable {
    /// The set: ascending, disjoint, not adjacent.
    let ranges: [ClosedRange<IPAddress>]
    private let lowers: [UInt32]
    private let uppers: [UInt32]
    /// For each value of the upper 16 bits: the first IPv4 range that does not end before it; one
    /// more for the end.
    private let places: [UInt32]
    /// A bit for each value of the upper 24 bits, 64 a word, the first lowest.
    private let blocks: [UInt64]

    /// Whether the set is worth the tables, so that ``mark(_:in:)`` can be asked.
    var isLarge: Bool { !places.isEmpty }

    /// Sets of fewer ranges have no tables.
    private static let largeRangesMin = 64

    init(_ ranges: [ClosedRange<IPAddress>]) {
        self.ranges = ranges
        guard ranges.count >= Self.largeRangesMin else {
            (lowers, uppers, places, blocks) = ([], [], [], [])
            return
        }
        let v4 = IPAddress(v4: 0)...IPAddress(v4: .max)
        var lowers: [UInt32] = []
        var uppers: [UInt32] = []
        lowers.reserveCapacity(ranges.count)
        uppers.reserveCapacity(ranges.count)
        for range in ranges where range.overlaps(v4) {
            let part = range.clamped(to: v4)
            lowers.append(UInt32(truncatingIfNeeded: part.lowerBound.low))
            uppers.append(UInt32(truncatingIfNeeded: part.upperBound.low))
        }
        var places: [UInt32] = []
        places.reserveCapacity(65_537)
        for (place, upper) in uppers.enumerated() {
            while places.count <= Int(upper >> 16) { places.append(UInt32(place)) }
        }
        while places.count <= 65_536 { places.append(UInt32(uppers.count)) }
        var blocks = [UInt64](repeating: 0, count: 1 << 18)
        for (lower, upper) in zip(lowers, uppers) {
            Self.mark(lower >> 8...upper >> 8, in: &blocks)
        }
        self.lowers = lowers
        self.uppers = uppers
        self.places = places
        self.blocks = blocks
    }

    private static func mark(_ range: ClosedRange<UInt32>, in blocks: inout [UInt64]) {
        let (first, last) = (Int(range.lowerBound >> 6), Int(range.upperBound >> 6))
        let low = ~UInt64(0) << UInt64(range.lowerBound & 63)
        let high = ~UInt64(0) >> UInt64(63 - (range.upperBound & 63))
        if first == last {
            blocks[first] |= low & high
            return
        }
        blocks[first] |= low
        for word in first + 1..<last { blocks[word] = ~0 }
        blocks[last] |= high
    }

    /// Marks the addresses that are in the set, 0xff in `marks` for each, and answers how many.
    func mark(_ addresses: Span<IPAddress>, in marks: inout MutableSpan<UInt8>) -> Int {
        let v4 = addresses.firstIndex(from: 0) { $0 >= IPAddress(v4: 0) }
        let end = addresses.firstIndex(from: v4) { $0 > IPAddress(v4: .max) }
        let (ranges, lowers, uppers) = (ranges, lowers, uppers)
        let (places, blocks) = (places, blocks)
        return markSearched(addresses, 0..<v4, ranges.span, in: &marks)
            + markMembers(
                addresses, v4..<end, lowers: lowers.span, uppers: uppers.span,
                places: places.span, blocks: blocks.span, in: &marks)
            + markSearched(addresses, end..<addresses.count, ranges.span, in: &marks)
    }
}

/// Marks IPv4 addresses, which ascend; answers how many were marked.
private func markMembers(
    _ addresses: Span<IPAddress>, _ rows: Range<Int>, lowers: Span<UInt32>,
    uppers: Span<UInt32>, places: Span<UInt32>, blocks: Span<UInt64>,
    in marks: inout MutableSpan<UInt8>
) -> Int {
    precondition(rows.upperBound <= addresses.count && rows.upperBound <= marks.count)
    precondition(lowers.count == uppers.count && places.count == 65_537)
    precondition(places[65_536] == uppers.count && blocks.count == 1 << 18)
    // The bits of a piece are looked up without a branch, so that their cache misses overlap; only the
    // addresses whose bit is set are looked up in the ranges.
    var candidates = [Int](repeating: 0, count: min(rows.count, pieceRows) + 1)
    var place = 0
    var marked = 0
    for first in stride(from: rows.lowerBound, to: rows.upperBound, by: pieceRows) {
        var found = candidates.mutableSpan
        let count = selectCandidates(
            addresses, first..<min(first + pieceRows, rows.upperBound), blocks, into: &found)
        for index in 0..<count {
            let row = unsafe found[unchecked: index]
            let address = unsafe UInt32(truncatingIfNeeded: addresses[unchecked: row].low)
            let bucket = Int(address >> 16)
            // The range that is looked for is one of `place ... end`: the last ends behind the bucket.
            // `places` ascend and none is beyond the ranges.
            place = unsafe max(place, Int(places[unchecked: bucket]))
            let end = unsafe Int(places[unchecked: bucket &+ 1])
            var step = 1
            while place < end, unsafe uppers[unchecked: place] < address {
                // Doubling steps, then halves of the last one.
                let next = place &+ step
                if next < end, unsafe uppers[unchecked: next] < address {
                    place = next
                    step &*= 2
                } else {
                    place &+= 1
                    step = max(step / 2, 1)
                }
            }
            guard place < lowers.count else { return marked }
            if unsafe lowers[unchecked: place] <= address {
                unsafe marks[unchecked: row] = 0xff
                marked &+= 1
            }
        }
    }
    return marked
}

/// Writes the rows whose /24 has a bit behind each other, and answers how many there are.
private func selectCandidates(
    _ addresses: Span<IPAddress>, _ rows: Range<Int>, _ blocks: Span<UInt64>,
    into candidates: inout MutableSpan<Int>
) -> Int {
    // One element of room beyond: every row writes, and only one with a bit moves on.
    precondition(rows.upperBound <= addresses.count && rows.count < candidates.count)
    precondition(rows.lowerBound >= 0 && blocks.count == 1 << 18)
    var count = 0
    for row in rows {
        let address = unsafe UInt32(truncatingIfNeeded: addresses[unchecked: row].low)
        let block = unsafe blocks[unchecked: Int(address >> 14)]
        unsafe candidates[unchecked: count] = row
        count &+= Int(truncatingIfNeeded: block >> UInt64(address >> 8 & 63) & 1)
    }
    return count
}

/// Marks addresses of any family, which ascend; answers how many were marked.
private func markSearched(
    _ addresses: Span<IPAddress>, _ rows: Range<Int>, _ ranges: Span<ClosedRange<IPAddress>>,
    in marks: inout MutableSpan<UInt8>
) -> Int {
    var place = 0
    var marked = 0
    for row in rows {
        let address = addresses[row]
        place = ranges.firstIndex(from: place) { $0.upperBound >= address }
        if place == ranges.count { break }
        if ranges[place].lowerBound <= address {
            marks[row] = 0xff
            marked += 1
        }
    }
    return marked
}

extension Span {
    /// The first index from `start` on where `holds` is true; it is false before and true after it.
    @inline(__always)
    func firstIndex(from start: Int, where holds: (Element) -> Bool) -> Int {
        var low = start
        var step = 1
        while low + step <= count, !holds(self[low + step - 1]) {
            low += step
            step *= 2
        }
        var high = Swift.min(low + step - 1, count)
        while low < high {
            let middle = (low + high) / 2
            if holds(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
