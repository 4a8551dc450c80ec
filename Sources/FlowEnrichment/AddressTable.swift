import FlowModel

/// A number for every address, made to be asked for millions of them.
///
///     IPv4   page of 16 bits → steps that begin in it → binary search over their lower 16 bits
///     IPv6   bucket of the bits 4 to 23 of 2000::/4 → binary search over whole addresses
///
/// A page has six steps on average, so that most searches stay within a cache line.
struct AddressTable: Sendable {
    /// For each page the first of its steps, and how many there are in all.
    private let pages: [UInt32]
    /// The lower half of each step's start; 0 for the first of each page.
    private let lows: [UInt16]
    private let values: [UInt32]

    /// For each bucket the step that holds where it begins, and the last step.
    private let buckets: [UInt32]
    private let starts: [UInt128]
    private let longValues: [UInt32]

    /// Public unicast addresses are all in 2000::/4 (RFC 4291 §2.4 gives them 2000::/3).
    private static let bucketBits: UInt64 = 20
    private static let bucketShift: UInt64 = 40

    init(_ families: AddressFamilies) {
        (pages, lows, values) = Self.pages(of: families.v4)
        starts = families.v6.starts
        longValues = families.v6.values
        buckets = Self.buckets(of: starts)
    }

    private static func pages(
        of steps: AddressSteps<UInt32>
    ) -> (pages: [UInt32], lows: [UInt16], values: [UInt32]) {
        var pages: [UInt32] = []
        var lows: [UInt16] = []
        var values: [UInt32] = []
        pages.reserveCapacity(65_537)
        lows.reserveCapacity(steps.starts.count + 65_536)
        values.reserveCapacity(steps.starts.count + 65_536)
        var step = 0
        let starts = steps.starts.span
        let stepValues = steps.values.span
        for page in 0..<UInt32(65_536) {
            pages.append(UInt32(lows.count))
            if step + 1 < starts.count, starts[step + 1] == page << 16 { step += 1 }
            // What began earlier holds at the page's start too.
            lows.append(0)
            values.append(stepValues[step])
            while step + 1 < starts.count, starts[step + 1] >> 16 == page {
                step += 1
                lows.append(UInt16(truncatingIfNeeded: starts[step]))
                values.append(stepValues[step])
            }
        }
        pages.append(UInt32(lows.count))
        return (pages, lows, values)
    }

    private static func buckets(of starts: [UInt128]) -> [UInt32] {
        let count = 1 << Int(bucketBits)
        var buckets: [UInt32] = []
        buckets.reserveCapacity(count + 2)
        var step = 0
        // One more, so that a bucket's steps end with the one that holds where the next begins.
        for bucket in 0...UInt64(count) {
            let start = UInt128(0x2000 << 48 + bucket << bucketShift) << 64
            while step + 1 < starts.count, starts[step + 1] <= start { step += 1 }
            buckets.append(UInt32(step))
        }
        buckets.append(UInt32(starts.count - 1))
        return buckets
    }

    /// The value of one address.
    func value(of address: IPAddress) -> UInt32 {
        value(address.high, address.low)
    }

    /// The values of addresses.
    func look(up addresses: Span<IPAddress>, into values: inout [UInt32]) {
        precondition(addresses.count <= values.count)
        var result = values.mutableSpan
        for index in addresses.indices {
            // Safe: the precondition.
            let address = unsafe addresses[unchecked: index]
            unsafe result[unchecked: index] = value(address.high, address.low)
        }
    }

    @inline(__always)
    private func value(_ high: UInt64, _ low: UInt64) -> UInt32 {
        if high == 0 && low >> 32 == 0xffff { return short(UInt32(truncatingIfNeeded: low)) }
        // What stands for an IPv4 address is where that one is: 6to4 (RFC 3056 §2), and what a
        // translator makes of IPv4 (RFC 6052 §2.1).
        if high >> 48 == 0x2002 { return short(UInt32(truncatingIfNeeded: high >> 16)) }
        if high == 0x0064_ff9b_0000_0000 && low >> 32 == 0 {
            return short(UInt32(truncatingIfNeeded: low))
        }
        return long(high, low)
    }

    @inline(__always)
    private func short(_ address: UInt32) -> UInt32 {
        let (pages, lows, values) = (pages.span, lows.span, values.span)
        let page = Int(address >> 16)
        let low = UInt16(truncatingIfNeeded: address)
        // Safe: there are 65,537 pages, which ascend from 0 to the count of lows and values.
        var base = unsafe Int(pages[unchecked: page])
        var count = unsafe Int(pages[unchecked: page &+ 1]) &- base
        while count > 1 {
            let half = count >> 1
            base &+= unsafe lows[unchecked: base &+ half] <= low ? half : 0
            count &-= half
        }
        return unsafe values[unchecked: base]
    }

    private func long(_ high: UInt64, _ low: UInt64) -> UInt32 {
        let (buckets, starts) = (buckets.span, starts.span)
        let address = UInt128(high) << 64 | UInt128(low)
        var base = 0
        var last = starts.count - 1
        if high >> 60 == 2 {
            let bucket = Int(high >> Self.bucketShift) & (1 << Int(Self.bucketBits) - 1)
            base = Int(buckets[bucket])
            last = Int(buckets[bucket + 1])
        }
        var count = last - base + 1
        while count > 1 {
            let half = count >> 1
            base += starts[base + half] <= address ? half : 0
            count -= half
        }
        return longValues[base]
    }
}
