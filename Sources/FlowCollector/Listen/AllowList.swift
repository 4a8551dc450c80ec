public import FlowModel
import Synchronization

/// From which addresses exports are taken.
public struct AllowList: Sendable {
    // Disjoint, ascending. Apart, because IPv4 lies within ::/0 and is not meant by it.
    private let v4: [ClosedRange<IPAddress>]
    private let v6: [ClosedRange<IPAddress>]
    /// Whether everybody is allowed.
    public let isOpen: Bool

    /// Allows what lies in one of `prefixes`; everybody where there are none.
    public init(_ prefixes: [IPPrefix]) {
        isOpen = prefixes.isEmpty
        v4 = Self.union(prefixes.filter { $0.address.isV4 })
        v6 = Self.union(prefixes.filter { !$0.address.isV4 })
    }

    private static func union(_ prefixes: [IPPrefix]) -> [ClosedRange<IPAddress>] {
        let ascending = prefixes.map { $0.address...$0.last }
            .sorted { ($0.lowerBound, $1.upperBound) < ($1.lowerBound, $0.upperBound) }
        var ranges: [ClosedRange<IPAddress>] = []
        for range in ascending {
            // Of two prefixes that touch, one contains the other.
            if let last = ranges.last, last.contains(range.lowerBound) { continue }
            ranges.append(range)
        }
        return ranges
    }

    /// Whether `address` may send.
    ///
    /// - Complexity: O(log n).
    public func allows(_ address: IPAddress) -> Bool {
        if isOpen { return true }
        let ranges = address.isV4 ? v4 : v6
        var low = 0
        var high = ranges.count
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < address { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(address)
    }
}

/// An allow list that can be replaced while listeners read it.
final class SharedAllowList: Sendable {
    private let list: Mutex<AllowList>

    init(_ list: AllowList) { self.list = Mutex(list) }

    var current: AllowList { list.withLock { $0 } }

    func replace(by next: AllowList) { list.withLock { $0 = next } }
}
