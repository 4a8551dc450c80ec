import FlowModel
import FlowStore
import Synchronization

/// Which part a group belongs to whose key is one address: neighbours to the same one.
///
/// A block's addresses are sorted, so its groups then go to one part after the other, where a hash would
/// send each to another place in memory. The ranges come from the first block of many addresses: each
/// part gets as many of its IPv4 addresses. Where later blocks have others the parts are less alike,
/// and no answer changes. All sinks of one question share it.
final class AddressParts: Sendable {
    /// Addresses below which a block says too little about the others.
    private static let addressesMin = 4096

    private let ranges = Mutex<[UInt32]?>(nil)

    /// The parts of keys by their upper 16 bits, empty where a hash decides: of each, the first part in
    /// the upper 16 bits and how many there are in the lower.
    ///
    /// - Parameter dictionary: of a block whose groups are about to be taken; only the first counts.
    func settle(_ dictionary: AddressDictionary?) -> [UInt32] {
        ranges.withLock { ranges in
            if let ranges { return ranges }
            let settled = dictionary.map(Self.ranges) ?? []
            ranges = settled
            return settled
        }
    }

    /// The part of a key whose uppermost 32 bits are the address.
    @inline(__always)
    static func part(of key: UInt64, _ ranges: Span<UInt32>) -> Int {
        precondition(ranges.count == 1 << 16)
        let range = unsafe ranges[unchecked: Int(truncatingIfNeeded: key &>> 48)]
        let within = (key &>> 32 & 0xffff) &* UInt64(range & 0xffff)
        return Int(truncatingIfNeeded: range &>> 16) &+ Int(truncatingIfNeeded: within &>> 16)
    }

    private static func ranges(_ dictionary: AddressDictionary) -> [UInt32] {
        var counts = [UInt32](repeating: 0, count: 1 << 16)
        var total = 0
        let addresses = dictionary.storage.values(as: IPAddress.self)
        for index in addresses.indices {
            guard let number = addresses[index].v4 else { continue }
            counts[Int(number >> 16)] += 1
            total += 1
        }
        if total < addressesMin { return [] }
        var before = 0
        for prefix in counts.indices {
            let after = before + Int(counts[prefix])
            let first = min(before * GroupSink.parts / total, GroupSink.parts - 1)
            let last = max((after * GroupSink.parts - 1) / total, first)
            counts[prefix] = UInt32(first << 16 | (last - first + 1))
            before = after
        }
        return counts
    }
}
