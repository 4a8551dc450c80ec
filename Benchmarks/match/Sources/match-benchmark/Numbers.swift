import FlowIntel
import FlowModel

/// Numbers that are the same in every run (SplitMix64).
struct Numbers {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
        return z ^ z >> 31
    }

    /// An address as the Internet's are: IPv4 in clusters, IPv6 in the /32s of some providers.
    mutating func address(isV6: Bool) -> IPAddress {
        let bits = next()
        guard isV6 else {
            let block = UInt32(truncatingIfNeeded: (bits >> 32) % 60_000) &* 40_503 & 0xffff
            return IPAddress(v4: max(block, 0x0b00) << 16 | UInt32(bits & 0xffff))
        }
        let high = 0x2a00_0000_0000_0000 | (bits >> 40 & 0x7ff) << 32 | bits & 0xffff_ffff
        return IPAddress(high: high, low: next() & 0xffff)
    }

    /// A plain list: nine of ten lines IPv4, every twentieth a network.
    static func list(count: Int) -> [UInt8] {
        var numbers = Numbers(seed: 1)
        var text = Array("# a list for the benchmark\n".utf8)
        text.reserveCapacity(count * 18)
        for index in 0..<count {
            let address = numbers.address(isV6: index % 10 == 9)
            if index % 20 == 0 {
                (IPPrefix(address, length: 24)?.address ?? address).append(to: &text)
                text += "/24".utf8
            } else {
                address.append(to: &text)
            }
            text.append(10)
        }
        return text
    }

    static func batch(isV6: Bool, listed: AddressSet?) -> FlowBatch {
        var numbers = Numbers(seed: 2)
        let ranges = (listed?.ranges ?? []).filter { $0.isV4 != isV6 }
        let batch = FlowBatch()
        for row in 0..<FlowBatch.capacity {
            for field in [Field.srcip, .dstip] {
                let address =
                    ranges.isEmpty
                    ? numbers.address(isV6: isV6)
                    : ranges[Int(numbers.next() % UInt64(ranges.count))].last
                batch.columnForWriting(field).set(address, at: row)
            }
        }
        batch.advance(by: FlowBatch.capacity)
        return batch
    }
}
