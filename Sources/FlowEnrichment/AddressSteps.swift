import FlowModel

/// What is known of every address, as steps: each value holds from its start to the next start.
///
///     0.0.0.0 → 0    1.0.0.0 → 7    1.0.1.0 → 3    1.0.4.0 → 0    …
///
/// 0 stands for nothing. Neighbours differ.
struct AddressSteps<Key: FixedWidthInteger & UnsignedInteger & Sendable>: Sendable {
    private(set) var starts: [Key] = [0]
    private(set) var values: [UInt32] = [0]
    /// The first address that no range was said of; nil when the last one was.
    private var next: Key? = 0

    /// Nothing is known.
    init() {}

    /// Says what holds for `first` to `last`.
    ///
    /// - Returns: false, and nothing is changed, where the range does not lie behind the one before.
    mutating func append(_ first: Key, _ last: Key, _ value: UInt32) -> Bool {
        guard let next, first >= next, first <= last else { return false }
        if first > next { add(next, 0) }
        add(first, value)
        self.next = last == .max ? nil : last + 1
        return true
    }

    /// Says that nothing is known of what was not spoken of.
    mutating func finish() {
        if let next { add(next, 0) }
        next = nil
    }

    private mutating func add(_ start: Key, _ value: UInt32) {
        if start == 0 {
            values[0] = value
        } else if values[values.count - 1] != value {
            starts.append(start)
            values.append(value)
        }
    }

    /// Makes room for so many ranges.
    mutating func reserve(_ count: Int) {
        starts.reserveCapacity(count)
        values.reserveCapacity(count)
    }

    /// The steps of both together; `join` makes one value of two.
    func joined(
        with other: AddressSteps, _ join: (UInt32, UInt32) -> UInt32
    ) -> AddressSteps {
        var result = AddressSteps()
        result.reserve(starts.count + other.starts.count)
        result.next = nil
        var (mine, its) = (0, 0)
        while true {
            let start = max(starts[mine], other.starts[its])
            result.add(start, join(values[mine], other.values[its]))
            let (nextMine, nextIts) = (mine + 1, its + 1)
            switch (nextMine < starts.count, nextIts < other.starts.count) {
            case (false, false): return result
            case (true, false): mine = nextMine
            case (false, true): its = nextIts
            case (true, true):
                let (a, b) = (starts[nextMine], other.starts[nextIts])
                if a <= b { mine = nextMine }
                if b <= a { its = nextIts }
            }
        }
    }
}

/// Steps of both families; IPv4 has its own, whatever stands in `::ffff:0:0/96`.
struct AddressFamilies: Sendable {
    var v4 = AddressSteps<UInt32>()
    var v6 = AddressSteps<UInt128>()

    func joined(
        with other: AddressFamilies, _ join: (UInt32, UInt32) -> UInt32
    ) -> AddressFamilies {
        AddressFamilies(v4: v4.joined(with: other.v4, join), v6: v6.joined(with: other.v6, join))
    }
}

extension IPAddress {
    /// The 128 bits as one number.
    @inline(__always)
    var number: UInt128 { UInt128(high) << 64 | UInt128(low) }
}
