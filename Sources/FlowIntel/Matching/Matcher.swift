public import FlowModel

/// A flow one of whose addresses is listed.
public struct FlowMatch: Hashable, Sendable, BitwiseCopyable {
    /// The row of the batch.
    public var row: Int32
    /// Whether it is the source address; else the destination.
    public var isSource: Bool
    /// Which sources list it; see ``Matcher/sources(inSet:)``.
    public var set: UInt32
}

/// Listed addresses of all sources, compiled so that every flow can be asked about.
///
/// It never changes: a new one is built beside it and takes its place in a ``MatcherSlot``. A million
/// addresses take 14 MiB of IPv4, 36 MiB of IPv6. What is allowed is a hole in what is listed.
public final class Matcher: Sendable {
    /// The sources' names, by number.
    public let sources: [String]
    private let sets: SourceSets
    let v4: TableV4
    let v6: TableV6

    /// Compiles a matcher.
    ///
    /// - Parameters:
    ///   - sources: what each source lists, refused entries left out.
    ///   - allowed: what is not matched whoever lists it.
    public init(
        sources: [(name: String, addresses: AddressSet)], allowed: AddressSet = AddressSet()
    ) {
        self.sources = sources.map(\.name)
        var sets = SourceSets()
        v4 = TableV4(
            Segments(sources: sources.map(\.addresses.v4), allowed: allowed.v4, sets: &sets))
        v6 = TableV6(
            Segments(sources: sources.map(\.addresses.v6), allowed: allowed.v6, sets: &sets))
        sets.finish()
        self.sets = sets
    }

    /// How many disjoint ranges it has.
    public var rangeCount: Int { v4.count + v6.count }

    /// The numbers of the sources of a match, ascending.
    public func sources(inSet set: UInt32) -> [Int] { sets.sets[Int(set)].map { Int($0) } }

    /// The numbers of the sources that list `address`; for one look-up, not for batches.
    public func sources(listing address: IPAddress) -> [Int] {
        // Held here, so that their memory can be lent.
        let (v4, v6) = (v4, v6)
        if let number = address.v4 {
            guard !v4.isEmpty else { return [] }
            let view = v4.view
            return sources(inSet: view.find(number))
        }
        let view = v6.view
        return sources(inSet: view.find(high: address.high, low: address.low))
    }

    /// Looks up both addresses of every flow and appends what is listed: sources first, then
    /// destinations, each in the order of the rows.
    public func match(_ batch: FlowBatch, into matches: inout [FlowMatch]) {
        guard !v4.isEmpty || !v6.isEmpty else { return }
        // Held here, so that their memory can be lent.
        let (v4, v6) = (v4, v6)
        let (viewV4, viewV6) = (v4.view, v6.view)
        for (field, isSource) in [(Field.srcip, true), (.dstip, false)] {
            guard let column = batch.column(field) else { continue }
            let first = matches.count
            FlowIntel.match(
                column.values(as: IPAddress.self).extracting(0..<batch.count), isSource: isSource,
                v4: viewV4, hasV4: !v4.isEmpty, v6: viewV6, into: &matches)
            guard !column.isDense else { continue }
            // Rows without an address read as "::".
            var kept = first
            for index in first..<matches.count
            where column.isPresent(Int(matches[index].row)) {
                matches[kept] = matches[index]
                kept += 1
            }
            matches.removeLast(matches.count - kept)
        }
    }
}

/// Looks up `addresses` and appends what is listed.
private func match(
    _ addresses: Span<IPAddress>, isSource: Bool, v4: borrowing ViewV4, hasV4: Bool,
    v6: borrowing ViewV6, into matches: inout [FlowMatch]
) {
    for row in addresses.indices {
        let address = addresses[row]
        let set: UInt32
        if address.high == 0, address.low >> 32 == 0xffff {
            set = hasV4 ? v4.find(UInt32(truncatingIfNeeded: address.low)) : 0
        } else {
            set = v6.find(high: address.high, low: address.low)
        }
        if set != 0 {
            matches.append(FlowMatch(row: Int32(row), isSource: isSource, set: set))
        }
    }
}
