import FlowModel

/// A set of addresses made ready for being merged with the dictionaries of many blocks.
///
/// Made once a query and read by all workers. The IPv4 ranges, the bulk of every real list, lie in
/// two arrays of 32-bit numbers, and a table over the upper 16 bits says where to look:
///
///     places   … 0a00 ──┐  0a01 ──┐
///     lowers   …        10.0.0.7  10.1.0.0     …
///     uppers   …        10.0.0.9  10.1.255.255 …
///
/// A dictionary is sorted, so looking up its addresses one after the other walks through the arrays
/// once and steps over whatever lies between two of them.
final class AddressIndex: Sendable {
    /// The set: ascending, disjoint, not adjacent.
    let ranges: [ClosedRange<IPAddress>]
    private let lowers: [UInt32]
    private let uppers: [UInt32]
    /// For each value of the upper 16 bits: the first IPv4 range that does not end before it; one
    /// more for the end.
    private let places: [UInt32]

    /// Whether the set is worth the tables, so that ``mark(_:in:)`` can be asked.
    var isLarge: Bool { !places.isEmpty }

    /// Sets of fewer ranges have no tables.
    private static let largeRangesMin = 64

    init(_ ranges: [ClosedRange<IPAddress>]) {
        self.ranges = ranges
        guard ranges.count >= Self.largeRangesMin else {
            (lowers, uppers, places) = ([], [], [])
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
        self.lowers = lowers
        self.uppers = uppers
        self.places = places
    }

    /// Marks the addresses that are in the set, 0xff in `marks` for each, and answers how many.
    func mark(_ addresses: Span<IPAddress>, in marks: inout MutableSpan<UInt8>) -> Int {
        let v4 = addresses.firstIndex(from: 0) { $0 >= IPAddress(v4: 0) }
        let end = addresses.firstIndex(from: v4) { $0 > IPAddress(v4: .max) }
        let (ranges, lowers, uppers, places) = (ranges, lowers, uppers, places)
        return markSearched(addresses, 0..<v4, ranges.span, in: &marks)
            + markMembers(
                addresses, v4..<end, lowers: lowers.span, uppers: uppers.span,
                places: places.span, in: &marks)
            + markSearched(addresses, end..<addresses.count, ranges.span, in: &marks)
    }
}

/// Marks IPv4 addresses, which ascend; answers how many were marked.
private func markMembers(
    _ addresses: Span<IPAddress>, _ rows: Range<Int>, lowers: Span<UInt32>,
    uppers: Span<UInt32>, places: Span<UInt32>, in marks: inout MutableSpan<UInt8>
) -> Int {
    precondition(rows.upperBound <= addresses.count && rows.upperBound <= marks.count)
    precondition(lowers.count == uppers.count && places.count == 65_537)
    precondition(places[65_536] == uppers.count)
    var place = 0
    var marked = 0
    for row in rows {
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
        guard place < lowers.count else { continue }
        if unsafe lowers[unchecked: place] <= address {
            unsafe marks[unchecked: row] = 0xff
            marked &+= 1
        }
    }
    return marked
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
