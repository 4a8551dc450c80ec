import FlowModel

/// Sorted addresses as they lie in the file: a few are found without making all of them.
struct AddressLookup: Sendable {
    let prefixes: AddressPrefixes
    private let suffixes: EncodedBytes

    /// Nil where there are not as many suffixes as prefixes say.
    init?(_ prefixes: AddressPrefixes, suffixes: EncodedBytes) {
        let v4 = prefixes.v4Places.count
        guard prefixes.count > 0, suffixes.count == 2 * v4 + 8 * (prefixes.count - v4) else {
            return nil
        }
        self.prefixes = prefixes
        self.suffixes = suffixes
    }

    /// The address at a place.
    func address(at place: Int) -> IPAddress {
        precondition(place >= 0 && place < prefixes.count)
        let v4 = prefixes.v4Places
        if place < v4.lowerBound { return IPAddress(high: 0, low: lower(place)) }
        if v4.contains(place) {
            let group = prefixes.v4Starts.firstPlace { $0 > place } - 1
            var suffix: UInt16 = 0
            for index in prefixes.v4Starts[group]...place { suffix &+= difference(index) }
            return IPAddress(v4: UInt32(prefixes.v4[group]) << 16 | UInt32(suffix))
        }
        let group = prefixes.upperStarts.firstPlace { $0 > place } - 1
        return IPAddress(high: prefixes.upper[group], low: lower(place - v4.count))
    }

    /// Writes the addresses at some places, which ascend: each is found from the one before it.
    func addresses(at places: [Int], into output: inout MutableSpan<IPAddress>) {
        precondition(places.count <= output.count)
        let v4 = prefixes.v4Places
        let octets = suffixes.values(as: UInt8.self)
        precondition(2 * v4.count <= octets.count)
        var prefix: UInt32 = 0
        var suffix: UInt16 = 0
        // What is added up of the prefix's differences, and where they end.
        var (next, end) = (0, 0)
        for (index, place) in places.enumerated() {
            guard v4.contains(place) else {
                output[index] = address(at: place)
                continue
            }
            if place >= end {
                let group = prefixes.v4Starts.firstPlace { $0 > place } - 1
                prefix = UInt32(prefixes.v4[group]) << 16
                next = prefixes.v4Starts[group] - v4.lowerBound
                end =
                    group + 1 < prefixes.v4Starts.count
                    ? prefixes.v4Starts[group + 1] : v4.upperBound
                suffix = 0
            }
            for one in next..<max(next, place - v4.lowerBound + 1) {
                let (high, low) = unsafe (octets[unchecked: one], octets[unchecked: v4.count + one])
                suffix &+= UInt16(high) << 8 | UInt16(low)
            }
            next = max(next, place - v4.lowerBound + 1)
            output[index] = IPAddress(v4: prefix | UInt32(suffix))
        }
    }

    /// The places of the addresses in a range.
    func places(in range: ClosedRange<IPAddress>) -> Range<Int> {
        let lower = places(below: range.lowerBound)
        guard let next = range.upperBound.next else { return lower..<prefixes.count }
        return lower..<max(lower, places(below: next))
    }

    /// How many addresses are smaller.
    private func places(below address: IPAddress) -> Int {
        if let known = prefixes.places(below: address) { return known }
        if let number = address.v4 {
            let group = prefixes.v4.firstPlace { $0 >= UInt16(truncatingIfNeeded: number >> 16) }
            let end =
                group + 1 < prefixes.v4.count
                ? prefixes.v4Starts[group + 1] : prefixes.v4Places.upperBound
            var suffix: UInt16 = 0
            for place in prefixes.v4Starts[group]..<end {
                suffix &+= difference(place)
                if suffix >= UInt16(truncatingIfNeeded: number) { return place }
            }
            return end
        }
        if address < .v4Zero {
            return firstPlace(in: 0..<prefixes.below) { lower($0) >= address.low }
        }
        let v4 = prefixes.v4Places.count
        let group = prefixes.upper.firstPlace { $0 >= address.high }
        let end =
            group + 1 < prefixes.upper.count ? prefixes.upperStarts[group + 1] : prefixes.count
        return firstPlace(in: prefixes.upperStarts[group]..<end) { lower($0 - v4) >= address.low }
    }

    private func difference(_ place: Int) -> UInt16 {
        let v4 = prefixes.v4Places
        let octets = suffixes.values(as: UInt8.self)
        let index = place - v4.lowerBound
        return UInt16(octets[index]) << 8 | UInt16(octets[v4.count + index])
    }

    /// The lower half of an address that is not IPv4; IPv4 addresses are not counted.
    private func lower(_ index: Int) -> UInt64 {
        number(
            suffixes.values(as: UInt8.self), at: 2 * prefixes.v4Places.count + 8 * index, octets: 8)
    }

    private func firstPlace(in places: Range<Int>, where holds: (Int) -> Bool) -> Int {
        var (low, high) = (places.lowerBound, places.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if holds(middle) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}

extension IPAddress {
    /// The address behind this one; nil behind the last.
    var next: IPAddress? {
        if low != .max { return IPAddress(high: high, low: low + 1) }
        return high == .max ? nil : IPAddress(high: high + 1, low: 0)
    }
}
